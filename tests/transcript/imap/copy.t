# COPY, MOVE (RFC 3501, 6.4.7; RFC 4315; RFC 6851)
a: <~ * OK ...
a: > a LOGIN one@example.test secret
a: < a OK ...
a: > a1 APPEND INBOX (\Seen k1) "17-Jul-1996 02:44:25 -0700" {@}
a: | Subject: 1
a: |
a: | one
a: < a1 OK [APPENDUID $v ...] ...
a: > a2 APPEND INBOX {@}
a: | Subject: 2
a: |
a: < a2 OK ...
a: > a3 APPEND INBOX {@}
a: | Subject: 3
a: |
a: < a3 OK ...
a: > a4 CREATE other
a: < a4 OK ...
a: > a5 SELECT INBOX
a: <~ a5 OK ...
a: > b1 COPY 1:2 nowhere
a: < b1 NO [TRYCREATE] No such mailbox
a: > b2 COPY 1:2 other
a: < b2 OK [COPYUID $w 1:2 1:2] COPY completed
a: > b3 UID COPY 3 other
a: < b3 OK [COPYUID $w 3 3] UID COPY completed
a: > b4 UID COPY 100 other
a: < b4 OK UID COPY completed
a: > b5 COPY 1 INBOX
a: < * 4 EXISTS
a: < b5 OK [COPYUID $v 1 4] COPY completed
a: > b6 FETCH 4 (FLAGS INTERNALDATE BODY.PEEK[TEXT])
a: < * 4 FETCH (FLAGS (\Seen k1) INTERNALDATE "17-Jul-1996 02:44:25 -0700" BODY[TEXT] {5}
a: < one
a: < )
a: < b6 OK ...
a: > c1 MOVE 1,3 other
a: < * OK [COPYUID $w 1,3 4:5] Moved
a: < * 3 EXPUNGE
a: < * 1 EXPUNGE
a: < c1 OK MOVE completed
a: > c2 UID MOVE 4 other
a: < * OK [COPYUID $w 4 6] Moved
a: < * 2 EXPUNGE
a: < c2 OK UID MOVE completed
a: > c3 UID MOVE 77 other
a: < c3 OK UID MOVE completed
a: > c4 MOVE 1 nowhere
a: < c4 NO [TRYCREATE] ...
a: > c5 FETCH 1:* UID
a: < * 1 FETCH (UID 2)
a: < c5 OK ...
a: > c6 SELECT other
a: <~ * 6 EXISTS
a: <~ c6 OK ...
a: > c7 FETCH 1:* (UID FLAGS)
a: < * 1 FETCH (UID 1 FLAGS (\Seen k1))
a: < * 2 FETCH (UID 2 FLAGS ())
a: < * 3 FETCH (UID 3 FLAGS ())
a: < * 4 FETCH (UID 4 FLAGS (\Seen k1))
a: < * 5 FETCH (UID 5 FLAGS ())
a: < * 6 FETCH (UID 6 FLAGS (\Seen k1))
a: < c7 OK ...
a: > c8 EXAMINE other
a: <~ c8 OK ...
a: > c9 MOVE 1 INBOX
a: < c9 NO [CANNOT] ...
a: > d1 COPY 1 INBOX
a: < d1 OK [COPYUID $v 1 5] ...
