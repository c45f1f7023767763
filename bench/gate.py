"""The comparison of bench/gate.sh."""

import argparse
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOLERANCE = 0.02


def count(options, case, times):
    """The instructions of a case, of which callgrind sees what `measured` calls."""
    out = Path(options.scratch) / f"{case}.callgrind"
    command = ["valgrind", "--tool=callgrind", "--toggle-collect=replay::measured"]
    command += [f"--callgrind-out-file={out}", options.replay, case, str(times)]
    done = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found or found[1] == "0":
        sys.exit(f"{case}: nothing was counted\n{done.stdout}{done.stderr}")
    return int(found[1])


def compiler():
    lines = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    fields = dict(line.split(": ", 1) for line in lines.splitlines() if ": " in line)
    return f"{fields['release']}, LLVM {fields['LLVM version']}", fields["host"]


def measure(options, cases, more=1.0):
    def one(case):
        return count(options, case, round(cases[case] * more))

    # Two at a time: instructions do not care who else computes.
    with ThreadPoolExecutor(2) as pool:
        totals = dict(zip(cases, pool.map(one, cases)))
    each = {case: round(total / cases[case]) for case, total in totals.items()}
    if {"request_121", "request_11000"} <= each.keys():
        # What a point adds: to be scanned, and written. In thousandths, which is what it is good for.
        slope = (each["request_11000"] - each["request_121"]) / (11_000 - 121)
        each["scan_and_write_1000_points"] = round(slope * 1_000)
    return each


def main():
    parser = argparse.ArgumentParser(prog="bench/gate.sh")
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--rebase", action="store_true")
    parser.add_argument("--prove", action="store_true")
    for path in ("replay", "scratch", "baseline"):
        parser.add_argument(f"--{path}", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    listed = subprocess.run(
        [options.replay, "list"], capture_output=True, text=True, check=True
    ).stdout
    known = {name: int(times) for name, times in map(str.split, listed.splitlines())}
    cases = {case: known[case] for case in options.cases or known}
    release, target = compiler()
    valgrind = subprocess.run(
        ["valgrind", "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()
    here = {"compiler": release, "target": target, "valgrind": valgrind}
    each = measure(options, cases, 1.05 if options.prove else 1.0)

    path = Path(options.baseline)
    if options.rebase:
        before = json.loads(path.read_text())["instructions"] if path.exists() else {}
        kept = before if options.cases else {}
        path.write_text(json.dumps({**here, "instructions": {**kept, **each}}, indent=2) + "\n")
    baseline = json.loads(path.read_text())
    comparable = all(baseline[name] == value for name, value in here.items())
    print(f"{'case':28} {'instructions':>13} {'baseline':>13} {'change':>8}")
    worse, better = [], []
    for case, found in each.items():
        known = baseline["instructions"].get(case)
        change = found / known - 1 if known else 0.0
        print(f"{case:28} {found:13,} {known or 0:13,} {change:+8.2%}")
        if not known or change > TOLERANCE:
            worse.append(case)
        elif change < -TOLERANCE:
            better.append(case)
    if options.prove:
        blind = sorted(each.keys() - set(worse))
        print(f"not noticed: {', '.join(blind)}" if blind else "5 % more work is noticed everywhere")
        return 1 if blind else 0
    if not comparable:
        named = ", ".join(str(baseline[name]) for name in here)
        print(f"only shown: the baseline is of {named}; this is {', '.join(here.values())}")
        return 0
    if worse:
        print(f"more instructions than the baseline allows, or not in it: {', '.join(worse)}")
        print("make it cheaper; or bench/gate.sh --rebase, and say why in the commit")
    if better:
        print(f"fewer than the baseline: {', '.join(better)}; keep it with bench/gate.sh --rebase")
    return 1 if worse else 0


sys.exit(main())
