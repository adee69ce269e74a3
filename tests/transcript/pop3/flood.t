plain
a: < +OK ...
a: >> @{70000 x}
a: < -ERR line too long
a: closed
