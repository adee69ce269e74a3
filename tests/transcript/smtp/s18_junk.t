limit: junk_commands 10
a: <~ 220 ...
a: > NOOP
a: < 250 2.0.0 Ok
a: > RSET
a: < 250 2.0.0 Ok
a: > VRFY x
a: < 252 2.1.5 ...
a: > HELP
a: < 214 ...
a: > NOOP
a: < 250 2.0.0 Ok
a: > RSET
a: < 250 2.0.0 Ok
a: > NOOP
a: < 250 2.0.0 Ok
a: > RSET
a: < 250 2.0.0 Ok
a: > NOOP
a: < 250 2.0.0 Ok
a: > NOOP
a: < 421 4.7.0 Too many commands without effect
a: closed
