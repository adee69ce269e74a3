# RFC 5258, 5819, 6154
a: <~ * OK ...
a: > a LOGIN one@example.test secret
a: < a OK ...
a: > a1 CREATE fruit/apple
a: < a1 OK ...
a: > a2 CREATE sent (USE (\Sent))
a: < a2 OK ...
a: > a3 SUBSCRIBE fruit/apple
a: < a3 OK ...
a: > a4 SUBSCRIBE gone/away
a: < a4 OK ...
a: > b1 LIST (SUBSCRIBED) "" *
a: < * LIST (\Subscribed \HasNoChildren) "/" fruit/apple
a: < * LIST (\NonExistent \Subscribed) "/" gone/away
a: < b1 OK ...
a: > b2 LIST (SUBSCRIBED RECURSIVEMATCH) "" %
a: < * LIST (\HasChildren) "/" fruit ("CHILDINFO" ("SUBSCRIBED"))
a: < * LIST (\NonExistent) "/" gone ("CHILDINFO" ("SUBSCRIBED"))
a: < b2 OK ...
a: > b3 LIST (RECURSIVEMATCH) "" %
a: < b3 BAD RECURSIVEMATCH needs another option
a: > b4 LIST (REMOTE) "" % RETURN (SUBSCRIBED CHILDREN)
a: < * LIST (\HasNoChildren) "/" INBOX
a: < * LIST (\HasChildren) "/" fruit
a: < * LIST (\HasNoChildren \Sent) "/" sent
a: < b4 OK ...
a: > b5 LIST () "" (INBOX s%) RETURN ()
a: < * LIST (\HasNoChildren) "/" INBOX
a: < * LIST (\HasNoChildren \Sent) "/" sent
a: < b5 OK ...
a: > b6 LIST "" % RETURN (STATUS (MESSAGES UIDNEXT SIZE))
a: < * LIST (\HasNoChildren) "/" INBOX
a: < * STATUS INBOX (MESSAGES 0 UIDNEXT 1 SIZE 0)
a: < * LIST (\HasChildren) "/" fruit
a: < * STATUS fruit (MESSAGES 0 UIDNEXT 1 SIZE 0)
a: < * LIST (\HasNoChildren \Sent) "/" sent
a: < * STATUS sent (MESSAGES 0 UIDNEXT 1 SIZE 0)
a: < b6 OK ...
a: > b7 LIST (SPECIAL-USE) "" * RETURN (SPECIAL-USE)
a: < * LIST (\HasNoChildren \Sent) "/" sent
a: < b7 OK ...
a: > b8 LIST (FROB) "" *
a: < b8 BAD Unknown option
a: > b9 LIST "" * RETURN (FROB)
a: < b9 BAD Unknown option
