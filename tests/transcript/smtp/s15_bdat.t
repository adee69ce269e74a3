# not offered: the bytes behind it would be taken for commands, so it is the end
a: <~ 220 ...
a: > EHLO c
a: <~ 250 SIZE ...
a: > BDAT 18446744073709551615 LAST
a: < 502 5.5.1 Command not implemented here
a: closed
