# S24: sender and From: must be the user's own
limit: errors_soft 1000
limit: errors_hard 1000
a: connect submission
a: <~ 220 ...
a: > EHLO c
a: <~ 250 SIZE ...
a: > AUTH PLAIN AG9uZQBzZWNyZXQ=
a: < 235 ...
a: > MAIL FROM:<two@example.test>
a: < 553 5.7.1 This sender address is not yours
a: > MAIL FROM:<one@elsewhere.test>
a: < 553 5.7.1 ...
a: > MAIL FROM:<>
a: < 553 5.7.1 ...
a: > MAIL FROM:<alias@example.test>
a: < 250 ...
a: > RCPT TO:<v@remote.example>
a: < 550 5.7.1 sending mail outside is not available yet
a: > RCPT TO:<nobody@example.test>
a: < 550 5.1.1 No such user here
a: > RCPT TO:<two@example.test>
a: < 250 ...
a: > DATA
a: < 354 ...
a: > From: Two <two@example.test>
a: > 
a: > x
a: > .
a: < 550 5.7.1 From: must name an address of yours, in one field
a: > MAIL FROM:<one@example.test>
a: < 250 ...
a: > RCPT TO:<two@example.test>
a: < 250 ...
a: > DATA
a: < 354 ...
a: > Subject: x
a: > 
a: > x
a: > .
a: < 550 5.7.1 From: must name an address of yours, in one field
a: > MAIL FROM:<one@example.test>
a: < 250 ...
a: > RCPT TO:<two@example.test>
a: < 250 ...
a: > DATA
a: < 354 ...
a: > Subject: x
a: > From: one@example.test, two@example.test
a: > 
a: > x
a: > .
a: < 550 5.7.1 From: must name an address of yours, in one field
a: > MAIL FROM:<one@example.test>
a: < 250 ...
a: > RCPT TO:<two@example.test>
a: < 250 ...
a: > DATA
a: < 354 ...
a: > Subject: x
a: > From: one@example.test@{hex 0d0a}From: two@example.test
a: > 
a: > x
a: > .
a: < 550 5.7.1 From: must name an address of yours, in one field
a: > MAIL FROM:<one@example.test>
a: < 250 ...
a: > RCPT TO:<two@example.test>
a: < 250 ...
a: > DATA
a: < 354 ...
a: > Subject: x
a: > From: undisclosed:;
a: > 
a: > x
a: > .
a: < 550 5.7.1 From: must name an address of yours, in one field
a: > MAIL FROM:<one@example.test>
a: < 250 ...
a: > RCPT TO:<two@example.test>
a: < 250 ...
a: > DATA
a: < 354 ...
a: > Subject: x
a: > From: one
a: > 
a: > x
a: > .
a: < 550 5.7.1 From: must name an address of yours, in one field
a: > MAIL FROM:<one@example.test>
a: < 250 ...
a: > RCPT TO:<two@example.test>
a: < 250 ...
a: > DATA
a: < 354 ...
a: > From: One <one+shop@example.test>, "Alias" <Alias@Example.TEST>
a: > 
a: > x
a: > .
a: < 250 2.0.0 ... stored
p: connect pop3
p: <~ +OK ...
p: > USER two
p: < +OK ...
p: > PASS secret
p: < +OK ...
p: > STAT
p: < +OK 1 ...
