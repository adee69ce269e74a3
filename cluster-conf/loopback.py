# SPDX-License-Identifier: Apache-2.0
"""A whole Tern cluster on this machine's loopback: files, processes, the balancer before them.

Used by the quickstart and by the tests, so what the tests break is what people run. One folder
holds everything: configuration, keys, data, logs, process ids. A cluster can be taken up again
from its folder by another process (Cluster.open)."""

import json
import os
import pwd
import random
import re
import signal
import socket
import subprocess
import time

NODE_NAME = "s{}"
FRONT_NAME = "f{}"
# What a front end listens on, in the order of its ports; the balancer has the same.
SERVICES = ["smtp", "submission", "submissions", "lmtp", "imap", "imaps", "pop3", "pop3s"]


class ClusterError(Exception):
    """Something did not work; the text says what and where to look."""


def wait_for(what, condition, timeout=30.0, step=0.05):
    """Waits until condition() is true and returns its value; ClusterError names `what`."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise ClusterError(f"{what}: not within {timeout:g} s")
        time.sleep(step)


def port_free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_base(count):
    """A port from which `count` ports are free at this moment."""
    for _ in range(200):
        base = random.randrange(12000, 31000, 100)
        if all(port_free(p) for p in range(base, base + count)):
            return base
    raise ClusterError(f"no {count} free ports in a row between 12000 and 31000")


def process_start(pid):
    """Start time of a process in clock ticks: tells it from a later one with the same number."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            fields = f.read().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


class Process:
    """One daemon, known by its pid file (pid and start time)."""

    def __init__(self, cluster, name, argv):
        self.cluster, self.name, self.argv = cluster, name, argv
        self.pid_file = os.path.join(cluster.dir, "run", name + ".pid")
        self.log = os.path.join(cluster.dir, "log", name + ".log")
        self.child = None
        self.env = {}  # beyond ours, at every start

    def pid(self):
        try:
            with open(self.pid_file, encoding="ascii") as f:
                pid, start = f.read().split()
        except (OSError, ValueError):
            return None
        if self.child and self.child.pid == int(pid):
            # A zombie whose other threads still end has its files open: wait for all of it.
            return None if self.child.poll() is not None else int(pid)
        return int(pid) if process_start(int(pid)) == start else None

    def start(self):
        if self.pid():
            return
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, env=dict(os.environ, **self.env))
        with open(self.pid_file, "w", encoding="ascii") as f:
            f.write(f"{self.child.pid} {process_start(self.child.pid) or 0}\n")

    def signal(self, signo):
        pid = self.pid()
        if pid:
            os.kill(pid, signo)
        return pid is not None

    def wait(self, timeout=40.0):
        wait_for(f"{self.name}: end of the process", lambda: self.pid() is None, timeout)

    def kill(self):
        """kill -9, and gone when this returns. Children of a front end die with it."""
        if self.signal(signal.SIGKILL):
            self.wait(10)

    def stop(self, timeout=40.0):
        if not self.signal(signal.SIGTERM):
            return
        self.signal(signal.SIGCONT)
        try:
            self.wait(timeout)
        except ClusterError:
            self.kill()

    def tail(self, lines=15):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as f:
                return "".join(f.readlines()[-lines:])
        except OSError:
            return ""


class Cluster:
    def __init__(self, directory, bin_dir, nodes=3, front_ends=2, base_port=None, shards=None,
                 balancer=True, node_options="", front_options="", workers=1):
        self.dir = os.path.abspath(directory)
        self.bin = os.path.abspath(bin_dir)
        self.n_nodes, self.n_fronts = nodes, front_ends
        self.shards = shards
        self.balancer_wanted = balancer
        self.node_options, self.front_options = node_options, front_options
        self.workers = workers
        count = 30 * (1 + front_ends) + 10 * nodes
        self.base = base_port or free_base(count)
        self.passwords = {}
        self._processes()

    def _processes(self):
        self.nodes = [
            Process(self, NODE_NAME.format(i),
                    [self.program("tern-storenode"), "--config", self.path(f"node-{i}.conf")])
            for i in range(1, self.n_nodes + 1)]
        self.fronts = [
            Process(self, FRONT_NAME.format(i),
                    [self.program("tern-frontend"), "--config", self.path(f"front-{i}.conf")])
            for i in range(1, self.n_fronts + 1)]
        self.balancer = Process(self, "haproxy",
                                ["haproxy", "-W", "-db", "-f", self.path("haproxy.cfg")])

    # ---- paths and ports

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def program(self, name):
        return os.path.join(self.bin, name)

    def node_port(self, i, what):
        return self.base + 10 * (i - 1) + {"requests": 0, "raft": 1, "status": 2}[what]

    def port(self, service, front=0):
        """front 0: the balancer."""
        base = self.base + 10 * self.n_nodes + 30 * front
        return base + (SERVICES + ["http"]).index(service)

    def plain_port(self, service, front):
        """A front end's own port, without the PROXY protocol: for scripts and tests."""
        return self.port(service, front) + 10

    def ports(self):
        """Every port this cluster listens on."""
        ports = [self.node_port(i, what) for i in range(1, self.n_nodes + 1)
                 for what in ("requests", "raft", "status")]
        if self.balancer_wanted:
            ports += [self.port(s) for s in SERVICES + ["http"]]
        for i in range(1, self.n_fronts + 1):
            ports += [self.port(s, i) for s in SERVICES + ["http"]]
            ports += [self.plain_port(s, i) for s in SERVICES]
        return ports

    def data_dir(self, i):
        return self.path("data", NODE_NAME.format(i))

    # ---- files

    def create(self):
        for sub in ("", "keys", "data", "log", "run", "tls"):
            os.makedirs(self.path(sub), exist_ok=True)
        for parent in ("", "data", "log"):
            os.chmod(self.path(parent), 0o755)
        keys = {name: self._key(name) for name in
                [p.name for p in self.nodes + self.fronts] + ["operator"]}
        self._certificate()
        self._write("cluster.conf", self._cluster_conf(keys))
        for i in range(1, self.n_nodes + 1):
            self._write(f"node-{i}.conf", self._node_conf(i))
        for i in range(1, self.n_fronts + 1):
            self._write(f"front-{i}.conf", self._front_conf(i))
        if self.balancer_wanted:
            self._write("haproxy.cfg", self._haproxy_cfg())
        self.save()
        return self

    def _write(self, name, text, mode=0o644):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(self.path(name), mode)

    def _key(self, name):
        """Makes a key pair and returns the public key."""
        out = self.path("keys", name + ".key")
        if not os.path.exists(out):
            self.run([self.program("ternctl"), "keygen", "--out", out])
        printed = self.run([self.program("ternctl"), "keygen", "--public", out])
        return printed.strip()

    def _cluster_conf(self, keys):
        nodes = ",\n".join(
            f'  {{ name = "{p.name}"; zone = "z{i}";\n'
            f'    address = "127.0.0.1:{self.node_port(i, "requests")}"; '
            f'raft = "127.0.0.1:{self.node_port(i, "raft")}";\n'
            f'    public_key = "{keys[p.name]}"; }}'
            for i, p in enumerate(self.nodes, 1))
        fronts = ",\n".join(f'  {{ name = "{p.name}"; public_key = "{keys[p.name]}"; }}'
                            for p in self.fronts)
        shards = f"shards = {self.shards};\n" if self.shards else ""
        return (f'name = "loopback";\n{shards}nodes = (\n{nodes}\n);\n'
                f'front_ends = (\n{fronts}\n);\n'
                f'operators = ( {{ name = "operator"; public_key = "{keys["operator"]}"; }} );\n')

    def _user(self, name):
        """The user a daemon becomes: its own where it exists and we are root."""
        if os.geteuid() != 0:
            return ""
        try:
            pwd.getpwnam(name)
        except KeyError:
            return ""
        return name

    def _node_conf(self, i):
        return (f'name = "{NODE_NAME.format(i)}";\n'
                f'cluster = "{self.path("cluster.conf")}";\n'
                f'key = "{self.path("keys", NODE_NAME.format(i) + ".key")}";\n'
                f'data = "{self.data_dir(i)}";\n'
                f'log_dir = "{self.path("log", NODE_NAME.format(i) + ".engine")}";\n'
                f'status = "127.0.0.1:{self.node_port(i, "status")}";\n'
                f'user = "{self._user("tern-store")}";\n'
                f'{self.node_options}')

    def _front_conf(self, i):
        listeners = []
        for service in SERVICES:
            for port, proxy in ((self.port(service, i), "true"),
                                (self.plain_port(service, i), "false")):
                listeners.append(f'  {{ kind = "{service}"; address = "127.0.0.1:{port}"; '
                                 f'proxy = {proxy}; }}')
        return (f'name = "{FRONT_NAME.format(i)}";\n'
                f'cluster = "{self.path("cluster.conf")}";\n'
                f'key = "{self.path("keys", FRONT_NAME.format(i) + ".key")}";\n'
                f'hostname = "mail.example.test";\ndefault_domain = "example.test";\n'
                f'workers = {self.workers};\n'
                f'user = "{self._user("tern-frontend")}";\n'
                f'status = "127.0.0.1:{self.port("http", i)}";\n'
                f'trusted = [ "127.0.0.0/8", "::1/128" ];\n'
                f'tls = {{ certificate = "{self.path("tls", "mail.crt")}"; '
                f'key = "{self.path("tls", "mail.key")}"; }};\n'
                f'listeners = (\n' + ",\n".join(listeners) + "\n);\n" + self.front_options)

    def _haproxy_cfg(self):
        out = ["global", "    maxconn 4000", "defaults", "    mode tcp",
               "    timeout connect 5s", "    timeout client 31m", "    timeout server 31m",
               "    option redispatch 1", ""]
        for service in SERVICES + ["http"]:
            out += [f"listen {service}", f"    bind 127.0.0.1:{self.port(service)}"]
            if service == "http":
                out.append("    mode http")
            out.append("    option httpchk GET /health")
            for i, p in enumerate(self.fronts, 1):
                proxy = "" if service == "http" else " send-proxy-v2"
                out.append(f"    server {p.name} 127.0.0.1:{self.port(service, i)}{proxy} "
                           f"check port {self.port('http', i)} inter 1s fall 2 rise 1")
            out.append("")
        return "\n".join(out)

    def _certificate(self):
        """An own CA and a certificate of it for mail.example.test and localhost."""
        ca, key = self.path("tls", "ca.crt"), self.path("tls", "ca.key")
        if os.path.exists(self.path("tls", "mail.crt")):
            return
        ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        self.run(["openssl", "req", "-x509", *ec, "-days", "3650", "-keyout", key, "-out", ca,
                  "-subj", "/CN=Tern quickstart CA",
                  "-addext", "basicConstraints=critical,CA:TRUE",
                  "-addext", "keyUsage=critical,keyCertSign,cRLSign"])
        csr, ext = self.path("tls", "mail.csr"), self.path("tls", "mail.ext")
        self._write("tls/mail.ext",
                    "subjectAltName=DNS:mail.example.test,DNS:localhost,IP:127.0.0.1\n"
                    "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n"
                    "extendedKeyUsage=serverAuth\n")
        self.run(["openssl", "req", *ec, "-keyout", self.path("tls", "mail.key"), "-out", csr,
                  "-subj", "/CN=mail.example.test"])
        self.run(["openssl", "x509", "-req", "-in", csr, "-CA", ca, "-CAkey", key,
                  "-CAcreateserial", "-days", "825", "-extfile", ext,
                  "-out", self.path("tls", "mail.crt")])
        os.chmod(self.path("tls", "mail.key"), 0o600)

    # ---- remembering

    def save(self):
        state = {"bin": self.bin, "nodes": self.n_nodes, "front_ends": self.n_fronts,
                 "base_port": self.base, "shards": self.shards,
                 "balancer": self.balancer_wanted, "passwords": self.passwords}
        self._write("state.json", json.dumps(state, indent=1) + "\n", 0o600)

    @classmethod
    def open(cls, directory, bin_dir=None):
        try:
            with open(os.path.join(directory, "state.json"), encoding="utf-8") as f:
                s = json.load(f)
        except OSError as e:
            raise ClusterError(f"{directory}: no cluster there ({e.strerror})") from None
        c = cls(directory, bin_dir or s["bin"], s["nodes"], s["front_ends"], s["base_port"],
                s["shards"], s["balancer"])
        c.passwords = s["passwords"]
        return c

    def write_env(self):
        """endpoints.env: what a script needs to use the cluster."""
        lines = []
        for service in SERVICES + ["http"]:
            lines.append(f"{service.upper()}=127.0.0.1:{self.port(service)}")
            for i in range(1, self.n_fronts + 1):
                port = self.port("http", i) if service == "http" else self.plain_port(service, i)
                lines.append(f"{service.upper()}_{i}=127.0.0.1:{port}")
        for i, (user, password) in enumerate(self.passwords.items(), 1):
            lines += [f"USER_{i}={user}", f"PASS_{i}={password}"]
        lines.append(f"CA_FILE={self.path('tls', 'ca.crt')}")
        lines += [f"STORE_PID_{i}={p.pid() or ''}" for i, p in enumerate(self.nodes, 1)]
        lines += [f"FRONT_PID_{i}={p.pid() or ''}" for i, p in enumerate(self.fronts, 1)]
        lines += [f"TERN_CONFIG={self.path('cluster.conf')}",
                  f"TERN_KEY={self.path('keys', 'operator.key')}"]
        self._write("endpoints.env", "\n".join(lines) + "\n", 0o600)

    # ---- commands

    def run(self, argv, text=None, check=True):
        r = subprocess.run(argv, input=text, capture_output=True, text=True, check=False,
                           timeout=120)
        if check and r.returncode != 0:
            raise ClusterError(f"{' '.join(argv)}: exit status {r.returncode}: "
                               f"{(r.stderr or r.stdout).strip()}")
        return r.stdout

    def ctl(self, *args, text=None, check=True):
        return self.run([self.program("ternctl"), "--config", self.path("cluster.conf"),
                         "--key", self.path("keys", "operator.key"), *args], text, check)

    def ctl_json(self, *args):
        return json.loads(self.ctl("--json", *args))

    # ---- life

    def start_nodes(self):
        for p in self.nodes:
            p.start()
        for i, p in enumerate(self.nodes, 1):
            self._listening(p, self.node_port(i, "requests"))

    def start_fronts(self):
        for i, p in enumerate(self.fronts, 1):
            p.start()
            self._listening(p, self.plain_port("imap", i))

    def start_balancer(self):
        if self.balancer_wanted:
            self.balancer.start()
            self._listening(self.balancer, self.port("imap"))

    def _listening(self, process, port, timeout=30):
        def up():
            if process.pid() is None:
                raise ClusterError(f"{process.name} ended at start:\n{process.tail()}")
            with socket.socket() as s:
                s.settimeout(1)
                return s.connect_ex(("127.0.0.1", port)) == 0
        wait_for(f"{process.name}: port {port}", up, timeout)

    def bootstrap(self):
        self.ctl("cluster", "bootstrap")

    def add_user(self, address, password=None, quota=None, hash_=None):
        password = password or random_password()
        extra = (["--quota", quota] if quota else []) + (["--hash", hash_] if hash_ else [])
        self.ctl("user", "add", address, "--password-file", "-", *extra, text=password + "\n")
        self.passwords[address] = password
        self.save()
        return password

    def up(self, users=("one@example.test", "two@example.test")):
        """From nothing to a cluster that takes mail."""
        self.create()
        self.start_nodes()
        self.bootstrap()
        domains = {u.split("@")[1] for u in users}
        for d in sorted(domains):
            self.ctl("domain", "add", d)
        for u in users:
            self.add_user(u)
        self.start_fronts()
        self.start_balancer()
        self.wait_serving()
        self.write_env()
        return self

    def wait_serving(self, timeout=30):
        """Every front end says it has a store."""
        for i in range(1, self.n_fronts + 1):
            wait_for(f"{FRONT_NAME.format(i)}: health", lambda i=i: self.health(i) == 200, timeout)

    def health(self, front):
        return http_status(self.port("http", front))

    def down(self):
        for p in [self.balancer] + self.fronts:
            p.stop(35)
        for p in self.nodes:  # all at once: nobody is left to take leaderships
            p.signal(signal.SIGCONT)
            p.signal(signal.SIGTERM)
        for p in self.nodes:
            p.stop(40)

    def kill_all(self):
        for p in [self.balancer] + self.fronts + self.nodes:
            p.kill()

    # ---- what is where

    def user_shard(self, address):
        return int(self.ctl_json("user", "show", address)["shard"])

    def leader(self, shard):
        """Number of the node that leads, or None."""
        out = self.ctl_json("shard", "show", str(shard))
        led = [r["node"] for r in out["replicas"] if r["role"] == "leader"]
        return int(re.sub(r"\D", "", led[0])) if led else None

    def wait_leader(self, shard, not_node=None, timeout=30):
        def led():
            try:
                n = self.leader(shard)
            except ClusterError:
                return None
            return n if n and n != not_node else None
        return wait_for(f"shard {shard}: a leader", led, timeout, 0.2)

    def state_hashes(self):
        """Stops nothing: needs the nodes down. {shard: {node: (index, hash)}} plus complaints."""
        table, bad = {}, []
        for i in range(1, self.n_nodes + 1):
            out = self.run([self.program("tern-storenode"), "--verify", self.data_dir(i),
                            "--json"], check=False)
            for row in json.loads(out):
                table.setdefault(row["shard"], {})[i] = (row["index"], row["hash"])
                if not row["ok"]:
                    bad.append(f"node {i} shard {row['shard']}: {row['why']}")
        return table, bad


def http_status(port, path="/health", timeout=2):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout) as s:
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                      .encode())
            head = s.recv(64)
        return int(head.split()[1])
    except (OSError, IndexError, ValueError):
        return 0


def random_password():
    alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    return "".join(random.SystemRandom().choice(alphabet) for _ in range(16))
