#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No package host is named anywhere: where packages come from is the machine's own business."""
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import tree  # noqa: E402

HOSTS = re.compile(r"\b(?:debian\.(?:org|net)|ubuntu\.com|pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)"
                   r"|nodesource\.com|crates\.io|docker\.(?:com|io)|fastly\.net)\b")


def main():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=tree.ROOT,
                            capture_output=True, text=True).stdout.split("\0")
    problems = []
    for path in filter(None, listed):
        try:
            lines = tree.text(path).splitlines()
        except OSError:
            continue
        problems += [f"{path}:{n}: names a package host ({m.group(0)})"
                     for n, line in enumerate(lines, 1) for m in HOSTS.finditer(line)]
    tree.finish(problems, f"{len(listed)} files name no package host")


main()
