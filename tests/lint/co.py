#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Only a function marked CO may call a function marked CO: it may park its coroutine."""
import re
import sys

sys.dont_write_bytecode = True
import tree  # noqa: E402

MARK = re.compile(r"\bCO\s+([\w\s*]*?)\b(\w+)\s*\(")
NOT_NAMES = {"int", "void", "bool", "char", "if", "while", "for", "return", "sizeof"}


def marked(source):
    """Names marked CO in a file, and those of them that are static."""
    names, static = set(), set()
    for m in MARK.finditer(re.sub(r"#\s*define\s+CO\b", "", source)):
        if m.group(2) not in NOT_NAMES:
            names.add(m.group(2))
            if "static" in m.group(1):
                static.add(m.group(2))
    return names, static


def main():
    paths = tree.files(tree.PRODUCTION, ".c", ".h")
    sources = {p: tree.code(tree.text(p)) for p in paths}
    local = {p: marked(s) for p, s in sources.items()}
    everywhere = set().union(*(names - static for names, static in local.values()), set())
    functions = tree.functions(paths)
    hidden = {p: set() for p in paths}  # a static function hides a marked one of another file
    for f in functions:
        if re.match(r"\s*static\b", sources[f.path].splitlines()[f.line - 1]):
            hidden[f.path].add(f.name)
    problems = []
    for f in functions:
        names = everywhere - hidden[f.path] | local[f.path][0]
        if f.name in names or not names:
            continue
        lines = sources[f.path].splitlines()[f.line - 1:f.end]
        call = re.compile(r"(?<![\w.>])(" + "|".join(map(re.escape, sorted(names))) + r")\s*\(")
        for n, line in enumerate(lines, f.line):
            for m in call.finditer(line):
                problems.append(f"{f.path}:{n}: {f.name} is not marked CO and calls {m.group(1)}")
    tree.finish(problems, f"{len(everywhere)} functions marked CO are called by such only")


main()
