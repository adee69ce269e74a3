# RFC 6409, 8: Date and Message-ID are added where they are missing, and only there
a: connect submission
a: <~ 220 ...
a: > EHLO c
a: <~ 250 SIZE ...
a: > AUTH PLAIN AG9uZQBzZWNyZXQ=
a: < 235 ...
a: > MAIL FROM:<one@example.test>
a: < 250 ...
a: > RCPT TO:<two@example.test>
a: < 250 ...
a: > DATA
a: < 354 ...
a: > From: one@example.test
a: > Subject: bare
a: > 
a: > Date: in the body
a: > .
a: < 250 ...
a: > MAIL FROM:<one@example.test>
a: < 250 ...
a: > RCPT TO:<two@example.test>
a: < 250 ...
a: > DATA
a: < 354 ...
a: > From: one@example.test
a: > date: Tue, 24 Nov 2026 06:00:24 +0000
a: > MESSAGE-ID : <a@b>
a: > 
a: > x
a: > .
a: < 250 ...
a: > MAIL FROM:<one@example.test>
a: < 250 ...
a: > RCPT TO:<two@example.test>
a: < 250 ...
a: > DATA
a: < 354 ...
a: > From: one@example.test
a: > .
a: < 250 ...
p: connect pop3
p: <~ +OK ...
p: > USER two
p: < +OK ...
p: > PASS secret
p: < +OK ...
p: > RETR 1
p: <~ Received: from c ([127.0.0.1])
p: < 	by mx.example.test with ESMTPA
p: <~ From: one@example.test
p: < Subject: bare
p: < Date: ...
p: < Message-ID: <...@mx.example.test>
p: < 
p: < Date: in the body
p: < .
p: > RETR 2
p: <~ From: one@example.test
p: < date: Tue, 24 Nov 2026 06:00:24 +0000
p: < MESSAGE-ID : <a@b>
p: < 
p: < x
p: < .
p: > RETR 3
p: <~ From: one@example.test
p: < Date: ...
p: < Message-ID: <...@mx.example.test>
p: < .
