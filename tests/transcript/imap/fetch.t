# FETCH: every item (RFC 3501, 6.4.5)
a: <~ * OK ...
a: > a LOGIN one@example.test secret
a: < a OK ...
a: > a1 APPEND INBOX "17-Jul-1996 02:44:25 -0700" {@}
a: | Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)
a: | From: Terry Gray <gray@cac.example>
a: | Subject: IMAP4rev1 "WG" mtg \ minutes
a: | To: imap@cac.example, "Doe, J." <j@x.example>
a: | Message-Id: <B27397@cac.example>
a: | MIME-Version: 1.0
a: | Content-Type: TEXT/PLAIN; CHARSET=US-ASCII
a: |
a: | line one
a: | line two
a: < a1 OK ...
a: > a2 SELECT INBOX
a: <~ a2 OK ...
a: > b1 FETCH 1 FAST
a: < * 1 FETCH (FLAGS () INTERNALDATE "17-Jul-1996 02:44:25 -0700" RFC822.SIZE $size)
a: < b1 OK ...
a: > b2 FETCH 1 ENVELOPE
a: < * 1 FETCH (ENVELOPE ("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev1 \"WG\" mtg \\ minutes" (("Terry Gray" NIL "gray" "cac.example")) (("Terry Gray" NIL "gray" "cac.example")) (("Terry Gray" NIL "gray" "cac.example")) ((NIL NIL "imap" "cac.example")("Doe, J." NIL "j" "x.example")) NIL NIL NIL "<B27397@cac.example>"))
a: < b2 OK ...
a: > b3 FETCH 1 (BODY BODYSTRUCTURE)
a: < /\* 1 FETCH \(BODY \("TEXT" "PLAIN" \("CHARSET" "US-ASCII"\) NIL NIL "7bit" 20 2\) BODYSTRUCTURE \("TEXT" "PLAIN" \("CHARSET" "US-ASCII"\) NIL NIL "7bit" 20 2 NIL NIL NIL NIL\)\)/
a: < b3 OK ...
a: > b4 FETCH 1 ALL
a: < * 1 FETCH (FLAGS () INTERNALDATE ... RFC822.SIZE $size ENVELOPE (...))
a: < b4 OK ...
a: > b5 FETCH 1 FULL
a: < * 1 FETCH (FLAGS () INTERNALDATE ... RFC822.SIZE $size ENVELOPE (...) BODY (...))
a: < b5 OK ...
a: > b6 FETCH 1 (BODY.PEEK[HEADER.FIELDS (subject "From" x-none)] BODY.PEEK[TEXT])
a: < * 1 FETCH (BODY[HEADER.FIELDS (subject From x-none)] {78}
a: < From: Terry Gray <gray@cac.example>
a: < Subject: IMAP4rev1 "WG" mtg \ minutes
a: <
a: <  BODY[TEXT] {20}
a: < line one
a: < line two
a: < )
a: < b6 OK ...
a: > b7 FETCH 1 BODY.PEEK[HEADER.FIELDS.NOT (date from subject to message-id mime-version)]
a: < * 1 FETCH (BODY[HEADER.FIELDS.NOT (date from subject to message-id mime-version)] {46}
a: < Content-Type: TEXT/PLAIN; CHARSET=US-ASCII
a: <
a: < )
a: < b7 OK ...
a: > b8 FETCH 1 BODY.PEEK[1]<5.100>
a: < * 1 FETCH (BODY[1]<5> {15}
a: < one
a: < line two
a: < )
a: < b8 OK ...
a: > b9 FETCH 1 BODY.PEEK[1]<100.5>
a: < * 1 FETCH (BODY[1]<100> {0}
a: < )
a: < b9 OK ...
a: > c1 FETCH 1 (BODY.PEEK[2] BODY.PEEK[1.1] BODY.PEEK[1.HEADER])
a: < * 1 FETCH (BODY[2] NIL BODY[1.1] NIL BODY[1.HEADER] NIL)
a: < c1 OK ...
a: > c2 FETCH 1 BODY.PEEK[1.MIME]
a: < * 1 FETCH (BODY[1.MIME] {...}
a: <~ c2 OK ...
a: > c3 FETCH 1 BODY.PEEK[MIME]
a: < c3 BAD Malformed section
a: > c4 FETCH 1 BODY.PEEK[1.2
a: < c4 BAD ...
a: > c5 FETCH 1 FROB
a: < c5 BAD Unknown FETCH item
a: > c6 FETCH 1 (ALL FLAGS)
a: < c6 BAD Unknown FETCH item
a: > c7 FETCH 1 BODY.PEEK
a: < c7 BAD Unknown FETCH item
a: > c8 FETCH 1 (FLAGS
a: < c8 BAD Syntax error
# \Seen: not by PEEK and headers, but by the rest; told once
a: > d1 FETCH 1 (RFC822.HEADER FLAGS)
a: < * 1 FETCH (RFC822.HEADER {...}
a: <~  FLAGS ())
a: < d1 OK ...
a: > d2 FETCH 1 RFC822.TEXT
a: < * 1 FETCH (RFC822.TEXT {20}
a: < line one
a: < line two
a: < )
a: < * 1 FETCH (UID 1 FLAGS (\Seen))
a: < d2 OK ...
a: > d3 FETCH 1 RFC822
a: < * 1 FETCH (RFC822 {$size}
a: <~ )
a: < d3 OK ...
a: > d4 UID FETCH 1 (FLAGS)
a: < * 1 FETCH (UID 1 FLAGS (\Seen))
a: < d4 OK ...
a: > d5 UID FETCH 1 (UID FLAGS)
a: < * 1 FETCH (UID 1 FLAGS (\Seen))
a: < d5 OK ...
a: > d6 UID FETCH 100:* FLAGS
a: < * 1 FETCH (UID 1 FLAGS (\Seen))
a: < d6 OK ...
a: > d7 FETCH 2:100 FLAGS
a: < d7 OK ...
a: > d8 NOOP
a: < d8 OK ...
