#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
"""T10: false ends of DATA (S1) at every cut and buffer border (S2), over SMTP, LMTP and SMTP with
TLS: answered 550 5.5.2 at the true end, nothing stored, no second message. Dots that belong to the
text (S4) come through as they were."""

import sys
import time

from clusterlib import check, fault, run_test, running, show, state_hashes_agree, user_password
from rawclient import Imap, Smtp

ONE, VICTIM = "one@example.test", "two@example.test"
FALSE_ENDS = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\n", b"\n.\r", b"\r.\r\n", b"\r\n.\r",
              b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\r\n.\r\r\n", b"\r\r\n.\r\r\n"]
BORDERS = [4096, 8192, 16384, 65536]
SPLITS = [("cut", n) for n in range(-2, 9)] + [("bytes", 0)] + \
    [("border", b + d) for b in BORDERS for d in range(-3, 4)]
PATHS = ["smtp", "lmtp", "smtp+tls"]
PER_CONNECTION = 5  # below errors_soft, after which answers wait


def headers(token):
    return (f"From: a@elsewhere.test\r\nTo: {ONE}\r\nSubject: {token}\r\n\r\n").encode()


def padding(n):
    """Exactly n octets of lines, the last one open."""
    line = b"p" * 60 + b"\r\n"
    whole, left = divmod(n, len(line))
    if left < 3 and whole:
        whole, left = whole - 1, left + len(line)
    return line * whole + b"q" * left


def attack(false_end, split):
    """The bytes after 354 and where to cut them."""
    kind, n = split
    start = headers("outer") + b"text"
    if kind == "border":
        start = headers("outer") + padding(n - len(headers("outer")))
    inner = (f"MAIL FROM:<evil@elsewhere.test>\r\nRCPT TO:<{VICTIM}>\r\nDATA\r\n"
             "Subject: smuggled\r\n\r\nevil").encode()
    at = len(start)
    cuts = {"cut": [at + n], "border": [n],
            "bytes": list(range(at - 2, at + len(false_end) + 6))}[kind]
    return start + false_end + inner + b"\r\n.\r\n", cuts


class Path:
    """Connections of one kind, made anew before the server gets tired of errors."""

    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name
        self.c, self.used = None, 0

    def connection(self):
        if self.c is None or self.used == PER_CONNECTION:
            if self.c:
                self.c.close()
            service = self.name.split("+")[0]
            hello = "LHLO test" if service == "lmtp" else "EHLO test"
            self.c, self.used = Smtp(self.cluster.plain_port(service, 1), hello=hello), 0
            if self.name.endswith("tls"):
                check(self.c.command("STARTTLS")[0] == 220, "STARTTLS")
                self.c.start_tls()
                self.c.command(hello)
        self.used += 1
        return self.c

    def data(self, sent, cuts, recipient=ONE):
        """The reply to the true end, and whether the session is in step after it."""
        c = self.connection()
        answer = c.start("a@elsewhere.test", recipient)
        check(answer[0] == 250, f"{self.name}: RCPT: {answer}")
        check(c.command("DATA")[0] == 354, f"{self.name}: DATA")
        c.send_split(sent, cuts, 0.0015)
        answer = c.reply()
        check(c.command("NOOP 1")[0] == 250 and not c.buffer,
              f"{self.name}: out of step after {answer}: {c.seen[-300:]}")
        return answer


def false_ends(cluster, name):
    path, n = Path(cluster, name), 0
    for false_end in FALSE_ENDS:
        for split in SPLITS:
            answer = path.data(*attack(false_end, split))
            check(answer[0] == 550 and answer[1].startswith(b"5.5.2"),
                  f"{name}: {false_end!r} {split}: {answer}")
            n += 1
    return n


def dotted(n):
    """A body whose dots must be doubled on the way, with one line around octet n of what is sent."""
    lines = [b".", b"..", b"...", b".x", b"x.", b"", b"."]
    text = headers(f"dots{n}") + b"\r\n".join(lines) + b"\r\n"
    if n:
        text += padding(n - len(text) - 6) + b"\r\n.\r\n..\r\n.z\r\n"
    return text


def stuffed(text):
    return b"\r\n".join(b"." + x if x[:1] == b"." else x for x in text.split(b"\r\n")) + b".\r\n"


def true_dots(cluster, name, sent):
    path = Path(cluster, name)
    for border in [0] + BORDERS + [262144]:
        for d in range(-3, 4) if border else [0]:
            text = dotted(border + d)
            wire = stuffed(text)
            cuts = [border + d, border] if border else list(range(len(wire)))
            answer = path.data(wire, cuts)
            check(answer[0] == 250, f"{name}: dots at {border + d}: {answer}")
            sent.append(text)


def stored(cluster, user):
    c = Imap(cluster.plain_port("imap", 2))
    check(c.login(user, user_password(user))[0] == "OK", "login")
    untagged = c.command("EXAMINE INBOX")[2]
    total = int([x for x in untagged if x.endswith(b" EXISTS")][0].split()[1])
    if total:
        rows = c.command(f"FETCH 1:{total} BODY.PEEK[]")[2]
    else:
        rows = []
    return [r.partition(b"}\r\n")[2][:-1] for r in rows]


def test():
    with running([ONE, VICTIM]) as cluster:
        began = time.monotonic()
        tried = {name: false_ends(cluster, name) for name in PATHS}
        fault(f"{sum(tried.values())} smuggling attempts: {tried}")
        seconds = time.monotonic() - began
        check(not stored(cluster, ONE) and not stored(cluster, VICTIM), "something was stored")
        sent = []
        for name in PATHS:
            true_dots(cluster, name, sent)
        got = stored(cluster, ONE)
        check(len(got) == len(sent), f"{len(sent)} dotted messages sent, {len(got)} there")
        for a, b in zip(sent, got):
            check(b.endswith(b"\r\n" + a), f"a dotted message changed: {a[:60]!r} …")
        check(not stored(cluster, VICTIM), "smuggled mail arrived")
        show(f"T10: {len(FALSE_ENDS)} false ends x {len(SPLITS)} splits x {len(PATHS)} paths in "
             f"{seconds:.0f} s: all 550 5.5.2, 0 smuggled, 0 stored; {len(sent)} messages with dots "
             "at borders arrived unchanged")
        state_hashes_agree(cluster)


sys.exit(run_test(test))
