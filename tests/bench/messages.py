# SPDX-License-Identifier: Apache-2.0
"""Messages like those that people send, the same for the same seed and documentation: by bytes,
more than 40 % base64 of varied data, about 30 % HTML, the rest text and header fields. Each is one
file, named by a number, without a dot to stuff.

Text and HTML are those of Debian's doc-debian, debian-faq and debian-policy where they are
installed (cluster-conf/install bench), else of what documentation the machine has. One in fifty
has SUBJECT_WORD in its subject, another one BODY_WORD in its first part."""

import base64
import gzip
import os
import quopri
import random
import textwrap
import zlib

DOC = "/usr/share/doc"
PROGRAM = "/bin/bash"
FOLDERS = ("debian", "debian-policy")
SUBJECT_WORD, BODY_WORD, EVERY = "quarterly", "zuzuzuzq", 50
BLOCK = 65536
HEAD = 71  # what the load driver puts before each: a Message-ID and X-Bench


def read(path):
    try:
        with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
            data = f.read(4 << 20)
    except (OSError, EOFError):
        return ""
    text = data.decode("ascii", "ignore")
    return "".join(c for c in text if c in "\n\t" or " " <= c <= "~")


def documentation(endings, least):
    """All text in files with these endings, in the order of their paths."""
    for folders in (FOLDERS, ("",)):
        paths = sorted(os.path.join(here, name) for folder in folders
                       for here, _, names in os.walk(os.path.join(DOC, folder))
                       for name in names if name.endswith(endings))
        text = ""
        for path in paths:
            text += read(path)
            if len(text) > 8 * least:
                break
        if len(text) >= least:
            return text
    return random_words(random.Random(1), least)


def random_words(rand, want):
    words = ["".join(rand.choices("etaoinshrdlucmfwygpbvk", k=rand.randint(2, 10)))
             for _ in range(5000)]
    text = []
    while sum(map(len, text)) < want:
        text.append(" ".join(rand.choices(words, k=rand.randint(50, 500))) + "\n")
    return "".join(text)


def lines_of(text):
    """The text as lines of mail: folded, none with a dot first."""
    lines = []
    for line in text.splitlines():
        lines += textwrap.wrap(line, 76, drop_whitespace=False) or [""]
    return [" " + line if line.startswith(".") else line for line in lines]


class Corpus:
    def __init__(self, seed):
        self.rand = random.Random(seed)
        self.text = lines_of(documentation((".txt.gz", "changelog.gz", "README"), 1 << 20))
        self.html = lines_of(documentation((".html",), 1 << 20))
        self.packed = zlib.compress("\n".join(self.text).encode(), 9)
        with open(PROGRAM, "rb") as f:
            self.program = f.read()
        self.bytes = {"base64": 0, "html": 0, "text": 0, "header": 0}

    def some(self, lines, size):
        """Lines from anywhere, about `size` bytes with their ends."""
        out, at = [], self.rand.randrange(len(lines))
        while size > 2:
            line = lines[at % len(lines)][:size - 2]
            out.append(line)
            size -= len(line) + 2
            at += 1
        return out

    def data(self, size):
        """What people attach: most of it compressed already, some of it program or table."""
        out = b""
        while len(out) < size:
            kind, n = self.rand.randrange(10), min(BLOCK, size - len(out))
            if kind < 6:
                out += self.rand.randbytes(n) if n > len(self.packed) // 2 else self.cut(
                    self.packed, n)
            elif kind < 8:
                out += self.cut(self.program, n)
            else:
                out += "".join(f"{self.rand.randrange(10 ** 6)},{self.rand.random():.6f},"
                               f"{self.rand.randrange(100)}\n" for _ in range(n // 20 + 1)
                               ).encode()[:n]
        return out

    def cut(self, data, n):
        at = self.rand.randrange(max(1, len(data) - n))
        return data[at:at + n]

    # ---- parts: lines with their header fields

    def plain_part(self, size):
        return self.part("text", ["Content-Type: text/plain; charset=us-ascii"],
                         self.some(self.text, size))

    def html_part(self, size, quoted):
        if not quoted:
            return self.part("html", ["Content-Type: text/html; charset=us-ascii"],
                             self.some(self.html, size))
        raw = "\n".join(self.some(self.html, size * 24 // 25)).encode()
        lines = quopri.encodestring(raw).decode().split("\n")
        return self.part("html", ["Content-Type: text/html; charset=utf-8",
                                  "Content-Transfer-Encoding: quoted-printable"],
                         ["=2E" + x[1:] if x.startswith(".") else x for x in lines])

    def attachment(self, size):
        text = base64.b64encode(self.data(max(3, size * 57 // 78))).decode()
        name = f"part{self.rand.randrange(10 ** 4)}.bin"
        return self.part("base64", [f'Content-Type: application/octet-stream; name="{name}"',
                                    f'Content-Disposition: attachment; filename="{name}"',
                                    "Content-Transfer-Encoding: base64"],
                         [text[i:i + 76] for i in range(0, len(text), 76)])

    def part(self, kind, fields, lines):
        self.bytes[kind] += length(lines)
        self.bytes["header"] += length(fields) + 2
        return fields + [""] + lines

    # ---- messages

    def envelope(self, n):
        word = SUBJECT_WORD + " " if n % EVERY == 7 else ""
        r = self.rand.randrange
        return [f"From: =?utf-8?q?Ren=C3=A9_{n}?= <sender{n}@elsewhere.test>",
                f"To: User {n} <u{n}@example.test>, \"List, of {n}\" <list@elsewhere.test>",
                f"Subject: Report {n} about {word}{r(10 ** 6)} things and their order",
                f"Date: Mon, {1 + n % 28} Sep 2025 {n % 24:02}:{n % 60:02}:00 +0200",
                "MIME-Version: 1.0"]

    def container(self, kind, make):
        boundary = f"=_{self.rand.getrandbits(60):015x}"
        out = [f'Content-Type: multipart/{kind}; boundary="{boundary}"', ""]
        for part in make:
            out += ["--" + boundary] + part()
        return out + ["--" + boundary + "--"]

    def message(self, n, size):
        kind = n * 29 % EVERY  # 29 and 50 have no common divisor: all kinds come, mixed
        head = self.envelope(n)
        left = max(400, size - HEAD - length(head) - 90)
        if kind < 27:
            body = self.container("mixed", [
                lambda: self.plain_part((left - 250) // 20),
                lambda: self.attachment((left - 250) * 19 // 20)])
        elif kind < 36:
            body = self.container("alternative", [
                lambda: self.plain_part((left - 170) // 4),
                lambda: self.html_part((left - 170) * 3 // 4, True)])
        elif kind < 46:
            body = self.html_part(left, False)
        else:
            body = self.plain_part(left)
        if n % EVERY == 13:
            at = body.index("", 0 if "multipart" not in body[0] else 2)
            body.insert(at + 1, BODY_WORD)
        self.bytes["header"] += length(head)
        return "".join(x + "\r\n" for x in head + body).encode("ascii")


def length(lines):
    return sum(len(x) + 2 for x in lines)


def mixed_size(rand):
    """As mailboxes have them: half below 8 KiB, one in a hundred above 1 MiB."""
    k = rand.random()
    low, high = next(row[1:] for row in ((0.5, 2, 8), (0.8, 8, 32), (0.95, 32, 128),
                                         (0.99, 128, 1024), (1, 1024, 4096)) if k < row[0])
    return int(1024 * rand.uniform(low, high))


def write_messages(folder, size, count=100, first=0, seed=1):
    """Fills a new folder with `count` messages of about `size` bytes, of mixed sizes if that is
    0, numbered from `first`; returns which part of the bytes is what."""
    corpus = Corpus(seed)
    os.makedirs(folder)
    total = 0
    for n in range(count):
        message = corpus.message(n, size or mixed_size(corpus.rand))
        total += len(message)
        with open(os.path.join(folder, f"{first + n:04}"), "wb") as f:
            f.write(message)
    return {kind: n / total for kind, n in corpus.bytes.items()}
