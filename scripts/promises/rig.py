"""What is measured with: the mirror as a process, a backend, callers, and how busy the machine was."""

import asyncio
import atexit
import contextlib
import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

KEY = "the-key-of-these-measurements"
HERE = Path(__file__).resolve().parent
TICK = os.sysconf("SC_CLK_TCK")

running = []


def free_ports(count=1):
    """The first of so many ports in a row that are free."""
    while True:
        first = random.randrange(20_000, 30_000)
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for port in range(first, first + count):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first


def raise_limit():
    """As many descriptors as we may have; who is root may have more than that."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for most in (max(hard, 65_536), hard):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
            return most
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


class Process:
    """A child. It ends with us."""

    def __init__(self, command, log, env=None):
        self.began = time.monotonic()
        self.log = log
        with open(log, "ab") as output:
            self.child = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, env=env,
            )
        running.append(self)

    def wait_for(self, is_so, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.child.poll() is None:
            if is_so():
                return self
            time.sleep(0.002)
        tail = Path(self.log).read_text(errors="replace")[-2_000:]
        raise RuntimeError(f"{self.child.args[0]} is not as it should be:\n{tail}")

    def status(self, field):
        """A field of its status, in KiB."""
        for line in Path(f"/proc/{self.child.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
        return 0

    def signal(self, number):
        self.child.send_signal(number)

    def stop(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        if self in running:
            running.remove(self)


@atexit.register
def stop_all():
    for process in list(running):
        process.stop()


def get(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        return answer.read().decode()


def is_there(port, path):
    with contextlib.suppress(OSError):
        return bool(get(port, path))
    return False


class Backend(Process):
    """The one of backend.py."""

    def __init__(self, scratch):
        self.port = free_ports(2)
        super().__init__([sys.executable, HERE / "backend.py", self.port], scratch / "backend.log")
        self.wait_for(lambda: is_there(self.port, "/note"))

    def url(self, mode, which=""):
        return f"http://127.0.0.1:{self.port}/{mode}/{which}".rstrip("/")

    def note(self):
        return json.loads(get(self.port, "/note"))

    def be(self, mode):
        with contextlib.suppress(OSError):
            get(self.port, f"/be/{mode}/")


class Mirror(Process):
    """The program that is measured, with what stands in `limits`."""

    def __init__(self, rig, limits="", name="mirror"):
        self.port, self.admin = free_ports(), free_ports()
        self.config = rig.scratch / f"{name}.yaml"
        self.config.write_text(
            f"port: {self.port}\nadmin_port: {self.admin}\napi_key: {KEY}\nlimits: {{{limits}}}\n"
        )
        command = [rig.binary, "serve", "--config", self.config]
        super().__init__(command, rig.scratch / f"{name}.log", {"MIRROR_LOG_LEVEL": "warn"})
        self.wait_for(lambda: is_there(self.admin, "/-/ready"))

    def instrument(self, name):
        """The sum of an instrument over the label sets that begin like this; 0 where there is none."""
        total = 0.0
        for line in get(self.admin, "/metrics").splitlines():
            if line.startswith((name + " ", name + "{", name + ",", name + "}")):
                total += float(line.rpartition(" ")[2])
        return total


def question(url, label, seconds=30):
    """A list of values, which takes one call."""
    return json.dumps({
        "connectionDetails": {
            "url": url, "dialect": "promql-open", "scrape_interval_ms": 15_000,
            "request_timeout_seconds": seconds,
        },
        "query": {"conditions": [], "field": {"fieldName": label}, "limit": 10},
    }).encode()


HEALTH = b"GET /healthcheck HTTP/1.1\r\nhost: localhost\r\n\r\n"


def post(body):
    head = (
        "POST /api/field/value HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Caller:
    """One connection to the mirror."""

    def __init__(self, port):
        self.port = port
        self.reader = self.writer = None

    async def open(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    def send(self, text):
        self.writer.write(text)

    async def answer(self):
        """Status, error id, head and body; status 0 where the connection ends instead."""
        try:
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            fields = dict(
                (name.lower(), value.strip())
                for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:])
            )
            body = await self.reader.readexactly(int(fields.get("content-length", 0)))
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0, "", {}, b""
        return int(head.split(" ", 2)[1]), fields.get("x-mirror-error", ""), fields, body

    async def ask(self, text):
        """Status, error id, and how long it took in milliseconds."""
        began = time.perf_counter()
        status, code, fields = 0, "refused", {}
        try:
            if self.writer is None:
                await self.open()
            self.send(text)
            status, code, fields, _ = await self.answer()
        except OSError:
            pass
        if status == 0 or fields.get("connection") == "close":
            self.close()
        return status, code, (time.perf_counter() - began) * 1_000

    def close(self):
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None


async def crowd(port, count):
    """So many open connections, not all at once: a burst would be the listener's queue."""
    callers = [Caller(port) for _ in range(count)]
    for first in range(0, count, 100):
        await asyncio.gather(*(caller.open() for caller in callers[first : first + 100]))
    return callers


async def at_rate(port, texts, rate):
    """Asks so many times a second, whatever becomes of those before (open loop)."""
    idle, tasks = [], []

    async def one(text):
        caller = idle.pop() if idle else Caller(port)
        answer = await caller.ask(text)
        idle.append(caller)
        return answer

    began = time.perf_counter()
    for number, text in enumerate(texts):
        wait = began + number / rate - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.ensure_future(one(text)))
    answers = await asyncio.gather(*tasks)
    for caller in idle:
        caller.close()
    return answers, time.perf_counter() - began


def percentile(values, percent):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * percent / 100))] if values else 0.0


class Foreign:
    """How much of the machine others took meanwhile, as a share of one processor."""

    def __enter__(self):
        self.began, self.before = time.monotonic(), self.read()
        return self

    def __exit__(self, *_):
        after, seconds = self.read(), time.monotonic() - self.began
        self.share = max(after[0] - self.before[0] - (after[1] - self.before[1]), 0) / seconds

    @staticmethod
    def read():
        """Seconds that all processes took, and those that ours did."""
        user, nice, system = map(int, Path("/proc/stat").read_text().split()[1:4])
        times = os.times()
        ours = times.user + times.system + times.children_user + times.children_system
        for process in running:
            with contextlib.suppress(OSError):
                stat = Path(f"/proc/{process.child.pid}/stat").read_text().rpartition(")")[2].split()
                ours += (int(stat[11]) + int(stat[12])) / TICK
        return (user + nice + system) / TICK, ours


class Rig:
    """What all claims share. `is_long`: as a release is measured."""

    def __init__(self, binary, scratch, is_long):
        self.binary, self.scratch, self.is_long = binary, Path(scratch), is_long
        self.descriptors = raise_limit()
        self.backend = Backend(self.scratch)
        self.labels = 0

    def label(self):
        """One that nobody has asked for."""
        self.labels += 1
        return f"label_{self.labels}"

    def question(self, mode, seconds=30, which=""):
        return post(question(self.backend.url(mode, which), self.label(), seconds))

    def questions(self, mode, count, seconds=30):
        return [self.question(mode, seconds) for _ in range(count)]

    def mirror(self, limits="", name="mirror"):
        return Mirror(self, limits, name)

    def count(self, short, long):
        return long if self.is_long else short


@contextlib.contextmanager
def busy(rig):
    """Another process that wants a whole processor."""
    process = Process([sys.executable, "-c", "while True: pass"], rig.scratch / "busy.log")
    try:
        yield
    finally:
        process.stop()


@contextlib.contextmanager
def black_hole():
    """A port that takes no connection: its queue is full, so that what comes is dropped."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(listener.getsockname())
        time.sleep(0.1)
        yield listener.getsockname()[1]


__all__ = [
    "HEALTH", "KEY", "Caller", "Foreign", "Rig", "at_rate", "black_hole", "busy", "crowd", "get",
    "percentile", "post", "question", "signal",
]
