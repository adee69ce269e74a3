# a header too long to be stored beside the message comes from the content
a: <~ * OK ...
a: > a LOGIN one@example.test secret
a: < a OK ...
a: > a1 APPEND INBOX {@}
a: | Subject: first
a: | X-Long: @{300 0123456789012345678901234567890123456789}
a: | X-Last: here
a: |
a: | body
a: < a1 OK ...
a: > a2 SELECT INBOX
a: <~ a2 OK ...
a: > a3 FETCH 1 (BODY.PEEK[HEADER.FIELDS (X-LAST Subject)] BODY.PEEK[HEADER]<12020.40>)
a: < * 1 FETCH (BODY[HEADER.FIELDS (X-LAST Subject)] {32}
a: < Subject: first
a: < X-Last: here
a: <
a: <  BODY[HEADER]<12020> {22}
a: < /[0-9]{4}/
a: < X-Last: here
a: <
a: < )
a: < a3 OK ...
a: > a4 SEARCH HEADER x-last HERE SUBJECT first
a: < * SEARCH 1
a: < a4 OK ...
