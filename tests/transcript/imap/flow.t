# I12: a client that does not read is not read from; nothing is lost when it goes on
limit: output_buffer 20000
a: <~ * OK ...
a: > a LOGIN one@example.test secret
a: < a OK ...
a: > a1 APPEND INBOX {@}
a: | Subject: 1
a: |
a: | @{20000 0123456789}
a: < a1 OK ...
a: > a2 SELECT INBOX
a: <~ a2 OK ...
a: deaf
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
a: hears
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p0 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p1 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p2 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p3 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p4 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p5 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p6 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p7 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p8 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p9 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p10 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p11 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p12 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p13 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p14 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p15 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p16 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p17 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p18 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p19 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p20 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p21 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p22 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p23 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p24 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p25 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p26 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p27 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p28 OK ...
a: < * 1 FETCH (BODY[] {200016}
a: <~ )
a: < p29 OK ...
