#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
"""T72 and T61: what the linker and the compiler were told, read from the programs; what the running
processes have given up, read from /proc: user, capabilities, new privileges, core files, and the
front end's filter; keys and data are closed to others."""

import os
import re
import stat
import subprocess
import sys

from clusterlib import Skip, bin_dir, check, run_test, running, show, state_hashes_agree

USER = "one@example.test"
PROGRAMS = ["tern-storenode", "tern-frontend", "ternctl"]


def readelf(path, *options):
    return subprocess.run(["readelf", "-W", *options, path], capture_output=True, text=True,
                          check=True).stdout


def look_at_program(name):
    path = os.path.join(bin_dir(), name)
    header, segments = readelf(path, "-h"), readelf(path, "-l")
    dynamic, symbols = readelf(path, "-d"), readelf(path, "--dyn-syms")
    facts = {
        "PIE": re.search(r"Type:\s+DYN", header) and re.search(r"FLAGS_1.*\bPIE\b", dynamic),
        "RELRO": "GNU_RELRO" in segments,
        "NOW": re.search(r"FLAGS_1.*\bNOW\b", dynamic),
        "NX": re.search(r"GNU_STACK\s+\S+\s+\S+\s+\S+\s+\S+\s+\S+\s+RW\s", segments),
        "no writable code": not re.search(r"^\s+LOAD.*\sRWE\s", segments, re.M),
        "canary": "__stack_chk_fail" in symbols,
        "FORTIFY": re.search(r"__\w+_chk\b", symbols),
        "no RPATH": not re.search(r"\((RPATH|RUNPATH)\)", dynamic),
        "no TEXTREL": "TEXTREL" not in dynamic,
    }
    missing = [k for k, v in facts.items() if not v]
    check(not missing, f"{name} lacks {', '.join(missing)}")
    return len(facts)


def status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def children(pid):
    out = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(x) for x in out.stdout.split()]


def look_at_process(what, pid, seccomp):
    s = status(pid)
    check("0" not in s["Uid"].split() and "0" not in s["Gid"].split(), f"{what}: root: {s['Uid']}")
    check(not s["Groups"].strip(), f"{what}: groups {s['Groups']}")
    for kind in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
        check(int(s[kind], 16) == 0, f"{what}: {kind} {s[kind]}")
    check(s["NoNewPrivs"] == "1", f"{what}: could gain privileges")
    check(not seccomp or s["Seccomp"] == "2", f"{what}: Seccomp {s['Seccomp']}")
    with open(f"/proc/{pid}/limits", encoding="ascii") as f:
        core = re.search(r"Max core file size\s+(\S+)\s+(\S+)", f.read()).groups()
    check(core == ("0", "0"), f"{what}: core files {core}")
    # Not dumpable: its files in /proc belong to root, whoever it is.
    check(os.stat(f"/proc/{pid}/mem").st_uid == 0, f"{what}: another process of its user may look in")


def closed_to_others(path):
    mode = stat.S_IMODE(os.lstat(path).st_mode)
    check(mode & 0o077 == 0, f"{path}: mode {mode:o}")


def no_secrets(cluster, pids):
    """Neither in arguments nor in the environment nor in a log."""
    secrets = [open(cluster.path("keys", k), encoding="ascii").read() for k in
               os.listdir(cluster.path("keys"))]
    words = [w for s in secrets for w in re.findall(r"[^\s\"]{40}", s)] + ["secret-one"]
    check(len(words) > 5, f"no secret keys found to look for: {len(words)}")
    places = [f"/proc/{p}/{f}" for p in pids for f in ("cmdline", "environ")]
    places += [p.log for p in cluster.nodes + cluster.fronts]
    for place in places:
        with open(place, encoding="utf-8", errors="replace") as f:
            text = f.read()
        check(not any(w in text for w in words), f"a secret in {place}")


def running_processes(cluster):
    pids = []
    for p in cluster.nodes:
        look_at_process(p.name, p.pid(), False)
        pids.append(p.pid())
    for p in cluster.fronts:
        workers = children(p.pid())
        check(workers, f"{p.name} has no workers")
        for pid in workers:
            look_at_process(f"{p.name}, worker {pid}", pid, "asan" not in bin_dir())
        pids += workers + [p.pid()]
    return pids


def test():
    facts = sum(look_at_program(name) for name in PROGRAMS) if "asan" not in bin_dir() else 0
    if os.geteuid() != 0:
        raise Skip("privileges are given up only when there are any: run as root")
    with running([USER], nodes=3, front_ends=1, workers=2) as cluster:
        pids = running_processes(cluster)
        for i in range(1, cluster.n_nodes + 1):
            closed_to_others(cluster.data_dir(i))
        for key in os.listdir(cluster.path("keys")):
            closed_to_others(cluster.path("keys", key))
        no_secrets(cluster, pids)
        show(f"T72: {len(PROGRAMS)} programs, {facts} facts: PIE, RELRO, NOW, NX, canary, FORTIFY, "
             f"no RPATH; T61: {len(pids)} processes: not root, no capabilities, no new "
             "privileges, no core, workers filtered; no secret in arguments, environment, logs")
        state_hashes_agree(cluster)


sys.exit(run_test(test))
