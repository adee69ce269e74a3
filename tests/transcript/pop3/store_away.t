# G21: unknown is neither wrong nor empty
s: connect smtp
s: <~ 220 ...
s: > EHLO c
s: <~ 250 SIZE ...
s: > MAIL FROM:<a@b>
s: < 250 ...
s: > RCPT TO:<one@example.test>
s: < 250 ...
s: > RCPT TO:<two@example.test>
s: < 250 ...
s: > DATA
s: < 354 ...
s: > Subject: 1
s: > 
s: > a
s: > .
s: < 250 ...
a: < +OK ...
store: away
a: > USER one
a: < +OK ...
a: > PASS secret
a: < -ERR [SYS/TEMP] temporarily not possible, try again later
store: well
a: > USER one
a: < +OK ...
a: > PASS secret
a: < +OK logged in
store: away
a: > RETR 1
a: < -ERR [SYS/TEMP] temporarily not possible, try again later
store: well
store: no-chunks
a: > RETR 1
a: < -ERR [SYS/TEMP] temporarily not possible, try again later
store: rotten
a: > RETR 1
a: < -ERR [SYS/PERM] what is stored is damaged
store: well
a: > DELE 1
a: < +OK ...
store: away
a: > QUIT
a: < -ERR [SYS/TEMP] nothing was removed, try again later
a: closed
store: well
# the lock that could not be given back dies by itself; another account then
b: <~ +OK ...
b: > USER two
b: < +OK ...
b: > PASS secret
b: < +OK ...
b: > STAT
b: < +OK 1 ...
b: > DELE 1
b: < +OK ...
store: unknown
b: > QUIT
b: closed
store: well
