#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 420
"""T75: 500 odd messages come back byte for byte: as they are after APPEND, behind Return-Path and
Received after SMTP and LMTP; by IMAP and by POP3 (plus the final line end that POP3 needs)."""

import imaplib
import poplib
import random
import smtplib
import sys

from clusterlib import check, run_test, running, show, state_hashes_agree
from oddmail import KINDS, odd

USERS = ["one@example.test", "two@example.test"]
COUNT = 500


def only_append(rand, message):
    """What SMTP cannot carry: no line end at the end, bare line feeds."""
    choice = rand.randrange(4)
    if choice == 0:
        return message[:-2] if message.endswith(b"\r\n") else message
    if choice == 1:
        return message.replace(b"\r\n", b"\n")
    return message


def imap(cluster, front, user):
    c = imaplib.IMAP4("127.0.0.1", cluster.plain_port("imap", front), timeout=60)
    c.login(user, cluster.passwords[user])
    return c


def put_all(cluster, messages):
    append = imap(cluster, 1, USERS[0])
    smtp = smtplib.SMTP("127.0.0.1", cluster.plain_port("smtp", 1), timeout=60)
    lmtp = smtplib.LMTP("127.0.0.1", cluster.plain_port("lmtp", 2), timeout=60)
    for how, message in messages:
        if how == "append":
            ok, data = append.append("INBOX", None, None, Raw(message))
            check(ok == "OK", f"APPEND: {data}")
            continue
        s = smtp if how == "smtp" else lmtp
        s.ehlo_or_helo_if_needed()
        check(s.mail("a@elsewhere.test", ["BODY=8BITMIME"])[0] == 250, "MAIL")
        check(s.rcpt(USERS[1])[0] == 250, "RCPT")
        check(s.docmd("DATA")[0] == 354, "DATA")
        stuffed = b"".join(b"." + line if line.startswith(b".") else line
                           for line in message.splitlines_crlf())
        s.send(stuffed + b".\r\n")
        code, text = s.getreply()
        check(code == 250, f"{how}: {code} {text}")


class Raw(bytes):
    """imaplib would turn every line end into CRLF; this one stays as it is."""


def raw_append(self, mailbox, flags, date_time, message):
    if not isinstance(message, Raw):
        return plain_append(self, mailbox, flags, date_time, message)
    self.literal = bytes(message)
    return self._simple_command("APPEND", mailbox)


plain_append = imaplib.IMAP4.append
imaplib.IMAP4.append = raw_append


class Message(bytes):
    def splitlines_crlf(self):
        parts = self.split(b"\r\n")
        check(parts[-1] == b"", "a message for SMTP ends in CRLF")
        return [p + b"\r\n" for p in parts[:-1]]


def fetch_all(cluster, front, user, count):
    c = imap(cluster, front, user)
    ok, data = c.select("INBOX", readonly=True)
    check(ok == "OK" and int(data[0]) == count, f"{user}: {data}, not {count}")
    bodies = []
    for first in range(1, count + 1, 25):
        _, rows = c.fetch(f"{first}:{min(count, first + 24)}", "(RFC822.SIZE BODY.PEEK[])")
        for row in rows:
            if isinstance(row, tuple):
                size = int(row[0].split(b"RFC822.SIZE ")[1].split()[0])
                check(size == len(row[1]), f"RFC822.SIZE {size}, body {len(row[1])}")
                bodies.append(row[1])
    c.logout()
    return bodies


def retr_all(cluster, front, user):
    c = poplib.POP3("127.0.0.1", cluster.plain_port("pop3", front), timeout=60)
    poplib._MAXLINE = 1 << 20
    c.user(user)
    c.pass_(cluster.passwords[user])
    bodies = []
    for n in range(1, c.stat()[0] + 1):
        c._putcmd(f"RETR {n}")
        c._getresp()
        lines = b""
        # As poplib reads, but keeping line ends: a line starts after any line feed, since to
        # clients that see it so a dot there must not look like the end.
        while (line := c.file.readline()) != b".\r\n":
            lines += line[1:] if line.startswith(b".") else line
        bodies.append(lines)
    c.quit()
    return bodies


def pop_form(message):
    return message if message.endswith(b"\r\n") else message + b"\r\n"


def behind_trace(body):
    """What follows Return-Path and Received."""
    check(body.startswith(b"Return-Path: <a@elsewhere.test>\r\nReceived: "), body[:80])
    at = body.index(b"Received: ")
    while True:
        end = body.index(b"\r\n", at) + 2
        if body[end:end + 1] not in (b" ", b"\t"):
            return body[end:]
        at = end


def test():
    rand = random.Random(random.randrange(1 << 32))
    messages = []
    for i in range(COUNT):
        message = odd(rand, KINDS[i % len(KINDS)])
        how = ("append", "smtp", "append", "lmtp")[(i // len(KINDS)) % 4]
        message = only_append(rand, message) if how == "append" else message
        messages.append((how, Message(message)))
    with running(USERS) as cluster:
        put_all(cluster, messages)
        appended = [bytes(m) for how, m in messages if how == "append"]
        sent = [bytes(m) for how, m in messages if how != "append"]
        for front in (1, 2):
            got = fetch_all(cluster, front, USERS[0], len(appended))
            for i, (a, b) in enumerate(zip(appended, got)):
                check(a == b, f"APPEND {i}: {len(a)} bytes became {len(b)}: {a[:60]} {b[:60]}")
        by_imap = fetch_all(cluster, 2, USERS[1], len(sent))
        left = {}
        for m in sent:
            left[m] = left.get(m, 0) + 1
        for body in by_imap:
            m = behind_trace(body)
            check(left.get(m, 0) > 0, f"by SMTP: came back altered: {m[:80]}")
            left[m] -= 1
        for user, there in ((USERS[0], appended), (USERS[1], by_imap)):
            by_pop = retr_all(cluster, 1, user)
            check(len(by_pop) == len(there), f"POP3: {len(by_pop)} messages, not {len(there)}")
            for i, (a, b) in enumerate(zip(there, by_pop)):
                check(pop_form(a) == b, f"POP3 {user} {i}: {a[-40:]!r} became {b[-40:]!r}")
        show(f"T75: {len(appended)} messages by APPEND and {len(sent)} by SMTP and LMTP, byte for "
             f"byte the same by IMAP and POP3")


sys.exit(run_test(test))
