plain
# commands in one segment with STARTTLS (CVE-2011-0411)
a: connect smtp from 192.0.2.1
a: <~ 220 ...
a: > EHLO c
a: <~ 250 SIZE ...
a: >> STARTTLS@{hex 0d0a}MAIL FROM:<a@b>@{hex 0d0a}RCPT TO:<one@example.test>@{hex 0d0a}
a: < 554 5.5.0 Improper pipelining
a: closed
# half a ClientHello
b: connect submission from 192.0.2.1
b: <~ 220 ...
b: > EHLO c
b: <~ 250 SIZE ...
b: >> STARTTLS@{hex 0d0a}@{hex 160301}
b: < 554 5.5.0 Improper pipelining
b: closed
