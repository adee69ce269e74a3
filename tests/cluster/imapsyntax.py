# SPDX-License-Identifier: Apache-2.0
"""A strict reader of FETCH responses (RFC 3501, section 9): whatever is not exactly the grammar is
a SyntaxError with the place. Values: bytes, None for NIL, int, lists; a body is a Part."""

import re
from dataclasses import dataclass, field


@dataclass
class Part:
    """One body of a BODYSTRUCTURE; children of a multipart or the body of a message/rfc822."""
    kind: str = ""           # "text/plain", lower case
    params: dict = field(default_factory=dict)
    encoding: str = ""
    size: int = 0
    lines: int = 0
    envelope: list = None
    children: list = field(default_factory=list)
    disposition: object = None

    def numbered(self, prefix=""):
        """Section number -> Part, as FETCH counts them."""
        if not self.kind.startswith("multipart/"):
            me = prefix or "1"
            yield me, self
            if self.children:
                yield from self.children[0].numbered_below(me)
            return
        yield from self.numbered_below(prefix)

    def numbered_below(self, prefix):
        if not self.kind.startswith("multipart/"):
            yield from self.numbered(prefix + ".1" if prefix else "1")
            return
        for i, child in enumerate(self.children, 1):
            number = f"{prefix}.{i}" if prefix else str(i)
            if child.kind.startswith("multipart/"):
                yield number, child
                yield from child.numbered_below(number)
            else:
                yield from child.numbered(number)


class Reader:
    ATOM = re.compile(rb"[!#$&'+,\-./0-9:;<=>?@A-Z^_`a-z|]+")
    SECTION = re.compile(rb"BODY\[[^\]]*\](<[0-9]+>)?")
    NUMBER = re.compile(rb"0|[1-9][0-9]{0,9}")
    TEXT = re.compile(rb'[\x01-\x09\x0b\x0c\x0e-\x21\x23-\x5b\x5d-\x7f]*')

    def __init__(self, data):
        self.data, self.at = data, 0

    def fail(self, want):
        raise SyntaxError(f"{want} expected at octet {self.at}: …{self.data[max(0, self.at - 30):self.at]!r}"
                          f" <here> {self.data[self.at:self.at + 40]!r}")

    def peek(self, text):
        return self.data.startswith(text, self.at)

    def want(self, text):
        if self.data[self.at:self.at + len(text)].upper() != text.upper():
            self.fail(repr(text))
        self.at += len(text)

    def match(self, pattern, name):
        m = pattern.match(self.data, self.at)
        if not m:
            self.fail(name)
        self.at = m.end()
        return m.group()

    def number(self):
        n = int(self.match(self.NUMBER, "number"))
        return n if n < 1 << 32 else self.fail("32-bit number")

    def quoted(self):
        self.want(b'"')
        out = b""
        while True:
            out += self.match(self.TEXT, "text")
            if self.peek(b'\\"') or self.peek(b"\\\\"):
                out += self.data[self.at + 1:self.at + 2]
                self.at += 2
                continue
            self.want(b'"')
            return out

    def literal(self):
        n = int(self.match(re.compile(rb"\{([0-9]+)\}\r\n"), "literal")[1:-3])
        value = self.data[self.at:self.at + n]
        if len(value) != n or b"\0" in value:
            self.fail("literal's octets, without NUL")
        self.at += n
        return value

    def string(self):
        return self.literal() if self.peek(b"{") else self.quoted()

    def nstring(self):
        if self.peek(b"NIL"):
            self.at += 3
            return None
        return self.string()

    def listed(self, item):
        """One or more items within parentheses, separated by one space."""
        self.want(b"(")
        out = [item()]
        while not self.peek(b")"):
            self.want(b" ")
            out.append(item())
        self.want(b")")
        return out

    def nlist(self, item):
        if self.peek(b"NIL"):
            self.at += 3
            return None
        return self.listed(item)

    # ---- ENVELOPE

    def address(self):
        address = self.listed(self.nstring)
        return address if len(address) == 4 else self.fail("address of four")

    def addresses(self):
        """1*address: nothing between them."""
        if self.peek(b"NIL"):
            self.at += 3
            return None
        self.want(b"(")
        out = []
        while not self.peek(b")"):
            out.append(self.address())
        self.want(b")")
        return out if out else self.fail("at least one address")

    def envelope(self):
        self.want(b"(")
        out = []
        for i, item in enumerate([self.nstring] * 2 + [self.addresses] * 6 + [self.nstring] * 2):
            if i:
                self.want(b" ")
            out.append(item())
        self.want(b")")
        return out

    # ---- BODY, BODYSTRUCTURE

    def params(self):
        flat = self.nlist(self.string) or []
        if len(flat) % 2:
            self.fail("parameters in pairs")
        return dict(zip((x.lower() for x in flat[::2]), flat[1::2]))

    def disposition(self):
        if self.peek(b"NIL"):
            self.at += 3
            return None
        self.want(b"(")
        name = self.string()
        self.want(b" ")
        params = self.params()
        self.want(b")")
        return name, params

    def language(self):
        return self.listed(self.string) if self.peek(b"(") else self.nstring()

    def extensions(self, part, rest):
        """What BODYSTRUCTURE adds, in its order; each may be the last."""
        for item in rest:
            if self.peek(b")"):
                return
            self.want(b" ")
            value = item()
            if item == self.disposition:
                part.disposition = value
            elif item == self.params:
                part.params = value

    def body(self, extended):
        self.want(b"(")
        part = Part()
        if self.peek(b"("):
            while self.peek(b"("):
                part.children.append(self.body(extended))
            self.want(b" ")
            part.kind = "multipart/" + self.string().decode().lower()
            if extended:
                self.extensions(part, [self.params, self.disposition, self.language, self.nstring])
        else:
            self.single(part, extended)
        self.want(b")")
        return part

    def single(self, part, extended):
        kind = self.string().decode().lower()
        self.want(b" ")
        part.kind = kind + "/" + self.string().decode().lower()
        self.want(b" ")
        part.params = self.params()
        for _ in ("id", "description"):
            self.want(b" ")
            self.nstring()
        self.want(b" ")
        part.encoding = self.string().decode().lower()
        self.want(b" ")
        part.size = self.number()
        if part.kind == "message/rfc822":
            self.want(b" ")
            part.envelope = self.envelope()
            self.want(b" ")
            part.children = [self.body(extended)]
        if kind == "text" or part.kind == "message/rfc822":
            self.want(b" ")
            part.lines = self.number()
        if extended:
            self.extensions(part, [self.nstring, self.disposition, self.language, self.nstring])

    # ---- the whole

    def flag(self):
        return self.match(re.compile(rb"\\?" + self.ATOM.pattern), "flag")

    def flags(self):
        if self.peek(b"()"):
            self.at += 2
            return []
        return self.listed(self.flag)

    def item(self):
        section = self.peek(b"BODY[")
        name = self.match(self.SECTION if section else self.ATOM, "item")
        self.want(b" ")
        if name == b"ENVELOPE":
            return name, self.envelope()
        if name in (b"BODY", b"BODYSTRUCTURE"):
            return name, self.body(name == b"BODYSTRUCTURE")
        if name == b"FLAGS":
            return name, self.flags()
        if name == b"INTERNALDATE":
            return name, self.quoted()
        if name in (b"UID", b"RFC822.SIZE"):
            return name, self.number()
        return name, self.nstring()

    def fetch(self):
        self.want(b"* ")
        number = self.number()
        self.want(b" FETCH ")
        items = self.listed(self.item)
        if self.at != len(self.data):
            self.fail("end of the response")
        return number, dict(items)


def fetch(line):
    """(sequence number, {item: value}) of one whole FETCH response, without its last CRLF."""
    return Reader(line).fetch()
