limit: errors_soft 1000
limit: errors_hard 3
a: < +OK ...
a: > X
a: < -ERR unknown command
a: > X
a: < -ERR unknown command
a: > X
a: < -ERR too many errors
a: closed
