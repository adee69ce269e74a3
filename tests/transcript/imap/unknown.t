# an outcome that nobody knows has no answer
a: <~ * OK ...
a: > a LOGIN one@example.test secret
a: < a OK ...
store: unknown
a: > a1 CREATE x
a: closed
store: well
b: <~ * OK ...
b: > b LOGIN one@example.test secret
b: < b OK ...
b: > b1 LIST "" x
b: < * LIST (\HasNoChildren) "/" x
b: < b1 OK ...
b: > b2 SELECT INBOX
b: <~ b2 OK ...
store: unknown
b: > b3 APPEND INBOX {@}
b: | Subject: 1
b: |
b: closed
