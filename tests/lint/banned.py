#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Functions that invite mistakes: unbounded copies, hidden state, conversions without errors."""
import re
import sys

sys.dont_write_bytecode = True
import tree  # noqa: E402

BANNED = ("strcpy strncpy stpcpy strcat strncat sprintf vsprintf gets strtok gmtime localtime "
          "asctime ctime atoi atol atoll atof alloca scanf sscanf fscanf vscanf vsscanf rand srand "
          "tmpnam mktemp system").split()


def main():
    call = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
    paths = tree.files(tree.PRODUCTION, ".c", ".h", ".def")
    problems = []
    for path in paths:
        for n, line in enumerate(tree.code(tree.text(path)).splitlines(), 1):
            problems += [f"{path}:{n}: {m.group(1)}() is banned" for m in call.finditer(line)]
    tree.finish(problems, f"no banned function in {len(paths)} files")


main()
