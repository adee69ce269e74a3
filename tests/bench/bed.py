# SPDX-License-Identifier: Apache-2.0
"""The cluster that is measured, and one measured cell: what was done, at which cost."""

import concurrent.futures
import fcntl
import imaplib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import machine
import messages

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "cluster-conf"))
from loopback import Cluster, ClusterError, wait_for  # noqa: E402,F401

PASSWORD = "bench-secret"
COST = 1000
HASH = ("--hash", "sha256-crypt", "--cost", str(COST))
KEEPERS = "keepers"  # a file that all keepers of other servers have locked while they live
FRONT = ("limits = { connections = 16000; greeting_timeout = \"5m\"; auth_timeout = \"5m\"; "
         "commands_running = 1024; };\n")
SIZES = {"4k": 4096, "50k": 51200}
# Who has what: users for deliveries; with 500 messages of 4 KiB; with 100 of 50 KiB; with 20.
DELIVER, READ_4K, READ_50K, STORE = (0, 200), (1000, 16), (2000, 4), (3000, 64)


def programs():
    """Where they are: $TERN_BIN, or a release build without fault points."""
    if os.environ.get("TERN_BIN"):
        return os.path.abspath(os.environ["TERN_BIN"])
    build = os.path.join(os.environ.get("TERN_BUILD", os.path.join(ROOT, "build")), "bench")
    for argv in (["cmake", "-S", ROOT, "-B", build, "-G", "Ninja"],
                 ["ninja", "-C", build, "tern-storenode", "tern-frontend", "ternctl",
                  "bench_load", "bench_idle"]):
        r = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           check=False)
        if r.returncode != 0:
            raise ClusterError(f"{' '.join(argv)}:\n{r.stdout[-3000:]}")
    return os.path.join(build, "bin")


# What a store node counts of itself, for each operation.
COUNTS = {"requests": "requests_total", "envelopes": "raft_envelopes_total",
          "batches": "engine_batches_total", "writes": "engine_writes_total",
          "gets": "engine_gets_total", "scans": "engine_scans_total",
          "syncs": "log_syncs_total"}


class Guard:
    """A process that ends the cluster and removes its folder when we are gone, however. Keepers
    of other servers see our end themselves; it waits for those."""

    def __init__(self, cluster):
        read, self.write = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(read)
            return
        os.setsid()
        os.close(self.write)
        while os.read(read, 1):
            pass
        cluster.kill_all()
        with open(os.path.join(cluster.dir, KEEPERS), "w", encoding="ascii") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
        shutil.rmtree(cluster.dir, ignore_errors=True)
        os._exit(0)

    def release(self):
        os.close(self.write)
        os.waitpid(self.pid, 0)


class Bed:
    def __init__(self, note, profile=False):
        self.note, self.profile = note, profile
        self.bin = programs()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.dir = tempfile.mkdtemp(prefix="tern-bench-", dir=os.environ.get("TMPDIR"))
        os.chmod(self.dir, 0o755)
        self.cluster = Cluster(self.dir, self.bin, nodes=3, front_ends=1, balancer=False,
                               workers=1, front_options=FRONT)
        self.guard = Guard(self.cluster)
        self.accepted = {}  # user: messages that must be there
        self.children = []
        self.kept = []  # keepers of other servers
        self.filled = set()

    # ---- life

    def up(self, kinds=SIZES):
        self.note("starting three store nodes and a front end")
        self.cluster.create()
        self.cluster.start_nodes()
        self.cluster.bootstrap()
        self.cluster.ctl("domain", "add", "example.test")
        self.cluster.start_fronts()
        self.cluster.wait_serving()
        for name, size in kinds.items():
            messages.write_messages(self.messages(name), size)

    def down(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
                child.wait()
        for keeper in self.kept:
            keeper.stdin.close()
        for keeper in self.kept:
            keeper.wait(60)
        self.guard.release()

    def logs(self):
        return "".join(f"--- {p.name}\n{p.tail(15)}" for p in
                       self.cluster.nodes + self.cluster.fronts)

    def restart_front(self):
        self.cluster.fronts[0].kill()
        self.cluster.start_fronts()
        self.cluster.wait_serving()

    # ---- users and their messages

    def messages(self, size):
        return os.path.join(self.dir, "messages-" + size)

    def add_users(self, group):
        if group in self.filled:
            return
        self.filled.add(group)
        first, count = group
        self.note(f"adding {count} users")

        def add(n):
            self.cluster.ctl("user", "add", f"u{n}@example.test", "--password-file", "-", *HASH,
                             text=PASSWORD + "\n")
            self.accepted[n] = 0
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(add, range(first, first + count)))

    def fill(self, group, size, each):
        """Gives every user of the group `each` messages."""
        if (group, each) in self.filled:
            return
        self.add_users(group)
        self.filled.add((group, each))
        self.note(f"delivering {each} messages of {size} to {group[1]} users")
        self.cell("lmtp", 16, 600, group, size, "--operations", str(each * group[1]))

    def check_counts(self):
        """Every message that was accepted is there, by STATUS; returns how many."""
        for n, want in self.accepted.items():
            c = imaplib.IMAP4("127.0.0.1", self.cluster.plain_port("imap", 1), timeout=60)
            c.login(f"u{n}@example.test", PASSWORD)
            _, rows = c.status("INBOX", "(MESSAGES)")
            c.shutdown()
            have = int(re.search(rb"MESSAGES (\d+)", rows[0]).group(1))
            if have != want:
                raise ClusterError(f"u{n}: {want} messages were accepted, {have} are there")
        return sum(self.accepted.values())

    # ---- measuring

    def front_pids(self):
        return machine.children(self.cluster.fronts[0].pid())

    def worker(self):
        """The process that holds the connections: the largest below the parent."""
        return max(self.front_pids()[1:], key=machine.pss)

    def snapshot(self):
        nodes = [p.pid() for p in self.cluster.nodes]
        ports = [self.cluster.node_port(i, "status") for i in range(1, len(nodes) + 1)]
        metrics = [machine.metrics(p) for p in ports]
        everybody = nodes + self.front_pids()
        return {"time": time.monotonic(), "busy": machine.busy_ms(),
                "front": sum(machine.cpu_ms(p) for p in self.front_pids()),
                "nodes": [machine.cpu_ms(p) for p in nodes],
                "written": [machine.written_bytes(p) for p in nodes],
                "syncs": [m["tern_log_syncs_total"] for m in metrics],
                "counts": [sum(m["tern_" + name] for m in metrics) for name in COUNTS.values()],
                "switches": sum(machine.switches(p) for p in everybody)}

    def driver(self, program, *args):
        child = subprocess.Popen([os.path.join(self.bin, program), *map(str, args)],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        self.children.append(child)
        if child.stdout.readline() != "ready\n":
            raise ClusterError(f"{program}: {child.stderr.read().strip()}")
        return child

    @staticmethod
    def finish(child):
        out, err = child.communicate("\n", timeout=900)
        if child.returncode != 0:
            raise ClusterError(err.strip() or f"the driver ended with {child.returncode}")
        return json.loads(out)

    def cell(self, mode, connections, seconds, group, size, *more):
        """Runs one mode of the driver and says what was done and what it cost."""
        service = mode.partition("-")[0]
        child = self.driver("bench_load", mode, "--port", self.cluster.plain_port(service, 1),
                            "--connections", connections, "--seconds", seconds,
                            "--first", group[0], "--users", group[1], "--password", PASSWORD,
                            "--messages", self.messages(size), *more)
        profile = self.profile and Profile(self)
        before = self.snapshot()
        result = self.finish(child)
        cost = difference(before, self.snapshot())
        if profile:
            result["profile"] = profile.end()
        for i, n in enumerate(result.pop("accepted")):
            self.accepted[group[0] + i] += n
        return dict(result, **per_operation(result, cost))

    def sync_rate(self, seconds):
        """Appends of 4 KiB with fdatasync in a second, where the cluster's data is."""
        return self.finish(self.driver("bench_load", "fdatasync", "--seconds", seconds, "--file",
                                       os.path.join(self.dir, "data", "fdatasync")))


class Profile:
    """perf (by the clock: virtual machines have no counters) over the nodes and the front end."""

    def __init__(self, bed):
        pids = {"node": [p.pid() for p in bed.cluster.nodes], "front": bed.front_pids()}
        self.records = []
        for name, which in pids.items():
            out = os.path.join(bed.dir, "perf." + name)
            child = subprocess.Popen(["perf", "record", "-q", "-e", "cpu-clock", "-F", "499", "-o",
                                      out, "-p", ",".join(map(str, which))],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            bed.children.append(child)
            self.records.append((name, out, child))
        time.sleep(0.5)

    @staticmethod
    def rows(file, sort, top):
        text = subprocess.run(["perf", "report", "-i", file, "--stdio", "-q", "--no-children",
                               "--sort", sort], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=False).stdout
        rows = re.findall(r"^\s*([\d.]+)%\s+(\S.*?)\s*$", text, re.M)
        return [(float(p), " ".join(where.split())) for p, where in rows[:top]]

    def end(self):
        """{node or front: [(percent, where)]}: by thread and library, then by function."""
        found = {}
        for name, out, child in self.records:
            child.send_signal(signal.SIGINT)
            child.wait(60)
            found[name] = self.rows(out, "comm,dso", 8) + self.rows(out, "comm,symbol", 12)
            os.unlink(out)
        return found


def difference(before, after):
    return {k: [b - a for a, b in zip(before[k], after[k])] if isinstance(before[k], list)
            else after[k] - before[k] for k in before}


def per_operation(result, cost):
    ops = max(1, result["ops"])
    ours = cost["front"] + sum(cost["nodes"])
    others = cost["busy"] - ours - result["cpu"] * 1000
    return {"rate": result["ops"] / max(result["seconds"], 1e-6), "cpu_ms": ours / ops,
            "front_ms": cost["front"] / ops, "node_ms": [n / ops for n in cost["nodes"]],
            "syncs": [n / ops for n in cost["syncs"]],
            "counts": dict(zip(COUNTS, (n / ops for n in cost["counts"]))),
            "switches": cost["switches"] / ops,
            "written": [n / ops for n in cost["written"]],
            "others": max(0.0, others / 1000 / cost["time"])}
