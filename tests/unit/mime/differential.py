#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random messages and what Python's email package makes of them, for test_differential.c.

Prints records: "message-length expectation-length\\n", the message, the expectation. The
messages are odd (look-alike boundaries, missing ends, bare LF, empty bodies, nesting), but
only in ways in which the two parsers are meant to agree.
"""
import email
import email.utils
import random
import re
import sys
import zlib

WORDS = ["alpha", "Beta", "g.h", "x" * 70, "--", "--B", "--b-", "-", "", " ", "\t--b1", "7bit=", "--bb--x"]
TYPES = ["text/plain", "text/html; charset=utf-8", "TEXT/Plain; format=flowed", "image/png",
         'application/x; name="a \\"b\\" c"', "application/octet-stream;\n\tname=x.bin", None]


class Maker:
    def __init__(self, rnd):
        self.rnd = rnd
        self.boundaries = 0
        self.closed = True

    def body(self):
        lines = [self.rnd.choice(WORDS) for _ in range(self.rnd.choice([0, 0, 1, 2, 5, 40]))]
        if self.rnd.random() < .2:
            lines.append("\udcc3\udca4")
        return "\n".join(lines) + ("\n" if lines and self.rnd.random() < .5 else "")

    def address(self):
        local = self.rnd.choice(["ann", "b.c", "d+e", "x"])
        plain = f"{local}@{self.rnd.choice(['example.org', 'x.y', 'h'])}"
        return self.rnd.choice([plain, f"<{plain}>", f"Ann B <{plain}>", f'"C, \\"D\\"" <{plain}>',
                                f"{plain} (Eve)", f"=?utf-8?q?F=C3=A4?= <{plain}>"])

    def addresses(self):
        return self.rnd.choice([", ", ",\n ", ","]).join(
            self.address() for _ in range(self.rnd.choice([1, 1, 2, 9])))

    def header(self, top):
        fields = []
        if top:
            when = self.rnd.randrange(0, 4102444800)
            zone = self.rnd.choice(["+0000", "-0730", "+0545", "GMT", "EST"])
            fields = [f"Subject: {self.rnd.choice(['a', 'two  words', 'folded' + chr(10) + ' line'])}",
                      f"From: {self.addresses()}", f"To: {self.addresses()}",
                      "Date: " + email.utils.formatdate(when).replace("-0000", zone)]
            fields = [f for f in fields if self.rnd.random() < .8]
        if self.rnd.random() < .3:
            fields.append("X-Odd:" + self.rnd.choice(["", " x", " x\n\ty", "\n z"]))
        return fields

    def part(self, depth, top=False, typed=False):
        fields = self.header(top)
        what = self.rnd.random()
        if depth < 5 and what < .5:
            kind = self.rnd.choice(["mixed", "mixed", "alternative", "digest"])
            return self.multipart(fields, kind, depth)
        if depth < 5 and what < .6:
            fields.append("Content-Type: message/rfc822")
            return "\n".join(fields) + "\n\n" + self.part(depth + 1, True)
        kind = self.rnd.choice(TYPES[:-1] if typed else TYPES)
        if kind:
            fields.append(f"Content-Type: {kind}")
        self.rnd.shuffle(fields)
        return "".join(f + "\n" for f in fields) + "\n" + self.body()

    def multipart(self, fields, kind, depth):
        self.boundaries += 1
        name = "b" * self.boundaries  # each a prefix of the next
        quoted = self.rnd.choice([name, f'"{name}"'])
        fields.append(f"Content-Type: multipart/{kind}; boundary={quoted}")
        out = "\n".join(fields) + "\n\n" + self.rnd.choice(["", "preamble\n", "\n"])
        for _ in range(self.rnd.choice([1, 1, 2, 3])):
            out += f"--{name}" + self.rnd.choice(["", "", " ", "\t "]) + "\n"
            if kind == "digest" and self.rnd.random() < .7:
                out += "\n" + self.part(depth + 1, True)
            else:
                out += self.part(depth + 1, typed=kind == "digest")
            out += "\n"
        if self.rnd.random() < .1:
            self.closed = False
            return out
        return out + f"--{name}--" + self.rnd.choice(["\n", "\n", "", "\nepilogue\n", f"\n--{name}\n", " \n"])


def raw(text):
    return text.encode("ascii", "surrogateescape")


def envelope(msg, out):
    for name in ("from", "to"):
        for who, addr in email.utils.getaddresses(msg.get_all(name, [])):
            out.append(f"{name} {who} {addr}")
    if msg["subject"] is not None:
        out.append("subject " + re.sub(r"\r?\n", "", msg["subject"]).strip())


def describe(msg, depth, closed, out):
    pad = "  " * depth
    kind = msg.get_content_type()
    if kind == "message/rfc822" and msg.is_multipart():
        out.append(pad + kind)
        describe(msg.get_payload(0), depth + 1, closed, out)
    elif msg.is_multipart():
        out.append(pad + kind)
        for part in msg.get_payload():
            describe(part, depth + 1, closed, out)
    else:
        body = raw(msg._payload)  # get_payload() decodes 8-bit
        if not closed:  # Python takes the last line end away even if no boundary follows
            body = body.rstrip(b"\r\n")
        out.append(f"{pad}{kind} {len(body)} {zlib.crc32(body)}")


def expectation(message, closed):
    msg = email.message_from_bytes(message)
    out = ["closed" if closed else "open"]
    envelope(msg, out)
    date = email.utils.parsedate_tz(msg["date"]) if msg["date"] else None
    if date:
        out.append(f"date {email.utils.mktime_tz(date) * 1000}")
    describe(msg, 0, closed, out)
    return "".join(line + "\n" for line in out)


def main():
    rnd = random.Random(int(sys.argv[1]))
    for _ in range(int(sys.argv[2])):
        maker = Maker(rnd)
        message = maker.part(0, True)
        if rnd.random() < .7:
            message = message.replace("\n", "\r\n")
        message = raw(message)
        want = raw(expectation(message, maker.closed))
        sys.stdout.buffer.write(b"%d %d\n" % (len(message), len(want)) + message + want)


main()
