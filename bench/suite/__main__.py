"""bench/run.sh calls this with the programs that it has built."""

import argparse
import os
import platform
import resource
import shutil
import sys
import time
import traceback
from pathlib import Path

from . import bodies, crowds, throughput
from .real import against_a_real_query
from .report import table, write
from .rig import Mirror, Missing, Nginx, Stub, cores

# What each part needs besides the mirror and the stub.
PARTS = {
    "g1": (throughput.g1, ("nginx", "wrk")),
    "g3": (throughput.g3, ("nginx", "wrk")),
    "g4": (throughput.g4, ("nginx", "wrk")),
    "g5": (throughput.g5, ("wrk",)),
    "g6": (throughput.g6, ("nginx", "wrk", "hey")),
    "g6-real": (against_a_real_query, ()),
    "g7": (crowds.g7, ()),
    "g8": (crowds.g8, ()),
    "g9": (throughput.g9, ("wrk",)),
    "g10": (crowds.g10, ("nginx",)),
    "g11": (crowds.g11, ("nginx", "wrk", "hey")),
    "g12": (crowds.g12, ()),
    "g13": (crowds.g13, ()),
}


class Rig:
    """The programs of all parts, and how long and how often is measured."""

    def __init__(self, options):
        self.quick = options.quick
        self.rounds = options.rounds or (3 if options.quick else 7)
        self.seconds = options.seconds or (3 if options.quick else 15)
        self.warm_up = 1 if options.quick else 5
        self.repeats = 3 if options.quick else 7
        self.tested, self.other = cores()
        self.binary, self.replay = options.mirror, options.replay
        self.scratch = Path(options.scratch).resolve()
        self.misses = {}
        self.serial = 0
        home = self.scratch / "bodies"
        home.mkdir(exist_ok=True)
        bodies.write(home)
        self.stub = Stub(options.stub, self.other, self.scratch, home)
        self.mirror = Mirror(self.binary, self.tested, self.scratch)
        if have("nginx"):
            self.stub_nginx = Nginx("stub", self.other, self.scratch, home)
            self.hop = Nginx("hop", self.tested, self.scratch, home)
            self.static = Nginx("static", self.tested, self.scratch, home)

    def fresh(self):
        """A text that no request of this run held before."""
        self.serial += 1
        return f"r{self.serial}x"

    def file(self, body):
        path = self.scratch / f"{self.fresh()}.json"
        path.write_text(body)
        return path

    def renew(self):
        """Another mirror: what one part left in the caches or broke must not be the next one's."""
        self.mirror.stop()
        self.mirror = Mirror(self.binary, self.tested, self.scratch)


def have(program):
    return shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin") is not None


def main():
    parser = argparse.ArgumentParser(prog="bench/run.sh", description="Measures the goals.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=" ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="3 rounds of 3 s: to develop with")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=int)
    for path in ("mirror", "stub", "replay", "scratch", "report"):
        parser.add_argument(f"--{path}", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    names = options.parts or list(PARTS)
    if unknown := [name for name in names if name not in PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}")
    # A thousand callers, and as many backend connections.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))

    skipped, lines, failed = {}, [], False
    try:
        rig = Rig(options)
    except Missing as missing:
        print(f"skipped: {missing}")
        return 0
    # The driver itself belongs to the load.
    os.sched_setaffinity(0, {rig.other})
    for name in names:
        part, needed = PARTS[name]
        if missing := [program for program in needed if not have(program)]:
            skipped[name] = "not installed: " + ", ".join(missing)
            continue
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            lines += part(rig)
        except Missing as missing:
            skipped[name] = str(missing)
        except Exception as error:
            # A part that breaks is a goal that is missed, and no reason not to measure the others.
            traceback.print_exc()
            skipped[name] = f"broke: {error}"
            failed = True
        if rig.mirror.child.poll() is not None:
            skipped[name] = f"the mirror ended with {rig.mirror.child.returncode}"
            failed = True
        rig.renew()
    machine = {
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "processor": processor(),
        "processors": os.cpu_count(),
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    shown = {"quick": rig.quick, "rounds": rig.rounds, "seconds": rig.seconds}
    write(Path(options.report), machine, shown, lines, skipped)
    print(table(lines))
    for name, reason in skipped.items():
        print(f"{name} was skipped: {reason}")
    print(f"\non {machine['processor']}, {machine['processors']} processors; {options.report}")
    return 1 if failed else 0


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "an unknown processor"


sys.exit(main())
