#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""T1: under mixed load, kill -9 all store nodes at a random instant, restart; 5 rounds. Nothing
acknowledged is lost, nothing refused appears, service is back within 15 s."""

import random
import sys
import time

from clusterlib import (Ledger, Load, check, fault, run_test, running, show, state_hashes_agree,
                        verify, wait_for)

USERS = [f"u{i}@example.test" for i in range(8)]
ROUNDS = 5


def one_round(cluster, ledger, number):
    load = Load(cluster, USERS, ledger, clients=8).start()
    time.sleep(random.uniform(3, 6))
    for p in cluster.nodes:
        p.signal(9)
    fault(f"round {number}: kill -9 of all store nodes")
    for p in cluster.nodes:
        p.wait(10)
    time.sleep(random.uniform(0, 1))
    cluster.start_nodes()
    back = time.monotonic()
    wait_for("a write after the restart", lambda: ledger.first_ok_after(back), 60, 0.1)
    gap = ledger.first_ok_after(back) - back
    time.sleep(1)
    load.stop()
    return gap


def test():
    with running(USERS) as cluster:
        ledger = Ledger(cluster.path("ledger"))
        gaps, uids = [], None
        for number in range(1, ROUNDS + 1):
            gaps.append(one_round(cluster, ledger, number))
            uids = verify(cluster, ledger, USERS, uids)
            print(f"round {number}: {ledger.count('ok')} ok, {ledger.count('no')} refused, "
                  f"{ledger.count('unknown')} unknown, back after {gaps[-1]:.1f} s", flush=True)
        show(f"T1: {ledger.count('ok')} acknowledged, 0 lost, {ROUNDS} rounds; service back after "
             f"{max(gaps):.1f} s at most")
        check(ledger.count("ok") > 200, "too little load to mean anything")
        check(max(gaps) <= 15, f"service back only after {max(gaps):.1f} s")
        state_hashes_agree(cluster)


sys.exit(run_test(test))
