#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
"""T15: kill -9 of a front end with 200 IMAP, 20 POP3 and 20 SMTP sessions, ten of these between the
final dot and its reply. Sessions through the other front end and through the balancer work within
3 s, POP3 locks are free within 60 s, nothing acknowledged is lost, DATA without a reply is stored
once or not at all."""

import random
import subprocess
import sys
import threading
import time

from clusterlib import (Ledger, Load, body_sha, check, fault, make_message, run_test, running, show,
                        slowness, state_hashes_agree, user_password, verify, wait_for)
from rawclient import Imap, Pop3, Smtp

USERS = [f"u{i}@example.test" for i in range(20)]
IMAP_EACH, DOTS = 10, 10


def quote(message):
    return b"\r\n".join(b"." + x if x[:1] == b"." else x for x in message.split(b"\r\n"))


def open_imap(cluster):
    sessions = []
    for i in range(IMAP_EACH * len(USERS)):
        user = USERS[i % len(USERS)]
        c = Imap(cluster.plain_port("imap", 1))
        check(c.login(user, user_password(user))[0] == "OK", f"login {i}")
        check(c.command("SELECT INBOX")[0] == "OK", "SELECT")
        sessions.append(c)
    for c in sessions[::2]:
        c.send(b"idle IDLE\r\n")
    return sessions


def open_pop3(cluster, front=1):
    sessions = []
    for user in USERS:
        c = Pop3(cluster.plain_port("pop3", front))
        answer = c.login(user, user_password(user))
        check(answer[:3] == b"+OK", f"POP3 as {user}: {answer}")
        sessions.append(c)
    return sessions


class Sending:
    """An SMTP session in DATA; all but the final dot has been sent."""

    def __init__(self, cluster, number):
        self.user = USERS[number % len(USERS)]
        self.token = f"dot{number}"
        self.message = make_message(self.token, 3000)
        self.c = Smtp(cluster.plain_port("smtp", 1))
        check(self.c.start("load@elsewhere.test", self.user)[0] == 250, "RCPT")
        check(self.c.command("DATA")[0] == 354, "DATA")
        self.c.send(quote(self.message))
        self.outcome = "no"

    def finish(self):
        self.outcome = "unknown"
        self.c.send(b".\r\n")
        code = self.c.reply()[0]
        self.outcome = "ok" if code == 250 else "no" if code else "unknown"


def workers_of(process):
    out = subprocess.run(["pgrep", "-P", str(process.pid())], capture_output=True, text=True,
                         check=False).stdout
    return [int(x) for x in out.split()]


def kill_between(cluster, sending):
    """All ten dots are on their way when the front end dies."""
    threads = [threading.Thread(target=s.finish) for s in sending[:DOTS]]
    workers = workers_of(cluster.fronts[0])
    for t in threads:
        t.start()
    time.sleep(random.uniform(0, 0.01))
    cluster.fronts[0].kill()
    when = time.monotonic()
    fault("kill -9 of front end 1 with 200 IMAP, 20 POP3, 20 SMTP sessions")
    for t in threads:
        t.join(30)
    wait_for("its workers to be gone", lambda: not any(alive(w) for w in workers), 3)
    return when


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def attempt(session):
    try:
        return session()
    except (OSError, ValueError, AttributeError, TypeError):
        return False


def session_imap(port):
    c = Imap(port, timeout=3)
    good = c.login(USERS[0], user_password(USERS[0]))[0] == "OK" and c.command("SELECT INBOX")[0] == "OK"
    c.close()
    return good


def session_smtp(port):
    c = Smtp(port, timeout=3)
    good = c.start("load@elsewhere.test", USERS[1])[0] == 250
    c.close()
    return good


def session_pop3(port):
    c = Pop3(port, timeout=3)
    good = c.command("CAPA") or b""
    c.close()
    return good[:3] == b"+OK"


def new_sessions(cluster, since):
    """Seconds from the kill until each kind of session worked: straight, then by the balancer."""
    kinds = {"imap": session_imap, "smtp": session_smtp, "pop3": session_pop3}
    times = {}
    for way, port in (("front end 2", lambda s: cluster.plain_port(s, 2)),
                      ("balancer", cluster.port)):
        for name, session in kinds.items():
            wait_for(f"{name} by {way}", lambda n=name, s=session, p=port: attempt(lambda: s(p(n))),
                     20, 0.02)
            times[way] = time.monotonic() - since
    return times


def locks_free(cluster, since):
    for user in USERS:
        c = None

        def got(user=user):
            nonlocal c
            c = Pop3(cluster.plain_port("pop3", 2))
            answer = c.login(user, user_password(user)) or b""
            check(b"[AUTH]" not in answer, f"{user}: {answer}")
            return answer[:3] == b"+OK"

        wait_for(f"the POP3 lock of {user}", got, 90, 0.5)
        c.command("QUIT")
    return time.monotonic() - since


def test():
    with running(USERS, balancer=True) as cluster:
        ledger = Ledger(cluster.path("ledger"))
        load = Load(cluster, USERS, ledger, clients=4, size=2000).start()
        imap, pop3 = open_imap(cluster), open_pop3(cluster)
        sending = [Sending(cluster, n) for n in range(20)]
        when = kill_between(cluster, sending)
        times = new_sessions(cluster, when)
        for c in imap + pop3 + [s.c for s in sending]:
            check(c.rest() is not None, "a session of the dead front end stays open")
        free = locks_free(cluster, when)
        cluster.fronts[0].start()
        cluster.wait_serving()
        time.sleep(1)
        load.stop()
        for s in sending:
            ledger.add(s.token, s.outcome, s.user, body_sha(s.message))
        verify(cluster, ledger, USERS)
        dots = [s.outcome for s in sending[:DOTS]]
        show(f"T15: sessions again after {times['front end 2']:.2f} s, by the balancer after "
             f"{times['balancer']:.2f} s; 20 POP3 locks free after {free:.0f} s; ten dots: "
             f"{dots.count('ok')} acknowledged, {dots.count('unknown')} without a reply; "
             f"{ledger.count('ok')} acknowledged in all, 0 lost")
        check(times["front end 2"] <= 3 * slowness(), "new sessions took too long")
        check(times["balancer"] <= 5 * slowness(), "new sessions by the balancer took too long")
        check(free <= 60 * slowness(), "POP3 locks were held too long")
        state_hashes_agree(cluster)


sys.exit(run_test(test))
