#!/usr/bin/env python3
"""Tries every mutant that cargo-mutants lists, in one build.

    cargo mutants --list --json … | scripts/mutants/switched.py [--jobs N] [--only TEXT] [--anew] [--quick]
                                                                [--go-on]

A copy of the tree is made in which each function holds all of its mutants beside its own body, and a
number in the environment says which of them is run (0: none). What does not compile is taken out until
the rest does. Each test is run once by itself without a mutant, which tells what functions it comes
through. A mutant then meets every test that comes through its function, those of its own module first,
then the other unit tests, then tests/it, until one fails: a test that never comes there cannot notice
it, so what is missed is missed by all.

What cannot be told apart by a number (a function that has to be `const`, one that returns a type
without a name) is built by itself at the end and meets all tests; `--quick` leaves it out. Verdicts are
kept in target/mutants/fates.json, by the text of the file and the mutant: what was caught is not tried
again unless the file changes, or with `--anew`. `--go-on` takes up the build of the last run, and what
that learnt of the tests, whatever has changed since.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "target" / "mutants"
TREE = WORK / "tree"
# Apart from the ordinary build, so that neither replaces the programs of the other.
BUILT = WORK / "built"
# What is not part of the program or of its tests.
LEFT_OUT = {"target", ".git", "node_modules", ".venv", "mutants.out", "mutants.out.old"}
# These ask whether other tests agree with one another about everything, late.
SKIPPED = ["fuzzing::generated"]
SWITCH = "MUTANT"
# What the tests of a mutant may take: one that never stops to allocate is caught by that.
MEMORY = 8 << 30
# What a mutant may take beyond five times what its tests take without it, in seconds.
PATIENCE = 20.0
FATES = WORK / "fates.json"
STATE = WORK / "state.json"

# The number stands in the environment of the tests. A program that a test starts with none of it finds
# it in that of the first process of its session, which is the test.
SWITCH_CODE = """
pub mod mutant {
    use std::sync::OnceLock;
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering::Relaxed;

    static REACHED: [AtomicBool; FUNCTIONS] = [const { AtomicBool::new(false) }; FUNCTIONS];

    /// The mutant that is run, in function `function`.
    pub fn on(function: usize) -> u32 {
        static ON: OnceLock<u32> = OnceLock::new();
        static LOG: OnceLock<Option<String>> = OnceLock::new();
        if let Some(log) = LOG.get_or_init(|| told("MUTANT_LOG"))
            && !REACHED[function].swap(true, Relaxed)
        {
            use std::io::Write;
            let log = std::fs::OpenOptions::new().append(true).create(true).open(log);
            let _ = log.and_then(|mut log| log.write_all(format!("{function}\n").as_bytes()));
        }
        *ON.get_or_init(|| told("MUTANT").and_then(|it| it.parse().ok()).unwrap_or(0))
    }
    fn told(name: &str) -> Option<String> {
        if let Ok(own) = std::env::var(name) {
            return Some(own);
        }
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        let session = stat.rsplit(')').next()?.split_ascii_whitespace().nth(3)?;
        let environ = std::fs::read(format!("/proc/{session}/environ")).ok()?;
        let mut all = environ.split(|byte| *byte == 0);
        let own = all.find_map(|it| it.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?;
        Some(std::str::from_utf8(own).ok()?.to_owned())
    }
}
"""

# What is not code, so that no brace in it counts.
NOT_CODE = re.compile(
    r"//[^\n]*|/\*.*?\*/"
    r"|\bb?r(?P<hashes>#*)\".*?\"(?P=hashes)"
    r"|b?\"(?:\\.|[^\"\\])*\""
    r"|b?'(?:\\(?:u\{[^}]*\}|x..|.)|[^'\\])'",
    re.DOTALL,
)


@dataclass
class Mutant:
    number: int
    name: str
    file: str
    start: int
    end: int
    replacement: str
    genre: str
    function: tuple[int, int] | None
    key: str = ""
    fate: str = ""
    # The number of its outermost function, by which tests say that they came there.
    place: int = -1


@dataclass
class Function:
    """A function whose body is switched; `mutants` are those within it, closures and all."""

    start: int
    end: int
    mutants: list[Mutant] = field(default_factory=list)


def masked(code: str) -> str:
    return NOT_CODE.sub(lambda it: re.sub(r"[^\n]", " ", it.group()), code)


def offsets(code: str) -> list[int]:
    starts = [0]
    for line in code.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def read_list(text: str, only: str) -> tuple[list[Mutant], dict[str, str]]:
    codes: dict[str, str] = {}
    mutants = []
    for number, it in enumerate((it for it in json.loads(text) if only in it["name"]), 1):
        file = it["file"]
        code = codes.setdefault(file, (ROOT / file).read_text())
        starts = offsets(code)

        def place(span, end, starts=starts):
            at = span["end" if end else "start"]
            return starts[at["line"] - 1] + at["column"] - 1

        function = it["function"] and it["function"]["span"]
        if function and "impl " in it["function"]["return_type"]:
            # A type without a name is that of one body, and no two have the same.
            function = None
        mutants.append(
            Mutant(
                number,
                it["name"],
                file,
                place(it["span"], False),
                place(it["span"], True),
                it["replacement"],
                it["genre"],
                function and (place(function, False), place(function, True)),
                hashlib.sha256(f"{code}\0{it['name']}".encode()).hexdigest(),
            )
        )
    return mutants, codes


def body(code: str, mask: str, function: tuple[int, int]) -> tuple[int, int]:
    """What stands between the braces of a function."""
    start, end = function
    at = re.compile(r"\bfn\b").search(mask, start).end()
    depth = 0
    while mask[at] != "{" or depth:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(mask[at], 0)
        at += 1
    assert mask[end - 1] == "}", code[start:end]
    return at + 1, end - 1


def outermost(mutants: list[Mutant]) -> list[Function]:
    spans = sorted({it.function for it in mutants if it.function}, key=lambda it: (it[0], -it[1]))
    functions: list[Function] = []
    for start, end in spans:
        if not functions or start >= functions[-1].end:
            functions.append(Function(start, end))
    for it in mutants:
        for function in functions:
            if it.function and function.start <= it.start and it.end <= function.end:
                function.mutants.append(it)
    return functions


def switched(code: str, mutants: list[Mutant], number: int) -> tuple[str, list[tuple[int, int, Mutant | None, Function]]]:
    """The code with its mutants in it, and which lines are whose; of `None` a function's own body. Its
    functions are numbered from `number` on."""
    mask = masked(code)
    parts: list[str] = []
    lines = []
    done = 0
    count = 1

    def put(text: str) -> tuple[int, int]:
        nonlocal count
        first = count
        parts.append(text)
        count += text.count("\n")
        return first, count

    for function in outermost(mutants):
        if not function.mutants:
            continue
        first, last = body(code, mask, (function.start, function.end))
        head = re.sub(r"\bconst fn\b", "fn", code[function.start : first])
        put(code[done : function.start] + head)
        put(f" match crate::mutant::on({number}) {{\n")
        for it in function.mutants:
            it.place = number
            put(f"{it.number} => {{\n")
            text = code[first : it.start] + it.replacement + " " + code[it.end : last]
            lines.append((*put(text + "\n"), it, function))
            put("}\n")
        put("_ => {\n")
        lines.append((*put(code[first:last] + "\n"), None, function))
        put("} }\n")
        number += 1
        done = last
    put(code[done:])
    return "".join(parts), lines


def copy_tree(functions: int) -> None:
    def left_out(folder: str, names: list[str]) -> list[str]:
        return [it for it in names if it in LEFT_OUT]

    shutil.rmtree(TREE, ignore_errors=True)
    shutil.copytree(ROOT, TREE, ignore=left_out, symlinks=True)
    manifest = TREE / "Cargo.toml"
    text = manifest.read_text()
    # A mutant leaves things unused, and that is no error.
    manifest.write_text(re.sub(r"\n\[lints\.\w+\]\n.*?(?=\n\[|\Z)", "\n", text, flags=re.DOTALL))
    library = TREE / "src" / "lib.rs"
    text = library.read_text().replace(
        "#![forbid(unsafe_code)]",
        "#![allow(warnings, arithmetic_overflow, unconditional_panic)]",
    )
    library.write_text(text + SWITCH_CODE.replace("FUNCTIONS", str(functions)))


def restore(codes: dict[str, str]) -> None:
    for file, code in codes.items():
        (TREE / file).write_text(code)
    shutil.copy(ROOT / "src" / "lib.rs", TREE / "src" / "lib.rs")


def cargo(*arguments: str, **more) -> subprocess.CompletedProcess:
    environment = {
        **os.environ,
        "CARGO_TARGET_DIR": str(BUILT),
        "CARGO_PROFILE_DEV_DEBUG": "0",
        "CARGO_PROFILE_TEST_DEBUG": "0",
    }
    return subprocess.run(["cargo", *arguments], cwd=TREE, env=environment, text=True, **more)


def messages(output: str):
    for line in output.splitlines():
        if line.startswith("{"):
            yield json.loads(line)


def write(files: dict[str, str]) -> None:
    for file, code in files.items():
        path = TREE / file
        if not path.exists() or path.read_text() != code:
            path.write_text(code)


def settle(mutants: list[Mutant], codes: dict[str, str]) -> None:
    """Writes the sources with all mutants that compile together; the others get their fate."""
    alive = [it for it in mutants if it.function]
    for it in mutants:
        if not it.function:
            it.fate = "by hand"
    while True:
        files, lines = {}, {}
        for file, code in codes.items():
            own = [it for it in alive if it.file == file]
            first = 1 + max((it.place for it in alive if it.file in files), default=-1)
            files[file], lines[file] = switched(code, own, first)
        write(files)
        checked = cargo(
            "check", "--lib", "--locked", "--message-format=json", stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        if checked.returncode == 0:
            return
        out: dict[int, str] = {}
        strange = []
        for message in messages(checked.stdout):
            message = message.get("message")
            if not isinstance(message, dict) or message.get("level") != "error":
                continue
            if not blame(message, lines, out, codes, alive) and message["spans"]:
                strange.append(message["rendered"])
        if not out:
            print(checked.stderr[-3000:], *strange, sep="\n")
            sys.exit("the mutants cannot be told apart from what else is wrong")
        for it in alive:
            if it.number in out:
                it.fate = out[it.number]
        alive = [it for it in alive if it.number not in out]
        print(f"    {len(out)} taken out, {len(alive)} left", flush=True)


def blame(message: dict, lines: dict, out: dict[int, str], codes: dict[str, str], alive: list[Mutant]) -> bool:
    found = False
    for span in message["spans"]:
        if not span["is_primary"]:
            continue
        for first, last, mutant, function in lines.get(span["file_name"], []):
            if not first <= span["line_start"] <= last:
                continue
            found = True
            if mutant:
                out.setdefault(mutant.number, "unviable")
            else:
                # Its own body no longer fits beside the others.
                for it in function.mutants:
                    if it.genre == "FnValue":
                        out.setdefault(it.number, "by hand")
                if not any(it.genre == "FnValue" for it in function.mutants):
                    out.update({it.number: "by hand" for it in function.mutants})
    named = re.search(r"non-const .*`(?:.*::)?(\w+)(?:::<.*>)?`", message["message"])
    if named:
        for it in alive:
            head = codes[it.file][it.function[0] : it.function[1]]
            if re.search(rf"\bconst fn {named[1]}\b", head):
                found = True
                out.setdefault(it.number, "by hand")
    return found


@dataclass
class Suite:
    name: str
    program: str
    # What each test takes, in seconds, and through which functions it comes.
    seconds: dict[str, float] = field(default_factory=dict)
    reached: dict[str, set[int]] = field(default_factory=dict)


def build() -> list[Suite]:
    """The two suites, or none if it does not compile."""
    built = cargo(
        "test", "--no-run", "--locked", "--lib", "--test", "it", "--message-format=json",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    if built.returncode:
        return []
    suites = []
    for message in messages(built.stdout):
        target = message.get("target", {})
        if message.get("executable") and message.get("profile", {}).get("test"):
            suites.append(Suite(target["name"] if "test" in target["kind"] else "lib", message["executable"]))
    return sorted(suites, key=lambda it: it.name != "lib")


def run(program: str, number: int, tests: list[str], limit: float, log: Path | None = None) -> tuple[str, str]:
    """Runs these tests, or all, until one fails; how that ended, and which one failed."""
    arguments = ["prlimit", f"--as={MEMORY}", program, *tests, *(["--exact"] if tests else [])]
    for name in SKIPPED:
        arguments += ["--skip", name]
    environment = {**os.environ, SWITCH: str(number), "CARGO_MANIFEST_DIR": str(TREE)}
    if log:
        environment["MUTANT_LOG"] = str(log)
    process = subprocess.Popen(
        arguments, cwd=TREE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, errors="replace", start_new_session=True,
    )
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    until = time.monotonic() + limit
    ended, failed = "passed", ""
    while True:
        try:
            line = lines.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            ended = "timed out"
            break
        if line is None:
            break
        found = re.match(r"test (\S+)(?: - .*)? \.\.\. FAILED", line)
        if found:
            ended, failed = "failed", found[1]
            break
    if ended == "passed" and process.wait():
        # It died of what it was given.
        ended = "failed"
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    return ended, failed


def explore(suite: Suite, jobs: int) -> None:
    """Runs each test by itself without a mutant. One that fails so is left out, and said."""
    listed = subprocess.run(
        [suite.program, "--list", "--format=terse"], cwd=TREE, text=True, stdout=subprocess.PIPE, check=True
    ).stdout
    names = [line.removesuffix(": test") for line in listed.splitlines() if line.endswith(": test")]
    names = [it for it in names if not any(skipped in it for skipped in SKIPPED)]
    logs = WORK / "reached"
    logs.mkdir(exist_ok=True)

    def one(name: str) -> None:
        log = logs / hashlib.sha256(f"{suite.name} {name}".encode()).hexdigest()
        for _ in range(2):
            log.unlink(missing_ok=True)
            began = time.monotonic()
            ended, _ = run(suite.program, 0, [name], 600, log)
            if ended == "passed":
                suite.seconds[name] = time.monotonic() - began
                text = log.read_text() if log.exists() else ""
                suite.reached[name] = {int(line) for line in text.splitlines()}
                return
        print(f"    left out, since it fails without a mutant: {name}", flush=True)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, names))


def module(file: str) -> str:
    parts = list(Path(file).with_suffix("").parts[1:])
    return "::".join(parts) + "::"


def steps(it: Mutant, suites: list[Suite]) -> list[tuple[Suite, list[str]]]:
    """The tests that come through its function, in the order in which they are asked."""
    own = module(it.file)
    found = []
    for suite in suites:
        there = [name for name, reached in suite.reached.items() if it.place in reached or it.place < 0]
        near = [name for name in there if suite.name == "lib" and name.startswith(own)]
        rest = [name for name in there if name not in set(near)]
        # What is soon done is asked first.
        rest.sort(key=lambda name: suite.seconds[name])
        soon = [name for name in rest if suite.seconds[name] < 0.5]
        late = [name for name in rest if suite.seconds[name] >= 0.5]
        found += [(suite, names) for names in (near, soon, late) if names]
    return found


# Which tests are asked: those of the module, other unit tests, tests/it. Each round is for what the one
# before has left, since most is soon caught and what is not takes minutes.
ROUNDS = ("tests of their own modules", "other unit tests", "tests/it")


def round_of(it: Mutant, suite: Suite, names: list[str]) -> int:
    if suite.name != "lib":
        return 2
    return 0 if names[0].startswith(module(it.file)) else 1


def hunt(it: Mutant, suites: list[Suite], rounds: range) -> str:
    """What becomes of a mutant in these rounds; empty if nothing noticed it and others are to come."""
    tried = 0
    for suite, names in steps(it, suites):
        if round_of(it, suite, names) not in rounds:
            tried += len(names)
            continue
        while names:
            limit = PATIENCE + 5 * sum(suite.seconds[name] for name in names)
            ended, failed = run(suite.program, it.number, names, limit)
            if ended == "passed":
                break
            if ended == "timed out":
                return f"timed out ({suite.name})"
            # A test that fails once and not again has noticed how busy the machine is.
            if not failed or run(suite.program, it.number, [failed], limit)[0] != "passed":
                return f"caught ({failed or suite.name})"
            names = [name for name in names if name != failed]
        tried += len(names)
    return f"missed (by {tried} tests that come there)" if rounds[-1] == len(ROUNDS) - 1 else ""


class Fates:
    """What became of mutants, kept from one run to the next."""

    def __init__(self, anew: bool) -> None:
        self.known = json.loads(FATES.read_text()) if FATES.exists() and not anew else {}
        self.lock = threading.Lock()

    def of(self, it: Mutant) -> str:
        fate = self.known.get(it.key, ["", ""])[1]
        return "" if fate.startswith("missed") else fate

    def put(self, it: Mutant, fate: str) -> None:
        it.fate = fate
        if not fate:
            return
        with self.lock:
            self.known[it.key] = [it.name, fate]
            FATES.with_suffix(".new").write_text(json.dumps(self.known, indent=0))
            FATES.with_suffix(".new").replace(FATES)
        if fate.startswith("missed"):
            print(f"    {fate}: {it.name}", flush=True)


def save(mutants: list[Mutant], suites: list[Suite]) -> None:
    """Keeps what was built and learnt."""
    told = [
        {"name": it.name, "program": it.program, "seconds": it.seconds,
         "reached": {name: sorted(places) for name, places in it.reached.items()}}
        for it in suites
    ]
    STATE.write_text(json.dumps({"mutants": {it.key: [it.number, it.place, it.fate] for it in mutants}, "suites": told}))


def load(mutants: list[Mutant]) -> list[Suite]:
    """What `save` kept; the mutants get their numbers in that build."""
    state = json.loads(STATE.read_text())
    for it in mutants:
        it.number, it.place, it.fate = state["mutants"].get(it.key, [0, -1, "unknown to the last build"])
    return [
        Suite(it["name"], it["program"], it["seconds"], {name: set(at) for name, at in it["reached"].items()})
        for it in state["suites"]
    ]


def prepare(mutants: list[Mutant], codes: dict[str, str], jobs: int) -> list[Suite]:
    """Builds all mutants, and learns where the tests come through."""
    copy_tree(len(mutants))
    settle(mutants, codes)
    print("==> build", flush=True)
    suites = build()
    if not suites:
        sys.exit("the tests do not build")
    # Some tests read the sources, which are to be the program's own.
    restore(codes)
    for suite in suites:
        print(f"==> {suite.name}, test by test, without a mutant", flush=True)
        explore(suite, jobs)
        print(f"    {len(suite.seconds)} tests, {sum(suite.seconds.values()):.0f} s", flush=True)
        if not suite.seconds:
            sys.exit("the tests do not even run")
    save(mutants, suites)
    return suites


def by_themselves(mutants: list[Mutant], codes: dict[str, str], suites: list[Suite], fates: Fates) -> None:
    """Those that need a build of their own; they meet every test."""
    for it in mutants:
        code = codes[it.file]
        (TREE / it.file).write_text(code[: it.start] + it.replacement + code[it.end :])
        built = build()
        restore(codes)
        if not built:
            fates.put(it, "unviable")
            continue
        for suite, known in zip(built, suites, strict=True):
            suite.seconds, suite.reached = known.seconds, known.reached
        it.place = -1
        fates.put(it, hunt(it, built, range(len(ROUNDS))))


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments.add_argument("--only", default="", help="a part of the names of the mutants to try")
    arguments.add_argument("--anew", action="store_true", help="tries again what was caught before")
    arguments.add_argument("--go-on", action="store_true", help="takes up the build of the last run")
    arguments.add_argument("--quick", action="store_true", help="leaves out what needs a build of its own")
    given = arguments.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    mutants, codes = read_list(sys.stdin.read(), given.only)
    print(f"==> {len(mutants)} mutants in {len(codes)} files", flush=True)
    suites = load(mutants) if given.go_on else prepare(mutants, codes, given.jobs)
    fates = Fates(given.anew)
    for it in mutants:
        if it.fate in ("", "by hand"):
            it.fate = fates.of(it) or it.fate
    chosen = [it for it in mutants if not it.fate]
    # What is soon known comes first.
    cost = {it.number: sum(suite.seconds[name] for suite, names in steps(it, suites) for name in names) for it in chosen}
    chosen.sort(key=lambda it: cost[it.number])
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        for number, name in enumerate(ROUNDS):
            print(f"==> {len(chosen)} mutants, {name}", flush=True)
            rounds = range(number, number + 1)
            list(pool.map(lambda it, rounds=rounds: fates.put(it, hunt(it, suites, rounds)), chosen))
            chosen = [it for it in chosen if not it.fate]
    apart = [it for it in mutants if it.fate == "by hand"]
    if apart and not given.quick:
        print(f"==> {len(apart)} mutants, each in a build of its own", flush=True)
        by_themselves(apart, codes, suites, fates)
    for it in mutants:
        if it.fate == "by hand":
            print(f"    not tried, needs a build of its own: {it.name}")
    count: dict[str, int] = {}
    for it in mutants:
        fate = it.fate.split(" (")[0] or "not tried"
        count[fate] = count.get(fate, 0) + 1
    print("==>", ", ".join(f"{many} {fate}" for fate, many in sorted(count.items())))
    sys.exit(any(it.fate.startswith("missed") for it in mutants))


if __name__ == "__main__":
    main()
