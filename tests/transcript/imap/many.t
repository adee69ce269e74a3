plain
# more messages than one operation and one page take
limit: errors_soft 1000
a: <~ * OK ...
a: > a LOGIN one@example.test secret
a: < a OK ...
a: >> @{1500 m APPEND INBOX {14+}@{hex 0d0a}Subject: x@{hex 0d0a0d0a}@{hex 0d0a}}
a: > n NOOP
a: <~ n OK ...
a: > a1 CREATE other
a: < a1 OK ...
a: > a2 SELECT INBOX
a: <~ * 1500 EXISTS
a: <~ a2 OK ...
b: <~ * OK ...
b: > b LOGIN one@example.test secret
b: < b OK ...
b: > b1 SELECT INBOX
b: <~ b1 OK ...
a: > a3 STORE 1:1200 +FLAGS (\Flagged)
a: < * 1 FETCH (UID 1 FLAGS (\Flagged))
a: <~ * 1200 FETCH (UID 1200 FLAGS (\Flagged))
a: < a3 OK STORE completed
a: > a4 NOOP
a: < a4 OK ...
b: > b2 NOOP
b: < * 1 FETCH (UID 1 FLAGS (\Flagged))
b: <~ * 1200 FETCH (UID 1200 FLAGS (\Flagged))
b: < b2 OK ...
a: > a5 COPY 1:1499 other
a: < a5 OK [COPYUID $v 1:1499 1:1499] COPY completed
a: > a6 FETCH 1:* (UID BODY[])
a: <~ * 1500 FETCH (UID 1500 BODY[] {14}
a: <~ * 1500 FETCH (UID 1500 FLAGS (\Seen))
a: < a6 OK FETCH completed
a: > a7 SEARCH NOT FLAGGED SEEN
a: < * SEARCH 1201 ... 1500
a: < a7 OK ...
a: > a8 SEARCH 1:1499 SUBJECT x FLAGGED 1200:*
a: < * SEARCH 1200
a: < a8 OK ...
a: > a9 STORE 2:1400 +FLAGS.SILENT (\Deleted)
a: < a9 OK ...
a: > c1 EXPUNGE
a: < * 1400 EXPUNGE
a: < * 1399 EXPUNGE
a: <~ * 2 EXPUNGE
a: < c1 OK EXPUNGE completed
a: > c2 FETCH 1:3 UID
a: < * 1 FETCH (UID 1)
a: < * 2 FETCH (UID 1401)
a: < * 3 FETCH (UID 1402)
a: < c2 OK ...
b: > b3 NOOP
b: < * 1400 EXPUNGE
b: <~ * 2 EXPUNGE
b: <~ b3 OK ...
b: > b4 FETCH 2 UID
b: < * 2 FETCH (UID 1401)
b: < b4 OK ...
a: > c3 SELECT other
a: <~ * 1499 EXISTS
a: <~ c3 OK ...
a: > c4 MOVE 1:1450 INBOX
a: < * OK [COPYUID $w 1:1450 1501:2950] Moved
a: <~ c4 OK MOVE completed
b: > b5 NOOP
b: < * 1551 EXISTS
b: < b5 OK ...
a: > c5 STATUS INBOX (MESSAGES UIDNEXT)
a: < * STATUS INBOX (MESSAGES 1551 UIDNEXT 2951)
a: < c5 OK ...
