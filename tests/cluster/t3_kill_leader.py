#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 900
"""T3: under load, kill -9 the leader of a user's shard 10 times, then stop it (SIGSTOP) 5 times.
Write gap of that shard: printed, p95 <= 4 s after a kill; nothing lost, nothing refused applied."""

import random
import signal
import sys
import time

from clusterlib import (Ledger, Load, check, fault, percentile, run_test, running, show,
                        state_hashes_agree, verify, wait_for)

USERS = ["one@example.test"]  # one shard: its writes are the probe
KILLS, STOPS = 10, 5


def disturb(cluster, ledger, shard, how):
    victim = cluster.wait_leader(shard)
    process = cluster.nodes[victim - 1]
    began = time.monotonic()
    process.signal(how)
    fault(f"{signal.Signals(how).name} of s{victim}, leader of shard {shard}")
    wait_for("a write afterwards",
             lambda: [t for t, o in ledger.times if o == "ok" and t > began + 0.3], 60, 0.05)
    time.sleep(1.5)
    gap = ledger.gap(began - 0.5, time.monotonic())
    if how == signal.SIGKILL:
        process.wait(10)
        process.start()
    else:
        process.signal(signal.SIGCONT)
    time.sleep(random.uniform(2, 3))
    return gap


def test():
    with running(USERS) as cluster:
        ledger = Ledger(cluster.path("ledger"))
        shard = cluster.user_shard(USERS[0])
        load = Load(cluster, USERS, ledger, clients=8, size=1500).start()
        time.sleep(2)
        kills = [disturb(cluster, ledger, shard, signal.SIGKILL) for _ in range(KILLS)]
        stops = [disturb(cluster, ledger, shard, signal.SIGSTOP) for _ in range(STOPS)]
        load.stop()
        print("gaps after kill:", [round(g, 2) for g in kills], "stop:", [round(g, 2) for g in stops])
        show(f"T3: write gap after kill -9 of the leader, {KILLS} times: median "
             f"{percentile(kills, 50):.2f} s, p95 {percentile(kills, 95):.2f} s, max {max(kills):.2f} s")
        show(f"T3: after SIGSTOP, {STOPS} times: median {percentile(stops, 50):.2f} s, "
             f"max {max(stops):.2f} s; {ledger.count('ok')} acknowledged")
        verify(cluster, ledger, USERS)
        check(percentile(kills, 95) <= 4, f"p95 of the write gap is {percentile(kills, 95):.2f} s")
        check(max(kills + stops) <= 10, f"a write gap of {max(kills + stops):.2f} s")
        state_hashes_agree(cluster)


sys.exit(run_test(test))
