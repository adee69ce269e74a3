# I12: commands that pile up, answered in order; a client that does not read is waited for
limit: output_buffer 20000
a: <~ * OK ...
a: > a LOGIN one@example.test secret
a: < a OK ...
a: > a1 APPEND INBOX {@}
a: | Subject: 1
a: |
a: | @{2000 0123456789}
a: < a1 OK ...
a: > a2 SELECT INBOX
a: <~ a2 OK ...
a: > p0 FETCH 1 BODY.PEEK[]
a: > p1 FETCH 1 BODY.PEEK[]
a: > p2 FETCH 1 BODY.PEEK[]
a: > p3 FETCH 1 BODY.PEEK[]
a: > p4 FETCH 1 BODY.PEEK[]
a: > p5 FETCH 1 BODY.PEEK[]
a: > p6 FETCH 1 BODY.PEEK[]
a: > p7 FETCH 1 BODY.PEEK[]
a: > p8 FETCH 1 BODY.PEEK[]
a: > p9 FETCH 1 BODY.PEEK[]
a: > p10 FETCH 1 BODY.PEEK[]
a: > p11 FETCH 1 BODY.PEEK[]
a: > p12 FETCH 1 BODY.PEEK[]
a: > p13 FETCH 1 BODY.PEEK[]
a: > p14 FETCH 1 BODY.PEEK[]
a: > p15 FETCH 1 BODY.PEEK[]
a: > p16 FETCH 1 BODY.PEEK[]
a: > p17 FETCH 1 BODY.PEEK[]
a: > p18 FETCH 1 BODY.PEEK[]
a: > p19 FETCH 1 BODY.PEEK[]
a: > p20 FETCH 1 BODY.PEEK[]
a: > p21 FETCH 1 BODY.PEEK[]
a: > p22 FETCH 1 BODY.PEEK[]
a: > p23 FETCH 1 BODY.PEEK[]
a: > p24 FETCH 1 BODY.PEEK[]
a: > p25 FETCH 1 BODY.PEEK[]
a: > p26 FETCH 1 BODY.PEEK[]
a: > p27 FETCH 1 BODY.PEEK[]
a: > p28 FETCH 1 BODY.PEEK[]
a: > p29 FETCH 1 BODY.PEEK[]
a: > p30 FETCH 1 BODY.PEEK[]
a: > p31 FETCH 1 BODY.PEEK[]
a: > p32 FETCH 1 BODY.PEEK[]
a: > p33 FETCH 1 BODY.PEEK[]
a: > p34 FETCH 1 BODY.PEEK[]
a: > p35 FETCH 1 BODY.PEEK[]
a: > p36 FETCH 1 BODY.PEEK[]
a: > p37 FETCH 1 BODY.PEEK[]
a: > p38 FETCH 1 BODY.PEEK[]
a: > p39 FETCH 1 BODY.PEEK[]
a: > p40 FETCH 1 BODY.PEEK[]
a: > p41 FETCH 1 BODY.PEEK[]
a: > p42 FETCH 1 BODY.PEEK[]
a: > p43 FETCH 1 BODY.PEEK[]
a: > p44 FETCH 1 BODY.PEEK[]
a: > p45 FETCH 1 BODY.PEEK[]
a: > p46 FETCH 1 BODY.PEEK[]
a: > p47 FETCH 1 BODY.PEEK[]
a: > p48 FETCH 1 BODY.PEEK[]
a: > p49 FETCH 1 BODY.PEEK[]
a: > p50 FETCH 1 BODY.PEEK[]
a: > p51 FETCH 1 BODY.PEEK[]
a: > p52 FETCH 1 BODY.PEEK[]
a: > p53 FETCH 1 BODY.PEEK[]
a: > p54 FETCH 1 BODY.PEEK[]
a: > p55 FETCH 1 BODY.PEEK[]
a: > p56 FETCH 1 BODY.PEEK[]
a: > p57 FETCH 1 BODY.PEEK[]
a: > p58 FETCH 1 BODY.PEEK[]
a: > p59 FETCH 1 BODY.PEEK[]
a: >> q NOOP@{hex 0d0a}r NOOP@{hex 0d0a}
a: <~ q OK ...
a: < r OK ...
