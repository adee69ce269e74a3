# a message of IMAP with every kind of line end, and none at the end
i: connect imap
i: <~ * OK ...
i: > a1 LOGIN one@example.test secret
i: <~ a1 OK ...
i: > a2 APPEND INBOX {@}
i: | Subject: x
i: | 
i: | .
i: | ..x
i: |- last
i: <~ a2 OK ...
a: <~ +OK ...
a: > USER one
a: < +OK ...
a: > PASS secret
a: < +OK ...
a: > RETR 1
a: < +OK 26 octets
a: < Subject: x
a: < 
a: < ..
a: < ...x
a: < last
a: < .
