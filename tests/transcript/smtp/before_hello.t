# what needs no EHLO, and what does
a: <~ 220 ...
a: > NOOP
a: < 250 2.0.0 Ok
a: > RSET
a: < 250 2.0.0 Ok
a: > HELP
a: < 214 2.0.0 RFC 5321 says it all
a: > MAIL FROM:<a@b>
a: < 503 5.5.1 Say EHLO first
a: > RCPT TO:<one@example.test>
a: < 503 5.5.1 Say EHLO first
a: > DATA
a: < 503 5.5.1 Say EHLO first
a: > AUTH PLAIN
a: < 502 5.5.1 Command not implemented here
