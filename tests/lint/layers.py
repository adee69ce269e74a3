#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may include whom: arrows point down only, and each foreign library has one home."""
import os
import re
import sys

sys.dont_write_bytecode = True
import tree  # noqa: E402

PROTO = ["base", "model", "wire"]
PROTOCOL = ["session", "store", "mime", "policy", "model", "base"]

# Folder: the first parts of include names it may use, beside its own. A name with a
# dot is one header.
MAY = {
    "proto/base": [],
    "proto/model": ["base"],
    "proto/wire": ["model", "base"],
    "router": PROTO,
    "router/ctl": ["router", *PROTO],
    "storenode/engine": ["model", "base"],
    "storenode/mailstore": ["engine/kv.h", "engine/keys.h", "engine/rows.h", *PROTO],
    "storenode/replica": ["engine/kv.h", "engine/keys.h", "engine/rows.h", *PROTO],
    "storenode/server": ["mailstore", "replica", "engine", "balance", "router", *PROTO],
    "storenode/balance": ["server", "mailstore", "replica", "engine", "router", *PROTO],
    "storenode/backup": ["server", "mailstore", "replica", "engine", "router", *PROTO],
    "storenode": ["server", "balance", "backup", "mailstore", "replica", "engine", "router",
                  "node.def", *PROTO],
    "frontend/net": ["model", "base"],
    "frontend/store": ["mime", "router", *PROTO],
    "frontend/session": ["net", "store", "directory", "model", "base"],
    "frontend/directory": ["store", "model", "base"],
    "frontend/mime": PROTO,
    "frontend/policy": ["mime", "session", "model", "base"],
    "frontend/imap": PROTOCOL,
    "frontend/smtp": [*PROTOCOL, "queue"],
    "frontend/pop3": PROTOCOL,
    "frontend/queue": PROTOCOL,
    "frontend": ["imap", "smtp", "pop3", "queue", "session", "store", "mime", "net", "policy",
                 "directory", "router", "front.def", *PROTO],
}

# Foreign header: where it may be included (regular expressions on paths).
HOMES = {
    r"uv\.h": r"proto/base/loop\.c",
    r"zmq\.h": r"proto/base/\w+\.c|proto/wire/socket\.c|router/(router|peer|keys|clusterconf|zap)\.c"
               r"|storenode/replica/transport\.c|storenode/server/\w+\.[ch]",
    r"raft(/.*)?\.h": r"storenode/replica/\w+\.[ch]",
    r"rocksdb/.*": r"storenode/engine/\w*rocks\w*\.[ch]",
    r"openssl/ssl\.h": r"frontend/net/tls\w*\.[ch]",
    r"openssl/.*": r"frontend/net/tls\w*\.[ch]|proto/base/\w+\.c|frontend/session/\w+\.c",
    r"zstd\.h": r"frontend/(store|mime)/\w+\.c",
    r"crypt\.h": r"frontend/session/\w+\.c|router/ctl/\w+\.c|proto/base/\w+\.c",
    r"libsmartcols/.*": r"router/ctl/\w+\.c",
    r"seccomp\.h|cap-ng\.h": r"proto/base/\w+\.c|frontend/\w+\.c|storenode/\w+\.c",
    r"libconfig\.h": r"proto/base/conf\w*\.c",
    r"xxhash\.h": r"proto/base/\w+\.c",
    r"protobuf-c/.*": r"proto/wire/\w+\.[ch]",
    r"boost/.*": r"proto/base/co\.c",
    r"cmocka\.h": r"(?!)",
}

# A file whose head says "Pure" keeps out of the world.
IMPURE = {"base/loop.h", "base/co.h", "base/clock.h", "base/log.h"}


def allowed(folder, name):
    own = os.path.basename(folder)
    first = name.split("/")[0]
    if "/" not in name or first == own:
        return True
    return first in MAY[folder] or name in MAY[folder]


def check_file(path):
    source = tree.text(path)
    folder = os.path.dirname(path)
    if folder not in MAY:
        yield f"{path}: {folder}/ has no row in {os.path.relpath(__file__, tree.ROOT)}"
        return
    pure = re.search(r"\bPure\b", source[:1500])
    for n, line in enumerate(source.splitlines(), 1):
        m = re.match(r'\s*#\s*include\s*(["<])([^">]+)', line)
        if not m:
            continue
        if m.group(1) == '"':
            if not allowed(folder, m.group(2)):
                yield f"{path}:{n}: {folder}/ must not include \"{m.group(2)}\""
            if pure and m.group(2) in IMPURE:
                yield f"{path}:{n}: calls itself pure and includes \"{m.group(2)}\""
        else:
            for header, home in HOMES.items():
                if re.fullmatch(header, m.group(2)):
                    if not re.fullmatch(home, path):
                        yield f"{path}:{n}: <{m.group(2)}> is not at home here ({home})"
                    break


def main():
    paths = tree.files(tree.PRODUCTION, ".c", ".h", ".def")
    problems = [p for path in paths for p in check_file(path)]
    tree.finish(problems, f"{len(paths)} files keep to the layers")


main()
