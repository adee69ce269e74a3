# STORE, its answers and those of the others (RFC 3501, 6.4.6)
a: <~ * OK ...
a: > a LOGIN one@example.test secret
a: < a OK ...
a: > a1 APPEND INBOX {@}
a: | Subject: one
a: |
a: < a1 OK ...
a: > a2 APPEND INBOX {@}
a: | Subject: two
a: |
a: < a2 OK ...
a: > a3 SELECT INBOX
a: <~ a3 OK ...
b: <~ * OK ...
b: > b LOGIN one@example.test secret
b: < b OK ...
b: > b1 SELECT INBOX
b: <~ b1 OK ...
a: > c1 STORE 1:2 +FLAGS (\Seen $$Work)
a: < * FLAGS (\Seen \Answered \Flagged \Deleted \Draft $$Work)
a: < * 1 FETCH (UID 1 FLAGS (\Seen $$Work))
a: < * 2 FETCH (UID 2 FLAGS (\Seen $$Work))
a: < c1 OK STORE completed
# own changes are not told again
a: > c2 NOOP
a: < c2 OK ...
b: > c3 NOOP
b: < * FLAGS (\Seen \Answered \Flagged \Deleted \Draft $$Work)
b: < * 1 FETCH (UID 1 FLAGS (\Seen $$Work))
b: < * 2 FETCH (UID 2 FLAGS (\Seen $$Work))
b: < c3 OK ...
b: > c4 STORE 2 FLAGS.SILENT \Flagged \Draft
b: < c4 OK ...
b: > c5 NOOP
b: < c5 OK ...
a: > c6 STORE 1 -FLAGS (\Seen)
a: < * 1 FETCH (UID 1 FLAGS ($$Work))
a: < * 2 FETCH (UID 2 FLAGS (\Flagged \Draft))
a: < c6 OK ...
a: > c7 UID STORE 2 FLAGS ()
a: < * 2 FETCH (UID 2 FLAGS ())
a: < c7 OK UID STORE completed
a: > c8 STORE 1:* +FLAGS (\Deleted)
a: < * 1 FETCH (UID 1 FLAGS (\Deleted $$Work))
a: < * 2 FETCH (UID 2 FLAGS (\Deleted))
a: < c8 OK ...
# a row that is gone: the number stays, the message is left out
b: > d1 UID EXPUNGE 1
b: <~ * 1 EXPUNGE
b: <~ d1 OK ...
a: > d2 STORE 1:2 +FLAGS (\Seen)
a: < * 2 FETCH (UID 2 FLAGS (\Seen \Deleted))
a: < d2 OK [EXPUNGEISSUED] ...
a: > d3 FETCH 1:2 (UID FLAGS)
a: < * 2 FETCH (UID 2 FLAGS (\Seen \Deleted))
a: < d3 OK [EXPUNGEISSUED] ...
a: > d4 SEARCH ALL
a: < * SEARCH 2
a: < d4 OK ...
a: > d5 NOOP
a: < * 1 EXPUNGE
a: < d5 OK ...
a: > d6 FETCH 1 UID
a: < * 1 FETCH (UID 2)
a: < d6 OK ...
# case of keywords is the first writer's; bad modes
a: > e1 STORE 1 +FLAGS ($$WORK)
a: < * 1 FETCH (UID 2 FLAGS (\Seen \Deleted $$Work))
a: < e1 OK ...
a: > e2 STORE 1 FROB (\Seen)
a: < e2 BAD Unknown STORE item
a: > e3 STORE 1 FLAGS (\Frob)
a: < e3 BAD No such system flag
a: > e4 STORE 1 +FLAGS
a: < e4 BAD Missing argument
a: > e5 STORE 1 FLAGS (a,)
a: < * FLAGS (\Seen \Answered \Flagged \Deleted \Draft $$Work a,)
a: < * 1 FETCH (UID 2 FLAGS (a,))
a: < e5 OK ...
a: > e6 STORE 1 FLAGS (\Seen )
a: < e6 BAD Syntax error
# a message that this client has not heard of is not among 1:*
b: > f1 APPEND INBOX {@}
b: | Subject: three
b: |
b: <~ f1 OK ...
a: > f2 STORE 1:* +FLAGS (\Flagged)
a: < * 1 FETCH (UID 2 FLAGS (\Flagged a,))
a: < * 2 EXISTS
a: < f2 OK ...
a: > f3 FETCH 1:* FLAGS
a: < * 1 FETCH (FLAGS (\Flagged a,))
a: < * 2 FETCH (FLAGS ())
a: < f3 OK ...
# a UID from elsewhere is looked for
b: > g1 APPEND INBOX {@}
b: | Subject: four
b: |
b: <~ g1 OK [APPENDUID ...
a: > g2 UID STORE 4 +FLAGS.SILENT (\Answered)
a: < * 3 EXISTS
a: < g2 OK ...
a: > g3 UID FETCH 3:* FLAGS
a: < * 2 FETCH (UID 3 FLAGS ())
a: < * 3 FETCH (UID 4 FLAGS (\Answered))
a: < g3 OK ...
