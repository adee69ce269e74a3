#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""T54: hostile mailbox names (I8) by every IMAP command that takes one, hostile recipients and user
names by SMTP, LMTP, submission and POP3: nothing is created, no file appears anywhere outside the
data directories, and no file within them has such a name."""

import base64
import hashlib
import os
import random
import re
import subprocess
import sys

from clusterlib import check, fault, run_test, running, show, state_hashes_agree, user_password
from rawclient import Imap, Pop3, Smtp

USER = "one@example.test"
MARK = f"q{random.randrange(1 << 40):010x}"  # part of each name: the files are searched for it
M = MARK.encode()

# As octets in the protocol, modified UTF-7 where it applies; each must be refused.
NAMES = [
    b"../" + M, b"a/../../" + M, b"/etc/" + M, b"/" + M, b"~root/" + M, b"~" + M, b"./" + M, b"..",
    b".", M + b"/..", b"a//" + M, b"//" + M, M + b"//", b"../../../../../../tmp/" + M,
    b"&AC4ALg-/" + M,              # "../" in modified UTF-7: not canonical
    b"&AC8-" + M, b"&AC8-tmp&AC8-" + M,  # "/": not canonical
    b"&AAA-" + M, M + b"&AAA-",    # NUL
    b"&AEE-" + M,                  # "A": not canonical
    b"&2AA-" + M, b"&3AA-" + M, b"&2ADYAA-" + M,  # unpaired surrogates
    b"&" + M, M + b"&", b"&&" + M, b"&AOk" + M, b"&AOk=-" + M, b"&A-" + M,
    M + b"&IA0-", b"&IC4-" + M, b"&IGY-" + M,  # a joiner, direction marks
    b"&AAoACg-" + M, b"&AA0ACg-" + M, b"&AAk-" + M, b"&ABs-" + M, b"&AH8-" + M, b"&AJs-" + M,
    M + b"\r\nx9 CREATE injected" + M, M + b"\n", M + b"\r", M + b"\0", b"\0" + M, M + b"\x1b[2J",
    M + b"\x7f", M + b"\x01", M + b"%", M + b"*", b"%", b"*", M + b"%/x", M + b"*/x",
    M + b"x" * 10000, (M + b"/") * 200 + b"x", b"/".join([b"d"] * 199 + [M]),
    M + b"\xc0\xaf", M + b"\xe0\x80\xaf", M + b"\xff\xfe", M + b"\xed\xa0\x80", M + b"\xc3",
    M + b"\xf4\x90\x80\x80", b"",
]
COMMANDS = [b"CREATE %s", b"SUBSCRIBE %s", b"RENAME Keep %s", b"RENAME %s Fresh", b"SELECT %s",
            b"EXAMINE %s", b"DELETE %s", b"STATUS %s (MESSAGES)", b"APPEND %s {1+}\r\nx"]
RECIPIENTS = [
    "../{m}", "a/../../{m}", "/etc/{m}", "|/bin/touch /tmp/{m}", "`touch /tmp/{m}`",
    "$(touch /tmp/{m})", "${{run{{/bin/touch /tmp/{m}}}}}", ";touch /tmp/{m};", "%n{m}%s%n", "%{{home}}{m}",
    "~root/{m}", "{m}%00", '"../{m}"', '"{m}\\"', '""', '"\\\r\n{m}"', "{m}\x0b", "{m}\0", "&AC8-{m}",
    ":include:/etc/{m}", "{m}@elsewhere.test@", "@example.test:{m}", "{m} {m}", "..", "{m}" * 30,
]


def literal(name):
    """Any octets go in a literal."""
    return b"{%d+}\r\n" % len(name) + name


def session(cluster):
    c = Imap(cluster.plain_port("imap", 1))
    check(c.login(USER, user_password(USER))[0] == "OK", "login")
    return c


def one_command(cluster, c, command, name):
    """Refused, with the session in step or closed for a literal beyond the limits."""
    answer = c.command(command.replace(b"%s", literal(name), 1))
    what = f"{command.decode()[:20]!r} {name[:40]!r}: {answer[:2]}"
    check(answer[0] in ("NO", "BAD", "CLOSED"), what)
    if answer[0] == "NO" and command.split()[0] in (b"CREATE", b"SUBSCRIBE"):
        check(answer[1].startswith(b"[CANNOT]") or answer[1].startswith(b"[LIMIT]"), what)
    check(answer[0] != "CLOSED" or len(name) > 4096 or b"\0" in name, what)
    if answer[0] == "CLOSED":
        return session(cluster)
    check(c.command("NOOP")[::2] == ("OK", []), f"out of step after {what}")
    return c


def imap_names(cluster):
    c, tried, since = session(cluster), 0, 0
    for name in NAMES:
        for command in COMMANDS:
            c = one_command(cluster, c, command, name)
            tried, since = tried + 1, since + 1
            if since >= 8:  # the session tires of errors
                c.close()
                c, since = session(cluster), 0
    return tried


def quoted_patterns(cluster):
    """LIST with such patterns finds nothing of other people or files."""
    c = session(cluster)
    for pattern in ("../%", "/%", "../../*", "/etc/*", "~root/%", "~%", "&AC4ALg-/*", "&%"):
        answer = c.command(f'LIST "" "{pattern}"')
        check(answer[0] in ("OK", "NO", "BAD") and not answer[2], f"LIST {pattern}: {answer}")
    c.close()


def smtp_recipients(cluster):
    tried = 0
    for service, hello in (("smtp", "EHLO t"), ("lmtp", "LHLO t")):
        for form in RECIPIENTS:
            local = form.format(m=MARK)
            for address in (f"{local}@example.test", local):
                c = Smtp(cluster.plain_port(service, 1), hello=hello)
                check(c.start("a@elsewhere.test")[0] == 250, "MAIL")
                code, text = c.command(f"RCPT TO:<{address}>")
                check(500 <= code <= 555, f"{service}: RCPT {address!r}: {code} {text}")
                check(MARK.encode() not in text, f"{service}: echoes {text}")
                c.close()
                tried += 1
    return tried


def user_names(cluster):
    tried = 0
    for form in RECIPIENTS[:12]:
        name = form.format(m=MARK)
        c = Pop3(cluster.plain_port("pop3", 1))
        answer = c.login(name, "x")
        check(answer[:4] == b"-ERR" and M not in answer, f"POP3 {name!r}: {answer}")
        c.close()
        c = Smtp(cluster.plain_port("submission", 1))
        secret = base64.b64encode(f"\0{name}\0x".encode()).decode()
        code, text = c.command("AUTH PLAIN " + secret)
        check(code in (501, 535, 421) and M not in text, f"AUTH {name!r}: {code} {text}")
        c.close()
        tried += 2
    return tried


def all_names(cluster):
    c = session(cluster)
    lists = [c.command(f'{verb} "" "*"')[2] for verb in ("LIST", "LSUB")]
    c.close()
    return [sorted(x) for x in lists]


def files_of_ours(cluster):
    """What lies in the cluster's folder, but for what its parts write by design."""
    skip = {cluster.path(x) for x in ("data", "log", "run", "keys", "tls")}
    found = set()
    for folder, folders, files in os.walk(cluster.dir):
        folders[:] = [d for d in folders if os.path.join(folder, d) not in skip]
        found.update(os.path.join(folder, f) for f in files + folders)
    return found


def hidden_files():
    """Anywhere on the machine's own file system."""
    out = subprocess.run(["find", "/", "-xdev", "-name", f"*{MARK}*", "-not", "-path", "/proc/*"],
                         capture_output=True, text=True, check=False)
    return out.stdout.split("\n")[:-1]


def data_files(cluster):
    names = [f for folder, _, files in os.walk(cluster.path("data")) for f in files]
    return [f for f in names if not re.fullmatch(r"[A-Za-z0-9._-]+", f) or MARK in f]


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def test():
    with running([USER]) as cluster:
        c = session(cluster)
        check(c.command("CREATE Keep")[0] == "OK", "CREATE Keep")
        c.close()
        before = all_names(cluster), files_of_ours(cluster), digest("/etc/passwd")
        names = imap_names(cluster)
        quoted_patterns(cluster)
        addresses = smtp_recipients(cluster) + user_names(cluster)
        fault(f"{names} commands with hostile names, {addresses} hostile addresses")
        after = all_names(cluster), files_of_ours(cluster), digest("/etc/passwd")
        check(after[0] == before[0], f"created: {set(map(str, after[0])) ^ set(map(str, before[0]))}")
        check(after[1:] == before[1:], f"files: {after[1] ^ before[1]}")
        check(not hidden_files(), f"files appeared: {hidden_files()[:3]}")
        check(not data_files(cluster), f"odd names in the data directory: {data_files(cluster)[:3]}")
        show(f"T54: {len(NAMES)} mailbox names x {len(COMMANDS)} commands, {addresses} addresses and "
             "user names: 0 created, 0 files outside the data directories")
        state_hashes_agree(cluster)


sys.exit(run_test(test))
