# each answer says what is known
a: <~ 220 ...
a: > EHLO c
a: <~ 250 SIZE ...
a: > MAIL FROM:<a@b>
a: < 250 ...
a: > RCPT TO:<nobody@example.test>
a: < 550 5.1.1 No such user here
a: > RCPT TO:<off@example.test>
a: < 550 5.2.1 Mailbox is disabled
a: > RCPT TO:<one@elsewhere.test>
a: < 550 5.7.1 Relay denied
a: > RCPT TO:<Postmaster>
a: < 250 2.1.5 Recipient ok
a: > RCPT TO:<postmaster@example.test>
a: < 250 2.1.5 Recipient ok
a: > DATA
a: < 354 ...
a: > x
a: > .
a: < 250 ...
