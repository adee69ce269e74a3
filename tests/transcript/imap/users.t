# I18: what another user has and what does not exist are the same
a: <~ * OK ...
a: > a LOGIN one@example.test secret
a: < a OK ...
a: > a1 CREATE private
a: < a1 OK ...
b: <~ * OK ...
b: > b LOGIN two@example.test secret
b: < b OK ...
b: > b1 SELECT private
b: < b1 NO [NONEXISTENT] No such item
b: > b2 SELECT nowhere
b: < b2 NO [NONEXISTENT] No such item
b: > b3 STATUS private (MESSAGES)
b: < b3 NO [NONEXISTENT] No such item
b: > b4 DELETE private
b: < b4 NO [NONEXISTENT] No such item
b: > b5 RENAME private x
b: < b5 NO [NONEXISTENT] No such item
b: > b6 APPEND private {5}
b: < b6 NO [TRYCREATE] No such mailbox
b: > b7 GETQUOTAROOT private
b: < b7 NO [NONEXISTENT] No such item
b: > b8 LIST "" *
b: < * LIST (\HasNoChildren) "/" INBOX
b: < b8 OK ...
b: > b9 LIST "" one@example.test/*
b: < b9 OK ...
