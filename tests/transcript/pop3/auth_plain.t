limit: errors_soft 1000
limit: errors_hard 1000
a: < +OK ...
a: > AUTH
a: < -ERR syntax error in arguments
a: > AUTH CRAM-MD5
a: < -ERR mechanism not supported
a: > AUTH PLAIN
a: < + 
a: > *
a: < -ERR authentication cancelled
a: > AUTH PLAIN
a: < + 
a: > AG9uZQBub3QgaXQ=
a: < -ERR [AUTH] authentication failed
a: > AUTH PLAIN AG9uZQ==
a: < -ERR malformed authentication response
a: > AUTH PLAIN
a: < + 
a: > AG9uZQBzZWNyZXQ=
a: < +OK logged in
a: > STAT
a: < +OK 0 0
b: < +OK ...
b: > AUTH PLAIN AHR3bwBzZWNyZXQ=
b: < +OK logged in
