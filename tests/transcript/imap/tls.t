# STARTTLS, LOGINDISABLED (I14)
a: connect imap from 192.0.2.1
a: < * OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID STARTTLS LOGINDISABLED] ...
a: > a1 LOGIN one@example.test secret
a: < a1 NO [PRIVACYREQUIRED] Use TLS first
a: > a2 AUTHENTICATE PLAIN
a: < a2 NO [PRIVACYREQUIRED] Use TLS first
a: > a3 AUTHENTICATE PLAIN AG9uZUBleGFtcGxlLnRlc3QAc2VjcmV0
a: < a3 NO [PRIVACYREQUIRED] Use TLS first
a: > a4 STARTTLS
a: < a4 OK Begin TLS now
a: starttls
a: > a5 CAPABILITY
a: < * CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID AUTH=PLAIN
a: < a5 OK ...
a: > a6 STARTTLS
a: < a6 BAD TLS is in use already
a: > a7 LOGIN one@example.test secret
a: < a7 OK ...
a: > a8 SELECT INBOX
a: <~ a8 OK ...
b: connect imaps from 192.0.2.2
b: < * OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID AUTH=PLAIN] ...
b: > a1 LOGIN one@example.test secret
b: < a1 OK ...
