plain
limit: smtp_timeout 10000
limit: greeting_timeout 1000
a: < 220 ...
a: < 421 4.4.2 mx.example.test closes: nothing came for too long
a: closed
