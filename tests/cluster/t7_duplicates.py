#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 400
"""T7: every operation is sent twice by the router; ten times the leader dies between the commit
and the reply. Each message is there once, no UID was spent twice, IMAP's own changes happened once."""

import random
import re
import sys
import time

from clusterlib import (Ledger, Load, check, fault, faults_fired, make_message,
                        need_fault_points, run_test, running, show, state_hashes_agree,
                        user_password, verify, wait_for)
from rawclient import Imap

ONE, TWO = "one@example.test", "two@example.test"
DUPLICATES, KILLS = 200, 10


def login(cluster, front, user):
    c = Imap(cluster.plain_port("imap", front))
    check(c.login(user, user_password(user))[0] == "OK", f"login as {user}")
    return c


def box_status(c, mailbox):
    line = c.command(f"STATUS {mailbox} (MESSAGES UIDNEXT)")[2][0]
    return tuple(int(n) for n in re.search(rb"MESSAGES (\d+) UIDNEXT (\d+)", line).groups())


def ok(answer, what):
    check(answer[0] == "OK", f"{what}: {answer[0]} {answer[1]}")
    return answer


def imap_changes(cluster, ledger):
    """Operations whose double effect would show: in counts, in UIDs, or as an error."""
    c = login(cluster, 1, TWO)
    for name in ("twice", "other"):
        ok(c.command(f"CREATE {name}"), "CREATE")
    for n in range(40):
        message = make_message(f"a{n}x{random.randrange(1 << 40):x}", 1000)
        _, text, _ = ok(c.append("twice", message), "APPEND")
        check(int(re.search(rb"APPENDUID \d+ (\d+)", text).group(1)) == n + 1, f"APPENDUID {text}")
    ok(c.append("twice", make_message("big", 700000)), "APPEND of several chunks")
    ok(c.command("SELECT twice"), "SELECT")
    for n in range(1, 21):
        _, text, _ = ok(c.command(f"UID COPY {n} other"), "COPY")
        check(text.split()[3].rstrip(b"]") == b"%d" % n, f"COPYUID {text}")
    for n in range(21, 31):
        ok(c.command(f"UID MOVE {n} other"), "MOVE")
    for n in range(1, 11):
        ok(c.command(f"UID STORE {n} +FLAGS.SILENT (\\Deleted)"), "STORE")
        ok(c.command(f"UID EXPUNGE {n}"), "EXPUNGE")
    check(box_status(c, "twice") == (21, 42), f"twice: {box_status(c, 'twice')}")
    check(box_status(c, "other") == (30, 31), f"other: {box_status(c, 'other')}")
    for n in range(10):
        ok(c.command(f"CREATE c{n}"), "CREATE, which a second time would fail")
        ok(c.command(f"RENAME c{n} r{n}"), "RENAME")
        ok(c.command(f"DELETE r{n}"), "DELETE")
    c.close()


def exact_uids(cluster, user):
    for front in (1, 2):
        c = login(cluster, front, user)
        messages, uid_next = box_status(c, "INBOX")
        check(uid_next == messages + 1, f"{user}: {messages} messages, UIDNEXT {uid_next}")
        c.close()
    return messages


def duplicated(cluster, ledger):
    load = Load(cluster, [ONE, TWO], ledger, clients=4, size=1500).start()
    wait_for(f"{DUPLICATES} deliveries", lambda: ledger.count("ok") >= DUPLICATES, 60)
    load.stop()
    imap_changes(cluster, ledger)
    fired = faults_fired(cluster.fronts, "router_duplicate")
    check(fired >= DUPLICATES, f"only {fired} requests were duplicated")
    check(ledger.count("unknown") == 0, "an unknown outcome without any fault")
    verify(cluster, ledger, [ONE, TWO])
    return fired


def arm(process):
    """The next death of this node: after so many operations that it led."""
    process.env = {"FAULTPOINT": f"op_reply_lost:{random.randint(5, 40)}:kill"}


def killed(cluster, ledger):
    for p in cluster.nodes:
        p.kill()
        arm(p)
    cluster.start_nodes()
    load = Load(cluster, [ONE], ledger, clients=4, size=1500).start()
    kills, end = 0, time.monotonic() + 200
    while kills < KILLS and time.monotonic() < end:
        for p in cluster.nodes:
            if p.pid() is None:
                kills += 1
                fault(f"{p.name} died between commit and reply, {kills}")
                arm(p)
                p.start()
        time.sleep(0.1)
    for p in cluster.nodes:
        p.env = {}
    time.sleep(3)
    load.stop()
    for p in cluster.nodes:  # none shall die while we look
        p.kill()
    cluster.start_nodes()
    fired = faults_fired(cluster.nodes, "op_reply_lost")
    check(kills >= KILLS and fired >= kills, f"{kills} deaths, {fired} by the fault point")
    return fired


def test():
    need_fault_points()
    with running([ONE, TWO], front_env={"FAULTPOINT": "router_duplicate:0:error"}) as cluster:
        ledger = Ledger(cluster.path("ledger"))
        twice = duplicated(cluster, ledger)
        fault(f"{twice} requests sent twice")
        kills = killed(cluster, ledger)
        verify(cluster, ledger, [ONE, TWO])
        for user in (ONE, TWO):
            exact_uids(cluster, user)
        twice = faults_fired(cluster.fronts, "router_duplicate")
        show(f"T7: {twice} operations sent twice, {kills} kills between commit and reply: "
             f"{ledger.count('ok')} acknowledged, each there once, no UID spent in vain "
             f"({ledger.count('unknown')} unknown)")
        state_hashes_agree(cluster)


sys.exit(run_test(test))
