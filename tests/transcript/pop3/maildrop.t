# STAT LIST UIDL RETR TOP DELE RSET, and QUIT that deletes
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
s: > MAIL FROM:<a@b>
s: < 250 ...
s: > RCPT TO:<one@example.test>
s: < 250 ...
s: > DATA
s: < 354 ...
s: > Subject: 2
s: > 
s: > b
s: > .
s: < 250 ...
s: > MAIL FROM:<a@b>
s: < 250 ...
s: > RCPT TO:<one@example.test>
s: < 250 ...
s: > DATA
s: < 354 ...
s: > Subject: 3
s: > 
s: > c
s: > .
s: < 250 ...
a: <~ +OK ...
a: > USER one
a: < +OK ...
a: > PASS secret
a: < +OK ...
a: > STAT
a: < +OK 3 $all
a: > LIST
a: < +OK 3 messages
a: < 1 $size
a: < 2 $size
a: < 3 $size
a: < .
a: > LIST 2
a: < +OK 2 $size
a: > UIDL
a: < +OK 3 messages
a: < /^1 [0-9]+\.1$/
a: < /^2 [0-9]+\.2$/
a: < /^3 [0-9]+\.3$/
a: < .
a: > UIDL 3
a: < +OK 3 $uidl
a: > DELE 2
a: < +OK marked for deletion
a: > DELE 2
a: < -ERR no such message
a: > RETR 2
a: < -ERR no such message
a: > TOP 2 1
a: < -ERR no such message
a: > LIST 2
a: < -ERR no such message
a: > UIDL 2
a: < -ERR no such message
a: > STAT
a: < +OK 2 ...
a: > LIST
a: < +OK 2 messages
a: < 1 $size
a: < 3 $size
a: < .
a: > RSET
a: < +OK nothing is marked for deletion
a: > STAT
a: < +OK 3 $all
a: > DELE 1
a: < +OK ...
a: > DELE 2
a: < +OK ...
a: > QUIT
a: < +OK bye
a: closed
b: <~ +OK ...
b: > USER one
b: < +OK ...
b: > PASS secret
b: < +OK ...
b: > STAT
b: < +OK 1 $size
b: > UIDL 1
b: < +OK 1 $uidl2
b: > RETR 1
b: < +OK $size octets
b: <~ Subject: 3
b: < 
b: < c
b: < .
b: > TOP 1 0
b: < +OK top of message follows
b: <~ Subject: 3
b: < 
b: < .
b: > TOP 1 1
b: <~ Subject: 3
b: < 
b: < c
b: < .
