# SPDX-License-Identifier: Apache-2.0
"""Builds and runs the suites of suites.py; `tests/run` is its front door.

Every test is a process group of its own with a time limit and a temporary
folder; what it leaves running is killed and counts against it. A test may print
  COUNT word=N   summed over all tests and shown at the end
  SHOW text      shown at once, for figures
and exits with 0 (passed), 77 (skipped) or anything else (failed).
"""
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
import suites  # noqa: E402
from suites import BUILD, BUILDS, GROUPS, JOBS, ROOT, SLOW, SUITES  # noqa: E402

LOGS = os.path.join(BUILD, "log")
TTY = sys.stdout.isatty()
SHOWN_LINES = 80

USAGE = """usage: tests/run [--list [NAME]] [NAME...]
  NAME is a suite (unit), a part of one (unit/imap, cluster/t3*) or a group:
  default, asan, full, soak. Without a NAME: default.
environment: TERN_BUILD (folder of the builds), TERN_JOBS, TERN_SLOW (factor on time
  limits), TERN_SEED and TERN_SEEDS (sim), TERN_FUZZ_SECONDS, TERN_KEEP (=1: keep the
  temporary folders)"""


class Report:
    """What has happened so far; printing from several threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.passed = self.failed = self.skipped = 0
        self.counts = {}
        self.failures = []
        self.running = {}
        self.width = 0

    def line(self, text):
        with self.lock:
            if self.width:
                sys.stdout.write("\r" + " " * self.width + "\r")
                self.width = 0
            print(text, flush=True)

    def progress(self):
        with self.lock:
            now = time.monotonic()
            what = ", ".join(f"{n} {now - t:.0f} s" for n, t in self.running.items())
            text = f"... {self.passed} passed, {self.failed} failed; running: {what or 'nothing'}"
            if TTY:
                text = text[:shutil.get_terminal_size().columns - 1]
                sys.stdout.write("\r" + text.ljust(self.width))
                self.width = len(text)
                sys.stdout.flush()
            else:
                print(text, flush=True)

    def count(self, output):
        for word, n in re.findall(r"^COUNT (\w+)=(\d+)", output, re.M):
            self.counts[word] = self.counts.get(word, 0) + int(n)
        for n in re.findall(r"^stat::number_of_executed_units:\s*(\d+)", output, re.M):
            self.counts["execs"] = self.counts.get("execs", 0) + int(n)

    def result(self, name, passed, failed, skipped, seconds, why, output, log):
        with self.lock:
            self.passed += passed
            self.failed += failed
            self.skipped += skipped
            self.count(output)
            if failed:
                self.failures.append(name)
        word = "FAIL" if failed else "skip" if skipped and not passed else "ok"
        note = f" ({passed} tests{f', {skipped} skipped' if skipped else ''})" if passed > 1 else ""
        self.line(f"{word:4} {name}{note} {seconds:.1f} s{' - ' + why if why else ''}")
        if failed:
            lines = output.splitlines()
            if len(lines) > SHOWN_LINES:
                self.line(f"     | ... {len(lines) - SHOWN_LINES} lines before, all in {log}")
            for text in lines[-SHOWN_LINES:]:
                self.line("     | " + text)


report = Report()
stopping = threading.Event()
stopped_at = [0.0]
groups = set()  # process groups that run now


def heartbeat():
    while not stopping.wait(1 if TTY else 30):
        if report.running:
            report.progress()


# ---- processes -------------------------------------------------------------------

def processes_of(mark):
    """Pids that inherited the mark of one test in their environment."""
    pids = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/environ", "rb") as f:
                if mark.encode() in f.read().split(b"\0"):
                    with open(f"/proc/{entry}/stat") as s:
                        if s.read().rsplit(")", 1)[1].split()[0] != "Z":
                            pids.append(int(entry))
        except OSError:
            pass
    return pids


def clean_up(pgid, mark):
    """Kills what a test left behind; returns how many processes that were.

    A helper that ends because its parent did (a sanitizer's symbolizer, whose input closed) is
    not left behind: it has two seconds to go."""
    end = time.monotonic() + 2
    while (left := processes_of(mark)) and time.monotonic() < end:
        time.sleep(0.05)
    for kill, target in [(os.killpg, pgid)] + [(os.kill, pid) for pid in left]:
        try:
            kill(target, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
    return len(left)


def environment(test, mark, folder):
    env = dict(os.environ, TERN_TEST=mark, TMPDIR=folder, TERN_ROOT=ROOT, PYTHONDONTWRITEBYTECODE="1")
    if test.build:
        env["TERN_BIN"] = os.path.join(BUILD, test.build, "bin")
    if test.tap:
        env["CMOCKA_MESSAGE_OUTPUT"] = "TAP"
    supp = os.path.join(ROOT, "tests", "lib")
    env.setdefault("ASAN_OPTIONS", "exitcode=99:detect_stack_use_after_return=0:")
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
    env.setdefault("LSAN_OPTIONS", f"suppressions={supp}/lsan.supp:print_suppressions=0")
    env.setdefault("TSAN_OPTIONS", f"suppressions={supp}/tsan.supp:halt_on_error=0:exitcode=99")
    return env


def follow(process, log, seconds):
    """Passes SHOW lines on while the test runs; returns its output and whether it was too slow."""
    def pump():
        for raw in process.stdout:
            text = raw.decode(errors="replace")
            log.write(text)
            lines.append(text)
            if text.startswith("SHOW "):
                report.line("     " + text[5:].rstrip())

    lines = []
    pumper = threading.Thread(target=pump, daemon=True)
    pumper.start()
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        if stopping.is_set():
            end = min(end, stopped_at[0] + 5)  # it got SIGTERM: time to clean up
        time.sleep(0.02)
    return lines, pumper, process.poll() is None


def judge(test, status, late, left, output):
    """Passed, failed, skipped and a sentence."""
    why = ""
    passed = failed = skipped = 0
    if test.tap:
        # cmocka prints `not ok N # SKIP name` for a test that calls skip().
        skipped = len(re.findall(r"^\s*(?:not )?ok \d+ # SKIP", output, re.M))
        passed = len(re.findall(r"^\s*ok \d+(?! # SKIP)\b", output, re.M))
        bad = re.findall(r"^\s*not ok \d+\b(?! # SKIP) ?-? ?(.*)", output, re.M)
        failed, why = len(bad), ", ".join(bad[:5])
    if late:
        return passed, failed + 1, skipped, f"over its time limit of {test.seconds * SLOW:.0f} s"
    if status == 77 and not failed:
        return 0, 0, 1, (output.strip().splitlines() or [""])[-1]
    if status != 0 and not failed:
        return passed, 1, skipped, f"exit status {status}" if status > 0 else f"signal {-status}"
    if left:
        return passed, failed + 1, skipped, f"left {left} processes behind"
    if not test.tap:
        return 1, 0, 0, ""
    if passed + failed + skipped == 0:
        return 0, 1, 0, "ran no test"
    return passed, failed, skipped, why


def run_test(suite, test):
    if stopping.is_set():
        return
    name = f"{suite.name}/{test.name}"
    path = os.path.join(LOGS, suite.name, test.name + ".log")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    folder = tempfile.mkdtemp(prefix="tern-test-")
    os.chmod(folder, 0o755)
    for wanted in test.folders:
        os.makedirs(wanted, exist_ok=True)
    mark = f"{os.getpid()}-{name}"
    start = time.monotonic()
    report.running[name] = start
    with open(path, "w") as log:
        try:
            process = subprocess.Popen(test.command, cwd=ROOT, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       start_new_session=True, env=environment(test, mark, folder))
        except OSError as e:
            report.running.pop(name)
            report.result(name, 0, 1, 0, 0, str(e), "", path)
            return
        groups.add(process.pid)
        lines, pumper, late = follow(process, log, test.seconds * SLOW)
        left = clean_up(process.pid, "TERN_TEST=" + mark)
        groups.discard(process.pid)
        process.wait()
        pumper.join(5)
    output = "".join(lines)
    report.running.pop(name)
    passed, failed, skipped, why = judge(test, process.returncode, late, left, output)
    if failed and os.listdir(folder):
        why += f"; its files are in {folder}"
    elif not os.environ.get("TERN_KEEP"):
        shutil.rmtree(folder, ignore_errors=True)
    report.result(name, passed, failed, skipped, time.monotonic() - start, why, output, path)


# ---- building --------------------------------------------------------------------

def build(kind, targets):
    """Configures and builds; True when all targets are there."""
    if not targets:
        return True
    folder = os.path.join(BUILD, kind)
    os.makedirs(folder, exist_ok=True)
    report.line(f"==== build {kind}: {len(targets)} targets in {folder}")
    start = time.monotonic()
    with open(os.path.join(folder, ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for command in (["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", *BUILDS[kind]],
                        ["ninja", "-C", folder, "-j", str(JOBS), *targets]):
            ok, output = show_build(command)
            if not ok:
                report.result(f"build/{kind}", 0, 1, 0, time.monotonic() - start,
                              " ".join(command[:1]) + " failed", output, folder)
                return False
    report.line(f"     built in {time.monotonic() - start:.1f} s")
    return True


def show_build(command):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True, text=True, errors="replace")
    groups.add(process.pid)
    lines, shown = [], time.monotonic()
    for text in process.stdout:
        lines.append(text)
        if time.monotonic() - shown > 5 and text.startswith("["):
            report.line("     " + text.rstrip()[:100])
            shown = time.monotonic()
    status = process.wait()
    groups.discard(process.pid)
    output = [text for text in lines if not re.match(r"\[\d+/\d+\] (Build|Link)", text)]
    return status == 0, "".join(output)


# ---- choosing and running ----------------------------------------------------------

def matches(test, pattern):
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".") + ".*",
                        test.name) is not None


def choose(names):
    """(suite, tests) in the order of the table; exits when a name means nothing."""
    wanted = {}
    for name in names:
        if name == "soak":
            os.environ.setdefault("TERN_SEEDS", "20000")
            os.environ.setdefault("TERN_FUZZ_SECONDS", "600")
            names = names + ["sim", "cluster", "fuzz"]
    for name in names:
        if name == "soak":
            continue
        for suite_name in GROUPS.get(name, [name]):
            suite_name, _, part = suite_name.partition("/")
            wanted.setdefault(suite_name, []).append(part)
    known = {s.name for s in SUITES}
    for name in wanted:
        if name not in known:
            sys.exit(f"tests/run: no suite \"{name}\"; --list shows them")
    chosen = []
    for suite in SUITES:
        if suite.name in wanted:
            tests = suite.tests()
            parts = wanted[suite.name]
            if "" not in parts:
                tests = [t for t in tests if any(matches(t, p) for p in parts)]
                if not tests:
                    sys.exit(f"tests/run: no test of {suite.name} matches {' '.join(parts)}")
            chosen.append((suite, tests))
    return chosen


def run_suite(suite, tests):
    report.line(f"==== {suite.name}: {suite.about}")
    if not tests:
        report.line("     nothing there yet")
        return
    if suite.needs and subprocess.run([os.path.join(ROOT, "cluster-conf", "install"),
                                       suite.needs]).returncode != 0:
        report.result(f"{suite.name}/install", 0, 1, 0, 0, "could not install", "", "")
        return
    targets = {}
    for test in tests:
        if test.build:
            targets.setdefault(test.build, set()).update(test.targets)
    for kind, names in targets.items():
        if not build(kind, sorted(names)):
            return
    jobs = 1 if any(t.alone for t in tests) else JOBS
    with ThreadPoolExecutor(jobs) as pool:
        for future in [pool.submit(run_test, suite, t) for t in tests]:
            future.result()


def show_list(names):
    for suite, tests in choose(names) if names else [(s, None) for s in SUITES]:
        print(f"{suite.name:20} {suite.about}{'' if suite.default else ' (not by default)'}")
        for test in tests or []:
            print(f"  {suite.name}/{test.name}")
    if not names:
        print("groups: " + ", ".join([*GROUPS, "soak"]))


def stop(signum, _frame):
    stopped_at[0] = time.monotonic()
    stopping.set()
    for pgid in list(groups):
        try:
            os.killpg(pgid, signal.SIGTERM)
        except ProcessLookupError:
            pass
    raise KeyboardInterrupt


def main(args):
    if "--help" in args or "-h" in args:
        print(USAGE)
        return 0
    if args[:1] == ["--list"]:
        show_list(args[1:])
        return 0
    if not args or args == ["default"]:
        os.environ.setdefault("TERN_FUZZ_SECONDS", "5")
        args = ["default"]
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, stop)
    start = time.monotonic()
    chosen = choose(args)
    threading.Thread(target=heartbeat, daemon=True).start()
    try:
        for suite, tests in chosen:
            run_suite(suite, tests)
    except KeyboardInterrupt:
        report.line("interrupted")
        report.failed += 1
    stopping.set()
    if report.failures:
        report.line("failed: " + " ".join(report.failures))
    if report.counts:
        report.line("counted: " + ", ".join(f"{n} {w}" for w, n in sorted(report.counts.items())))
    if report.skipped:
        report.line(f"{report.skipped} skipped")
    minutes, seconds = divmod(int(time.monotonic() - start), 60)
    report.line(f"took {minutes} min {seconds} s")
    report.line(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
