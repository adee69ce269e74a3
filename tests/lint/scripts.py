#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every Python and shell script can be parsed, also those that only long campaigns run."""
import subprocess
import sys

sys.dont_write_bytecode = True
import tree  # noqa: E402


def problem(path, text):
    first = text.split("\n", 1)[0]
    if path.endswith(".py") or "python3" in first:
        try:
            compile(text, path, "exec")
        except SyntaxError as e:
            return f"{path}:{e.lineno}: {e.msg}"
    elif first.startswith("#!/bin/") and first.rstrip().endswith("sh"):
        shell = first[2:].split()[0]
        r = subprocess.run([shell, "-n", path], cwd=tree.ROOT, stderr=subprocess.PIPE, text=True, check=False)
        if r.returncode:
            return r.stderr.strip()
    return None


def main():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=tree.ROOT,
                            capture_output=True, text=True, check=True).stdout.split("\0")
    found = [problem(path, tree.text(path)) for path in filter(None, listed)]
    tree.finish([f for f in found if f], f"{len(found)} files, all scripts among them can be parsed")


main()
