# I1: sizes before login; no "+", no memory
a: connect imap from 192.0.2.1
limit: errors_soft 1000
limit: errors_hard 1000
a: <~ * OK ...
a: > a1 LOGIN {4294967295}
a: < a1 NO [TOOBIG] Literal too big
a: > a2 LOGIN {18446744073709551616}
a: < a2 NO [TOOBIG] Literal too big
a: > a3 LOGIN {99999999999999999999999999999999999999}
a: < a3 BAD Malformed literal
a: > a4 LOGIN {4097}
a: < a4 NO [TOOBIG] Literal too big
a: > a5 LOGIN {-1}
a: < a5 BAD Malformed literal
a: > a6 LOGIN {1e9}
a: < a6 BAD Malformed literal
a: > a7 LOGIN { 5}
a: < a7 BAD Malformed literal
a: > a8 LOGIN {5
a: < a8 BAD Malformed literal
# I2: what comes unasked cannot be skipped
a: > a9 LOGIN {4097+}
a: < * BYE [TOOBIG] Too big
a: closed
b: connect imap from 192.0.2.1
b: <~ * OK ...
b: > a1 LOGIN {4294967295+}
b: < * BYE [TOOBIG] Too big
b: closed
c: connect imap from 192.0.2.1
c: <~ * OK ...
c: > a1 LOGIN {18446744073709551616+}
c: < * BYE [TOOBIG] Too big
c: closed
# 8 KiB a command, literals included
d: connect imap from 192.0.2.1
d: <~ * OK ...
d: > a1 LOGIN {4096}
d: < + ...
d: > @{4096 x} {4096}
d: < a1 NO [TOOBIG] ...
d: > a2 LOGIN {4096}
d: < + ...
d: > @{4096 x} {4096+}
d: < * BYE [TOOBIG] Too big
d: closed
e: connect imap from 192.0.2.1
e: <~ * OK ...
e: > a1 LOGIN @{9000 x}
e: < * BYE [TOOBIG] Too big
e: closed
