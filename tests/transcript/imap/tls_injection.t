plain
# what was sent before the handshake is not believed after it (CVE-2011-0411)
a: connect imap from 192.0.2.1
a: <~ * OK ...
a: >> a1 STARTTLS@{hex 0d0a}a2 LOGIN one@example.test secret@{hex 0d0a}
a: < a1 OK Begin TLS now
a: closed
