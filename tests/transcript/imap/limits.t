# I3, I4, I7: one command's limits after login; the next command works
limit: errors_soft 1000
limit: errors_hard 1000
a: <~ * OK ...
a: > a1 LOGIN one@example.test secret
a: < a1 OK ...
a: > a2 SELECT INBOX
a: <~ a2 OK ...
a: > a3 SEARCH @{33 (}ALL@{33 )}
a: < a3 BAD Nested too deeply
a: > a4 SEARCH @{40 NOT }ALL
a: < a4 BAD Nested too deeply
a: > a5 SEARCH @{40 OR ALL }ALL
a: < a5 BAD Nested too deeply
a: > a6 SEARCH @{100000 (}
a: < a6 BAD Command too long
a: > a7 SEARCH @{31 (}ALL@{31 )}
a: < * SEARCH
a: < a7 OK ...
a: > a8 SEARCH @{1001 ALL }ALL
a: < a8 BAD Too many search terms
a: > a9 FETCH 1 BODY[@{200 1.}1]
a: < a9 BAD Malformed section
a: > b1 FETCH 1 BODY[]<4294967295.4294967295>
a: < b1 OK ...
a: > b2 FETCH 1 BODY[]<4294967296.1>
a: < b2 BAD Number out of range
a: > b3 FETCH 1 BODY[]<0.0>
a: < b3 BAD Number out of range
a: > b4 FETCH 1 BODY[HEADER.FIELDS (@{2000 X }X)]
a: < b4 BAD Too many fields
a: > b5 FETCH 0 FLAGS
a: < b5 BAD Malformed sequence set
a: > b6 FETCH 4294967296 FLAGS
a: < b6 BAD Malformed sequence set
a: > b7 FETCH 1, FLAGS
a: < b7 BAD Malformed sequence set
a: > b8 FETCH 1:2:3 FLAGS
a: < b8 BAD Malformed sequence set
a: > b9 FETCH *:4294967295,1:*,1:* FLAGS
a: < b9 OK ...
a: > c1 ID (@{31 "a" "b" })
a: < c1 BAD ...
a: > c2 ID ("a" "@{2000 b}")
a: < c2 BAD ID value too long
a: > c3 ID ("name" "x" "version" NIL)
a: < * ID ("name" "Tern")
a: < c3 OK ...
a: > c4 ID NIL
a: < * ID ...
a: < c4 OK ...
a: > c5 STORE 1 FLAGS (@{65 k})
a: < c5 BAD Keyword too long
a: > c6 STORE 1 FLAGS (\Recent)
a: < c6 BAD No such system flag
a: > c7 NOOP
a: < c7 OK ...
