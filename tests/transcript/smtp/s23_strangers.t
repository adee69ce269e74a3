a: connect smtp from 192.0.2.1
a: <~ 220 ...
a: > EHLO c
a: <~ 250 SIZE ...
a: > VRFY one@example.test
a: < 252 2.1.5 Cannot verify, send some mail and see
a: > VRFY nobody@example.test
a: < 252 2.1.5 Cannot verify, send some mail and see
a: > EXPN list
a: < 502 5.5.1 Command not implemented here
a: > ETRN example.test
a: < 502 5.5.1 ...
a: > TURN
a: < 502 5.5.1 ...
a: > XCLIENT ADDR=127.0.0.1
a: < 550 5.7.1 Not for you
a: > XFORWARD NAME=x
a: < 550 5.7.1 Not for you
