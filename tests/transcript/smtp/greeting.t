# what is offered is what works
a: < 220 mx.example.test ESMTP Tern
a: > EHLO client.example.org
a: < 250-mx.example.test
a: < 250-PIPELINING
a: < 250-8BITMIME
a: < 250-STARTTLS
a: < 250-ENHANCEDSTATUSCODES
a: < 250 SIZE 52428800
a: > HELO client.example.org
a: < 250 mx.example.test
a: > EHLO
a: < 501 5.5.4 Name yourself
a: > LHLO client.example.org
a: < 502 5.5.1 Command not implemented here
a: > QUIT
a: < 221 2.0.0 Bye
a: closed
