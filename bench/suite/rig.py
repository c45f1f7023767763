"""The programs of a measurement, each on its core, and what they and the machine were doing."""

import atexit
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")
KEY = "the-key-of-the-benchmark"

# What makes a round void (performance.md, "The benchmark suite").
BUSY_TESTED, BUSY_OTHER, STEAL, OTHER_LOAD = 0.95, 0.85, 0.01, 0.1


class Missing(Exception):
    """A part cannot be measured here."""


# As they were before the driver was sent to one of them.
AFFINITY = sorted(os.sched_getaffinity(0))


def cores():
    """The core of the program under test, and that of everything else."""
    found = AFFINITY
    if len(found) < 2:
        raise Missing("two processors are needed: one for the program under test")
    return found[0], found[1]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def get(url, timeout=10):
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return answer.read().decode()


def post(url, body, headers=None, timeout=60):
    request = urllib.request.Request(url, body.encode(), headers or {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


class Program:
    """A child process on one core. Ends with us."""

    running = []

    def __init__(self, command, core, log, env=None):
        self.core = core
        self.log = log
        with open(log, "ab") as output:
            self.child = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=env,
                preexec_fn=lambda: os.sched_setaffinity(0, {core}),
            )
        Program.running.append(self)

    @property
    def pid(self):
        return self.child.pid

    def pids(self):
        """It and its children: nginx works in one."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [self.pid, *map(int, children.split())]

    def cpu(self):
        """Seconds of processor time, user and system."""
        ticks = 0
        for pid in self.pids():
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(stat[11]) + int(stat[12])
        return ticks / TICK

    def memory(self, field="VmRSS"):
        """A field of its status, in MiB."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
        return 0.0

    def await_port(self, port, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.child.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return self
            except OSError:
                time.sleep(0.02)
        tail = Path(self.log).read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{self.child.args[0]} did not start:\n{tail}")

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        if self in Program.running:
            Program.running.remove(self)


@atexit.register
def stop_all():
    for program in list(Program.running):
        program.stop()


class Mirror(Program):
    """The mirror with one thread."""

    def __init__(self, binary, core, scratch, name="mirror", **settings):
        self.port, self.admin = free_port(), free_port()
        env = {
            "PATH": os.environ["PATH"],
            "API_KEY": KEY,
            "MIRROR_LISTEN": "127.0.0.1",
            "PORT": str(self.port),
            "ADMIN_PORT": str(self.admin),
            "WORKERS": "1",
            **settings,
        }
        super().__init__([binary, "serve"], core, Path(scratch) / f"{name}.log", env)
        self.url = f"http://127.0.0.1:{self.port}/api/metric"
        self.await_port(self.port)

    def instrument(self, name):
        """The sum of an instrument over its labels; 0 where there is none of that name."""
        total = 0.0
        for line in get(f"http://127.0.0.1:{self.admin}/metrics").splitlines():
            if line.startswith((name + " ", name + "{")):
                total += float(line.rpartition(" ")[2])
        return total


class Stub(Program):
    """The backend of bench/src/stub.rs."""

    def __init__(self, binary, core, scratch, bodies):
        self.port = free_port()
        super().__init__([binary, self.port, bodies], core, Path(scratch) / "stub.log")
        self.await_port(self.port)

    def url(self, mode, which=""):
        return f"http://127.0.0.1:{self.port}/{mode}/{which}".rstrip("/")

    def count(self):
        return json.loads(get(self.url("count")))

    def now(self, seconds):
        get(self.url("now", int(seconds)))


class Nginx(Program):
    """One of the three nginx: `stub`, `hop`, `static`."""

    ports = {}

    def __init__(self, name, core, scratch, bodies):
        self.port = Nginx.ports[name] = free_port()
        text = (BENCH / "nginx" / "common.conf").read_text()
        own = (BENCH / "nginx" / f"{name}.conf").read_text()
        own_filled = Path(scratch) / f"{name}.conf"
        own_filled.write_text(self.filled(own, name, scratch, bodies))
        # Started by root it would work as somebody who may not read the bodies.
        text = ("user root;\n" if os.geteuid() == 0 else "") + text
        main = Path(scratch) / f"{name}.main.conf"
        main.write_text(self.filled(text, name, scratch, bodies))
        program = "/usr/sbin/nginx" if os.path.exists("/usr/sbin/nginx") else "nginx"
        log = Path(scratch) / f"{name}.log"
        super().__init__([program, "-p", scratch, "-c", main], core, log)
        self.url = f"http://127.0.0.1:{self.port}"
        self.await_port(self.port)

    @staticmethod
    def filled(text, name, scratch, bodies):
        for mark, value in {
            "SCRATCH": scratch,
            "BODIES": bodies,
            "NAME": name,
            **{other.upper(): port for other, port in Nginx.ports.items()},
        }.items():
            text = text.replace(f"@{mark}@", str(value))
        return text


class Watch:
    """What the machine did between two moments."""

    def __init__(self, programs):
        self.programs = programs
        self.began = time.monotonic()
        self.cpu = [program.cpu() for program in programs]
        self.children = self.waited_for()
        self.stat = self.read()

    @staticmethod
    def waited_for():
        times = os.times()
        return times.user + times.system + times.children_user + times.children_system

    @staticmethod
    def read():
        lines = Path("/proc/stat").read_text().splitlines()
        return {
            line.split()[0]: [int(field) for field in line.split()[1:9]]
            for line in lines
            if line.startswith("cpu")
        }

    def end(self):
        seconds = time.monotonic() - self.began
        after = self.read()
        delta = {
            name: [new - old for new, old in zip(after[name], self.stat[name])] for name in after
        }

        def busy(name):
            user, nice, system, _, _, irq, softirq, _ = delta[name]
            return (user + nice + system + irq + softirq) / TICK

        tested, other = cores()
        cpu = [program.cpu() - before for program, before in zip(self.programs, self.cpu)]
        ours = sum(cpu) + self.waited_for() - self.children
        whole = busy("cpu")
        # Interrupts of our own packets are nobody's: they are busy time without a process.
        user, nice, system, _, _, irq, softirq, steal = delta["cpu"]
        others = (user + nice + system) / TICK - ours
        return {
            "seconds": seconds,
            "cpu": cpu,
            "tested": busy(f"cpu{tested}") / seconds,
            "other": busy(f"cpu{other}") / seconds,
            "steal": steal / TICK / seconds,
            "others": max(others, 0.0) / seconds,
            "whole": whole / seconds,
        }


def flaws(seen, throughput):
    """Why a round is void: (for everything, for requests a second alone)."""
    everything, rate = [], []
    if seen["steal"] > STEAL:
        everything.append("steal")
    if seen["others"] > OTHER_LOAD:
        everything.append("other load")
    if throughput and seen["tested"] < BUSY_TESTED:
        rate.append("tested core idle")
    if seen["other"] > BUSY_OTHER:
        rate.append("load generator at its end")
    return everything, rate
