a: < * OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID STARTTLS AUTH=PLAIN] mx.example.test Tern ready
a: > a1 NOOP
a: < a1 OK NOOP completed
a: > a2 CAPABILITY
a: < * CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID STARTTLS AUTH=PLAIN
a: < a2 OK CAPABILITY completed
a: > a3 LOGIN one@example.test secret
a: < a3 OK [CAPABILITY IMAP4rev1 ... IDLE ...] Logged in
a: > a4 SELECT INBOX
a: < * FLAGS (\Seen \Answered \Flagged \Deleted \Draft)
a: < * OK [PERMANENTFLAGS (\Seen \Answered \Flagged \Deleted \Draft \*)] Flags kept
a: < * 0 EXISTS
a: < * 0 RECENT
a: < * OK [UIDVALIDITY $v] UIDs valid
a: < * OK [UIDNEXT 1] Next UID
a: < a4 OK [READ-WRITE] SELECT completed
a: > a5 LOGOUT
a: < * BYE Logging out
a: < a5 OK LOGOUT completed
a: closed
