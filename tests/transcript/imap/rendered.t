# ENVELOPE and BODYSTRUCTURE are kept beside a message as FETCH shows them; where they are not, or
# would be too long, they are made from the facts: nobody sees a difference
deliver: one@example.test Delivered-To: one@example.test
deliver: | From: a@example.org
deliver: | Subject: delivered
deliver: |
deliver: | text
a: <~ * OK ...
a: > a LOGIN one@example.test secret
a: < a OK ...
a: > a1 APPEND INBOX {@+}
a: | From: a@example.org
a: | Subject: appended
a: |
a: | text
a: < a1 OK ...
a: > a2 APPEND INBOX {@+}
a: | From: a@example.org
a: | To: @{700 abcdefgh@example.net, }last@example.net
a: | Subject: long
a: |
a: | text
a: < a2 OK ...
a: > a3 EXAMINE INBOX
a: <~ a3 OK ...
a: > a4 FETCH 1:2 ENVELOPE
a: < * 1 FETCH (ENVELOPE (NIL "delivered" ((NIL NIL "a" "example.org")) ((NIL NIL "a" "example.org")) ((NIL NIL "a" "example.org")) NIL NIL NIL NIL NIL))
a: < * 2 FETCH (ENVELOPE (NIL "appended" ((NIL NIL "a" "example.org")) ((NIL NIL "a" "example.org")) ((NIL NIL "a" "example.org")) NIL NIL NIL NIL NIL))
a: < a4 OK ...
a: > a5 FETCH 1:3 BODYSTRUCTURE
a: < * 1 FETCH (BODYSTRUCTURE ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 1 NIL NIL NIL NIL))
a: < * 2 FETCH (BODYSTRUCTURE ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 1 NIL NIL NIL NIL))
a: < * 3 FETCH (BODYSTRUCTURE ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 1 NIL NIL NIL NIL))
a: < a5 OK ...
a: > a6 FETCH 3 ENVELOPE
a: < /\* 3 FETCH \(ENVELOPE \(NIL "long" .*\(NIL NIL "abcdefgh" "example.net"\)\(NIL NIL "last" "example.net"\)\) NIL NIL NIL NIL\)\)/
a: < a6 OK ...
a: > a7 FETCH 3 BODY
a: < * 3 FETCH (BODY ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 1))
a: < a7 OK ...
