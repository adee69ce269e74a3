#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rows of .def tables (options, metrics, errors, commands) are unique; fault points have rows."""
import re
import sys

sys.dont_write_bytecode = True
import tree  # noqa: E402


def rows(path):
    """(line, (macro, name)) of each row; the name is the first word, or the second where the first is a kind in capitals."""
    source = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group(0).count("\n"), tree.text(path), flags=re.S)
    for n, line in enumerate(source.splitlines(), 1):
        m = re.match(r'([A-Z_]+)\(\s*(?:[A-Z_]+\s*,\s*(?=[a-z]))?("?[\w-]+"?)', line)
        if m:
            yield n, m.groups()


def main():
    problems = []
    faults = set()
    for path in tree.files(tree.PRODUCTION, ".def"):
        seen = {}
        for n, key in rows(path):
            if key in seen:
                problems.append(f"{path}:{n}: {key[0]} {key[1]} stands in line {seen[key]} already")
            seen.setdefault(key, n)
            if path.endswith("fault.def"):
                faults.add(key[1].strip('"'))
    for path in tree.files(tree.PRODUCTION, ".c"):
        for m in re.finditer(r'\bFAULT\("(\w+)"\)', tree.text(path)):
            if m.group(1) not in faults:
                problems.append(f"{path}: FAULT(\"{m.group(1)}\") has no row in fault.def")
    tree.finish(problems, "no row twice")


main()
