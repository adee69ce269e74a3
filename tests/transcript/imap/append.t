# APPEND: flags, dates, every byte (RFC 3501, 6.3.11; RFC 4315)
a: <~ * OK ...
a: > a LOGIN one@example.test secret
a: < a OK ...
a: > a1 APPEND INBOX (\Seen $$Work \Flagged) "17-Jul-1996 02:44:25 -0700" {@}
a: | From: a@example.test
a: | Subject: one
a: | 
a: | text
a: < a1 OK [APPENDUID $v 1] APPEND completed
a: > a2 APPEND inbox " 7-Jul-1996 02:44:25 +0530" {@+}
a: |- Subject: bare@{lf}@{lf}8bit @{hex e4f6fc} and no end
a: < a2 OK [APPENDUID $v 2] ...
a: > a3 SELECT INBOX
a: <~ * FLAGS (\Seen \Answered \Flagged \Deleted \Draft $$Work)
a: <~ * 2 EXISTS
a: <~ * OK [UNSEEN 2] ...
a: <~ a3 OK ...
a: > a4 FETCH 1:2 (UID FLAGS INTERNALDATE RFC822.SIZE)
a: < * 1 FETCH (UID 1 FLAGS (\Seen \Flagged $$Work) INTERNALDATE "17-Jul-1996 02:44:25 -0700" RFC822.SIZE 44)
a: < * 2 FETCH (UID 2 FLAGS () INTERNALDATE " 7-Jul-1996 02:44:25 +0530" RFC822.SIZE 34)
a: < a4 OK FETCH completed
a: > a5 FETCH 2 BODY.PEEK[]
a: < * 2 FETCH (BODY[] {34}
a: < Subject: bare@{lf}@{lf}8bit @{hex e4f6fc} and no end)
a: < a5 OK ...
# the mailbox selected hears of it
a: > a6 APPEND INBOX (\Draft) {@}
a: | Subject: three
a: | 
a: < * 3 EXISTS
a: < a6 OK [APPENDUID $v 3] ...
a: > b1 APPEND nowhere {@+}
a: | Subject: x
a: | 
a: < b1 NO [TRYCREATE] No such mailbox
a: > b2 APPEND nowhere {10}
a: < b2 NO [TRYCREATE] No such mailbox
a: > b3 APPEND INBOX {0}
a: < b3 NO [CANNOT] ...
a: > b4 APPEND INBOX {0+}
a: > 
a: < b4 NO [CANNOT] ...
a: > b5 APPEND INBOX {@}
a: | Subject: nul @{hex 00}
a: | 
a: < b5 NO [CANNOT] A message may not hold NUL
a: > b6 APPEND INBOX (\Recent) {10}
a: < b6 BAD No such system flag
a: > b7 APPEND INBOX "31-Feb-2020 00:00:00 +0000" {10}
a: < b7 BAD Malformed date-time
a: > b8 APPEND INBOX "1-Feb-2020 00:00:00 +0000" {10}
a: < b8 BAD Malformed date-time
# MULTIAPPEND is not announced
a: > b9 APPEND INBOX {5+}
a: > abcde (\Seen) {3+}
a: > abc
a: < b9 BAD Unexpected argument
a: > c1 NOOP
a: < c1 OK ...
a: > c2 STATUS INBOX (MESSAGES UIDNEXT UNSEEN DELETED SIZE RECENT APPENDLIMIT)
a: < * STATUS INBOX (MESSAGES 3 RECENT 0 UIDNEXT 4 UNSEEN 2 SIZE 96 DELETED 0 APPENDLIMIT 52428800)
a: < c2 OK ...
