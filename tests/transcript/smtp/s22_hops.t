plain
limit: received_hops 10
a: <~ 220 ...
a: > EHLO c
a: <~ 250 SIZE ...
a: > MAIL FROM:<a@b>
a: < 250 ...
a: > RCPT TO:<one@example.test>
a: < 250 ...
a: > DATA
a: < 354 ...
a: > Received: from a by b; date
a: > Received: from a by b; date
a: > Received: from a by b; date
a: > Received: from a by b; date
a: > Received: from a by b; date
a: > Received: from a by b; date
a: > Received: from a by b; date
a: > Received: from a by b; date
a: > Received: from a by b; date
a: > Received: from a by b; date
a: > 
a: > Received: in the body does not count
a: > .
a: < 250 ...
a: > MAIL FROM:<a@b>
a: < 250 ...
a: > RCPT TO:<one@example.test>
a: < 250 ...
a: > DATA
a: < 354 ...
a: > Received: from a by b; date
a: > Received: from a by b; date
a: > Received: from a by b; date
a: > Received: from a by b; date
a: > Received: from a by b; date
a: > Received: from a by b; date
a: > Received: from a by b; date
a: > Received: from a by b; date
a: > Received: from a by b; date
a: > Received: from a by b; date
a: > RECEIVED : from a by b; date
a: > 
a: > .
a: < 554 5.4.6 Too many hops, this message is looping
