# forms that have made others relay: from a stranger, nothing leaves
limit: errors_soft 1000
limit: errors_hard 1000
a: connect smtp from 192.0.2.1
a: <~ 220 ...
a: > EHLO c
a: <~ 250 SIZE ...
a: > MAIL FROM:<one@example.test>
a: < 250 ...
a: > RCPT TO:<v@remote.example>
a: < 550 5.7.1 Relay denied
a: > RCPT TO:<v%remote.example@example.test>
a: < 550 5.1.1 No such user here
a: > RCPT TO:<"v@remote.example"@example.test>
a: < 550 5.1.1 No such user here
a: > RCPT TO:<remote.example!v@example.test>
a: < 550 5.1.1 No such user here
a: > RCPT TO:<@example.test:v@remote.example>
a: < 550 5.7.1 Relay denied
a: > RCPT TO:<v@remote.example@example.test>
a: < 553 5.1.3 Malformed recipient address
a: > RCPT TO:<v@[127.0.0.1]>
a: < 550 5.7.1 Relay denied
a: > RCPT TO:<v@example.test.>
a: < 553 5.1.3 Malformed recipient address
a: > RCPT TO:<v@sub.example.test>
a: < 550 5.7.1 Relay denied
a: > DATA
a: < 503 5.5.1 No valid recipients
# trusted is no licence to relay either
b: <~ 220 ...
b: > EHLO c
b: <~ 250 SIZE ...
b: > MAIL FROM:<>
b: < 250 ...
b: > RCPT TO:<v@remote.example>
b: < 550 5.7.1 Relay denied
