# several in one session, RSET between, EHLO resets
a: <~ 220 ...
a: > EHLO c
a: <~ 250 SIZE ...
a: > DATA
a: < 503 5.5.1 Say MAIL first
a: > RCPT TO:<one@example.test>
a: < 503 5.5.1 Say MAIL first
a: > MAIL FROM:<a@b>
a: < 250 ...
a: > MAIL FROM:<a@b>
a: < 503 5.5.1 Not in a mail transaction
a: > DATA
a: < 503 5.5.1 No valid recipients
a: > RSET
a: < 250 2.0.0 Ok
a: > RCPT TO:<one@example.test>
a: < 503 5.5.1 Say MAIL first
a: > MAIL FROM:<a@b>
a: < 250 ...
a: > EHLO c
a: <~ 250 SIZE ...
a: > RCPT TO:<one@example.test>
a: < 503 5.5.1 Say MAIL first
a: > MAIL FROM:<a@b>
a: < 250 ...
a: > RCPT TO:<one@example.test>
a: < 250 ...
a: > DATA
a: < 354 ...
a: > one
a: > .
a: < 250 2.0.0 ... stored
a: > DATA
a: < 503 5.5.1 Say MAIL first
a: > MAIL FROM:<a@b>
a: < 250 ...
a: > RCPT TO:<two@example.test>
a: < 250 ...
a: > DATA
a: < 354 ...
a: > .
a: < 250 2.0.0 ... stored
a: > QUIT
a: < 221 ...
a: closed
