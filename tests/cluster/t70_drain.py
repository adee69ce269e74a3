#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
"""T70: SIGTERM of each store node and each front end in turn, under load: nothing acknowledged is
lost, the process ends within 30 s, leaders move away first (so writes hardly pause), and the log
can be followed from the reply's trace id to the shard's log index."""

import random
import re
import signal
import sys
import time

from clusterlib import (Ledger, Load, SmtpConnection, body_sha, check, fault, make_message, run_test, running,
                        show, state_hashes_agree, verify, wait_for)

USERS = [f"u{i}@example.test" for i in range(4)]


def drain_node(cluster, ledger, i):
    p = cluster.nodes[i - 1]
    began = time.monotonic()
    p.signal(signal.SIGTERM)
    fault(f"SIGTERM of {p.name}")
    p.wait(30)
    took = time.monotonic() - began
    time.sleep(1)
    gap = ledger.gap(began - 0.5, time.monotonic())
    check("drained leaders=0" in p.tail(40), f"{p.name} kept leaderships:\n{p.tail(10)}")
    p.start()
    wait_for(f"{p.name} is back", lambda: cluster.ctl_json("cluster", "status"), 20, 0.5)
    time.sleep(3)
    return took, gap


def drain_front(cluster, i):
    p = cluster.fronts[i - 1]
    began = time.monotonic()
    p.signal(signal.SIGTERM)
    fault(f"SIGTERM of {p.name}")
    p.wait(40)
    took = time.monotonic() - began
    p.start()
    wait_for(f"{p.name}: health", lambda: cluster.health(i) == 200, 30, 0.1)
    return took


def follow_trace(cluster):
    """From the 250 to the log index of the shard."""
    c = SmtpConnection(cluster, 1)
    c.s.docmd("MAIL", "FROM:<a@elsewhere.test>")
    c.s.docmd("RCPT", f"TO:<{USERS[0]}>")
    c.s.docmd("DATA")
    message = make_message("traced")
    c.s.send(message + b".\r\n")
    code, text = c.s.getreply()
    trace = re.search(rb"\b([0-9a-f]{16})\b", text).group(1).decode()
    check(code == 250, text)
    def front_line():
        with open(cluster.fronts[0].log, encoding="utf-8", errors="replace") as f:
            return [line for line in f if " deliver " in line and f"trace={trace}" in line]
    line = wait_for("the front end's line", front_line, 5)[0]
    shard, index = re.search(r" at=(\d+)/(\d+)", line).groups()
    def node_line():
        for p in cluster.nodes:
            with open(p.log, encoding="utf-8", errors="replace") as f:
                for line in f:
                    if f"trace={trace}" in line and f"shard={shard} index={index}" in line:
                        return p.name
        return None
    name = wait_for("the store node's line", node_line, 5)
    c.close()
    show(f"T70: trace {trace} leads from the 250 to shard {shard}, index {index} on {name}")
    return body_sha(message)


def test():
    with running(USERS, node_options='log_level = "debug";\n') as cluster:
        sha = follow_trace(cluster)
        ledger = Ledger(cluster.path("ledger"))
        ledger.add("traced", "ok", USERS[0], sha)
        load = Load(cluster, USERS, ledger, clients=6, size=2000).start()
        time.sleep(2)
        nodes = [drain_node(cluster, ledger, i) for i in (1, 2, 3)]
        fronts = [drain_front(cluster, i) for i in (1, 2)]
        time.sleep(1)
        load.stop()
        show(f"T70: store nodes end after {max(t for t, _ in nodes):.1f} s at most, writes pause "
             f"{max(g for _, g in nodes):.2f} s; front ends after {max(fronts):.1f} s; "
             f"{ledger.count('ok')} acknowledged")
        check(max(t for t, _ in nodes) <= 30 and max(fronts) <= 35, "a drain took too long")
        check(max(g for _, g in nodes) <= 3, "writes paused: leaders did not move first")
        verify(cluster, ledger, USERS)
        state_hashes_agree(cluster)


sys.exit(run_test(test))
