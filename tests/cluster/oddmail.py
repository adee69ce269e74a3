# SPDX-License-Identifier: Apache-2.0
"""Messages as they should not be, and some that are merely unusual; all from one seeded source."""


def words(rand, n):
    return " ".join("".join(rand.choice("abcdefghij") for _ in range(rand.randint(1, 9)))
                    for _ in range(n)).encode()


def deep(rand, depth):
    boundary = b"b%d" % depth
    inner = (b"Content-Type: text/plain\r\n\r\nleaf\r\n" if depth == 0 else deep(rand, depth - 1))
    return (b"Content-Type: multipart/mixed; boundary=" + boundary + b"\r\n\r\n--" + boundary +
            b"\r\n" + inner + b"\r\n--" + boundary + b"--\r\n")


def odd(rand, kind):
    subject = b"Subject: odd\r\n"
    eight = bytes(c for c in (rand.randrange(1, 256) for _ in range(4000)) if c not in (10, 13))
    kinds = {
        "8bit": lambda: subject + b"\r\n" + eight + b"\r\n",
        "long line": lambda: subject + b"\r\n" + b"x" * rand.randint(1000, 60000) + b"\r\nend\r\n",
        "dots": lambda: subject + b"\r\n.\r\n..\r\n...\r\n.x\r\n.\r\n.\r\n",
        "deep": lambda: subject + b"MIME-Version: 1.0\r\n" + deep(rand, rand.randint(1, 120)),
        "empty body": lambda: subject + b"\r\n",
        "headers only": lambda: subject + b"X-Other: " + words(rand, 5) + b"\r\n",
        "no headers": lambda: b"\r\n" + words(rand, 30) + b"\r\n",
        "folded": lambda: subject + b"X-Long: a\r\n" + b"\t" * 3 + words(rand, 3) + b"\r\n " +
        words(rand, 4) + b"\r\n\r\nbody\r\n",
        "many headers": lambda: b"".join(b"X-%d: %s\r\n" % (i, words(rand, 4)) for i in range(300))
        + b"\r\nbody\r\n",
        "big header": lambda: b"X-Big: " + b"y" * 30000 + b"\r\n\r\nbody\r\n",
        "no colon": lambda: b"this is no header\r\n" + words(rand, 10) + b"\r\n\r\nbody\r\n",
        "blank lines": lambda: subject + b"\r\n" + b"\r\n" * rand.randint(1, 500),
        "big": lambda: subject + b"\r\n" + b"".join(words(rand, 12) + b"\r\n" for _ in range(9000)),
        "tabs": lambda: subject + b"\r\n\t \t\r\n \r\n\t\r\n",
        "broken mime": lambda: subject + b"Content-Type: multipart/mixed; boundary=\"q\"\r\n\r\n--q\r\n"
        b"\r\n--q\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\n--q\r\n--qq--\r\n",
        "base64": lambda: subject + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QUJD" * 19 +
        b"\r\n=\r\n",
    }
    return kinds[kind]()


KINDS = ["8bit", "long line", "dots", "deep", "empty body", "headers only", "no headers", "folded",
         "many headers", "big header", "no colon", "blank lines", "big", "tabs", "broken mime",
         "base64"]


# ---- well-formed messages whose every section is known

class Node:
    """An entity: its header with the empty line, its body, its kind and what is within."""

    def __init__(self, kind, header, body, children=()):
        self.kind, self.header, self.body, self.children = kind, header, body, list(children)

    def raw(self):
        return self.header + self.body

    def sections(self, prefix=""):
        """IMAP section -> octets; of a message, or of one inside another."""
        dot = prefix + "." if prefix else ""
        yield dot + "HEADER", self.header
        yield dot + "TEXT", self.body
        yield from self.parts(dot) if self.kind.startswith("multipart/") else self.only(dot)

    def only(self, dot):
        yield dot + "1", self.body
        if self.kind == "message/rfc822":
            yield from self.children[0].sections(dot + "1")

    def parts(self, dot):
        for i, child in enumerate(self.children, 1):
            yield f"{dot}{i}", child.body
            yield f"{dot}{i}.MIME", child.header
            if child.kind.startswith("multipart/"):
                yield from child.parts(f"{dot}{i}.")
            elif child.kind == "message/rfc822":
                yield from child.children[0].sections(f"{dot}{i}")


def lines(rand, n):
    return b"".join(words(rand, rand.randint(0, 12)) + b"\r\n" for _ in range(n))


def leaf(rand, top=b""):
    kind, encoding = rand.choice([("text/plain", "7bit"), ("text/html", "quoted-printable"),
                                  ("application/octet-stream", "base64"), ("image/png", "base64")])
    body = lines(rand, rand.choice([0, 1, 3, 40, 3000 if rand.random() < 0.05 else 5]))
    if rand.random() < 0.3:
        body = body[:-2]
    header = (f"Content-Type: {kind};\r\n\tcharset=\"us-ascii\"; name=\"a \\\"b\\\" c.txt\"\r\n"
              f"Content-Transfer-Encoding: {encoding}\r\n"
              f"Content-Disposition: attachment; filename=\"x.txt\"\r\n").encode()
    return Node(kind, top + header + b"\r\n", body)


def multipart(rand, depth, top=b""):
    boundary = b"=_%x" % rand.randrange(1 << 60)
    kind = rand.choice(["mixed", "alternative", "related"])
    children = [entity(rand, depth - 1) for _ in range(rand.randint(1, 4))]
    body = lines(rand, rand.randint(0, 2))
    for child in children:
        body += b"--" + boundary + b"\r\n" + child.raw() + b"\r\n"
    body += b"--" + boundary + b"--\r\n" + lines(rand, rand.randint(0, 2))
    header = b"Content-Type: multipart/" + kind.encode() + b"; boundary=\"" + boundary + b"\"\r\n"
    return Node("multipart/" + kind, top + header + b"\r\n", body, children)


def inner_message(rand, depth, top=b""):
    child = message(rand, depth - 1)
    return Node("message/rfc822", top + b"Content-Type: message/rfc822\r\n\r\n", child.raw(), [child])


def entity(rand, depth, top=b""):
    make = leaf if depth <= 0 else rand.choice([leaf, multipart, multipart, inner_message])
    return make(rand, top=top) if make is leaf else make(rand, depth, top=top)


def message(rand, depth):
    """With an envelope that needs quoting."""
    subject = rand.choice([b'say "hello" \\ there', b"=?utf-8?q?gr=C3=BC=C3=9Fe?=", b"plain words",
                           b"folded\r\n\tonto the next", b"gr\xc3\xbc\xc3\x9fe", b"a % * { ( ] b"])
    top = (b"From: \"O'Neil, \\\"Jo\\\" (x)\" <jo@elsewhere.test>\r\n"
           b"To: friends: a@x.test, B <b@y.test>;, c@z.test\r\nSubject: " + subject +
           b"\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\n"
           b"Message-ID: <%x@elsewhere.test>\r\nMIME-Version: 1.0\r\n" % rand.randrange(1 << 60))
    return entity(rand, depth, top)
