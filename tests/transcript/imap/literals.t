# literals, asked for and not (RFC 3501, 4.3; RFC 7888)
a: <~ * OK ...
a: > a1 LOGIN {16}
a: < + Go on
a: > one@example.test {6}
a: < + Go on
a: > secret
a: < a1 OK ...
b: <~ * OK ...
b: > a1 LOGIN {16+}
b: > one@example.test {6+}
b: > secret
b: < a1 OK ...
b: > a2 CREATE {3}
b: < + ...
b: > abc
b: < a2 OK ...
b: > a3 LIST "" {1}
b: < + ...
b: > *
b: < * LIST (\HasNoChildren) "/" INBOX
b: < * LIST (\HasNoChildren) "/" abc
b: < a3 OK ...
# nothing but CRLF behind a literal
b: > a4 CREATE {1+}
b: > xy
b: < a4 BAD Unexpected argument
b: > a5 CREATE {0+}
b: > 
b: < a5 NO [CANNOT] ...
# wrong command, literal on its way: swallowed
b: > a6 FROB {5+}
b: < a6 BAD Unknown command
b: > abcde {2+}
b: > xy
b: > a7 NOOP
b: < a7 OK ...
# wrong command, literal not asked for
b: > a8 FROB {5}
b: < a8 BAD Unknown command
b: > a9 NOOP
b: < a9 OK ...
b: >> b1 CREATE {3+}@{hex 0d0a}a@{hex 00}b@{hex 0d0a}
b: < b1 BAD NUL in a literal
b: > b2 CREATE {-1}
b: < b2 BAD Malformed literal
b: > b3 CREATE { 5}
b: < b3 BAD Malformed literal
b: > b4 CREATE {1e9}
b: < b4 BAD Malformed literal
b: > b5 CREATE {5
b: < b5 BAD Malformed literal
b: > b6 CREATE {3}x{3}
b: < b6 BAD Malformed literal
