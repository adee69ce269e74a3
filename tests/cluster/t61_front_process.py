#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""T61: a front end's processes. Workers have given up what they should; a worker's crash costs its
own sessions only; SIGHUP swaps the certificate under living sessions and survives nonsense; SIGTERM
drains in time."""

import imaplib
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request

from clusterlib import check, fault, run_test, running, show, wait_for

USER = "one@example.test"


def workers(cluster):
    pid = cluster.fronts[0].pid()
    out = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(x) for x in out.stdout.split()]


def status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def look_at(pid):
    s = status(pid)
    if os.geteuid() == 0:
        check(set(s["Uid"].split()) != {"0"}, f"worker {pid} is root")
        check(s["Groups"].strip() == "", f"worker {pid} has groups {s['Groups']}")
    check(int(s["CapEff"], 16) == 0 and int(s["CapPrm"], 16) == 0, f"worker {pid} has capabilities")
    check(s["NoNewPrivs"] == "1", f"worker {pid} could gain privileges")
    if "asan" not in os.environ.get("TERN_BIN", ""):
        check(s["Seccomp"] == "2", f"worker {pid} has no filter")
    with open(f"/proc/{pid}/limits", encoding="ascii") as f:
        core = re.search(r"Max core file size\s+(\S+)", f.read()).group(1)
    check(core == "0", f"worker {pid} may dump core")


def login(cluster):
    c = imaplib.IMAP4("127.0.0.1", cluster.plain_port("imap", 1), timeout=20)
    c.login(USER, "secret-one")
    return c


def lives(session):
    try:
        return session.noop()[0] == "OK"
    except (OSError, imaplib.IMAP4.error):
        return False


def crash(cluster):
    sessions = [login(cluster) for _ in range(30)]
    before = workers(cluster)
    os.kill(before[0], signal.SIGKILL)
    fault(f"SIGKILL of a worker with {len(sessions)} sessions around")
    began = time.monotonic()
    wait_for("a new worker", lambda: len([w for w in workers(cluster) if w != before[0]]) == 2, 5)
    wait_for("a login", lambda: lives(login(cluster)), 5)
    show(f"T61: after a worker's crash: a new one and a login in {time.monotonic() - began:.2f} s")
    left = sum(lives(s) for s in sessions)
    check(0 < left < len(sessions), f"{left} of {len(sessions)} sessions live on")
    show(f"T61: {left} of {len(sessions)} sessions were the other worker's and live on")


def certificate(cluster):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    address = ("127.0.0.1", cluster.plain_port("imaps", 1))
    with socket.create_connection(address, 10) as raw, context.wrap_socket(raw) as s:
        return s.getpeercert(True)


def reload(cluster):
    held, old = login(cluster), certificate(cluster)
    crt, key = cluster.path("tls", "mail.crt"), cluster.path("tls", "mail.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "30", "-subj", "/CN=localhost", "-keyout", key, "-out", crt],
                   check=True, capture_output=True)
    cluster.fronts[0].signal(signal.SIGHUP)
    wait_for("the new certificate", lambda: certificate(cluster) != old, 10)
    new = certificate(cluster)
    with open(key, "w", encoding="ascii") as f:
        f.write("no key\n")
    cluster.fronts[0].signal(signal.SIGHUP)
    fault("SIGHUP with a broken key file")
    time.sleep(1)
    check(certificate(cluster) == new, "a broken key file changed the certificate")
    check(lives(held), "SIGHUP dropped a session")


def health(cluster):
    try:
        url = f"http://127.0.0.1:{cluster.port('http', 1)}/health"
        return urllib.request.urlopen(url, timeout=5).read().decode().strip()
    except urllib.error.HTTPError as e:
        return e.read().decode().strip()


def drain(cluster):
    held = login(cluster)
    check(health(cluster) == "ok", f"health says {health(cluster)}")
    began = time.monotonic()
    cluster.fronts[0].signal(signal.SIGTERM)
    wait_for("health draining", lambda: health(cluster) == "draining", 5)
    check(lives(held), "SIGTERM dropped an idle session at once")
    try:
        socket.create_connection(("127.0.0.1", cluster.plain_port("imap", 1)), 2).close()
        check(False, "a draining front end accepts connections")
    except ConnectionRefusedError:
        pass
    cluster.fronts[0].wait(30)
    show(f"T61: drained with an idle IMAP session in {time.monotonic() - began:.1f} s")
    goodbye = held.sock.recv(200)
    check(goodbye.startswith(b"* BYE"), f"the idle session was told {goodbye!r}")


def test():
    with running([USER], nodes=1, front_ends=1, workers=2,
                 front_options='limits = { drain_timeout = "8s"; };\n') as cluster:
        check(len(workers(cluster)) == 2, "two workers")
        for pid in workers(cluster):
            look_at(pid)
        crash(cluster)
        reload(cluster)
        drain(cluster)


sys.exit(run_test(test))
