# SPDX-License-Identifier: Apache-2.0
"""The table of test suites: what there is, found by glob, and how one test is run.

A suite is a function that returns its tests; SUITES at the end names them.
Drop a file into its folder and it is found; only a new kind of test needs a
change here. tests/README.md has the rules for each kind.
"""
import glob
import os
import re
import secrets
from dataclasses import dataclass, field

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.environ.get("TERN_BUILD", os.path.join(ROOT, "build"))
JOBS = int(os.environ.get("TERN_JOBS", os.cpu_count() or 2))
SLOW = float(os.environ.get("TERN_SLOW", "1"))
SECONDS = 300

# Kinds of build: folder below BUILD, and what cmake is told.
BUILDS = {
    "release": ["-DTERN_FAULTS=ON"],
    "asan": ["-DTERN_FAULTS=ON", "-DTERN_SANITIZE=ON"],
    "fuzz": ["-DTERN_FUZZ=ON", "-DCMAKE_C_COMPILER=clang"],
    "clang": ["-DTERN_FAULTS=ON", "-DCMAKE_C_COMPILER=clang"],
    "ucontext": ["-DTERN_FAULTS=ON", "-DCO_UCONTEXT=ON"],
    "tsan": ["-DTERN_FAULTS=ON", "-DTERN_TSAN=ON"],
}


@dataclass
class Test:
    name: str
    command: list
    seconds: float = SECONDS  # time limit
    build: str = ""           # a key of BUILDS, or none
    targets: list = field(default_factory=list)
    tap: bool = False         # counts its own tests, in TAP
    alone: bool = False       # nothing else may run meanwhile
    folders: list = field(default_factory=list)  # made before it runs


def found(*patterns):
    files = []
    for pattern in patterns:
        files += glob.glob(os.path.join(ROOT, "tests", pattern), recursive=True)
    return sorted(set(files))


def stem(path):
    return os.path.splitext(os.path.basename(path))[0]


def binary(build, name):
    return os.path.join(BUILD, build, "bin", name)


def header(path, word):
    """The value of a line `# word: value` among the first lines of a test."""
    with open(path, errors="replace") as f:
        for _, line in zip(range(20), f):
            m = re.match(r"\W*" + word + r":\s*(\S+)", line)
            if m:
                return m.group(1)
    return None


def scripts(folder, *patterns):
    """Executable files of tests/FOLDER, one test each."""
    return [Test(stem(f), [f], float(header(f, "timeout") or SECONDS))
            for f in found(*[folder + "/" + p for p in patterns])
            if os.access(f, os.X_OK) and os.path.isfile(f)]


def lint():
    return scripts("lint", "*")


def install():
    return scripts("install", "*.sh")


def unit(build="release"):
    seconds = 900 if build == "tsan" else SECONDS  # it makes the big tables ten times as slow
    return [Test(os.path.basename(d), [binary(build, "test_" + os.path.basename(d))], seconds,
                 build=build, targets=["test_" + os.path.basename(d)], tap=True)
            for d in found("unit/*") if glob.glob(d + "/*.c")]


def golden(build="release"):
    return [Test(stem(f), [binary(build, "golden_" + stem(f))], build=build,
                 targets=["golden_" + stem(f)], tap=True)
            for f in found("golden/*.c")]


def transcript(build="release", prefix=()):
    """One run for each protocol's folder: transcript FILE... prints TAP."""
    if not found("transcript/*.c"):
        return []
    tests = []
    for d in found("transcript/*/"):
        files = sorted(glob.glob(d + "/**/*.t", recursive=True))
        if files:
            tests.append(Test(os.path.basename(d.rstrip("/")),
                              [*prefix, binary(build, "transcript"), *files],
                              seconds=900, build=build, targets=["transcript"], tap=True))
    return tests


BROKEN_RULES = ["floor", "vote-hold", "vote-durable", "lease", "sync", "fence", "seq"]


def sim(build="release", seeds=None):
    """Simulated clusters: sim_cluster --base SEED --seeds N, one share for each core; a few with a
    plain state machine; and, not under sanitizers, with a rule switched off, which must be seen: such
    a run ends with the first history that fails."""
    if not found("sim/*.c"):
        return []
    seeds = int(os.environ.get("TERN_SEEDS", seeds or 500))
    base = int(os.environ.get("TERN_SEED") or secrets.randbits(48))
    share = -(-seeds // JOBS)

    def run(name, first, count, *more):
        return Test(name, [binary(build, "sim_cluster"), "--base", str(first),
                           "--seeds", str(count), *more],
                    seconds=1500, build=build, targets=["sim_cluster"])

    tests = [run(f"seeds-{base + i}+{min(share, seeds - i)}", base + i, min(share, seeds - i))
             for i in range(0, seeds, share)]
    tests.append(run(f"plain-{base}+{seeds // 5 or 1}", base, seeds // 5 or 1, "--app=plain"))
    if build == "release" and "TERN_SEED" not in os.environ:
        tests += [run(f"broken-{rule}", 1, 400, f"--break={rule}") for rule in BROKEN_RULES]
    return tests


def programs():
    """The programs that have a source yet."""
    sources = {"tern-storenode": "storenode/*.c", "tern-frontend": "frontend/*.c",
               "ternctl": "router/ctl/*.c"}
    return [p for p, f in sources.items() if glob.glob(os.path.join(ROOT, f))]


def cluster(build="release", only=None):
    """Real processes: tests/cluster/tN_*.sh, .py and .c, or t_*, each self-contained."""
    tools = [("cluster_" + stem(f)) for f in found("cluster/*.c")]
    tests = []
    for f in found("cluster/t[0-9_]*.sh", "cluster/t[0-9_]*.py", "cluster/t[0-9_]*.c"):
        if only and not header(f, only):
            continue
        command = [binary(build, "cluster_" + stem(f))] if f.endswith(".c") else [f]
        tests.append(Test(stem(f), command, float(header(f, "timeout") or SECONDS), build,
                          programs() + tools, alone=True))
    return tests


def fuzz(seconds=None):
    """libFuzzer targets, starting from tests/fuzz/corpus/NAME."""
    seconds = int(os.environ.get("TERN_FUZZ_SECONDS", seconds or 60))
    tests = []
    for f in found("fuzz/fuzz_*.c"):
        name = stem(f)
        grown = os.path.join(BUILD, "corpus", name)
        seeds = os.path.join(ROOT, "tests", "fuzz", "corpus", name[len("fuzz_"):])
        words = os.path.join(ROOT, "tests", "fuzz", name[len("fuzz_"):] + ".dict")
        tests.append(Test(name[len("fuzz_"):], [
            binary("fuzz", name), f"-max_total_time={seconds}", "-timeout=10",
            "-rss_limit_mb=1024", "-print_final_stats=1", f"-artifact_prefix={grown}/",
            *([f"-dict={words}"] if os.path.exists(words) else []),
            grown, *([seeds] if os.path.isdir(seeds) else [])],
            seconds=seconds + 120, build="fuzz", targets=[name], folders=[grown]))
    return tests


def bench(program="run"):
    """Measurements, not part of pass or fail by default."""
    path = os.path.join(ROOT, "tests", "bench", program)
    if not os.path.exists(path):
        return []
    return [Test("bench" if program == "run" else program, [path], 7200, "release",
                 programs() + ["bench_load"] + ["bench_" + stem(f) for f in found("bench/*.c")],
                 alone=True)]


def fresh():
    return [Test("debootstrap", [os.path.join(ROOT, "tests", "install", "fresh")], 7200,
                 alone=True)]


VALGRIND = ("valgrind", "-q", "--error-exitcode=99", "--leak-check=full",
            "--errors-for-leak-kinds=definite")


@dataclass
class Suite:
    name: str
    about: str
    tests: object             # function that returns the tests
    default: bool = False
    needs: str = ""           # a USE of cluster-conf/install beyond `tests`


SUITES = [
    Suite("lint", "layers, sizes, banned functions, coroutine marks, layout", lint, True),
    Suite("install", "the install script's choice of apt sources, on fixtures", install, True),
    Suite("unit", "tables and pure functions, folder by folder", unit, True),
    Suite("golden", "wire messages, byte for byte", golden, True),
    Suite("transcript", "dialogues of SMTP, LMTP, IMAP and POP3", transcript, True),
    Suite("sim", "seeded simulated clusters (TERN_SEED, TERN_SEEDS)", sim, True),
    Suite("unit-asan", "unit under ASan and UBSan", lambda: unit("asan"), True),
    Suite("golden-asan", "golden under ASan and UBSan", lambda: golden("asan"), True),
    Suite("transcript-asan", "transcript under ASan and UBSan", lambda: transcript("asan"), True),
    Suite("sim-asan", "a few simulated clusters under ASan and UBSan",
          lambda: sim("asan", 40), True),
    Suite("cluster", "real processes with faults", cluster, True),
    Suite("cluster-asan", "those marked `# asan: yes`, under ASan and UBSan",
          lambda: cluster("asan", "asan"), True),
    Suite("fuzz", "60 s for each fuzz target (TERN_FUZZ_SECONDS); 5 s in the default run",
          fuzz, True, "fuzz"),
    Suite("unit-clang", "unit, built with clang", lambda: unit("clang"), needs="full"),
    Suite("unit-ucontext", "unit, coroutines on ucontext", lambda: unit("ucontext")),
    Suite("unit-tsan", "unit under ThreadSanitizer", lambda: unit("tsan")),
    Suite("transcript-valgrind", "transcript under valgrind",
          lambda: transcript("release", VALGRIND), needs="full"),
    Suite("install-fresh", "install and build in a fresh Debian 12 (debootstrap)", fresh,
          needs="fresh"),
    Suite("bench", "the benchmark (tests/bench/run)", bench),
    Suite("compare", "beside Dovecot and Postfix (tests/bench/compare)",
          lambda: bench("compare"), needs="bench"),
]

# Names that stand for several suites.
GROUPS = {
    "default": [s.name for s in SUITES if s.default],
    "full": [s.name for s in SUITES if s.name not in ("bench", "compare", "install-fresh")],
    "asan": [s.name for s in SUITES if s.name.endswith("-asan")],
}
