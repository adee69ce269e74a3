#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
"""T12: what a stranger can make a front end spend. Each attack of I1-I4 and S7 comes from 200
connections at once; every answer is the one listed and comes within a second; the worker's memory
at its peak is at most 128 KiB for each connection above where it began."""

import asyncio
import re
import ssl
import subprocess
import sys
import time

from clusterlib import (check, fault, percentile, run_test, running, show, slowness,
                        state_hashes_agree, user_password)
from rawclient import Imap, tls_context

USER = "one@example.test"
CONNECTIONS = 200
BUDGET = 128 << 10
BAD = rb"^a (BAD|NO \[TOOBIG\])"
BYE = rb"^\* BYE"
BAD_OR_BYE = rb"^(a BAD|a NO \[TOOBIG\]|\* BYE)"
REFUSED = rb"^500[ -]5\.5\.2"
IMAP, SMTP, POP3 = ["imap", "imaps"], ["smtp", "submission", "submissions", "lmtp"], ["pop3", "pop3s"]
KEEPS, CLOSES = False, True  # what becomes of the connection

# name, services, what is sent after the greeting, the answer, whether the connection is closed;
# answer None: no answer, what was sent stays unfinished
ATTACKS = [
    ("I1 {4294967295}", IMAP, b"a LOGIN {4294967295}\r\n", BAD, KEEPS),
    ("I1 {18446744073709551616}", IMAP, b"a LOGIN {18446744073709551616}\r\n", BAD, KEEPS),
    ("I1 {-1}", IMAP, b"a LOGIN {-1}\r\n", BAD, KEEPS),
    ("I1 {1000000000}", IMAP, b"a LOGIN {1000000000}\r\n", BAD, KEEPS),
    ("I1 { 5}", IMAP, b"a LOGIN { 5}\r\n", BAD, KEEPS),
    ("I1 {5", IMAP, b"a LOGIN {5\r\n", BAD, KEEPS),
    ("I2 {4097+}", IMAP, b"a LOGIN {4097+}\r\n" + b"x" * 4097 + b"\r\n", BYE, CLOSES),
    ("I2 {4294967295+}", IMAP, b"a LOGIN {4294967295+}\r\n" + b"x" * 100000, BYE, CLOSES),
    ("I3 literals without end", IMAP, b"a LOGIN" + (b" {1000+}\r\n" + b"x" * 1000) * 1000 + b"\r\n",
     BAD_OR_BYE, CLOSES),
    ("I4 parentheses", IMAP, b"a LOGIN " + b"(" * 100000 + b"\r\n", BAD_OR_BYE, CLOSES),
    ("I4 SEARCH before login", IMAP, b"a SEARCH " + b"(" * 5000 + b"\r\n", BAD, KEEPS),
    ("8 KiB held", IMAP, b"a LOGIN {4096+}\r\n" + b"x" * 4096 + b" \"" + b"y" * 4000, None, KEEPS),
    ("S7 513", SMTP, b"x" * 511 + b"\r\n", rb"^500[ -]5\.5\.[12]", KEEPS),
    ("S7 4096", SMTP, b"x" * 4094 + b"\r\n", REFUSED, KEEPS),
    ("S7 60000", SMTP, b"x" * 60000 + b"\r\n", REFUSED, KEEPS),
    ("S7 10^6", SMTP, b"x" * 10**6 + b"\r\n", REFUSED, CLOSES),
    ("S7 10^6 without end", SMTP, b"x" * 10**6, REFUSED, CLOSES),
    ("2 KiB held", SMTP, b"EHLO " + b"x" * 2000, None, KEEPS),
    ("P2 10 kB", POP3, b"USER " + b"x" * 10000 + b"\r\n", rb"^-ERR", KEEPS),
    ("P2 10^6 without end", POP3, b"x" * 10**6, rb"^-ERR", CLOSES),
    ("500 octets held", POP3, b"USER " + b"x" * 490, None, KEEPS),
]


class Memory:
    """The worker's resident set, and its peak since reset(), above what it was at first."""

    def __init__(self, cluster):
        out = subprocess.run(["pgrep", "-P", str(cluster.fronts[0].pid())], capture_output=True,
                             text=True, check=True).stdout.split()
        check(len(out) == 1, f"one worker: {out}")
        self.pid = int(out[0])
        self.start = self.value("VmRSS")

    def value(self, name):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as f:
            return int(re.search(name + r":\s*(\d+) kB", f.read()).group(1)) << 10

    def reset(self):
        with open(f"/proc/{self.pid}/clear_refs", "w", encoding="ascii") as f:
            f.write("5")

    def peak(self):
        return self.value("VmHWM") - self.start

    def now(self):
        return self.value("VmRSS") - self.start


async def take(reader):
    """A line, or what there is when the connection ends."""
    try:
        return await asyncio.wait_for(reader.readline(), 20)
    except (ConnectionError, ssl.SSLError):
        return b""


async def to_the_end(reader):
    try:
        await asyncio.wait_for(reader.read(-1), 5)
    except (ConnectionError, ssl.SSLError):
        pass
    except TimeoutError:
        return False
    return True


async def push(writer, data):
    try:
        writer.write(data)
        await writer.drain()
    except (ConnectionError, ssl.SSLError):
        pass


async def one(port, tls, attack, all_open, all_done):
    """The answer, how long it took, and whether the connection then ended as it should."""
    _, _, sent, answer, closes = attack
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    await take(reader)
    await all_open.wait()
    began = time.monotonic()
    pushing = asyncio.create_task(push(writer, sent))
    line = await take(reader) if answer else b""
    took = time.monotonic() - began
    await asyncio.sleep(0 if answer else 0.5)
    all_done()
    ended = await to_the_end(reader) if closes else True
    pushing.cancel()
    writer.transport.abort()
    return line, took, ended


async def storm(port, tls, attack):
    """CONNECTIONS of them; all are open before the first begins."""
    all_open, done = asyncio.Event(), [0]

    def count():
        done[0] += 1

    tasks = [asyncio.create_task(one(port, tls, attack, all_open, count))
             for _ in range(CONNECTIONS)]
    await asyncio.sleep(0.3 if not tls else 1.0)
    all_open.set()
    return await asyncio.gather(*tasks)


def attack_once(cluster, memory, service, attack):
    name, _, _, answer, closes = attack
    tls = tls_context() if service.endswith("s") else None
    memory.reset()
    results = asyncio.run(storm(cluster.plain_port(service, 1), tls, attack))
    grew = memory.peak()
    for line, _, ended in results:
        check(not answer or re.match(answer, line), f"{service}, {name}: answered {line!r}")
        check(ended, f"{service}, {name}: the connection stays open")
    slowest = max(r[1] for r in results)
    check(slowest <= 1.0 * slowness(), f"{service}, {name}: an answer after {slowest:.2f} s")
    check(grew <= CONNECTIONS * BUDGET,
          f"{service}, {name}: {grew >> 10} KiB more, {grew / CONNECTIONS / 1024:.0f} each")
    return grew, slowest


def after_login(cluster):
    """I4 for who has logged in, and a refusal that costs no state."""
    c = Imap(cluster.plain_port("imap", 1))
    check(c.login(USER, user_password(USER))[0] == "OK", "login")
    check(c.command("SELECT INBOX")[0] == "OK", "SELECT")
    for what in ("(" * 100 + "ALL" + ")" * 100, "NOT " * 10000 + "ALL", "OR " * 10000 + "ALL"):
        began = time.monotonic()
        answer = c.command("SEARCH " + what)
        check(answer[0] == "BAD", f"SEARCH {what[:12]}…: {answer[:2]}")
        check(time.monotonic() - began <= slowness(), f"SEARCH {what[:12]}… takes long")
        check(c.command("NOOP")[0] == "OK", "NOOP afterwards")
    c.close()


def test():
    with running([USER], front_ends=1) as cluster:
        memory = Memory(cluster)
        results = []
        for attack in ATTACKS:
            for service in attack[1]:
                grew, slowest = attack_once(cluster, memory, service, attack)
                results.append((grew, slowest, service, attack[0]))
                print(f"{service:12} {attack[0]:28} peak +{grew >> 10:6} KiB, slowest "
                      f"{slowest:.2f} s", flush=True)
        fault(f"{len(results)} storms of {CONNECTIONS} connections")
        after_login(cluster)
        worst = max(results)
        total = memory.now()
        show(f"T12: {len(results)} storms of {CONNECTIONS} connections, every answer as listed; "
             f"peak at most {worst[0] / CONNECTIONS / 1024:.0f} KiB each ({worst[2]}, {worst[3]}), "
             f"slowest answer {max(r[1] for r in results):.2f} s, p95 "
             f"{percentile([r[1] for r in results], 95):.2f} s; in the end {total >> 10} KiB more")
        check(total <= CONNECTIONS * BUDGET, "memory is not given back")
        state_hashes_agree(cluster)


sys.exit(run_test(test))
