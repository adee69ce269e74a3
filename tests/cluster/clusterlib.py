# SPDX-License-Identifier: Apache-2.0
"""What the cluster tests share: load with a ledger, reading back, the verdict.

Three outcomes for every operation: ok, no (refused) and unknown. The checker lets an unknown
happen or not, once; it never forgives an ok that is gone, or a refusal that is there."""

import hashlib
import imaplib
import os
import random
import re
import smtplib
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "cluster-conf"))
from loopback import Cluster, ClusterError, wait_for  # noqa: E402,F401

FAULTS = 0


def fault(text):
    """A fault that fired: counted, shown by the runner."""
    global FAULTS
    FAULTS += 1
    print(f"fault: {text}", flush=True)


def show(text):
    print(f"SHOW {text}", flush=True)


def check(condition, text):
    if not condition:
        raise ClusterError(text)


class Skip(Exception):
    """The test cannot run here; the text says why."""


def slowness():
    """What time limits are multiplied with: 1 on an idle machine, 3 on a busy one."""
    busy = 3 if os.getloadavg()[0] > 1.5 * (os.cpu_count() or 1) else 1
    return busy * float(os.environ.get("TERN_SLOW", "1"))


def run_test(test, seed=None):
    """Runs test(seed) and exits as the runner wants it."""
    seed = int(os.environ.get("TERN_SEED") or seed or random.randrange(1 << 32))
    print(f"seed {seed}", flush=True)
    random.seed(seed)
    try:
        test()
    except Skip as e:
        print(f"skipped: {e}", flush=True)
        return 77
    except (ClusterError, AssertionError, OSError) as e:
        print(f"FAILED: {e} (seed {seed})", flush=True)
        return 1
    finally:
        print(f"COUNT faults={FAULTS}", flush=True)
    return 0


def bin_dir():
    return os.environ.get("TERN_BIN") or os.path.join(
        os.path.dirname(__file__), "..", "..", "build", "release", "bin")


def need_fault_points():
    with open(os.path.join(bin_dir(), "tern-storenode"), "rb") as f:
        if b"FAULTPOINT" not in f.read():
            raise Skip("built without fault points (cmake -DTERN_FAULTS=ON)")


def faults_fired(processes, name):
    """How often a fault point fired, by the processes' own logs (T77)."""
    n = 0
    for p in processes:
        with open(p.log, encoding="utf-8", errors="replace") as f:
            n += sum(1 for line in f if f" fault name={name} " in line)
    return n


def new_cluster(users, node_env=None, front_env=None, **options):
    directory = tempfile.mkdtemp(prefix="cluster-")
    os.chmod(directory, 0o755)  # the daemons' users must get through, also the runner's folder
    if "TERN_TEST" in os.environ and "TMPDIR" in os.environ:
        os.chmod(os.environ["TMPDIR"], 0o755)
    options.setdefault("shards", 16)
    options.setdefault("balancer", False)
    cluster = Cluster(directory, bin_dir(), **options)
    for p in cluster.nodes:
        p.env = dict(node_env or {})
    for p in cluster.fronts:
        p.env = dict(front_env or {})
    cluster.create()
    cluster.start_nodes()
    cluster.bootstrap()
    for domain in sorted({u.split("@")[1] for u in users}):
        cluster.ctl("domain", "add", domain)
    for user in users:
        cluster.add_user(user, password=user_password(user), hash_="sha256-crypt")
    cluster.start_fronts()
    cluster.start_balancer()
    cluster.wait_serving()
    return cluster


def user_password(user):
    return "secret-" + user.split("@")[0]


class running:
    """with running(users, ...) as cluster: torn down whatever happens, logs shown on failure."""

    def __init__(self, users, **options):
        self.users, self.options, self.cluster = users, options, None

    def __enter__(self):
        self.cluster = new_cluster(self.users, **self.options)
        return self.cluster

    def __exit__(self, kind, value, trace):
        processes = self.cluster.nodes + self.cluster.fronts
        broken = [] if kind else [c for p in processes for c in complaints(p)]
        if kind or broken:
            for p in processes:
                print(f"--- {p.name} ({p.log})\n{p.tail(25)}", flush=True)
        self.cluster.kill_all()
        check(not broken, "; ".join(broken[:3]))


def complaints(process):
    """What no fault of a test may cause: broken invariants, sanitizers' reports, bad system calls."""
    bad = re.compile(r"^BUG |Sanitizer|runtime error:| worker_ended .*signal=(?!0 |9 |15 )")
    try:
        with open(process.log, encoding="utf-8", errors="replace") as f:
            return [f"{process.name}: {line.strip()}" for line in f if bad.search(line)]
    except OSError:
        return []


def make_message(token, size=3000, rand=random):
    lines = [f"From: load@elsewhere.test", f"To: somebody@example.test",
             f"Subject: load {token}", f"Message-ID: <{token}@elsewhere.test>", ""]
    n = sum(len(x) + 2 for x in lines)
    while n < size:
        line = "".join(rand.choice("abcdefghijklmnopqrstuvwxyz ") for _ in range(70))
        lines.append(line)
        n += 72
    return ("\r\n".join(lines) + "\r\n").encode()


def body_sha(message):
    return hashlib.sha256(message.partition(b"\r\n\r\n")[2]).hexdigest()


class Ledger:
    """What was answered, on its own fsynced file outside the system under test."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="ascii")
        self.lock = threading.Lock()
        self.rows = {}    # token -> (outcome, user, sha)
        self.times = []   # (when, outcome) of everything

    def add(self, token, outcome, user, sha):
        with self.lock:
            self.file.write(f"{token} {outcome} {user} {sha}\n")
            self.file.flush()
            os.fsync(self.file.fileno())
            self.rows[token] = (outcome, user, sha)
            self.times.append((time.monotonic(), outcome))

    def count(self, outcome):
        return sum(1 for r in self.rows.values() if r[0] == outcome)

    def gap(self, since, until):
        """Longest time without an ok between two moments."""
        oks = [since] + sorted(t for t, o in self.times if o == "ok" and since <= t <= until)
        oks.append(until)
        return max(b - a for a, b in zip(oks, oks[1:]))

    def first_ok_after(self, moment):
        later = [t for t, o in self.times if o == "ok" and t > moment]
        return min(later) if later else None


class Load:
    """Clients that deliver (SMTP, LMTP) and append (IMAP), in turn through all front ends."""

    def __init__(self, cluster, users, ledger, clients=8, size=3000, kinds=("smtp", "lmtp", "append")):
        self.cluster, self.users, self.ledger = cluster, users, ledger
        self.size, self.kinds = size, kinds
        self.stop_event = threading.Event()
        self.threads = [threading.Thread(target=self._client, args=(i, random.randrange(1 << 32)),
                                         daemon=True) for i in range(clients)]

    def start(self):
        for t in self.threads:
            t.start()
        return self

    def stop(self):
        self.stop_event.set()
        for t in self.threads:
            t.join(120)
            check(not t.is_alive(), "a load client hangs")

    def _client(self, number, seed):
        rand = random.Random(seed)
        serial = 0
        connection = None
        while not self.stop_event.is_set():
            serial += 1
            kind = self.kinds[(number + serial // 20) % len(self.kinds)]
            front = 1 + (number + serial // 50) % self.cluster.n_fronts
            if connection and connection.key != (kind, front):
                connection.close()
                connection = None
            user = rand.choice(self.users)
            token = f"k{seed:x}n{serial}"
            message = make_message(token, self.size, rand)
            outcome = "no"
            try:
                if connection is None:
                    connection = CONNECTIONS[kind](self.cluster, front)
                outcome = connection.put(user, message)
            except (OSError, smtplib.SMTPException, imaplib.IMAP4.error, EOFError) as e:
                outcome = getattr(e, "outcome", "no" if connection is None else "unknown")
                if connection:
                    connection.close()
                connection = None
                time.sleep(0.05)
            self.ledger.add(token, outcome, user, body_sha(message))
            if outcome == "no":
                time.sleep(0.1)
        if connection:
            connection.close()


class SmtpConnection:
    service = "smtp"

    def __init__(self, cluster, front):
        self.key = (self.kind(), front)
        self.sent = False
        self.s = self.open("127.0.0.1", cluster.plain_port(self.service, front), timeout=60)
        self.hello()

    open = smtplib.SMTP

    @classmethod
    def kind(cls):
        return cls.service

    def hello(self):
        self.s.ehlo()

    def put(self, user, message):
        """Until the dot nothing can have happened; after it silence is an unknown."""
        for step in (lambda: self.s.mail("load@elsewhere.test"), lambda: self.s.rcpt(user)):
            if step()[0] != 250:
                self.s.rset()
                return "no"
        code, _ = self.s.docmd("DATA")
        if code != 354:
            return "no"
        self.s.send(smtplib._quote_periods(message) + b".\r\n")
        code, _ = self.s.getreply()
        return "ok" if code == 250 else "no"

    def close(self):
        self.s.close()


class LmtpConnection(SmtpConnection):
    service = "lmtp"
    open = smtplib.LMTP


class AppendConnection:
    def __init__(self, cluster, front):
        self.key = ("append", front)
        self.cluster = cluster
        self.port = cluster.plain_port("imap", front)
        self.c = None
        self.user = None

    def put(self, user, message):
        if self.user != user:
            self.close()
            self.c = imaplib.IMAP4("127.0.0.1", self.port, timeout=60)
            try:
                self.c.login(user, self.cluster.passwords[user])
            except imaplib.IMAP4.abort:
                self.close()
                return "no"
            except imaplib.IMAP4.error:
                self.close()
                return "no"
            self.user = user
        ok, _ = self.c.append("INBOX", None, None, message)
        return "ok" if ok == "OK" else "no"

    def close(self):
        if self.c:
            try:
                self.c.shutdown()
            except OSError:
                pass
        self.c = self.user = None


CONNECTIONS = {"smtp": SmtpConnection, "lmtp": LmtpConnection, "append": AppendConnection}


def read_all(cluster, front, user):
    """uid -> (token, sha) of the user's INBOX."""
    found = {}
    c = imaplib.IMAP4("127.0.0.1", cluster.plain_port("imap", front), timeout=60)
    c._imaplib_max = None
    c.login(user, cluster.passwords[user])
    ok, data = c.select("INBOX", readonly=True)
    check(ok == "OK", f"SELECT as {user}: {data}")
    validity = int(c.response("UIDVALIDITY")[1][0])
    total = int(data[0])
    for first in range(1, total + 1, 100):
        ok, rows = c.fetch(f"{first}:{min(first + 99, total)}", "(UID BODY.PEEK[])")
        check(ok == "OK", f"FETCH as {user}: {rows}")
        for row in rows:
            if not isinstance(row, tuple):
                continue
            uid = int(re.search(rb"UID (\d+)", row[0]).group(1))
            token = re.search(rb"Subject: load (\S+)", row[1])
            check(token is not None, f"{user} uid {uid}: not a message of ours")
            found[uid] = (token.group(1).decode(), body_sha(row[1]))
    check(len(found) == total, f"{user}: {total} exist, {len(found)} were fetched")
    c.logout()
    return validity, found


class Uids:
    """(user, UIDVALIDITY, UID) names one message for ever, whoever shows it (G6, G7)."""

    def __init__(self):
        self.seen = {}
        self.highest = {}

    def observe(self, user, validity, found):
        for uid, what in found.items():
            before = self.seen.setdefault((user, validity, uid), what)
            check(before == what, f"{user} uid {uid}: was {before}, is {what}")
        check(self.highest.get(user, validity) == validity, f"{user}: UIDVALIDITY changed")
        self.highest[user] = validity


def verify(cluster, ledger, users, uids=None, fronts=None):
    """Reads everything back through every front end and compares it with the ledger."""
    uids = uids or Uids()
    for front in fronts or range(1, cluster.n_fronts + 1):
        there = {}
        for user in users:
            validity, found = read_all(cluster, front, user)
            uids.observe(user, validity, found)
            for token, sha in found.values():
                there.setdefault(token, []).append((user, sha))
        lost = [t for t, (o, u, s) in ledger.rows.items() if o == "ok" and t not in there]
        wrong = [t for t, got in there.items()
                 if t in ledger.rows and any((u, s) != ledger.rows[t][1:] for u, s in got)]
        double = [t for t, got in there.items() if len(got) > 1]
        forbidden = [t for t in there if ledger.rows.get(t, ("no",))[0] == "no"]
        check(not lost, f"front end {front}: {len(lost)} acknowledged messages lost: {lost[:5]}")
        check(not wrong, f"front end {front}: {len(wrong)} messages altered: {wrong[:5]}")
        check(not double, f"front end {front}: {len(double)} messages twice: {double[:5]}")
        check(not forbidden,
              f"front end {front}: {len(forbidden)} refused messages are there: {forbidden[:5]}")
    return uids


def quiesce(cluster, timeout=60):
    """Every replica has applied the same index."""
    def equal():
        try:
            rows = cluster.ctl_json("shard", "list")["shards"]
        except ClusterError:
            return False
        return all(r["present"] == min(3, cluster.n_nodes) and r["behind"] == 0 and
                   r["leader"] != "-" for r in rows)
    wait_for("replicas at the same index", equal, timeout, 0.3)


def state_hashes_agree(cluster):
    """T44: stops everything and compares the state hashes of all replicas."""
    quiesce(cluster)
    for p in cluster.fronts:
        p.stop()
    for p in cluster.nodes:
        p.signal(9)
    for p in cluster.nodes:
        p.wait(10)
    table, bad = cluster.state_hashes()
    check(not bad, "; ".join(bad[:3]))
    compared = 0
    for shard, nodes in table.items():
        by_index = {}
        for node, (index, value) in nodes.items():
            by_index.setdefault(index, {}).setdefault(value, []).append(node)
        for index, values in by_index.items():
            check(len(values) == 1, f"shard {shard} index {index}: state hashes differ: {values}")
            compared += len(next(iter(values.values()))) - 1
    check(compared > 0, "no two replicas could be compared")
    show(f"state hashes agree: {len(table)} shards, {compared} comparisons")


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * p / 100))]
