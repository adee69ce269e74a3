# SPDX-License-Identifier: Apache-2.0
"""What `compare` measures: the cells, who has which messages, and what is wanted of each cell."""

from dataclasses import dataclass, field

import messages


@dataclass(frozen=True)
class Group:
    """Users u`first` and on; each has `each` messages of the kind in its INBOX before the start."""
    first: int
    users: int
    kind: str = ""
    each: int = 0


# kind: about how many bytes each message has (0: as mailboxes have them), how many there are, and
# the number of the first
KINDS = {"4k": (4096, 500, 0), "50k": (51200, 100, 500), "5m": (5 << 20, 8, 600),
         "mix": (0, 200, 700)}

DELIVER = Group(0, 200)
READ_4K = Group(1000, 16, "4k", 500)
READ_50K = Group(2000, 16, "50k", 50)
READ_5M = Group(2500, 2, "5m", 4)
CHANGE = Group(3000, 16, "4k", 20)
MIXED = Group(4000, 16, "mix", 30)
GROUPS = (DELIVER, READ_4K, READ_50K, READ_5M, CHANGE, MIXED)

HITS = READ_4K.each // messages.EVERY


@dataclass(frozen=True)
class Cell:
    name: str
    mode: str         # of the load driver
    connections: int
    group: Group
    kind: str         # of the messages that are sent or read
    peer: str         # sdbox or maildir: Dovecot with that format; or postfix
    rate: float       # wanted: at least this times the peer's throughput
    cpu: float        # wanted: at most this times the peer's CPU per operation
    more: tuple = field(default=())  # options of the driver

    @property
    def service(self):
        return self.mode.partition("-")[0]


# Dovecot's format is the one that did better in measurements of both, `compare --formats`: sdbox,
# but for 50 KiB deliveries, searches and POP3.
CELLS = (
    Cell("lmtp-4k-1", "lmtp", 1, DELIVER, "4k", "sdbox", 1, 2),
    Cell("lmtp-4k-16", "lmtp", 16, DELIVER, "4k", "sdbox", 3, 0.4),
    Cell("lmtp-4k-64", "lmtp", 64, DELIVER, "4k", "sdbox", 5, 0.2),
    Cell("lmtp-50k-16", "lmtp", 16, DELIVER, "50k", "maildir", 1.5, 0.6),
    Cell("lmtp-10rcpt-4", "lmtp", 4, DELIVER, "4k", "sdbox", 6, 0.35, ("--recipients", 10)),
    Cell("smtp-4k-16", "smtp", 16, DELIVER, "4k", "postfix", 3, 0.4),
    Cell("login-16", "imap-login", 16, CHANGE, "4k", "sdbox", 2.5, 0.35),
    Cell("select-500-16", "imap-select", 16, READ_4K, "4k", "sdbox", 1, 1),
    Cell("envelope-500-16", "imap-envelope", 16, READ_4K, "4k", "sdbox", 1.5, 0.7),
    Cell("structure-500-16", "imap-structure", 16, READ_4K, "4k", "sdbox", 1.5, 0.7),
    Cell("body-4k-16", "imap-body", 16, READ_4K, "4k", "sdbox", 0.9, 1.2),
    Cell("body-50k-16", "imap-body", 16, READ_50K, "50k", "sdbox", 0.9, 1.2),
    Cell("body-5m-2", "imap-body", 2, READ_5M, "5m", "sdbox", 0.9, 1.2),
    Cell("store-16", "imap-store", 16, CHANGE, "4k", "sdbox", 0.6, 1.6),
    Cell("append-4k-16", "imap-append", 16, DELIVER, "4k", "sdbox", 2, 0.6),
    Cell("noop-16", "imap-noop", 16, READ_4K, "4k", "sdbox", 0.5, 2),
    Cell("search-subject-4", "imap-search", 4, READ_4K, "4k", "maildir", 1, 1,
         ("--search", "SUBJECT " + messages.SUBJECT_WORD, "--hits", HITS)),
    Cell("search-unseen-4", "imap-search", 4, READ_4K, "4k", "maildir", 0.4, 2.5,
         ("--search", "UNSEEN", "--hits", READ_4K.each)),
    Cell("search-body-4", "imap-search", 4, READ_4K, "4k", "maildir", 1.5, 0.6,
         ("--search", "BODY " + messages.BODY_WORD, "--hits", HITS)),
    Cell("mixed-16", "imap-mixed", 16, MIXED, "mix", "sdbox", 1.5, 0.7),
    Cell("pop3-retr-4k-4", "pop3-retr", 4, READ_4K, "4k", "maildir", 0.8, 1.3),
)
