# SPDX-License-Identifier: Apache-2.0
"""What the benchmark reads from the system: CPU, memory, disk writes, a process's metrics."""

import os
import urllib.request

TICK = os.sysconf("SC_CLK_TCK")


def children(pid):
    """The process and all below it."""
    found, queue = [], [pid]
    while queue:
        p = queue.pop()
        found.append(p)
        try:
            for task in os.listdir(f"/proc/{p}/task"):
                with open(f"/proc/{p}/task/{task}/children", encoding="ascii") as f:
                    queue += [int(c) for c in f.read().split()]
        except OSError:
            pass
    return found


def times(pid):
    """User and system time, ms, of a process with its threads, and of children it waited for."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
        fields = [int(x) for x in f.read().rsplit(")", 1)[1].split()[11:15]]
    return sum(fields[:2]) * 1000 / TICK, sum(fields[2:]) * 1000 / TICK


def cpu_ms(pid):
    return times(pid)[0]


def precise_ms(pid):
    """CPU time of a process and of children it waited for. Its own by its threads' nanoseconds,
    since ticks cut off up to 10 ms of each of a server's many processes; what threads used that
    ended is in the ticks only."""
    own, waited = times(pid)
    nanoseconds = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as f:
            nanoseconds += int(f.read().split()[0])
    return max(own, nanoseconds / 1e6) + waited


def tree(*roots):
    """CPU time, ms, and bytes written by these processes and all below them, the ended ones
    included: what was waited for is in its parent's figures. Processes that begin or end meanwhile
    would be counted twice or never, so it looks again until none did."""
    gone = None
    for _ in range(200):
        before = [p for r in roots for p in children(r)]
        try:
            cpu = sum(precise_ms(p) for p in before)
            written = sum(written_bytes(p) for p in before)
        except OSError as e:
            gone = e
            continue
        if [p for r in roots for p in children(r)] == before:
            return {"cpu": cpu, "written": written}
    raise gone or OSError(f"processes below {roots} come and go all the time")


def switches(pid):
    """How often its threads were switched to."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as f:
                total += int(f.read().split()[2])
        except OSError:
            pass  # it has just ended
    return total


def busy_ms():
    """Time that all cores together were busy since the machine began."""
    with open("/proc/stat", encoding="ascii") as f:
        fields = [int(x) for x in f.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) * 1000 / TICK


def written_bytes(pid):
    with open(f"/proc/{pid}/io", encoding="ascii") as f:
        return int(dict(line.split(": ") for line in f)["write_bytes"])


def pss(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        return 1024 * next(int(line.split()[1]) for line in f if line.startswith("Pss:"))


def metrics(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as r:
        rows = (line.rsplit(" ", 1) for line in r.read().decode().splitlines()
                if line and line[0] != "#")
        return {name: float(value) for name, value in rows}
