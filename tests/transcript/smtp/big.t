plain
# several chunks
a: <~ 220 ...
a: > EHLO c
a: <~ 250 SIZE ...
a: > MAIL FROM:<a@b>
a: < 250 ...
a: > RCPT TO:<one@example.test>
a: < 250 ...
a: > RCPT TO:<two@example.test>
a: < 250 ...
a: > DATA
a: < 354 ...
a: > Subject: big
a: > 
a: > line 1 @{40000 x}
a: > line 2 @{40000 x}
a: > line 3 @{40000 x}
a: > line 4 @{40000 x}
a: > line 5 @{40000 x}
a: > line 6 @{40000 x}
a: > line 7 @{40000 x}
a: > line 8 @{40000 x}
a: > line 9 @{40000 x}
a: > line 10 @{40000 x}
a: > line 11 @{40000 x}
a: > line 12 @{40000 x}
a: > line 13 @{40000 x}
a: > line 14 @{40000 x}
a: > line 15 @{40000 x}
a: > line 16 @{40000 x}
a: > line 17 @{40000 x}
a: > line 18 @{40000 x}
a: > line 19 @{40000 x}
a: > line 20 @{40000 x}
a: > .
a: < 250 2.0.0 ... stored
p: connect pop3
p: <~ +OK ...
p: > USER two
p: < +OK ...
p: > PASS secret
p: < +OK ...
p: > RETR 1
p: <~ Subject: big
p: < 
p: < line 1 @{40000 x}
p: < line 2 @{40000 x}
p: < line 3 @{40000 x}
p: < line 4 @{40000 x}
p: < line 5 @{40000 x}
p: < line 6 @{40000 x}
p: < line 7 @{40000 x}
p: < line 8 @{40000 x}
p: < line 9 @{40000 x}
p: < line 10 @{40000 x}
p: < line 11 @{40000 x}
p: < line 12 @{40000 x}
p: < line 13 @{40000 x}
p: < line 14 @{40000 x}
p: < line 15 @{40000 x}
p: < line 16 @{40000 x}
p: < line 17 @{40000 x}
p: < line 18 @{40000 x}
p: < line 19 @{40000 x}
p: < line 20 @{40000 x}
p: < .
