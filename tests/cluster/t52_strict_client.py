#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
"""T52: a client that takes nothing but RFC 3501's grammar reads ENVELOPE, BODY and BODYSTRUCTURE of
400 messages, half of them odd (I6, I15). Of the well-formed half every section, its header, its size
and its lines are what the message was made of; of the odd half every section that BODYSTRUCTURE names
can be fetched and has the size it says."""

import random
import sys

import imapsyntax
from clusterlib import check, run_test, running, show, state_hashes_agree, user_password
from oddmail import KINDS, message, odd
from rawclient import Imap

USER = "one@example.test"
COUNT = 200
ALL = "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE)"


def fetch(c, number, what):
    status, text, untagged = c.command(f"FETCH {number} {what}")
    check(status == "OK" and len(untagged) == 1, f"FETCH {number} {what}: {status} {text} {untagged[:3]}")
    try:
        got, items = imapsyntax.fetch(untagged[0])
    except SyntaxError as e:
        check(False, f"message {number}, {what}: {e}")
    check(got == number, f"FETCH {number} answers for {got}")
    return items


def section(c, number, name, partial=""):
    items = fetch(c, number, f"BODY.PEEK[{name}]{partial}")
    key = f"BODY[{name}]".encode() + (partial.split(".")[0].encode() + b">" if partial else b"")
    check(list(items) == [key], f"message {number}: asked for {key}, got {list(items)}")
    return items[key]


def line_count(body):
    return body.count(b"\n")


def unfolded_subject(header):
    line = header.split(b"\r\nSubject: ")[1].replace(b"\r\n\t", b"\t").split(b"\r\n")[0]
    return line


def same_structure(node, part, where):
    check(part.kind == node.kind, f"{where}: {part.kind}, is {node.kind}")
    if node.kind.startswith("multipart/"):
        check(len(part.children) == len(node.children), f"{where}: {len(part.children)} parts")
        for i, (n, p) in enumerate(zip(node.children, part.children), 1):
            same_structure(n, p, f"{where}.{i}")
        return
    check(part.size == len(node.body), f"{where}: size {part.size}, is {len(node.body)}")
    if node.kind.startswith("text/") or node.kind == "message/rfc822":
        check(abs(part.lines - line_count(node.body)) <= (not node.body.endswith(b"\n")),
              f"{where}: {part.lines} lines, {line_count(node.body)} line ends")
    if node.kind == "message/rfc822":
        same_structure(node.children[0], part.children[0], where + ".1")
        same_envelope(node.children[0], part.envelope, where)
    else:
        check(part.params.get(b"name") == b'a "b" c.txt', f"{where}: parameters {part.params}")
        check(part.disposition[1] == {b"filename": b"x.txt"}, f"{where}: {part.disposition}")


def same_envelope(node, envelope, where):
    check(envelope[0] == b"Mon, 2 Mar 2026 10:00:00 +0100", f"{where}: date {envelope[0]}")
    check(envelope[1] == unfolded_subject(node.header), f"{where}: subject {envelope[1]}")
    check(envelope[2][0][2:] == [b"jo", b"elsewhere.test"], f"{where}: from {envelope[2]}")
    check(envelope[2][0][0] == b"O'Neil, \"Jo\" (x)", f"{where}: from {envelope[2]}")
    check(envelope[3] == envelope[2] and envelope[4] == envelope[2], f"{where}: sender, reply-to")
    to = [(a[2], a[3]) for a in envelope[5]]
    check(to == [(b"friends", None), (b"a", b"x.test"), (b"b", b"y.test"), (None, None),
                 (b"c", b"z.test")], f"{where}: to {to}")
    check(envelope[9] and envelope[9].startswith(b"<"), f"{where}: message id {envelope[9]}")


def well_formed(c, number, node, rand):
    items = fetch(c, number, ALL)
    check(items[b"RFC822.SIZE"] == len(node.raw()), f"message {number}: size")
    same_structure(node, items[b"BODYSTRUCTURE"], f"message {number}")
    same_envelope(node, items[b"ENVELOPE"], f"message {number}")
    n = 0
    for name, octets in node.sections():
        got = section(c, number, name)
        check(got == octets, f"message {number} [{name}]: {len(got or b'')} octets, made of {len(octets)}")
        at, size = rand.randrange(len(octets) + 3), rand.randint(1, 200)
        got = section(c, number, name, f"<{at}.{size}>")
        check(got == octets[at:at + size], f"message {number} [{name}]<{at}.{size}>: {got!r}")
        n += 1
    return n


def odd_one(c, number, raw):
    items = fetch(c, number, ALL)
    check(items[b"RFC822.SIZE"] == len(raw), f"odd message {number}: size")
    n = 0
    for name, part in list(items[b"BODYSTRUCTURE"].numbered())[:20]:
        got = section(c, number, name)
        check(got is not None and got in raw, f"odd message {number} [{name}]: not of the message")
        check(part.kind.startswith("multipart/") or len(got) == part.size,
              f"odd message {number} [{name}]: {len(got)} octets, BODYSTRUCTURE says {part.size}")
        n += 1
    header, text = section(c, number, "HEADER"), section(c, number, "TEXT")
    check(header + text == raw, f"odd message {number}: HEADER and TEXT are not the whole")
    return n


def test():
    rand = random.Random(random.randrange(1 << 32))
    good = [message(rand, 3) for _ in range(COUNT)]
    bad = [odd(rand, KINDS[i % len(KINDS)]) for i in range(COUNT)]
    with running([USER]) as cluster:
        c = Imap(cluster.plain_port("imap", 1))
        check(c.login(USER, user_password(USER))[0] == "OK", "login")
        for raw in [m.raw() for m in good] + bad:
            answer = c.append("INBOX", raw)
            check(answer[0] == "OK", f"APPEND: {answer[:2]}")
        other = Imap(cluster.plain_port("imap", 2))
        other.login(USER, user_password(USER))
        check(other.command("EXAMINE INBOX")[0] == "OK", "EXAMINE")
        sections = sum(well_formed(other, i, m, rand) for i, m in enumerate(good, 1))
        loose = sum(odd_one(other, i, raw) for i, raw in enumerate(bad, COUNT + 1))
        show(f"T52: {2 * COUNT} messages read by a strict client: {sections} sections of well-formed ones "
             f"are the octets they were made of, also in part; {loose} of odd ones have the size said")
        state_hashes_agree(cluster)


sys.exit(run_test(test))
