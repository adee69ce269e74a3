# AUTHENTICATE PLAIN, with and without an initial response (RFC 4616, 4959)
a: <~ * OK ...
a: > a1 AUTHENTICATE PLAIN
a: < + 
a: > AG9uZUBleGFtcGxlLnRlc3QAc2VjcmV0
a: < a1 OK [CAPABILITY ...] Logged in
b: <~ * OK ...
b: > a1 authenticate plain AG9uZUBleGFtcGxlLnRlc3QAc2VjcmV0
b: < a1 OK [CAPABILITY ...] Logged in
c: <~ * OK ...
c: > a1 AUTHENTICATE PLAIN
c: < + 
c: > *
c: < a1 BAD Cancelled
c: > a2 AUTHENTICATE PLAIN *
c: < a2 BAD Malformed response
c: > a3 AUTHENTICATE PLAIN =
c: < a3 BAD Malformed response
c: > a4 AUTHENTICATE PLAIN ====
c: < a4 BAD Malformed response
# user NUL password only; one NUL too many; another authzid
c: > a5 AUTHENTICATE PLAIN b25lQGV4YW1wbGUudGVzdABzZWNyZXQ=
c: < a5 BAD Malformed response
c: > a6 AUTHENTICATE PLAIN AG9uZUBleGFtcGxlLnRlc3QAc2VjcmV0AHg=
c: < a6 BAD Malformed response
c: > a7 AUTHENTICATE PLAIN dHdvQGV4YW1wbGUudGVzdABvbmVAZXhhbXBsZS50ZXN0AHNlY3JldA==
c: < a7 NO [AUTHENTICATIONFAILED] Authentication failed
c: > a8 AUTHENTICATE CRAM-MD5
c: < a8 NO [CANNOT] No such mechanism
c: > a9 LOGIN one@example.test wrong
c: < a9 NO [AUTHENTICATIONFAILED] Authentication failed
c: > b1 LOGIN nobody@example.test secret
c: < b1 NO [AUTHENTICATIONFAILED] Authentication failed
c: > b2 LOGIN off@example.test secret
c: < b2 NO [AUTHENTICATIONFAILED] Authentication failed
c: > b3 LOGIN "" ""
c: < b3 NO [AUTHENTICATIONFAILED] Authentication failed
# G21: not knowing is not a wrong password
store: away
c: > b4 LOGIN one@example.test secret
c: < b4 NO [UNAVAILABLE] ...
store: well
c: > b5 LOGIN ONE@EXAMPLE.TEST secret
c: < b5 OK ...
