# SPDX-License-Identifier: Apache-2.0
"""What the lint tests share: the files of the tree, code without comments, functions."""
import os
import re
import subprocess
import sys
from dataclasses import dataclass

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
PRODUCTION = ("proto", "router", "storenode", "frontend")
MACROS = "CO,MUST_USE,UNUSED,NORETURN,PRINTF+"


def files(folders, *endings):
    """Paths relative to the root, sorted."""
    out = []
    for folder in folders:
        for here, dirs, names in os.walk(os.path.join(ROOT, folder)):
            dirs[:] = [d for d in dirs if not d.startswith(("build", ".", "__"))]
            out += [os.path.relpath(os.path.join(here, n), ROOT) for n in names
                    if n.endswith(endings)]
    return sorted(out)


def text(path):
    with open(os.path.join(ROOT, path), errors="replace") as f:
        return f.read()


def code(source):
    """C without comments and with empty strings; lines keep their numbers."""
    def blank(m):
        s = m.group(0)
        if s[0] in "\"'":
            return s[0] + s[0]
        return " " + "\n" * s.count("\n")
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                  blank, source, flags=re.S)


@dataclass
class Function:
    name: str
    path: str
    line: int
    end: int

    @property
    def length(self):
        return self.end - self.line + 1


def functions(paths):
    """Every function defined in these files, as universal-ctags sees it."""
    if not paths:
        return []
    out = subprocess.run(["ctags", "-f", "-", "--fields=+ne", "--kinds-C=f", "--language-force=C",
                          "-I", MACROS, "-u", "-L", "-"], input="\n".join(paths), cwd=ROOT,
                         text=True, capture_output=True, check=True).stdout
    found = []
    for row in out.splitlines():
        name, path, rest = row.split("\t", 2)
        at = dict(re.findall(r"\t(line|end):(\d+)", rest))
        if "end" in at:
            found.append(Function(name, path, int(at["line"]), int(at["end"])))
    return found


def finish(problems, good):
    """Prints what was found and ends the program."""
    for p in problems:
        print(p)
    print(f"{len(problems)} problems" if problems else good)
    sys.exit(1 if problems else 0)
