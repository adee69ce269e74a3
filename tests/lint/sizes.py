#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small things: function median <= 15 lines, p90 <= 50, none > 100 but tables made from a
.def; no .c > 800 lines, no .h > 200. Production code only. Prints the measured table."""
import sys

sys.dont_write_bytecode = True
import tree  # noqa: E402

MEDIAN, P90, LONGEST, C_LINES, H_LINES = 15, 50, 100, 800, 200


def is_table(f):
    lines = tree.text(f.path).splitlines()[f.line - 1:f.end]
    return any('#include "' in line and '.def"' in line for line in lines)


def main():
    paths = tree.files(tree.PRODUCTION, ".c", ".h")
    functions = tree.functions(paths)
    lines = {p: tree.text(p).count("\n") for p in paths}
    problems = []

    print(f"{'folder':22}{'files':>6}{'lines':>8}{'functions':>11}{'median':>8}{'p90':>6}{'max':>6}")
    folders = sorted({p.rsplit("/", 1)[0] for p in paths})
    for folder in folders + ["all"]:
        inside = [p for p in paths if folder in ("all", p.rsplit("/", 1)[0])]
        lengths = sorted(f.length for f in functions
                         if folder in ("all", f.path.rsplit("/", 1)[0]))
        count, lengths = len(lengths), lengths or [0]
        median = lengths[len(lengths) // 2]
        p90 = lengths[min(len(lengths) - 1, len(lengths) * 9 // 10)]
        print(f"{folder:22}{len(inside):6}{sum(lines[p] for p in inside):8}{count:11}"
              f"{median:8}{p90:6}{lengths[-1]:6}")
    if median > MEDIAN:
        problems.append(f"function median is {median} lines, the bar is {MEDIAN}")
    if p90 > P90:
        problems.append(f"function p90 is {p90} lines, the bar is {P90}")
    problems += [f"{f.path}:{f.line}: {f.name} has {f.length} lines, the bar is {LONGEST}"
                 for f in functions if f.length > LONGEST and not is_table(f)]
    problems += [f"{p}: {n} lines, the bar is {C_LINES if p.endswith('.c') else H_LINES}"
                 for p, n in lines.items() if n > (C_LINES if p.endswith(".c") else H_LINES)]
    tree.finish(problems, "sizes hold")


main()
