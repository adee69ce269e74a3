# bodies that cannot be had: before a literal NO, in the middle of one the end; never a wrong count
a: <~ * OK ...
a: > a LOGIN one@example.test secret
a: < a OK ...
a: > a1 APPEND INBOX {@}
a: | Subject: 1
a: |
a: | text
a: < a1 OK ...
a: > a2 APPEND INBOX {@}
a: | Subject: 2
a: |
a: | @{9000 0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz}
a: < a2 OK ...
a: > a3 SELECT INBOX
a: <~ a3 OK ...
store: no-chunks
a: > b1 FETCH 1 (FLAGS BODY[])
a: < b1 NO [UNAVAILABLE] ...
a: > b2 FETCH 1 (FLAGS ENVELOPE BODY[HEADER])
a: < * 1 FETCH (FLAGS () ENVELOPE (NIL "1" NIL NIL NIL NIL NIL NIL NIL NIL) BODY[HEADER] {14}
a: < Subject: 1
a: <
a: < )
a: < * 1 FETCH (UID 1 FLAGS (\Seen))
a: < b2 OK ...
a: > b3 SEARCH BODY text
a: < b3 NO [UNAVAILABLE] ...
store: rotten
a: > c1 FETCH 1:2 (FLAGS BODY.PEEK[TEXT])
a: < c1 NO [CORRUPTION] Some of the messages cannot be read
a: > c2 SEARCH BODY text
a: < c2 NO [CORRUPTION] ...
store: lost
a: > c4 FETCH 1 BODY[]
a: < c4 NO [CORRUPTION] Some of the messages cannot be read
store: well
a: > c3 FETCH 1 BODY[TEXT]
a: < * 1 FETCH (BODY[TEXT] {6}
a: < text
a: < )
a: < c3 OK ...
# the third chunk of three does not come
store: chunks 2
a: > d1 FETCH 2 BODY.PEEK[]
a: < * 2 FETCH (BODY[] {648016}
a: cut
