#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""T11: commands put before the TLS handshake on SMTP, submission, LMTP, IMAP and POP3: what came
with STARTTLS is thrown away and the connection with it (S6, I14, P1); nothing of it is executed,
neither before nor after the handshake, and no state passes from before TLS to after it."""

import ssl
import sys
import time

from clusterlib import check, fault, run_test, running, show, state_hashes_agree, user_password
from rawclient import CLIENTS, STARTTLS, Imap, tls_context

USER = "one@example.test"
PROTOCOLS = ["smtp", "submission", "lmtp", "imap", "pop3"]
MAIL = (f"MAIL FROM:<evil@elsewhere.test>\r\nRCPT TO:<{USER}>\r\nDATA\r\n"
        "Subject: injected\r\n\r\nevil\r\n.\r\n").encode()
LOGIN = f'i1 LOGIN "{USER}" "{user_password(USER)}"\r\ni2 CREATE injected\r\n'.encode()
POP = f"USER {USER}\r\nPASS {user_password(USER)}\r\nDELE 1\r\nQUIT\r\n".encode()
INJECTED = {"smtp": b"EHLO i\r\n" + MAIL, "submission": b"EHLO i\r\n" + MAIL,
            "lmtp": b"LHLO i\r\n" + MAIL, "imap": LOGIN, "pop3": POP}
HELLO_RECORD = bytes.fromhex("16030102000100")  # the first octets of a ClientHello


def client_hello():
    """A whole ClientHello as it goes over the wire."""
    out = ssl.MemoryBIO()
    tls = tls_context().wrap_bio(ssl.MemoryBIO(), out)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


# name: what is sent in one piece, given the STARTTLS line and the injected commands
PIECES = {
    "in one segment": lambda start, evil: start + evil,
    "a bare LF": lambda start, evil: start.replace(b"\r\n", b"\n") + b"\r\n",
    "half a ClientHello": lambda start, evil: start + HELLO_RECORD,
    "a ClientHello, then commands": lambda start, evil: start + client_hello() + evil,
    "an empty line, then commands": lambda start, evil: start + b"\r\n" + evil,
    "STARTTLS twice": lambda start, evil: start + start,
    "a lone octet": lambda start, evil: start + evil[:1],
    "an unfinished command": lambda start, evil: start + evil.partition(b"\r\n")[0],
    "64 KiB of commands": lambda start, evil: start + evil * (65536 // len(evil) + 1),
}


def connect(cluster, protocol):
    c = CLIENTS[protocol](cluster.plain_port(protocol, 1))
    if protocol == "lmtp":
        c.command("LHLO test")
    return c


def no_answer(c, what):
    """Nothing but at most one line for STARTTLS itself, then the end or silence; then TLS fails or,
    where the line broke the command, nothing ever answers what was injected."""
    before = len(c.seen)
    c.quiet(0.25)
    answers = c.seen[before:].splitlines()
    check(len(answers) <= 2, f"{what}: answered {c.seen[before:]!r}")
    for word in (b"i1 OK", b"i2 OK", b"250", b"354", b"+OK User", b"logged in"):
        check(word not in c.seen[before:], f"{what}: executed: {c.seen[before:]!r}")
    try:
        c.s.settimeout(2)
        c.start_tls()
    except (OSError, ValueError):
        return "closed"
    c.s.settimeout(0.3)
    try:
        heard = c.s.recv(1000)
    except TimeoutError:
        heard = b""
    check(not heard, f"{what}: after the handshake it said {heard!r}")
    check(False, f"{what}: the handshake went on as if nothing had been injected")


def injected_later(cluster, protocol):
    """Plain commands after the answer to STARTTLS: they are a broken handshake."""
    c = connect(cluster, protocol)
    c.send(STARTTLS[protocol])
    check(c.line()[:3] in (b"220", b"tls", b"+OK"), f"{protocol}: STARTTLS refused: {c.seen!r}")
    c.seen = b""
    c.send(INJECTED[protocol])
    c.quiet(0.5)
    check(not c.seen or c.seen[:1] == b"\x15", f"{protocol}: answered in plain: {c.seen!r}")
    c.close()


def state_is_new(cluster, protocol):
    """What was said before TLS is forgotten; a second STARTTLS is refused."""
    c = connect(cluster, protocol)
    if protocol == "pop3":
        c.command("USER " + USER)
    elif protocol != "imap":
        c.command("MAIL FROM:<before@elsewhere.test>")
    c.send(STARTTLS[protocol])
    check(c.line()[:3] in (b"220", b"tls", b"+OK"), f"{protocol}: STARTTLS: {c.seen!r}")
    c.start_tls()
    if protocol == "imap":
        check(c.command("STARTTLS")[0] in ("BAD", "NO"), "imap: STARTTLS twice")
        return
    if protocol == "pop3":
        check(c.command("PASS " + user_password(USER))[:4] == b"-ERR", "pop3: USER from before TLS")
        check(c.command("STLS")[:4] == b"-ERR", "pop3: STLS twice")
        return
    for line in (f"RCPT TO:<{USER}>", "DATA", "MAIL FROM:<x@elsewhere.test>"):
        answer = c.command(line)
        check(answer[0] in (503, 530), f"{protocol}: {line} right after TLS: {answer}")
    c.command("LHLO t" if protocol == "lmtp" else "EHLO t")
    check(c.command("STARTTLS")[0] in (503, 500), f"{protocol}: STARTTLS twice")


def nothing_happened(cluster):
    c = Imap(cluster.plain_port("imap", 1))
    check(c.login(USER, user_password(USER))[0] == "OK", "login")
    untagged = b"\n".join(c.command("EXAMINE INBOX")[2])
    check(b"* 1 EXISTS" in untagged, f"injected mail: {untagged!r}")
    check(not c.command('LIST "" injected')[2], "an injected CREATE was executed")


def test():
    with running([USER]) as cluster:
        keep = Imap(cluster.plain_port("imap", 1))
        keep.login(USER, user_password(USER))
        keep.append("INBOX", b"Subject: stays\r\n\r\nx\r\n")
        keep.close()
        tried = 0
        began = time.monotonic()
        for protocol in PROTOCOLS:
            for name, piece in PIECES.items():
                c = connect(cluster, protocol)
                c.send(piece(STARTTLS[protocol], INJECTED[protocol]))
                no_answer(c, f"{protocol}, {name}")
                c.close()
                tried += 1
            injected_later(cluster, protocol)
            state_is_new(cluster, protocol)
            tried += 1
        fault(f"{tried} injections")
        nothing_happened(cluster)
        show(f"T11: {len(PIECES) + 1} variants x {len(PROTOCOLS)} protocols in "
             f"{time.monotonic() - began:.0f} s: 0 injected commands executed, every handshake after "
             "an injection refused, no state crosses TLS")
        state_hashes_agree(cluster)


sys.exit(run_test(test))
