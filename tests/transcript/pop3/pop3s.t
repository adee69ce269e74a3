plain
a: connect pop3s from 192.0.2.1
a: < +OK mx.example.test POP3 Tern
a: > STLS
a: < -ERR TLS is already active
a: > USER one
a: < +OK ...
a: > PASS secret
a: < +OK logged in
