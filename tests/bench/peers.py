# SPDX-License-Identifier: Apache-2.0
"""The servers that Tern is compared with: Debian's Dovecot and Postfix, on ports and in a folder
of their own, set for speed as far as what they promise stays the same."""

import fcntl
import os
import pwd
import shutil
import socket
import subprocess
import sys

import bed
import machine
from loopback import ClusterError, free_base, wait_for

HERE = os.path.dirname(os.path.realpath(__file__))
OWNER = "tern-store"  # of Dovecot's mail
FORMATS = ("sdbox", "maildir")  # each is a domain: u1@sdbox.test
QUEUES = {"postfix": "example.test", "discard": "discard.test"}  # what Postfix does with a domain

# mail_fsync: the answer comes after the sync, as ours does. Processes serve many sessions and
# wait for them: a session for each process, Dovecot's default, costs ten times as much here.
DOVECOT = """
base_dir = {dir}/run
state_dir = {dir}/run
log_path = {dir}/log
instance_name = tern-bench
protocols = imap pop3 lmtp
listen = 127.0.0.1
hostname = mail.example.test
postmaster_address = postmaster@example.test
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
mail_location = %d:~/mail
mail_fsync = always
mail_max_userip_connections = 0
first_valid_uid = 1
default_client_limit = 20000
default_process_limit = 2000
default_vsz_limit = 2G
mail_debug = no
namespace inbox {{
  inbox = yes
}}
passdb {{
  driver = passwd-file
  args = {dir}/users
}}
userdb {{
  driver = passwd-file
  args = {dir}/users
}}
service imap-login {{
  service_count = 0
  process_min_avail = 2
  process_limit = 16
  client_limit = 10000
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  service_count = 0
  process_min_avail = 2
  process_limit = 16
  client_limit = 10000
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service imap {{
  service_count = 4096
  process_min_avail = 16
}}
service pop3 {{
  service_count = 4096
  process_min_avail = 4
}}
service lmtp {{
  service_count = 0
  process_min_avail = 16
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
"""

# Mail to example.test is held: it is put into the queue, durably, and nothing more. That to
# discard.test goes on to a transport that throws it away.
MAIN_CF = """
compatibility_level = 3.6
queue_directory = {dir}/spool
data_directory = {dir}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {dir}/log/mail.log
maillog_file_prefixes = {dir}/log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.test
mydestination =
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = example.test, discard.test
virtual_mailbox_maps = static:ok
virtual_transport = discard:
smtpd_recipient_restrictions = check_recipient_access inline:{{example.test=HOLD}},
    permit_mynetworks, reject
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_peername_lookup = no
smtpd_tls_security_level = none
smtputf8_enable = no
disable_dns_lookups = yes
default_process_limit = 200
in_flow_delay = 0
message_size_limit = 52428800
mailbox_size_limit = 0
"""
MASTER_CF = """
127.0.0.1:{smtp} inet n - n - 200 smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


def install(root):
    r = subprocess.run([os.path.join(root, "cluster-conf", "install"), "bench"], text=True,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if r.returncode != 0:
        raise ClusterError(f"installing Dovecot and Postfix:\n{r.stdout[-3000:]}")


class Peer:
    """A server below a keeper: all of its processes are the keeper's."""

    def __init__(self, home, name):
        self.bed, self.name = home, name
        self.dir = os.path.join(home.dir, name)
        self.ports = {}
        self.keeper = None
        os.makedirs(self.dir)
        os.chmod(self.dir, 0o755)

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as f:
            f.write(text)

    def start(self, *argv):
        with open(os.path.join(self.dir, "output"), "wb") as out, \
                open(os.path.join(self.bed.dir, bed.KEEPERS), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            self.keeper = subprocess.Popen(
                [sys.executable, os.path.join(HERE, "keeper.py"), *argv], stdin=subprocess.PIPE,
                stdout=out, stderr=out, start_new_session=True, pass_fds=[lock.fileno()])
        self.bed.kept.append(self.keeper)
        for port in self.ports.values():
            wait_for(f"{self.name}: port {port}", lambda port=port: self.listens(port))

    def listens(self, port):
        if self.keeper.poll() is not None:
            raise ClusterError(f"{self.name} ended at start:\n{self.tail()}")
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    def tail(self):
        out = ""
        for name in ("output", "log", "log/mail.log"):
            path = os.path.join(self.dir, name)
            if os.path.isfile(path):
                with open(path, encoding="utf-8", errors="replace") as f:
                    out += f"--- {name} of {self.name}\n" + "".join(f.readlines()[-15:])
        return out

    def spent(self):
        """CPU time and bytes written until now, by all processes it has and had."""
        return machine.tree(self.keeper.pid)


class Dovecot(Peer):
    def __init__(self, home, groups):
        super().__init__(home, "dovecot")
        base = free_base(3)
        self.ports = {"imap": base, "pop3": base + 1, "lmtp": base + 2}
        owner = pwd.getpwnam(OWNER)
        hashed = subprocess.run(["doveadm", "pw", "-s", "SHA256-CRYPT", "-r", str(bed.COST),
                                 "-p", bed.PASSWORD], capture_output=True, text=True, check=True)
        mail = os.path.join(self.dir, "mail")
        for f in FORMATS:
            os.makedirs(os.path.join(mail, f))
            shutil.chown(os.path.join(mail, f), OWNER)
        self.write("users", "".join(
            f"u{n}@{f}.test:{hashed.stdout.strip()}:{owner.pw_uid}:{owner.pw_gid}::{mail}/{f}/u{n}:"
            f":userdb_mail={f}:~/mail\n"
            for f in FORMATS for g in groups for n in range(g.first, g.first + g.users)))
        self.write("dovecot.conf", DOVECOT.format(dir=self.dir, **self.ports))
        self.start("dovecot", "-F", "-c", os.path.join(self.dir, "dovecot.conf"))


class Postfix(Peer):
    def __init__(self, home):
        super().__init__(home, "postfix")
        self.ports = {"smtp": free_base(1)}
        self.write("etc/main.cf", MAIN_CF.format(dir=self.dir))
        self.write("etc/master.cf", MASTER_CF.format(**self.ports))
        for sub in ("spool", "data", "log"):
            os.makedirs(os.path.join(self.dir, sub))
        shutil.chown(os.path.join(self.dir, "data"), "postfix")
        self.start("postfix", "-c", os.path.join(self.dir, "etc"), "start-fg")

    def queued(self):
        """Files of the messages that it holds."""
        return [os.path.join(here, name) for here, _, names in
                os.walk(os.path.join(self.dir, "spool", "hold")) for name in names]

    def discarded(self):
        """How many messages it has thrown away."""
        with open(os.path.join(self.dir, "log", "mail.log"), "rb") as f:
            return sum(b"status=sent" in line for line in f)

    def text(self, file):
        r = subprocess.run(["postcat", "-c", os.path.join(self.dir, "etc"), "-bh", file],
                           capture_output=True, check=True)
        return r.stdout
