a: connect submission
a: <~ 220 ...
a: > EHLO c
a: <~ 250 SIZE ...
a: > AUTH LOGIN
a: < 334 VXNlcm5hbWU6
a: > *
a: < 501 5.7.0 Authentication cancelled
a: > AUTH LOGIN
a: < 334 VXNlcm5hbWU6
a: > b25lQGV4YW1wbGUudGVzdA==
a: < 334 UGFzc3dvcmQ6
a: > bm90IGl0
a: < 535 5.7.8 Authentication failed
a: > AUTH LOGIN bm9ib2R5
a: < 334 UGFzc3dvcmQ6
a: > c2VjcmV0
a: < 535 5.7.8 Authentication failed
a: > AUTH LOGIN b25l
a: < 334 UGFzc3dvcmQ6
a: > 
a: < 535 5.7.8 Authentication failed
a: > AUTH LOGIN b25l
a: < 334 UGFzc3dvcmQ6
a: > c2VjcmV0
a: < 235 2.7.0 Authentication successful
b: connect submission
b: <~ 220 ...
b: > EHLO c
b: <~ 250 SIZE ...
store: away
b: > AUTH PLAIN AG9uZQBzZWNyZXQ=
b: < 454 4.7.0 Temporary authentication failure
