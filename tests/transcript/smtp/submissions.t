plain
# port 465: TLS from the first byte
a: connect submissions from 192.0.2.1
a: < 220 mx.example.test ESMTP Tern
a: > EHLO c
a: < 250-mx.example.test
a: < 250-PIPELINING
a: < 250-8BITMIME
a: < 250-AUTH PLAIN LOGIN
a: < 250-ENHANCEDSTATUSCODES
a: < 250 SIZE 52428800
a: > STARTTLS
a: < 503 5.5.1 TLS is already active
a: > AUTH PLAIN AG9uZQBzZWNyZXQ=
a: < 235 ...
