# S24: who may log in, when and how
limit: errors_soft 1000
limit: errors_hard 1000
a: connect submission from 192.0.2.1
a: < 220 mx.example.test ESMTP Tern
a: > EHLO c
a: < 250-mx.example.test
a: < 250-PIPELINING
a: < 250-8BITMIME
a: < 250-STARTTLS
a: < 250-ENHANCEDSTATUSCODES
a: < 250 SIZE 52428800
a: > AUTH PLAIN AG9uZQBzZWNyZXQ=
a: < 538 5.7.11 Encryption required for authentication
a: > MAIL FROM:<one@example.test>
a: < 530 5.7.0 Authentication required
a: > STARTTLS
a: < 220 ...
a: starttls
a: > AUTH PLAIN AG9uZQBzZWNyZXQ=
a: < 503 5.5.1 Say EHLO first
a: > EHLO c
a: < 250-mx.example.test
a: < 250-PIPELINING
a: < 250-8BITMIME
a: < 250-AUTH PLAIN LOGIN
a: < 250-ENHANCEDSTATUSCODES
a: < 250 SIZE 52428800
a: > MAIL FROM:<one@example.test>
a: < 530 5.7.0 Authentication required
a: > RCPT TO:<one@example.test>
a: < 530 5.7.0 Authentication required
a: > DATA
a: < 530 5.7.0 Authentication required
a: > AUTH CRAM-MD5
a: < 504 5.5.4 Authentication mechanism not supported
a: > AUTH PLAIN
a: < 334 
a: > *
a: < 501 5.7.0 Authentication cancelled
a: > AUTH PLAIN !!!!
a: < 501 5.5.2 Malformed authentication response
a: > AUTH PLAIN AG9uZQ==
a: < 501 5.5.2 Malformed authentication response
a: > AUTH PLAIN
a: < 334 
a: > AG9uZQBzZWNyZXQ=
a: < 235 2.7.0 Authentication successful
a: > AUTH PLAIN AG9uZQBzZWNyZXQ=
a: < 503 5.5.1 Already authenticated
a: > EHLO c
a: < 250-mx.example.test
a: < 250-PIPELINING
a: < 250-8BITMIME
a: < 250-ENHANCEDSTATUSCODES
a: < 250 SIZE 52428800
a: > MAIL FROM:<one@example.test>
a: < 250 ...
a: > AUTH PLAIN AG9uZQBzZWNyZXQ=
a: < 503 5.5.1 ...
