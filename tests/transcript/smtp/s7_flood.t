plain
a: <~ 220 ...
a: >> @{70000 x}
a: < 500 5.5.2 Line too long
a: closed
