# P3: refused before the secret is said, as far as we can
a: connect pop3 from 192.0.2.1
a: < +OK ...
a: > CAPA
a: < +OK ...
a: < TOP
a: < UIDL
a: < RESP-CODES
a: < AUTH-RESP-CODE
a: < PIPELINING
a: < EXPIRE NEVER
a: < STLS
a: < .
a: > USER one
a: < -ERR [AUTH] logins need TLS: STLS or port 995
a: > PASS secret
a: < -ERR [AUTH] logins need TLS: STLS or port 995
a: > AUTH PLAIN
a: < -ERR [AUTH] logins need TLS: STLS or port 995
a: > STLS
a: < +OK begin TLS
a: starttls
a: > STLS
a: < -ERR TLS is already active
a: > CAPA
a: < +OK ...
a: <~ USER
a: < SASL PLAIN
a: < .
a: > USER one
a: < +OK ...
a: > PASS secret
a: < +OK logged in
a: > QUIT
a: < +OK bye
a: closed
