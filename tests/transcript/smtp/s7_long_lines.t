limit: smtp_line 2048
a: <~ 220 ...
a: > NOOP @{600 x}
a: < 250 2.0.0 Ok
a: > NOOP @{2041 x}
a: < 250 2.0.0 Ok
a: > NOOP @{2042 x}
a: < 500 5.5.2 Line too long
a: > NOOP @{4096 x}
a: < 500 5.5.2 Line too long
a: > NOOP
a: < 250 2.0.0 Ok
a: >> NOOP@{lf}
a: < 500 5.5.2 Line holds control characters or does not end in CRLF
