#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 400
"""T17: of five nodes two are stopped, then killed, that hold two of one user's three replicas; then
all are killed. Whatever is asked about that user gets a temporary answer, never "no such user", an
empty list or "wrong password" (G21); users of other shards go on; afterwards all is as before."""

import base64
import itertools
import signal
import sys
import threading
import time

from clusterlib import (check, fault, make_message, run_test, running, show, slowness,
                        state_hashes_agree, user_password, wait_for)
from rawclient import Imap, Pop3, Smtp

USERS = [f"u{i}@example.test" for i in range(24)]
ANSWER = 12  # seconds
LEASE = 2    # by then a leader cut off from the others knows it


# ---- probes: each returns what was answered ----------------------------------------------------

def smtp_rcpt(cluster, front, user, service="smtp"):
    with Smtp(cluster.plain_port(service, front), timeout=40,
              hello="LHLO t" if service == "lmtp" else "EHLO t") as c:
        if c.greeting[0] != 220:
            return c.greeting
        return c.start("a@elsewhere.test", user)


def lmtp_rcpt(cluster, front, user):
    return smtp_rcpt(cluster, front, user, "lmtp")


def submission_auth(cluster, front, user):
    with Smtp(cluster.plain_port("submission", front), timeout=40) as c:
        if c.greeting[0] != 220:
            return c.greeting
        secret = base64.b64encode(f"\0{user}\0{user_password(user)}".encode()).decode()
        return c.command("AUTH PLAIN " + secret)


def imap_login(cluster, front, user):
    with Imap(cluster.plain_port("imap", front), timeout=40) as c:
        if not (c.greeting or b"").startswith(b"* OK"):
            return ("BYE", c.greeting or b"")
        return c.login(user, user_password(user))[:2]


def pop3_login(cluster, front, user):
    with Pop3(cluster.plain_port("pop3", front), timeout=40) as c:
        if (c.greeting or b"")[:3] != b"+OK":
            return c.greeting or b"closed"
        return c.login(user, user_password(user)) or b"closed"


LOGIN_PROBES = [smtp_rcpt, lmtp_rcpt, submission_auth, imap_login, pop3_login]
SESSION_PROBES = ["SELECT INBOX", "EXAMINE Kept", 'LIST "" *', 'LSUB "" *', "STATUS INBOX (MESSAGES)",
                  "GETQUOTAROOT INBOX", "SELECT Missing", "DELETE Missing"]


def temporary(answer):
    if isinstance(answer, bytes):
        return answer.startswith(b"-ERR [SYS/TEMP]")
    status, text = answer
    if isinstance(status, int):
        return status in (421, 451, 454)
    return status == "BYE" or status == "NO" and text.startswith(b"[UNAVAILABLE]")


def good(answer):
    if isinstance(answer, bytes):
        # In use: by the probe of the same user at the other front end, a moment ago.
        return answer.startswith((b"+OK", b"-ERR [IN-USE]"))
    return answer[0] in (250, 235, "OK")


class Probes:
    """Run at the same time, since each may take its full deadline."""

    def __init__(self):
        self.threads, self.rows = [], []

    def add(self, name, run, right):
        def work():
            began = time.monotonic()
            try:
                answer = run()
            except OSError as e:
                answer = e
            self.rows.append((name, answer, right, time.monotonic() - began))

        self.threads.append(threading.Thread(target=work))

    def verdict(self, phase):
        for t in self.threads:
            t.start()
        for t in self.threads:
            t.join()
        for name, answer, right, took in self.rows:
            check(not isinstance(answer, OSError) and right(answer), f"{phase}: {name}: {answer!r}")
            check(took <= ANSWER * slowness(), f"{phase}: {name}: answered after {took:.1f} s")
        slowest = max(r[3] for r in self.rows)
        print(f"{phase}: {len(self.rows)} probes right, slowest {slowest:.1f} s", flush=True)
        return len(self.rows), slowest


def session(cluster, front, user):
    c = Imap(cluster.plain_port("imap", front), timeout=40)
    check(c.login(user, user_password(user))[0] == "OK", f"login as {user}")
    return c


# ---- whom to stop ------------------------------------------------------------------------------------

def layout(cluster):
    """shard -> numbers of its nodes, user -> shard"""
    rows = cluster.ctl_json("shard", "list")["shards"]
    nodes = {r["shard"]: {int(n[1:]) for n in r["replicas"].split()} for r in rows}
    return nodes, {u: cluster.user_shard(u) for u in USERS}


def choose(cluster):
    """Two nodes, the users who lose their quorum with them, the users who keep it."""
    nodes, shards = layout(cluster)
    best = None
    for pair in itertools.combinations(range(1, 6), 2):
        lost = [u for u in USERS if len(nodes[shards[u]] & set(pair)) == 2]
        kept = [u for u in USERS if len(nodes[shards[u]] & set(pair)) < 2]
        if len(lost) >= 3 and kept and (best is None or len(lost) > len(best[1])):
            best = (pair, lost, kept)
    check(best is not None, "no pair of nodes takes a quorum from three users and leaves one")
    return best


# ---- the phases ----------------------------------------------------------------------------------------

def probe_lost(cluster, phase, fronts, lost, gone, kept, sessions):
    time.sleep(LEASE)
    p = Probes()
    for front in fronts:
        for probe in LOGIN_PROBES:
            p.add(f"{probe.__name__} {lost} at f{front}",
                  lambda probe=probe, front=front: probe(cluster, front, lost), temporary)
        p.add(f"RCPT of a deleted user at f{front}",
              lambda front=front: smtp_rcpt(cluster, front, gone), temporary)
        for probe in LOGIN_PROBES if kept else []:
            p.add(f"{probe.__name__} {kept} at f{front}",
                  lambda probe=probe, front=front: probe(cluster, front, kept), good)
    for c, command in zip(sessions, SESSION_PROBES):
        p.add(command, lambda c=c, command=command: c.command(command)[:2], temporary)
    return p.verdict(phase)


class Undecided(threading.Thread):
    """A message on its way when the quorum goes: no answer until it is back, then a true one."""

    def __init__(self, cluster, user):
        super().__init__()
        self.c = Smtp(cluster.plain_port("smtp", 1), timeout=200)
        check(self.c.start("a@elsewhere.test", user)[0] == 250, "RCPT")
        check(self.c.command("DATA")[0] == 354, "DATA")
        self.answer = None

    def run(self):
        self.c.send(make_message("undecided", 2000) + b".\r\n")
        self.answer = self.c.reply()[0]


def restart(cluster, numbers):
    for n in numbers:
        cluster.nodes[n - 1].signal(signal.SIGCONT)
        cluster.nodes[n - 1].start()


def all_serve(cluster, users):
    for front in (1, 2):
        for user in users:
            wait_for(f"login as {user} at f{front}",
                     lambda u=user, f=front: good(imap_login(cluster, f, u)), 40, 0.3)


def contents(cluster, user, front):
    c = session(cluster, front, user)
    boxes = sorted(c.command('LIST "" *')[2])
    status = c.command("STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)")[2]
    c.close()
    return boxes, status


def test():
    with running(USERS, nodes=5, shards=32) as cluster:
        pair, lost, kept = choose(cluster)
        user, other, gone = lost[:3]
        cluster.ctl("user", "delete", "--yes", gone)
        keep = session(cluster, 2, user)
        keep.command("CREATE Kept")
        check(keep.append("INBOX", make_message("before", 1000))[0] == "OK", "APPEND")
        before = contents(cluster, user, 2)
        results = []

        sessions = [session(cluster, 1, user) for _ in SESSION_PROBES]
        undecided = Undecided(cluster, other)
        for n in pair:
            cluster.nodes[n - 1].signal(signal.SIGSTOP)
        fault(f"SIGSTOP of s{pair[0]} and s{pair[1]}: {user} has no quorum, {kept[0]} has")
        undecided.start()
        results.append(probe_lost(cluster, "stopped", [2], user, gone, kept[0], sessions))
        restart(cluster, pair)
        all_serve(cluster, [user, other])
        undecided.join(60)
        check(undecided.answer in (250, 451, 0), f"DATA meanwhile: {undecided.answer}")
        check(contents(cluster, user, 1) == before, "the mailbox changed")
        there = contents(cluster, other, 1)[1][0].count(b"MESSAGES 1")
        check(undecided.answer == 0 or there == (undecided.answer == 250),
              f"DATA was answered {undecided.answer}, {there} messages are there")

        sessions = [session(cluster, 1, user) for _ in SESSION_PROBES]
        for n in pair:
            cluster.nodes[n - 1].kill()
        cluster.fronts[1].kill()
        cluster.fronts[1].start()
        fault(f"kill -9 of s{pair[0]} and s{pair[1]}, front end 2 started anew")
        wait_for("front end 2", lambda: cluster.health(2) == 200, 20)
        results.append(probe_lost(cluster, "killed", [1, 2], user, gone, kept[0], sessions))
        restart(cluster, pair)
        all_serve(cluster, [user])
        check(contents(cluster, user, 1) == before, "the mailbox changed")

        sessions = [session(cluster, 1, user) for _ in SESSION_PROBES]
        for p in cluster.nodes:
            p.kill()
        cluster.fronts[1].kill()
        cluster.fronts[1].start()
        fault("kill -9 of all nodes, front end 2 started without a store")
        cluster._listening(cluster.fronts[1], cluster.plain_port("imap", 2))
        check(cluster.health(2) == 503, f"health without a store: {cluster.health(2)}")
        results.append(probe_lost(cluster, "all killed", [1, 2], user, gone, None, sessions))
        restart(cluster, range(1, 6))
        all_serve(cluster, [user, kept[0]])
        check(contents(cluster, user, 2) == before, "the mailbox changed")
        check(smtp_rcpt(cluster, 1, gone)[0] == 550, "the deleted user is there again")

        show(f"T17: {sum(r[0] for r in results)} probes with a quorum stopped, killed, all killed: "
             f"every answer temporary, other shards' users served; slowest answer "
             f"{max(r[1] for r in results):.1f} s; DATA meanwhile: {undecided.answer}")
        state_hashes_agree(cluster)


sys.exit(run_test(test))
