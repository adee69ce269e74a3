# P3: USER and PASS
limit: errors_soft 1000
limit: errors_hard 1000
a: < +OK mx.example.test POP3 Tern
a: > CAPA
a: < +OK capabilities follow
a: < TOP
a: < UIDL
a: < RESP-CODES
a: < AUTH-RESP-CODE
a: < PIPELINING
a: < EXPIRE NEVER
a: < STLS
a: < USER
a: < SASL PLAIN
a: < .
a: > STAT
a: < -ERR log in first
a: > LIST
a: < -ERR log in first
a: > NOOP
a: < -ERR log in first
a: > PASS secret
a: < -ERR say USER first
a: > APOP one c4c9334bac560ecc979e58001b3e22fb
a: < -ERR unknown command
a: > USER one@example.test
a: < +OK ...
a: > PASS se@{hex 00}cret
a: < -ERR line holds control characters
a: > PASS  secret
a: < -ERR [AUTH] authentication failed
a: > PASS secret
a: < -ERR say USER first
a: > USER nobody@example.test
a: < +OK ...
a: > PASS secret
a: < -ERR [AUTH] authentication failed
a: > USER off@example.test
a: < +OK ...
a: > PASS secret
a: < -ERR [AUTH] authentication failed
a: > USER one
a: < +OK ...
a: > PASS secret
a: < +OK logged in
a: > CAPA
a: < +OK capabilities follow
a: < TOP
a: < UIDL
a: < RESP-CODES
a: < AUTH-RESP-CODE
a: < PIPELINING
a: < EXPIRE NEVER
a: < IMPLEMENTATION Tern
a: < .
a: > USER two
a: < -ERR not after login
a: > STLS
a: < -ERR not after login
a: > NOOP
a: < +OK 
a: > STAT
a: < +OK 0 0
a: > LIST
a: < +OK 0 messages
a: < .
a: > UIDL
a: < +OK 0 messages
a: < .
a: > QUIT
a: < +OK bye
a: closed
