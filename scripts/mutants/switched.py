#!/usr/bin/env python3
"""Tries every mutant that cargo-mutants lists, in one build.

    cargo mutants --list --json … | scripts/mutants/switched.py [--jobs N] [--only TEXT] [--show]

A copy of the tree is made in which each function holds all of its mutants beside its own body, and a
number in the environment says which of them is run (0: none). What does not compile is taken out until
the rest does. Then the tests are run once a mutant, those of its own module first, until one fails:
seconds each, where a build of its own takes a minute. What no test notices is named at the end, and so
is what cannot be told apart by a number (a function that has to be `const`, one that returns a type
without a name): that is left to cargo-mutants itself.
"""

import argparse
import concurrent.futures
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
# What is not part of the program or of its tests.
LEFT_OUT = {"target", ".git", "node_modules", ".venv", "mutants.out", "mutants.out.old"}
# These ask whether other tests agree with one another about everything, late.
SKIPPED = ["fuzzing::generated"]
SWITCH = "MUTANT"
# What the tests of a mutant may take: one that never stops to allocate is caught by that.
MEMORY = 8 << 30
# How long the tests of a module may take, in seconds.
SOON = 60.0

# The number stands in the environment of the tests. A program that a test starts with none of it finds
# it in that of the first process of its session, which is the test.
SWITCH_CODE = """
pub mod mutant {
    pub fn on() -> u32 {
        static ON: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
        *ON.get_or_init(|| number().unwrap_or(0))
    }
    fn number() -> Option<u32> {
        if let Ok(own) = std::env::var("MUTANT") {
            return own.parse().ok();
        }
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        let session = stat.rsplit(')').next()?.split_ascii_whitespace().nth(3)?;
        let environ = std::fs::read(format!("/proc/{session}/environ")).ok()?;
        let mut all = environ.split(|byte| *byte == 0);
        let own = all.find_map(|it| it.strip_prefix(b"MUTANT="))?;
        std::str::from_utf8(own).ok()?.parse().ok()
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
    fate: str = ""


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


def read_list(text: str) -> tuple[list[Mutant], dict[str, str]]:
    codes: dict[str, str] = {}
    mutants = []
    for number, it in enumerate(json.loads(text), 1):
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


def switched(code: str, mutants: list[Mutant]) -> tuple[str, list[tuple[int, int, Mutant | None, Function]]]:
    """The code with its mutants in it, and which lines are whose; of `None` a function's own body."""
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
        put(" match crate::mutant::on() {\n")
        for it in function.mutants:
            put(f"{it.number} => {{\n")
            text = code[first : it.start] + it.replacement + " " + code[it.end : last]
            lines.append((*put(text + "\n"), it, function))
            put("}\n")
        put("_ => {\n")
        lines.append((*put(code[first:last] + "\n"), None, function))
        put("} }\n")
        done = last
    put(code[done:])
    return "".join(parts), lines


def copy_tree() -> None:
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
    library.write_text(text + SWITCH_CODE)


def cargo(*arguments: str, **more) -> subprocess.CompletedProcess:
    environment = {
        **os.environ,
        "CARGO_TARGET_DIR": str(ROOT / "target"),
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


def settle(mutants: list[Mutant], codes: dict[str, str]) -> list[Mutant]:
    """Writes the sources with all mutants that compile together, which are returned."""
    alive = [it for it in mutants if it.function]
    for it in mutants:
        if not it.function:
            it.fate = "by hand"
    while True:
        files, lines = {}, {}
        for file, code in codes.items():
            own = [it for it in alive if it.file == file]
            files[file], lines[file] = switched(code, own)
        write(files)
        checked = cargo(
            "check", "--lib", "--locked", "--message-format=json", stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        if checked.returncode == 0:
            return alive
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
    seconds: float = 0.0
    failing: list[str] = field(default_factory=list)


def build() -> list[Suite]:
    built = cargo(
        "test", "--no-run", "--locked", "--lib", "--test", "it", "--message-format=json", stdout=subprocess.PIPE
    )
    if built.returncode:
        sys.exit("the tests do not build")
    suites = []
    for message in messages(built.stdout):
        target = message.get("target", {})
        if message.get("executable") and message.get("profile", {}).get("test"):
            suites.append(Suite(target["name"] if "test" in target["kind"] else "lib", message["executable"]))
    return sorted(suites, key=lambda it: it.name != "lib")


def run(suite: Suite, number: int, filters: list[str], limit: float, skip: list[str]) -> tuple[str, list[str]]:
    """Runs tests until one fails; whether none did, and which."""
    arguments = ["prlimit", f"--as={MEMORY}", suite.program, *filters]
    for name in [*SKIPPED, *skip]:
        arguments += ["--skip", name]
    environment = {**os.environ, SWITCH: str(number), "CARGO_MANIFEST_DIR": str(TREE)}
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
    failed: list[str] = []
    ended = "passed"
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
            failed.append(found[1])
            ended = "failed"
            if number:
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


def module(file: str) -> str:
    parts = list(Path(file).with_suffix("").parts[1:])
    return "::".join(parts) + "::"


def hunt(it: Mutant, suite: Suite) -> str:
    """What becomes of a mutant: the tests of its own module are asked first, then those around it, then
    all of the suite."""
    own = module(it.file)
    around = "".join(f"{it}::" for it in own.split("::")[:-2])
    steps = [[it] for it in (own, around) if it] if suite.name == "lib" else []
    for filters in [*steps, []]:
        limit = SOON if filters else 30 + 3 * suite.seconds
        skip = list(suite.failing)
        while True:
            ended, failed = run(suite, it.number, filters, limit, skip)
            # What takes long around it says nothing of the mutant.
            if ended == "passed" or (filters == [around] and ended == "timed out"):
                break
            # A test that fails once and not again has noticed how busy the machine is.
            if not failed or run(suite, it.number, [failed[0], "--exact"], limit, [])[0] != "passed":
                return f"caught ({failed[0] if failed else ended})"
            skip.append(failed[0])
    return "missed"


def missed(chosen: list[Mutant], suite: Suite, jobs: int) -> list[Mutant]:
    """Those that no test of the suite notices."""
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        tried = {pool.submit(hunt, it, suite): it for it in chosen}
        for done in concurrent.futures.as_completed(tried):
            it = tried[done]
            it.fate = done.result()
            with (WORK / "fates").open("a") as fates:
                fates.write(f"{suite.name}\t{it.name}\t{it.fate}\n")
            if it.fate == "missed":
                print(f"    missed by {suite.name}: {it.name}", flush=True)
    return [it for it in chosen if it.fate == "missed"]


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments.add_argument("--only", default="", help="a part of the names of the mutants to try")
    given = arguments.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    mutants, codes = read_list(sys.stdin.read())
    print(f"==> {len(mutants)} mutants in {len(codes)} files", flush=True)
    copy_tree()
    alive = settle(mutants, codes)
    print("==> build", flush=True)
    suites = build()
    # Some tests read the sources, which are to be the program's own.
    for file, code in codes.items():
        (TREE / file).write_text(code)
    chosen = [it for it in alive if given.only in it.name]
    for suite in suites:
        print(f"==> {suite.name}, without a mutant", flush=True)
        began = time.monotonic()
        ended, suite.failing = run(suite, 0, [], 3600, [])
        suite.seconds = time.monotonic() - began
        print(f"    {suite.seconds:.0f} s, {ended}", *suite.failing, flush=True)
        if ended != "passed" and not suite.failing:
            sys.exit("the tests do not even run")
        print(f"==> {suite.name}, {len(chosen)} mutants", flush=True)
        chosen = missed(chosen, suite, given.jobs)
    for it in mutants:
        if it.fate == "by hand":
            print(f"    by hand: {it.name}")
    count = {}
    for it in mutants:
        count[it.fate.split(" (")[0]] = count.get(it.fate.split(" (")[0], 0) + 1
    print("==>", ", ".join(f"{many} {fate or 'not tried'}" for fate, many in sorted(count.items())))
    sys.exit(any(it.fate == "missed" for it in mutants))


if __name__ == "__main__":
    main()
