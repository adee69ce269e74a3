# SPDX-License-Identifier: Apache-2.0
"""Keeps a server that forks: `keeper.py PROGRAM [ARGUMENT...]`.

All that the server leaves behind becomes this process's child, also what daemonizes, so the tree
below it is the whole server and /proc has its CPU time, that of ended processes included. At the
end of its input, or by a signal, it ends the whole tree and then itself."""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import machine  # noqa: E402

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
PATIENCE = 10  # seconds from SIGTERM to SIGKILL
prctl = ctypes.CDLL(None, use_errno=True).prctl


def reap():
    """False when no child is left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def end(server):
    signal_it(server.pid, signal.SIGTERM)
    stop = time.monotonic() + PATIENCE
    while reap() and time.monotonic() < stop:
        time.sleep(0.05)
    while reap():
        for pid in machine.children(os.getpid())[1:]:
            signal_it(pid, signal.SIGKILL)
        time.sleep(0.02)


def signal_it(pid, signo):
    try:
        os.kill(pid, signo)
    except ProcessLookupError:
        pass


def main():
    ended = []
    for signo in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signo, lambda n, _: ended.append(n))
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    server = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True,
                              preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0))
    while not ended and reap():
        if select.select([0], [], [], 0.2)[0] and not os.read(0, 1):
            break
    end(server)


main()
