# SPDX-License-Identifier: Apache-2.0
"""Messages like those that people send: text from the machine's own documentation, every third
with an attachment in base64. Each is one file, named by a number, without a dot to stuff."""

import base64
import gzip
import os
import random
import textwrap

DOC = "/usr/share/doc"


def documentation(rand, want):
    """Some text of English, at least `want` bytes."""
    paths = [os.path.join(here, name) for here, _, names in os.walk(DOC) for name in names
             if name in ("copyright", "README", "NEWS.gz", "changelog.Debian.gz", "changelog.gz")]
    rand.shuffle(paths)
    text = []
    for path in paths:
        try:
            with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
                text.append(f.read(65536).decode("ascii", "ignore"))
        except (OSError, EOFError):
            continue
        if sum(map(len, text)) >= want:
            break
    have = sum(map(len, text))
    if have < want:
        text.append(random_words(rand, want - have))
    return "".join(c for c in "\n".join(text) if c in "\n\t" or " " <= c <= "~")


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


def header(rand, n, kind):
    return [f"From: =?utf-8?q?Ren=C3=A9_{n}?= <sender{n}@elsewhere.test>",
            f"To: User {n} <u{n}@example.test>, \"List, of {n}\" <list@elsewhere.test>",
            f"Subject: Report {n} about {rand.randrange(10 ** 6)} things and their order",
            f"Date: Mon, {1 + n % 28} Sep 2025 {n % 24:02}:{n % 60:02}:00 +0200",
            "MIME-Version: 1.0", f"Content-Type: {kind}", ""]


def plain(rand, n, size, lines):
    out = header(rand, n, "text/plain; charset=us-ascii")
    left = size - sum(len(x) + 2 for x in out)
    at = rand.randrange(len(lines))
    while left > 2:
        line = lines[at % len(lines)][:max(0, left - 2)]
        out.append(line)
        left -= len(line) + 2
        at += 1
    return out


def mixed(rand, n, size, lines):
    """Half of it text, half an attachment."""
    boundary = f"=_{rand.getrandbits(60):x}"
    out = header(rand, n, f'multipart/mixed; boundary="{boundary}"')
    out += ["--" + boundary, "Content-Type: text/plain; charset=us-ascii", ""]
    at = rand.randrange(len(lines))
    while sum(len(x) + 2 for x in out) < size // 2:
        out.append(lines[at % len(lines)])
        at += 1
    out += ["--" + boundary, f'Content-Type: application/octet-stream; name="part{n}.bin"',
            "Content-Transfer-Encoding: base64", ""]
    left = size - sum(len(x) + 2 for x in out) - len(boundary) - 6
    data = base64.b64encode(rand.randbytes(max(3, left * 57 // 78)))
    out += [data[i:i + 76].decode() for i in range(0, len(data), 76)]
    return out + ["--" + boundary + "--"]


HEAD = 66  # what the load driver puts before each


def write_messages(folder, size, count=96, seed=1):
    """Fills a new folder with `count` messages of about `size` bytes."""
    rand = random.Random(seed)
    lines = lines_of(documentation(rand, 4 * 1024 * 1024))
    os.makedirs(folder)
    for n in range(count):
        message = (mixed if n % 3 == 2 else plain)(rand, n, size - HEAD, lines)
        with open(os.path.join(folder, f"{n:04}"), "wb") as f:
            f.write(("\r\n".join(message) + "\r\n").encode("ascii"))
