# I11, and messages of many chunks
limit: message_size 1000000
a: <~ * OK ...
a: > a LOGIN one@example.test secret
a: < a OK ...
a: > a1 APPEND INBOX {1000001}
a: < a1 NO [TOOBIG] ...
a: > a2 APPEND INBOX {18446744073709551616}
a: < a2 NO [TOOBIG] ...
a: > a3 APPEND INBOX {@}
a: | Subject: big
a: | 
a: | @{9000 0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz}
a: | end
a: < a3 OK [APPENDUID $v 1] ...
a: > a4 SELECT INBOX
a: <~ a4 OK ...
a: > a5 FETCH 1 (RFC822.SIZE BODY.PEEK[]<648016.7>)
a: < * 1 FETCH (RFC822.SIZE 648023 BODY[]<648016> {7}
a: < 
a: < end
a: < )
a: < a5 OK ...
a: > a6 FETCH 1 BODY.PEEK[TEXT]<262124.40>
a: < * 1 FETCH (BODY[TEXT]<262124> {40}
a: < /[0-9a-z]{40}\)/
a: < a6 OK ...
a: > b1 APPEND INBOX {1000001+}
a: < * BYE [TOOBIG] Message too big
a: closed
