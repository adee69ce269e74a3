plain
# a stranger that talks before the greeting
a: connect smtp from 192.0.2.1
a: > EHLO c
a: < 554 5.5.0 Improper pipelining
a: closed
b: connect smtp from 192.0.2.1
b: < 220 mx.example.test ESMTP Tern
b: > EHLO c
b: <~ 250 SIZE ...
