# what is allowed where (RFC 3501, 3)
a: <~ * OK ...
a: > a1 SELECT INBOX
a: < a1 BAD Log in first
a: > a2 FETCH 1 FLAGS
a: < a2 BAD Log in first
a: > a3 IDLE
a: < a3 BAD Log in first
a: > a4 LOGIN one@example.test secret
a: < a4 OK ...
a: > a5 LOGIN one@example.test secret
a: < a5 BAD Not allowed now
a: > a6 AUTHENTICATE PLAIN
a: < a6 BAD Not allowed now
a: > a7 STARTTLS
a: < a7 BAD Not allowed now
a: > a8 FETCH 1 FLAGS
a: < a8 BAD No mailbox selected
a: > a9 CLOSE
a: < a9 BAD No mailbox selected
a: > b1 SELECT nowhere
a: < b1 NO [NONEXISTENT] ...
a: > b2 CHECK
a: < b2 BAD No mailbox selected
a: > b3 SELECT INBOX
a: <~ b3 OK [READ-WRITE] ...
a: > b4 CHECK
a: < b4 OK CHECK completed
# a SELECT that fails leaves no mailbox selected
a: > b5 SELECT nowhere
a: < b5 NO [NONEXISTENT] ...
a: > b6 CHECK
a: < b6 BAD No mailbox selected
a: > b7 EXAMINE inbox
a: <~ * OK [PERMANENTFLAGS ()] ...
a: <~ b7 OK [READ-ONLY] ...
a: > b8 STORE 1 +FLAGS (\Seen)
a: < b8 NO [CANNOT] The mailbox was opened read-only
a: > b9 EXPUNGE
a: < b9 NO [CANNOT] ...
a: > c1 UNSELECT
a: < c1 OK UNSELECT completed
a: > c2 UNSELECT
a: < c2 BAD ...
