# I16: what is no command; each is answered, the next one works
a: connect imap from 192.0.2.1
limit: errors_soft 1000
limit: errors_hard 1000
a: <~ * OK ...
a: > 
a: < * BAD Invalid tag
a: > * NOOP
a: < * BAD Invalid tag
a: > + NOOP
a: < * BAD Invalid tag
a: > a+b NOOP
a: < * BAD Invalid tag
a: > a1
a: < * BAD Invalid tag
a: > @{100 x} NOOP
a: < * BAD Invalid tag
a: > "a" NOOP
a: < * BAD Invalid tag
a: > a2 FROB
a: < a2 BAD Unknown command
a: > a3 NOOP x
a: < a3 BAD Unexpected argument
a: > a4 LOGIN
a: < a4 BAD Missing argument
a: > a5 LOGIN x
a: < a5 BAD Missing argument
a: > a6 LOGIN "x
a: < a6 BAD Unterminated quoted string
a: > a7 LOGIN "x\y" z
a: < a7 BAD Bad escape in a quoted string
a: > a8  NOOP
a: < a8 BAD Syntax error
a: >> a9 NOOP@{lf}
a: < a9 BAD Unexpected argument
a: >> b1 LOGIN a@{hex 00}b c@{hex 0d0a}
a: < b1 BAD Missing argument
a: > b2 UID
a: < b2 BAD Missing argument
a: > b3 UID NOOP
a: < b3 BAD Unknown command
a: > b4 nOoP
a: < b4 OK NOOP completed
