# SPDX-License-Identifier: Apache-2.0
"""The part of the quickstart after installing and building: start, prove, tell, stop."""

import argparse
import email.message
import imaplib
import os
import poplib
import shutil
import smtplib
import ssl
import sys
import tempfile
import time

from loopback import Cluster, ClusterError, NODE_NAME, port_free, random_password, wait_for

BEGAN = float(os.environ.get("QUICKSTART_BEGAN", time.time()))
INSTALLED = float(os.environ.get("QUICKSTART_INSTALLED", BEGAN))
DEFAULT_DIR = "/var/lib/tern-quickstart"
UNFINISHED = "first-start-unfinished"  # a file that is there until the first start succeeded
ONE, TWO = "one@example.test", "two@example.test"


class Steps:
    """Says what happens while it happens, and remembers it for the table."""

    def __init__(self):
        self.rows = []

    def __call__(self, text):
        since = time.time() - BEGAN
        self.rows.append((since, text))
        print(f"[{since:7.1f} s] {text}", flush=True)


def tls(cluster):
    return ssl.create_default_context(cafile=cluster.path("tls", "ca.crt"))


def retried(what, action, timeout=20):
    """A store node that dies is a pause: temporary answers are asked again, nothing else is."""
    def attempt():
        try:
            return action() or True
        except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused,
                smtplib.SMTPServerDisconnected, imaplib.IMAP4.abort,
                poplib.error_proto, ConnectionError) as e:
            if "[AUTH" in str(e) or " 5" in str(e)[:6]:
                raise
            return None
    return wait_for(what, attempt, timeout, 0.2)


def send(cluster, token):
    """By SMTP with STARTTLS, through the balancer."""
    m = email.message.EmailMessage()
    m["From"], m["To"], m["Subject"] = "sender@elsewhere.test", ONE, f"quickstart {token}"
    m["Message-ID"] = f"<{token}@elsewhere.test>"
    m.set_content(f"This is {token}.\nIt was kept by three nodes.\n")
    with smtplib.SMTP("127.0.0.1", cluster.port("smtp"), timeout=20) as s:
        s.starttls(context=tls(cluster))
        s.send_message(m)


def read_imap(cluster, front, token):
    with imaplib.IMAP4("127.0.0.1", cluster.plain_port("imap", front), timeout=20) as c:
        c.starttls(tls(cluster))
        c.login(ONE, cluster.passwords[ONE])
        c.select("INBOX", readonly=True)
        numbers = c.search(None, "SUBJECT", token)[1][0].split()
        bodies = [c.fetch(n, "(BODY.PEEK[])")[1][0][1] for n in numbers]
    if len(bodies) != 1 or token.encode() not in bodies[0]:
        raise ClusterError(f"IMAP at front end {front}: {len(bodies)} messages {token}, not one")
    return bodies[0]


def read_pop3(cluster, front, token, imap_body):
    c = poplib.POP3_SSL("127.0.0.1", cluster.plain_port("pop3s", front), context=tls(cluster),
                        timeout=20)
    c.user(ONE)
    c.pass_(cluster.passwords[ONE])
    found = []
    for n in range(1, c.stat()[0] + 1):
        body = b"\r\n".join(c.retr(n)[1]) + b"\r\n"
        if token.encode() in body:
            found.append(body)
    c.quit()
    if found != [imap_body]:
        raise ClusterError(f"POP3 at front end {front}: not the message that IMAP showed")


def prove(cluster, step, when):
    token = "t" + random_password().lower()
    retried("SMTP delivery", lambda: send(cluster, token))
    step(f"{when}: a message by SMTP with STARTTLS was accepted")
    other = cluster.n_fronts
    body = retried("IMAP", lambda: read_imap(cluster, other, token))
    step(f"{when}: read back by IMAP through front end f{other}")
    retried("POP3", lambda: read_pop3(cluster, other, token, body))
    step(f"{when}: read back by POP3 through front end f{other}, byte for byte the same")


def prove_failover(cluster, step):
    if cluster.n_nodes < 3:
        step(f"with {cluster.n_nodes} store nodes, not three, none may die: none was killed")
        return
    shard = cluster.user_shard(ONE)
    victim = cluster.wait_leader(shard)
    cluster.nodes[victim - 1].kill()
    step(f"killed store node {NODE_NAME.format(victim)}, leader of {ONE}'s shard {shard}")
    prove(cluster, step, "without it")
    cluster.nodes[victim - 1].start()
    step(f"store node {NODE_NAME.format(victim)} started again")


def start(cluster, step):
    cluster.create()
    step(f"configuration, keys and certificates are in {cluster.dir}")
    cluster.start_nodes()
    step(f"{cluster.n_nodes} store nodes run")
    cluster.bootstrap()
    step("cluster bootstrapped, every shard has a leader")
    cluster.ctl("domain", "add", "example.test")
    for user in (ONE, TWO):
        cluster.add_user(user)
    step("domain example.test with accounts one and two")
    cluster.start_fronts()
    cluster.start_balancer()
    cluster.wait_serving()
    wait_for("the balancer sees a front end", lambda: balancer_serves(cluster), 30, 0.2)
    step(f"{cluster.n_fronts} front ends run behind HAProxy")
    cluster.write_env()


def balancer_serves(cluster):
    try:
        with smtplib.SMTP("127.0.0.1", cluster.port("smtp"), timeout=5):
            return True
    except (OSError, smtplib.SMTPException):
        return False


def table(cluster, steps, running):
    print("\n  connect to           for")
    for name, service in (("SMTP (mail for example.test)", "smtp"),
                          ("submission, STARTTLS", "submission"),
                          ("submission, TLS", "submissions"),
                          ("IMAP, STARTTLS", "imap"), ("IMAP, TLS", "imaps"),
                          ("POP3, STARTTLS", "pop3"), ("POP3, TLS", "pop3s"),
                          ("LMTP", "lmtp"), ("health, metrics (HTTP)", "http")):
        print(f"    127.0.0.1:{cluster.port(service):<6}  {name}")
    print("\n  account             password")
    for user, password in cluster.passwords.items():
        print(f"    {user:<16}  {password}")
    print(f"    certificate authority: {cluster.path('tls', 'ca.crt')}")
    print("\n  since start   what was proved")
    for since, text in steps.rows:
        print(f"  {since:9.1f} s   {text}")
    print(f"\n  From the start of the script to this table {time.time() - BEGAN:.1f} s; "
          f"{time.time() - INSTALLED:.1f} s without installing.")
    if running:
        print(f"  The cluster runs on. For scripts: {cluster.path('endpoints.env')}\n"
              f"  Manage it: export TERN_CONFIG={cluster.path('cluster.conf')} "
              f"TERN_KEY={cluster.path('keys', 'operator.key')}\n"
              f"             {cluster.program('ternctl')} --help\n"
              f"  Stop it: cluster-conf/quickstart down --dir {cluster.dir}")


def check_programs(args):
    for program in ("ternctl", "tern-storenode", "tern-frontend"):
        if not os.access(os.path.join(args.bin, program), os.X_OK):
            raise ClusterError(f"no program {program} in {args.bin}")


def make(args, directory):
    return Cluster(directory, args.bin, args.nodes, args.front_ends, args.base_port)


def check_ports(cluster):
    taken = [str(p) for p in cluster.ports() if not port_free(p)]
    if taken:
        raise ClusterError(f"in use by another program: port {', '.join(taken[:8])}"
                           f"{' and more' if len(taken) > 8 else ''}")


def check_directory(path):
    """New or empty: --purge removes it with all that is in it. And the daemons, which become
    users of their own, must get into it."""
    if os.path.isdir(path) and os.listdir(path):
        raise ClusterError(f"{path}: there is something in it already, and no cluster of the "
                           "quickstart; give --dir a new folder")
    above = os.path.dirname(os.path.abspath(path))
    while os.geteuid() == 0 and above != "/":
        if os.path.isdir(above) and not os.stat(above).st_mode & 0o001:
            raise ClusterError(f"{path}: the daemons, which do not stay root, cannot get into "
                               f"{above} (no x for others); give another --dir")
        above = os.path.dirname(above)


def started_before(args):
    """The cluster that is there, or None; one whose first start failed is cleared away."""
    there = os.path.exists(os.path.join(args.dir, "state.json"))
    cluster = Cluster.open(args.dir, args.bin) if there else None
    if not os.path.exists(os.path.join(args.dir, UNFINISHED)):
        return cluster
    print(f"quickstart: the first start in {args.dir} was not finished: starting afresh",
          flush=True)
    if cluster:
        cluster.kill_all()
    shutil.rmtree(args.dir)
    return None


def up(args):
    cluster = started_before(args)
    if cluster:
        if any(p.pid() for p in cluster.nodes + cluster.fronts):
            raise ClusterError(f"{args.dir}: a cluster runs there already (verbs status, down)")
        return resume(cluster, args)
    cluster = make(args, args.dir)
    check_directory(args.dir)
    check_ports(cluster)
    try:
        os.makedirs(args.dir, exist_ok=True)
        with open(cluster.path(UNFINISHED), "w", encoding="ascii"):
            pass
    except OSError as e:
        raise ClusterError(f"{args.dir}: {e.strerror}; be root, or give another --dir") from None
    steps = Steps()
    try:
        start(cluster, steps)
        prove(cluster, steps, "all nodes up")
        prove_failover(cluster, steps)
    except BaseException:
        cluster.kill_all()
        print(f"quickstart: stopped again; the logs are in {cluster.path('log')}",
              file=sys.stderr)
        raise
    os.unlink(cluster.path(UNFINISHED))
    cluster.write_env()
    table(cluster, steps, True)
    return 0


def resume(cluster, args):
    """A cluster that was taken down without --purge; it keeps its size and its ports."""
    check_ports(cluster)
    if args.base_port not in (None, cluster.base):
        print(f"quickstart: {cluster.dir} keeps its ports from {cluster.base}", flush=True)
    steps = Steps()
    cluster.start_nodes()
    cluster.start_fronts()
    cluster.start_balancer()
    cluster.wait_serving()
    steps(f"the cluster in {cluster.dir} runs again")
    wait_for("the balancer sees a front end", lambda: balancer_serves(cluster), 30, 0.2)
    prove(cluster, steps, "all nodes up")
    cluster.write_env()
    table(cluster, steps, True)
    return 0


def check(args):
    directory = tempfile.mkdtemp(prefix="tern-quickstart-")
    os.chmod(directory, 0o755)
    cluster = make(args, directory)
    ok = False
    try:
        steps = Steps()
        start(cluster, steps)
        prove(cluster, steps, "all nodes up")
        prove_failover(cluster, steps)
        table(cluster, steps, False)
        cluster.down()
        print(f"  Taken down again after {time.time() - BEGAN:.1f} s.")
        ok = True
    finally:
        if not ok:
            for p in cluster.nodes + cluster.fronts + [cluster.balancer]:
                print(f"--- {p.name}\n{p.tail()}", file=sys.stderr)
        cluster.kill_all()
        if ok:
            shutil.rmtree(directory)
        else:
            print(f"quickstart: the folder is kept: {directory}", file=sys.stderr)
    return 0


def status(args):
    cluster = Cluster.open(args.dir, args.bin)
    down = 0
    print("  process   pid      port")
    rows = [(p, cluster.node_port(i, "requests")) for i, p in enumerate(cluster.nodes, 1)]
    rows += [(p, cluster.plain_port("imap", i)) for i, p in enumerate(cluster.fronts, 1)]
    rows.append((cluster.balancer, cluster.port("imap")))
    for p, port in rows:
        pid = p.pid()
        down += pid is None
        print(f"  {p.name:<8}  {pid or 'down':<7}  {port}")
    if down < len(rows):
        print(cluster.ctl("cluster", "status", check=False))
    return 1 if down else 0


def down(args):
    cluster = Cluster.open(args.dir, args.bin)
    print("quickstart: stopping", flush=True)
    cluster.down()
    if args.purge:
        shutil.rmtree(cluster.dir)
    print("quickstart: down" + (", data removed" if args.purge else ""))
    return 0


def positive(text):
    if not text.isdecimal() or not 0 < int(text) < 60000:
        raise argparse.ArgumentTypeError(f"{text} is not a number that makes sense")
    return int(text)


def main():
    p = argparse.ArgumentParser(prog="quickstart", usage="see --help")
    p.add_argument("verb", choices=["up", "check", "status", "down"])
    p.add_argument("--bin", required=True)
    p.add_argument("--dir", default=DEFAULT_DIR)
    p.add_argument("--nodes", type=positive, default=3)
    p.add_argument("--front-ends", type=positive, default=2)
    p.add_argument("--base-port", type=positive)
    p.add_argument("--purge", action="store_true")
    args = p.parse_args()
    try:
        if args.verb in ("up", "check"):
            check_programs(args)
        return {"up": up, "check": check, "status": status, "down": down}[args.verb](args)
    except (ClusterError, OSError, smtplib.SMTPException, imaplib.IMAP4.error,
            poplib.error_proto) as e:
        print(f"quickstart: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("quickstart: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
