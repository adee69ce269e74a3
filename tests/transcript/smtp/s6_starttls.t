# everything before it is forgotten
a: <~ 220 ...
a: > EHLO before
a: <~ 250 SIZE ...
a: > MAIL FROM:<a@b>
a: < 250 ...
a: > STARTTLS x
a: < 501 5.5.4 Syntax error in parameters
a: > STARTTLS
a: < 220 2.0.0 Ready to start TLS
a: starttls
a: > MAIL FROM:<a@b>
a: < 503 5.5.1 Say EHLO first
a: > EHLO after
a: < 250-mx.example.test
a: < 250-PIPELINING
a: < 250-8BITMIME
a: < 250-ENHANCEDSTATUSCODES
a: < 250 SIZE 52428800
a: > STARTTLS
a: < 503 5.5.1 TLS is already active
a: > RCPT TO:<one@example.test>
a: < 503 5.5.1 Say MAIL first
a: > MAIL FROM:<a@b>
a: < 250 ...
a: > RCPT TO:<one@example.test>
a: < 250 ...
a: > DATA
a: < 354 ...
a: > x
a: > .
a: < 250 ...
p: connect pop3
p: <~ +OK ...
p: > USER one
p: < +OK ...
p: > PASS secret
p: < +OK ...
p: > TOP 1 0
p: <~ Received: from after ([127.0.0.1])
p: < 	by mx.example.test with ESMTPS (TLSv1.3 ...)
p: <~ .
