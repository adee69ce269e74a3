# RFC 2033: LHLO only; pipelining and enhanced codes are a must
a: < 220 mx.example.test LMTP Tern
a: > HELO c
a: < 502 5.5.1 Command not implemented here
a: > EHLO c
a: < 502 5.5.1 Command not implemented here
a: > MAIL FROM:<a@b>
a: < 503 5.5.1 Say LHLO first
a: > AUTH PLAIN
a: < 502 5.5.1 Command not implemented here
a: > LHLO c
a: < 250-mx.example.test
a: < 250-PIPELINING
a: < 250-8BITMIME
a: < 250-STARTTLS
a: < 250-ENHANCEDSTATUSCODES
a: < 250 SIZE 52428800
a: > DATA
a: < 503 5.5.1 Say MAIL first
a: > QUIT
a: < 221 2.0.0 Bye
a: closed
