# SEARCH in headers and bodies: any charset, any encoding, any case
a: <~ * OK ...
a: > a LOGIN one@example.test secret
a: < a OK ...
a: > a1 APPEND INBOX {@}
a: | From: =?iso-8859-1?Q?J=FCrgen?= <j@example.test>
a: | To: one@example.test
a: | Subject: =?utf-8?B?R3LDvMOfZSBhdXMgS8O2bG4=?=
a: | X-Empty:
a: | Content-Type: text/plain; charset=iso-8859-1
a: | Content-Transfer-Encoding: quoted-printable
a: |
a: | Sch=F6ne Gr=FC=DFe, und ein langes =
a: | Wort
a: < a1 OK ...
a: > a2 APPEND INBOX {@}
a: | From: two@example.test
a: | Cc: three@example.test
a: | Subject: parts
a: | Content-Type: multipart/mixed; boundary=b
a: |
a: | --b
a: | Content-Type: text/plain; charset=utf-8
a: | Content-Transfer-Encoding: base64
a: |
a: | R2VoZWltZXMgV29ydDogw5xiZXJyYXNjaHVuZw==
a: | --b
a: | Content-Type: application/octet-stream
a: |
a: | attachment
a: | --b
a: | Content-Type: message/rfc822
a: |
a: | Subject: enclosed letter
a: |
a: | inner text
a: | --b--
a: < a2 OK ...
a: > a3 SELECT INBOX
a: <~ a3 OK ...
a: > b01 SEARCH FROM j@example
a: < * SEARCH 1
a: < b01 OK ...
a: > b02 SEARCH CHARSET UTF-8 FROM {7}
a: < + ...
a: > J@{hex c39c}RGEN
a: < * SEARCH 1
a: < b02 OK ...
a: > b03 SEARCH CHARSET UTF-8 SUBJECT {6+}
a: > k@{hex c3b6}ln 
a: < * SEARCH
a: < b03 OK ...
a: > b04 SEARCH CHARSET UTF-8 SUBJECT {5+}
a: > k@{hex c3b6}ln
a: < * SEARCH 1
a: < b04 OK ...
a: > b05 SEARCH CHARSET UTF-8 BODY "SCH@{hex c396}NE"
a: < * SEARCH 1
a: < b05 OK ...
a: > b06 SEARCH BODY "langes wort"
a: < * SEARCH 1
a: < b06 OK ...
a: > b07 SEARCH CHARSET UTF-8 TEXT "@{hex c3bc}berrasch"
a: < * SEARCH 2
a: < b07 OK ...
a: > b08 SEARCH BODY attachment
a: < * SEARCH
a: < b08 OK ...
a: > b09 SEARCH BODY "enclosed letter"
a: < * SEARCH 2
a: < b09 OK ...
a: > b10 SEARCH BODY "inner text"
a: < * SEARCH 2
a: < b10 OK ...
a: > b11 SEARCH BODY "subject: parts"
a: < * SEARCH
a: < b11 OK ...
a: > b12 SEARCH TEXT "subject: parts"
a: < * SEARCH 2
a: < b12 OK ...
a: > b13 SEARCH HEADER X-Empty ""
a: < * SEARCH 1
a: < b13 OK ...
a: > b14 SEARCH NOT HEADER Cc three
a: < * SEARCH 1
a: < b14 OK ...
a: > b15 SEARCH TEXT ""
a: < * SEARCH 1 2
a: < b15 OK ...
a: > b16 SEARCH OR BODY "geheimes" TO one
a: < * SEARCH 1 2
a: < b16 OK ...
a: > b17 SEARCH NOT BODY geheimes UNSEEN
a: < * SEARCH 1
a: < b17 OK ...
a: > b18 SEARCH CC example BCC x
a: < * SEARCH
a: < b18 OK ...
# a search that takes too long says so
limit: search_time 0
a: > c1 SEARCH BODY nothing
a: < c1 NO [LIMIT] The search took too long
# looking does not mark
a: > c2 FETCH 1:2 FLAGS
a: < * 1 FETCH (FLAGS ())
a: < * 2 FETCH (FLAGS ())
a: < c2 OK ...
