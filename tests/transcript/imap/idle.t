# IDLE (RFC 2177): what others do is told while it lasts
a: <~ * OK ...
a: > a LOGIN one@example.test secret
a: < a OK ...
a: > a1 APPEND INBOX {@}
a: | Subject: 1
a: |
a: < a1 OK ...
a: > a2 APPEND INBOX {@}
a: | Subject: 2
a: |
a: < a2 OK ...
a: > a3 SELECT INBOX
a: <~ a3 OK ...
b: <~ * OK ...
b: > b LOGIN one@example.test secret
b: < b OK ...
b: > b1 SELECT INBOX
b: <~ b1 OK ...
a: > a4 IDLE
a: < + idling
a: quiet 30
b: > b2 UID STORE 2 +FLAGS.SILENT (\Deleted)
b: < b2 OK ...
a: < * 2 FETCH (UID 2 FLAGS (\Deleted))
b: > b3 EXPUNGE
b: < * 2 EXPUNGE
b: < b3 OK ...
a: < * 2 EXPUNGE
b: > b4 APPEND INBOX {@}
b: | Subject: 3
b: |
b: < * 2 EXISTS
b: < b4 OK ...
a: < * 2 EXISTS
a: > DONE
a: < a4 OK IDLE completed
a: > a5 FETCH 1:* UID
a: < * 1 FETCH (UID 1)
a: < * 2 FETCH (UID 3)
a: < a5 OK ...
# changes in another mailbox are nobody's business here
b: > b5 CREATE other
b: < b5 OK ...
a: > a6 IDLE
a: < + idling
b: > b6 APPEND other {@}
b: | Subject: 4
b: |
b: < b6 OK ...
a: quiet 30
a: > done
a: < a6 OK ...
# a command in the middle of IDLE
a: > a7 IDLE
a: < + idling
a: > a8 NOOP
a: < a7 BAD DONE was expected
a: > a9 NOOP
a: < a9 OK ...
# without a mailbox
a: > c1 UNSELECT
a: < c1 OK ...
a: > c2 IDLE
a: < + idling
a: > DONE
a: < c2 OK ...
# DONE that came along
a: >> c3 IDLE@{hex 0d0a}DONE@{hex 0d0a}c4 NOOP@{hex 0d0a}
a: < + idling
a: < c3 OK ...
a: < c4 OK ...
# hints may get lost: the next command tells all the same
a: > c5 SELECT INBOX
a: <~ c5 OK ...
store: deaf
a: > c6 IDLE
a: < + idling
b: > b7 STORE 1 +FLAGS.SILENT (\Seen)
b: < b7 OK ...
a: quiet 30
a: > DONE
a: < c6 OK ...
a: > c7 NOOP
a: < * 1 FETCH (UID 1 FLAGS (\Seen))
a: < c7 OK ...
