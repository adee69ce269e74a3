# sections of a message of parts: each is where the facts say it is
a: <~ * OK ...
a: > a LOGIN one@example.test secret
a: < a OK ...
a: > a1 APPEND INBOX {@}
a: | Subject: outer
a: | Content-Type: multipart/mixed; boundary=b1
a: |
a: | preamble
a: | --b1
a: | Content-Type: text/plain; charset=utf-8
a: | Content-Transfer-Encoding: quoted-printable
a: |
a: | h=C3=B6
a: | --b1
a: | Content-Type: message/rfc822
a: |
a: | Subject: inner
a: | Content-Type: multipart/alternative; boundary=b2
a: |
a: | --b2
a: |
a: | plain
a: | --b2
a: | Content-Type: text/html
a: |
a: | <p>html
a: | --b2--
a: | --b1--
a: < a1 OK ...
a: > a2 EXAMINE INBOX
a: <~ a2 OK ...
a: > b1 FETCH 1 BODY
a: < * 1 FETCH (BODY (("text" "plain" ("charset" "utf-8") NIL NIL "quoted-printable" 7 0)("message" "rfc822" NIL NIL NIL "7bit" $n (NIL "inner" NIL NIL NIL NIL NIL NIL NIL NIL) (("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 5 0)("text" "html" NIL NIL NIL "7bit" 7 0) "alternative") $l) "mixed"))
a: < b1 OK ...
a: > b2 FETCH 1 (BODY[1] BODY[1.MIME] BODY[2.HEADER] BODY[2.1] BODY[2.2] BODY[2.2.MIME])
a: < * 1 FETCH (BODY[1] {7}
a: < h=C3=B6 BODY[1.MIME] {88}
a: < Content-Type: text/plain; charset=utf-8
a: < Content-Transfer-Encoding: quoted-printable
a: <
a: <  BODY[2.HEADER] {68}
a: < Subject: inner
a: < Content-Type: multipart/alternative; boundary=b2
a: <
a: <  BODY[2.1] {5}
a: < plain BODY[2.2] {7}
a: < <p>html BODY[2.2.MIME] {27}
a: < Content-Type: text/html
a: <
a: < )
a: < b2 OK ...
a: > b3 FETCH 1 BODY.PEEK[2.HEADER.FIELDS (SUBJECT)]
a: < * 1 FETCH (BODY[2.HEADER.FIELDS (SUBJECT)] {18}
a: < Subject: inner
a: <
a: < )
a: < b3 OK ...
a: > b4 FETCH 1 (BODY[2.TEXT]<0.4> BODY[3] BODY[2.3] BODY[1.1])
a: < * 1 FETCH (BODY[2.TEXT]<0> {4}
a: < --b2 BODY[3] NIL BODY[2.3] NIL BODY[1.1] NIL)
a: < b4 OK ...
a: > b5 FETCH 1 FLAGS
a: < * 1 FETCH (FLAGS ())
a: < b5 OK ...
