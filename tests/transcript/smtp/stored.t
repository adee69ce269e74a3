# a message in, and out again by POP3 with exactly two fields before it
a: <~ 220 ...
a: > EHLO client.example.org
a: <~ 250 SIZE ...
a: > MAIL FROM:<Ann@Example.ORG> SIZE=100 BODY=8BITMIME
a: < 250 2.1.0 Sender ok
a: > RCPT TO:<One@Example.TEST>
a: < 250 2.1.5 Recipient ok
a: > DATA
a: < 354 End data with <CR><LF>.<CR><LF>
a: > Subject: dots
a: > 
a: > ..
a: > ..two
a: > .gone
a: > 8@{hex c3bc}
a: > .
a: < 250 2.0.0 $trace stored
a: > QUIT
a: < 221 2.0.0 Bye
a: closed
p: connect pop3
p: <~ +OK ...
p: > USER one
p: < +OK ...
p: > PASS secret
p: < +OK ...
p: > RETR 1
p: < +OK $size octets
p: < Return-Path: <Ann@Example.ORG>
p: < Received: from client.example.org ([127.0.0.1])
p: < /^	by mx.example.test with ESMTP$/
p: < 	id $trace
p: < 	for <One@Example.TEST>;
p: < /^	[A-Z][a-z][a-z], [0-9]+ [A-Z][a-z][a-z] [0-9]{4} [0-9:]{8} \+0000$/
p: < Subject: dots
p: < 
p: < ..
p: < ..two
p: < gone
p: < 8@{hex c3bc}
p: < .
p: > STAT
p: < +OK 1 $size
p: > QUIT
p: < +OK bye
p: closed
