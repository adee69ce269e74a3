# EXPUNGE, UID EXPUNGE, CLOSE and what others hear (RFC 3501, 6.4.2, 6.4.3; RFC 4315)
a: <~ * OK ...
a: > a LOGIN one@example.test secret
a: < a OK ...
a: > a1 APPEND INBOX (\Deleted) {@}
a: | Subject: 1
a: |
a: < a1 OK ...
a: > a2 APPEND INBOX {@}
a: | Subject: 2
a: |
a: < a2 OK ...
a: > a3 APPEND INBOX (\Deleted) {@}
a: | Subject: 3
a: |
a: < a3 OK ...
a: > a4 APPEND INBOX (\Deleted) {@}
a: | Subject: 4
a: |
a: < a4 OK ...
a: > a5 APPEND INBOX (\Deleted) {@}
a: | Subject: 5
a: |
a: < a5 OK ...
a: > a6 SELECT INBOX
a: <~ a6 OK ...
b: <~ * OK ...
b: > b LOGIN one@example.test secret
b: < b OK ...
b: > b1 SELECT INBOX
b: <~ b1 OK ...
a: > c1 UID EXPUNGE 2:3
a: < * 3 EXPUNGE
a: < c1 OK UID EXPUNGE completed
a: > c2 EXPUNGE
a: < * 4 EXPUNGE
a: < * 3 EXPUNGE
a: < * 1 EXPUNGE
a: < c2 OK EXPUNGE completed
a: > c3 FETCH 1:* UID
a: < * 1 FETCH (UID 2)
a: < c3 OK ...
# no EXPUNGE in answers to FETCH, STORE and SEARCH by number; in UID commands there may be
b: > d1 FETCH 1:5 UID
b: < * 2 FETCH (UID 2)
b: < d1 OK [EXPUNGEISSUED] ...
b: > d2 SEARCH ALL
b: < * SEARCH 2
b: < d2 OK ...
b: > d3 STORE 2 +FLAGS (\Flagged)
b: < * 2 FETCH (UID 2 FLAGS (\Flagged))
b: < d3 OK ...
a: > c4 APPEND INBOX {@}
a: | Subject: 6
a: |
a: < * 2 EXISTS
a: < * 1 FETCH (UID 2 FLAGS (\Flagged))
a: < c4 OK [APPENDUID $v 6] ...
# new mail comes with its number behind those that are still counted
b: > d4 FETCH 6 UID
b: < * 6 EXISTS
b: < * 6 FETCH (UID 6)
b: < d4 OK ...
b: > d5 UID FETCH 2 FLAGS
b: < * 5 EXPUNGE
b: < * 4 EXPUNGE
b: < * 3 EXPUNGE
b: < * 1 EXPUNGE
b: < * 1 FETCH (UID 2 FLAGS (\Flagged))
b: < d5 OK ...
# CLOSE says nothing
a: > e1 STORE 1 +FLAGS.SILENT (\Deleted)
a: < e1 OK ...
a: > e2 CLOSE
a: < e2 OK CLOSE completed
b: > e3 NOOP
b: < * 1 EXPUNGE
b: < e3 OK ...
# nothing is expunged by UNSELECT, nor by CLOSE after EXAMINE
b: > f1 STORE 1 +FLAGS.SILENT (\Deleted)
b: < f1 OK ...
b: > f2 UNSELECT
b: < f2 OK ...
b: > f3 EXAMINE INBOX
b: <~ f3 OK ...
b: > f4 CLOSE
b: < f4 OK ...
b: > f5 STATUS INBOX (MESSAGES DELETED)
b: < * STATUS INBOX (MESSAGES 1 DELETED 1)
b: < f5 OK ...
