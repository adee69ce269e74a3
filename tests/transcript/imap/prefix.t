# lines of one recipient's own lie before the content and belong to its header
deliver: one@example.test Delivered-To: one@example.test
deliver: | Subject: shared
deliver: | Content-Type: multipart/mixed; boundary=b
deliver: |
deliver: | --b
deliver: |
deliver: | first
deliver: | --b
deliver: | Content-Type: text/html
deliver: |
deliver: | <b>second
deliver: | --b--
deliver: one@example.test Delivered-To: one@example.test
deliver: | X-Long: @{300 0123456789012345678901234567890123456789}
deliver: | Subject: long
deliver: |
deliver: | text
a: <~ * OK ...
a: > a LOGIN one@example.test secret
a: < a OK ...
a: > a1 EXAMINE INBOX
a: <~ * 2 EXISTS
a: <~ a1 OK ...
a: > a2 FETCH 1 (RFC822.SIZE BODY[]<0.47> BODY[HEADER.FIELDS (Delivered-To Subject)] BODY[1] BODY[2])
a: < * 1 FETCH (RFC822.SIZE 158 BODY[]<0> {47}
a: < Delivered-To: one@example.test
a: < Subject: shared BODY[HEADER.FIELDS (Delivered-To Subject)] {51}
a: < Delivered-To: one@example.test
a: < Subject: shared
a: <
a: <  BODY[1] {5}
a: < first BODY[2] {9}
a: < <b>second)
a: < a2 OK ...
a: > a3 FETCH 1 (BODY[HEADER] BODY[TEXT]<0.5> BODY[HEADER]<14.15>)
a: < * 1 FETCH (BODY[HEADER] {94}
a: < Delivered-To: one@example.test
a: < Subject: shared
a: < Content-Type: multipart/mixed; boundary=b
a: <
a: <  BODY[TEXT]<0> {5}
a: < --b
a: <  BODY[HEADER]<14> {15}
a: < one@example.tes)
a: < a3 OK ...
# the same where the header comes from the content
a: > a4 FETCH 2 (BODY[HEADER.FIELDS (Delivered-To Subject)] BODY[HEADER]<0.12> BODY[TEXT])
a: < * 2 FETCH (BODY[HEADER.FIELDS (Delivered-To Subject)] {49}
a: < Delivered-To: one@example.test
a: < Subject: long
a: <
a: <  BODY[HEADER]<0> {12}
a: < Delivered-To BODY[TEXT] {6}
a: < text
a: < )
a: < a4 OK ...
a: > a5 SEARCH HEADER Delivered-To one@
a: < * SEARCH 1 2
a: < a5 OK ...
a: > a6 SEARCH BODY second
a: < * SEARCH 1
a: < a6 OK ...
a: > a7 SEARCH BODY delivered
a: < * SEARCH
a: < a7 OK ...
a: > a8 SEARCH LARGER 157 SMALLER 159
a: < * SEARCH 1
a: < a8 OK ...
