#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 1500
"""T26: under load, a node's disk is wiped; then another's is set back to an older image; then two
nodes' disks are swapped. The node gets new replica ids by itself, leads nothing under an old one,
has everything within 5 minutes; swapped disks are refused at start. Nothing is lost, state hashes
are equal (T44)."""

import os
import re
import shutil
import sys
import time

from clusterlib import (Ledger, Load, check, fault, run_test, running, show, slowness,
                        state_hashes_agree, verify, wait_for)

USERS = [f"u{i}@example.test" for i in range(6)]
SHARDS = int(os.environ.get("TERN_SHARDS", "16"))
LIMIT = 300


def replicas(cluster, node):
    """shard -> replica id of the node's replicas, as ternctl shows them; only voters."""
    found = {}
    for shard in range(SHARDS):
        for r in cluster.ctl_json("shard", "show", str(shard))["replicas"]:
            if r["node"] == f"s{node}" and r["role"] in ("voter", "leader"):
                found[shard] = r["replica"]
    return found


def node_row(cluster, node):
    rows = cluster.ctl_json("cluster", "status")["nodes"]
    return next(r for r in rows if r["node"] == f"s{node}")


def wait_replaced(cluster, node, old, began):
    """Until the node has a voter under a new id in every shard; returns the seconds it took."""
    states = []

    def done():
        state = node_row(cluster, node)["state"]
        if not states or states[-1] != state:
            states.append(state)
            print(f"  {time.monotonic() - began:5.1f} s: s{node} {state}", flush=True)
        return len(states) > 1 and state == "ok"
    wait_for(f"s{node}: new replicas", done, LIMIT * slowness(), 0.3)
    wait_for(f"s{node}: {len(old)} voters", lambda: len(replicas(cluster, node)) == len(old), 30, 0.3)
    took = time.monotonic() - began
    new = replicas(cluster, node)
    kept = [s for s in old if new[s] == old[s]]
    check(not kept, f"s{node} still has its old ids in shards {kept[:5]}")
    return took


def log_size(process):
    return os.path.getsize(process.log)


def led_under(process, offset):
    """Replica ids under which the process became a leader since then."""
    with open(process.log, "rb") as f:
        f.seek(offset)
        return {int(m) for m in re.findall(rb" shard_leading shard=\d+ replica=(\d+) ", f.read())}


def as_numbers(ids):
    return {int(v, 16) if isinstance(v, str) else v for v in ids.values()}


def disturb(cluster, node, change):
    """Kills the node, changes its data directory, starts it; returns the seconds it took."""
    process, old = cluster.nodes[node - 1], replicas(cluster, node)
    check(len(old) == SHARDS, f"s{node} has {len(old)} voters of {SHARDS}")
    process.kill()
    change(cluster.data_dir(node))
    offset, began = log_size(process), time.monotonic()
    process.start()
    took = wait_replaced(cluster, node, old, began)
    amnesia = led_under(process, offset) & as_numbers(old)
    check(not amnesia, f"s{node} led under an old id: {amnesia}")
    return took


def wiped(cluster, node):
    fault(f"disk of s{node} (leader of shard 0) wiped")
    took = disturb(cluster, node, shutil.rmtree)
    show(f"T26: wiped disk: {SHARDS} replicas made anew in {took:.1f} s")
    return took


def set_back(cluster, node):
    process, image = cluster.nodes[node - 1], cluster.path("image")
    process.kill()
    shutil.copytree(cluster.data_dir(node), image)
    owner = os.stat(cluster.data_dir(node))
    process.start()
    wait_for(f"s{node}: voters", lambda: len(replicas(cluster, node)) == SHARDS, 60, 0.3)
    time.sleep(5)  # it votes, acknowledges, is synced beyond the image

    def restore(directory):
        shutil.rmtree(directory)
        shutil.copytree(image, directory)
        for folder, _, files in os.walk(directory):
            for name in [folder] + [os.path.join(folder, f) for f in files]:
                os.chown(name, owner.st_uid, owner.st_gid)
    fault(f"disk of s{node} set back to an image of some seconds ago")
    took = disturb(cluster, node, restore)
    show(f"T26: disk set back: {SHARDS} replicas made anew in {took:.1f} s")
    return took


def swapped(cluster, a, b):
    first, second = cluster.nodes[a - 1], cluster.nodes[b - 1]
    dirs = cluster.data_dir(a), cluster.data_dir(b)
    spare = cluster.path("data", "spare")

    def swap():
        for p in (first, second):
            p.kill()
        os.rename(dirs[0], spare)
        os.rename(dirs[1], dirs[0])
        os.rename(spare, dirs[1])
    fault(f"disks of s{a} and s{b} swapped")
    swap()
    for p in (first, second):
        p.start()
        p.wait(20)
        check("'s data, not" in p.tail(5) or "holds node" in p.tail(5), f"{p.name}: {p.tail(3)}")
    swap()
    cluster.start_nodes()
    show("T26: swapped disks are refused at start")


def test():
    with running(USERS, shards=SHARDS) as cluster:
        ledger = Ledger(cluster.path("ledger"))
        load = Load(cluster, USERS, ledger, clients=4).start()
        time.sleep(3)
        victim = cluster.wait_leader(0)
        took = [wiped(cluster, victim)]
        took.append(set_back(cluster, 1 + victim % cluster.n_nodes))
        load.stop()
        uids = verify(cluster, ledger, USERS)
        swapped(cluster, 1, 2)
        verify(cluster, ledger, USERS, uids)
        show(f"T26: {ledger.count('ok')} acknowledged, 0 lost")
        check(ledger.count("ok") > 50, "too little load to mean anything")
        check(max(took) <= LIMIT * slowness(), f"it took {max(took):.0f} s")
        state_hashes_agree(cluster)


sys.exit(run_test(test))
