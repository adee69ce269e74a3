plain
# P1: what came with STLS is not believed after it
a: connect pop3 from 192.0.2.1
a: < +OK ...
a: >> STLS@{hex 0d0a}USER one@{hex 0d0a}PASS secret@{hex 0d0a}
a: < +OK begin TLS
a: closed
