plain
# autologout says nothing and deletes nothing
limit: pop3_timeout 60000
limit: greeting_timeout 1000
a: < +OK ...
a: closed
