limit: errors_soft 1000
limit: errors_hard 5
a: <~ 220 ...
a: > X
a: < 500 5.5.1 Command unknown
a: > X
a: < 500 5.5.1 ...
a: > MAIL FROM:<a@b>
a: < 503 5.5.1 ...
a: > RSET now
a: < 501 5.5.4 ...
a: > X
a: < 421 4.7.0 Too many errors
a: closed
