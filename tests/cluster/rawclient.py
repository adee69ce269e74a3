# SPDX-License-Identifier: Apache-2.0
"""Clients that send exactly the bytes they are given; the tests of hostile input use them."""

import re
import socket
import ssl
import time

STARTTLS = {"smtp": b"STARTTLS\r\n", "submission": b"STARTTLS\r\n", "lmtp": b"STARTTLS\r\n",
            "imap": b"tls STARTTLS\r\n", "pop3": b"STLS\r\n"}
SEEN = 16384


def tls_context(cluster=None):
    """Verifies against the cluster's CA; without a cluster nothing is verified."""
    if cluster:
        return ssl.create_default_context(cafile=cluster.path("tls", "ca.crt"))
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Raw:
    """One connection. The last of what the server sent is kept in .seen, for messages."""

    def __init__(self, port, tls=False, timeout=15, host="127.0.0.1"):
        self.s = socket.create_connection((host, port), timeout)
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.seen = b""
        self.tls = False
        if tls:
            self.start_tls()

    def start_tls(self, context=None):
        self.s = (context or tls_context()).wrap_socket(self.s, server_hostname="localhost")
        self.tls = True

    def send(self, data):
        """False: the server has closed."""
        try:
            self.s.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            return False

    def send_split(self, data, cuts, pause=0.0):
        last = 0
        for cut in sorted(set(cuts)) + [len(data)]:
            if cut > last:
                self.send(data[last:cut])
                last = cut
                time.sleep(pause)

    def fill(self):
        """Takes in what comes next; False at the end of the connection."""
        try:
            got = self.s.recv(65536)
        except (ConnectionResetError, ssl.SSLError, ssl.SSLEOFError):
            got = b""
        self.buffer += got
        self.seen = (self.seen + got)[-SEEN:]
        return bool(got)

    def line(self):
        """The next line without its CRLF; None: closed."""
        while b"\n" not in self.buffer:
            if not self.fill():
                return None
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.rstrip(b"\r")

    def take(self, n):
        while len(self.buffer) < n:
            if not self.fill():
                return None
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def rest(self, timeout=5):
        """Everything until the server closes; None: it did not within the time."""
        self.s.settimeout(timeout)
        try:
            while self.fill():
                pass
        except TimeoutError:
            return None
        data, self.buffer = self.buffer, b""
        return data

    def quiet(self, seconds):
        """What comes within so many seconds."""
        end = time.monotonic() + seconds
        try:
            while (left := end - time.monotonic()) > 0:
                self.s.settimeout(left)
                if not self.fill():
                    break
        except TimeoutError:
            pass
        data, self.buffer = self.buffer, b""
        return data

    def close(self):
        try:
            self.s.close()
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Smtp(Raw):
    """SMTP and LMTP: reply() gives (code, text); code 0: closed without a reply."""

    def __init__(self, port, hello="EHLO test", **options):
        super().__init__(port, **options)
        self.greeting = self.reply()
        if hello:
            self.command(hello)

    def reply(self):
        text = []
        while True:
            line = self.line()
            if line is None:
                return 0, b"\n".join(text)
            text.append(line[4:])
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(text)

    def command(self, line):
        self.send(line.encode() + b"\r\n" if isinstance(line, str) else line + b"\r\n")
        return self.reply()

    def start(self, sender, *recipients):
        """MAIL and RCPTs; the first refusal or the last answer."""
        answer = self.command(f"MAIL FROM:<{sender}>")
        for r in recipients:
            if answer[0] == 250:
                answer = self.command(f"RCPT TO:<{r}>")
        return answer


class Imap(Raw):
    """command() gives (status, text, untagged lines); a literal in a line is kept in place."""

    def __init__(self, port, **options):
        super().__init__(port, **options)
        self.serial = 0
        self.greeting = self.response()

    def response(self):
        """A whole response line, literals included; None: closed."""
        whole = b""
        while True:
            line = self.line()
            if line is None:
                return None
            whole += line
            m = re.search(rb"\{(\d+)\}$", line)
            if not m:
                return whole
            data = self.take(int(m.group(1)))
            if data is None:
                return None
            whole += b"\r\n" + data

    def finish(self, tag):
        untagged = []
        while True:
            line = self.response()
            if line is None:
                return "CLOSED", b"", untagged
            if line.startswith(tag + b" "):
                status, _, text = line[len(tag) + 1:].partition(b" ")
                return status.decode(), text, untagged
            untagged.append(line)

    def command(self, text, literal=None):
        """literal: sent after the "+" that answers a {n} at the end of text."""
        self.serial += 1
        tag = b"c%d" % self.serial
        text = text.encode() if isinstance(text, str) else text
        self.send(tag + b" " + text + b"\r\n")
        if literal is not None:
            line = self.response()
            if line is None or not line.startswith(b"+"):
                status, _, rest = (line or b"x CLOSED ").partition(b" ")[2].partition(b" ")
                return status.decode(), rest, []
            self.send(literal + b"\r\n")
        return self.finish(tag)

    def login(self, user, password):
        return self.command(f'LOGIN "{user}" "{password}"')

    def append(self, mailbox, message, extra=""):
        return self.command(f"APPEND {mailbox} {extra}{{{len(message)}}}", message)


class Pop3(Raw):
    """command() gives the first line; lines() what follows until the lone dot, unstuffed."""

    def __init__(self, port, **options):
        super().__init__(port, **options)
        self.greeting = self.line()

    def command(self, text):
        self.send(text.encode() + b"\r\n" if isinstance(text, str) else text + b"\r\n")
        return self.line()

    def login(self, user, password):
        answer = self.command("USER " + user)
        return self.command("PASS " + password) if answer[:3] == b"+OK" else answer

    def body(self):
        """The octets of a multi-line answer, dots taken off."""
        out = []
        while True:
            while b"\r\n" not in self.buffer:
                if not self.fill():
                    return None
            line, _, self.buffer = self.buffer.partition(b"\r\n")
            if line == b".":
                return b"".join(out)
            out.append((line[1:] if line[:1] == b"." else line) + b"\r\n")


CLIENTS = {"smtp": Smtp, "submission": Smtp, "submissions": Smtp, "lmtp": Smtp, "imap": Imap,
           "imaps": Imap, "pop3": Pop3, "pop3s": Pop3}
