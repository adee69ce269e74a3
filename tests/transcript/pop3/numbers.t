# P2: no number wraps into another one
limit: errors_soft 1000
limit: errors_hard 1000
s: connect smtp
s: <~ 220 ...
s: > EHLO c
s: <~ 250 SIZE ...
s: > MAIL FROM:<a@b>
s: < 250 ...
s: > RCPT TO:<one@example.test>
s: < 250 ...
s: > DATA
s: < 354 ...
s: > Subject: 1
s: > 
s: > a
s: > .
s: < 250 ...
a: <~ +OK ...
a: > USER one
a: < +OK ...
a: > PASS secret
a: < +OK ...
a: > RETR 0
a: < -ERR no such message
a: > RETR 2
a: < -ERR no such message
a: > RETR 4294967295
a: < -ERR no such message
a: > DELE 0
a: < -ERR no such message
a: > LIST 2
a: < -ERR no such message
a: > UIDL 0
a: < -ERR no such message
a: > TOP 0 0
a: < -ERR no such message
a: > RETR
a: < -ERR syntax error in arguments
a: > RETR -1
a: < -ERR syntax error in arguments
a: > RETR 4294967297
a: < -ERR syntax error in arguments
a: > RETR 18446744073709551617
a: < -ERR syntax error in arguments
a: > RETR 1 2
a: < -ERR syntax error in arguments
a: > TOP 1
a: < -ERR syntax error in arguments
a: > TOP 1 99999999999999999999
a: < -ERR syntax error in arguments
a: > TOP 1 -1
a: < -ERR syntax error in arguments
a: > LIST 1 2
a: < -ERR syntax error in arguments
a: > DELE
a: < -ERR syntax error in arguments
a: > STAT 1
a: < -ERR syntax error in arguments
a: > QUIT now
a: < -ERR syntax error in arguments
a: > NOOP @{2000 x}
a: < -ERR line too long
a: > NOOP @{10000 x}
a: < -ERR line too long
a: >> NOOP@{lf}
a: < -ERR line does not end in CRLF
a: > STAT
a: < +OK 1 ...
