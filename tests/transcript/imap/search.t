# SEARCH by flags, sets, sizes and dates (RFC 3501, 6.4.4; RFC 5032)
limit: errors_soft 1000
limit: errors_hard 1000
a: <~ * OK ...
a: > a LOGIN one@example.test secret
a: < a OK ...
a: > a1 APPEND INBOX (\Seen k1) "01-Feb-1994 23:30:00 -0800" {@}
a: | Date: Tue, 1 Feb 1994 23:30:00 -0800
a: | Subject: first
a: |
a: < a1 OK ...
a: > a2 APPEND INBOX (\Answered \Flagged) "02-Feb-1994 00:30:00 +0000" {@}
a: | Date: 3 Feb 94 01:00:00 +1200
a: | Subject: second
a: |
a: | @{100 x}
a: < a2 OK ...
a: > a3 APPEND INBOX (\Draft \Deleted) {@}
a: | Subject: third
a: |
a: < a3 OK ...
a: > a4 SELECT INBOX
a: <~ a4 OK ...
a: > b01 SEARCH ALL
a: < * SEARCH 1 2 3
a: < b01 OK SEARCH completed
a: > b02 SEARCH SEEN
a: < * SEARCH 1
a: < b02 OK ...
a: > b03 SEARCH UNSEEN
a: < * SEARCH 2 3
a: < b03 OK ...
a: > b04 SEARCH ANSWERED FLAGGED UNDRAFT UNDELETED
a: < * SEARCH 2
a: < b04 OK ...
a: > b05 SEARCH OR DRAFT KEYWORD K1
a: < * SEARCH 1 3
a: < b05 OK ...
a: > b06 SEARCH UNKEYWORD k1 UNANSWERED UNFLAGGED
a: < * SEARCH 3
a: < b06 OK ...
a: > b07 SEARCH NEW
a: < * SEARCH
a: < b07 OK ...
a: > b08 SEARCH OLD NOT RECENT
a: < * SEARCH 1 2 3
a: < b08 OK ...
a: > b09 SEARCH 2:* NOT UID 3
a: < * SEARCH 2
a: < b09 OK ...
a: > b10 UID SEARCH UID 2:100 (1:2)
a: < * SEARCH 2
a: < b10 OK UID SEARCH completed
a: > b11 SEARCH LARGER 100
a: < * SEARCH 2
a: < b11 OK ...
a: > b12 SEARCH SMALLER 19
a: < * SEARCH 3
a: < b12 OK ...
# internal dates, in the zone that they were written in
a: > b13 SEARCH ON 1-Feb-1994
a: < * SEARCH 1
a: < b13 OK ...
a: > b14 SEARCH ON "2-Feb-1994"
a: < * SEARCH 2
a: < b14 OK ...
a: > b15 SEARCH BEFORE 02-Feb-1994
a: < * SEARCH 1
a: < b15 OK ...
a: > b16 SEARCH SINCE 2-Feb-1994
a: < * SEARCH 2 3
a: < b16 OK ...
# the Date field, whatever its zone
a: > b17 SEARCH SENTON 1-Feb-1994
a: < * SEARCH 1
a: < b17 OK ...
a: > b18 SEARCH SENTSINCE 3-Feb-1994
a: < * SEARCH 2
a: < b18 OK ...
a: > b19 SEARCH SENTBEFORE 3-Feb-1994
a: < * SEARCH 1
a: < b19 OK ...
a: > b20 SEARCH YOUNGER 3600
a: < * SEARCH 3
a: < b20 OK ...
a: > b21 SEARCH OLDER 3600
a: < * SEARCH 1 2
a: < b21 OK ...
a: > c1 SEARCH CHARSET KOI8-R ALL
a: < c1 NO [BADCHARSET (US-ASCII UTF-8)] ...
a: > c2 SEARCH CHARSET us-ascii ALL
a: < * SEARCH 1 2 3
a: < c2 OK ...
a: > c3 SEARCH
a: < c3 BAD ...
a: > c4 SEARCH FROB
a: < c4 BAD Unknown search key
a: > c5 SEARCH ON 31-Feb-1994
a: < c5 BAD Malformed date
a: > c6 SEARCH ON 1-Feb-99999999999
a: < c6 BAD Malformed date
a: > c7 SEARCH OR SEEN
a: < c7 BAD ...
a: > c8 SEARCH (SEEN
a: < c8 BAD ...
a: > c9 SEARCH ()
a: < c9 BAD ...
a: > d1 SEARCH LARGER -1
a: < d1 BAD ...
a: > d2 SEARCH 100:200
a: < * SEARCH
a: < d2 OK ...
a: > d3 SEARCH *
a: < * SEARCH 3
a: < d3 OK ...
