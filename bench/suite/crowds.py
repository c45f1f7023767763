"""G7, G8, G10, G11's second half, G12 and G13: what is counted and timed call by call."""

import asyncio
import contextlib
import json
import random
import socket
import statistics
import time

from . import bodies
from .load import percentile
from .report import Line
from .rig import KEY, Mirror, Watch, flaws
from .throughput import beside_a_hung_backend, compare, saturation


class Caller:
    """One connection to the mirror."""

    def __init__(self, port):
        self.port = port
        self.reader = self.writer = None

    async def open(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    def send(self, body, headers=""):
        if isinstance(body, str):
            body = body.encode()
        head = (
            "POST /api/metric HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            f"{headers}content-length: {len(body)}\r\n\r\n"
        )
        self.writer.write(head.encode() + body)

    async def answer(self):
        """Status, error id, body; status 0 where the connection ends instead."""
        try:
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            fields = dict(
                (name.lower(), value.strip())
                for name, _, value in (line.partition(":") for line in head[1:])
            )
            body = await self.reader.readexactly(int(fields.get("content-length", 0)))
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0, "", b""
        return int(head[0].split(" ")[1]), fields.get("x-mirror-error", ""), body

    async def ask(self, body, headers="", patience=40):
        """The same and how long it took, in milliseconds. Status 0: out of patience."""
        began = time.perf_counter()
        try:
            if self.writer is None:
                await self.open()
            self.send(body, headers)
            status, code, answer = await asyncio.wait_for(self.answer(), patience)
        except (asyncio.TimeoutError, OSError):
            status, code, answer = 0, "patience", b""
        if status == 0:
            self.close()
        return status, code, answer, (time.perf_counter() - began) * 1000

    def close(self):
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None


async def crowd(port, many):
    """So many open connections. Not all at once: a burst would be the listener's queue."""
    callers = [Caller(port) for _ in range(many)]
    for first in range(0, many, 100):
        await asyncio.gather(*(caller.open() for caller in callers[first : first + 100]))
    return callers


def questions(url, points, many, key):
    body = bodies.request(url, points)
    return [body.replace("%SEQ%", f"{key}-{number}").encode() for number in range(many)]


def g7(rig):
    points, many = 121, 1_000
    expected = json.loads(bodies.mirror(points))
    calls = Line("G7", "1,000 identical calls: backend calls", "1", at_least=1, at_most=1)
    errors = Line("G7", "1,000 identical calls: errors or unequal bodies", "0", at_most=0)
    dies = Line("G7", "the first caller dies: errors or unequal bodies", "0", at_most=0)
    dies_calls = Line("G7", "the first caller dies: backend calls", "1", at_least=1, at_most=1)

    async def run(first_dies):
        before = rig.stub.count()["calls"]
        body = bodies.request(rig.stub.url("delay-1000", points), points, instance=rig.fresh())
        callers = await crowd(rig.mirror.port, many)
        callers[0].send(body)
        await asyncio.sleep(0.1)
        for caller in callers[1:]:
            caller.send(body)
        if first_dies:
            await asyncio.sleep(0.2)
            callers.pop(0).close()
        answers = await asyncio.gather(*(caller.answer() for caller in callers))
        for caller in callers:
            caller.close()
        wrong = sum(
            1 for status, _, text in answers if status != 200 or json.loads(text) != expected
        )
        return rig.stub.count()["calls"] - before, wrong

    for _ in range(rig.repeats):
        made, wrong = asyncio.run(run(first_dies=False))
        calls.add(made)
        errors.add(wrong)
        made, wrong = asyncio.run(run(first_dies=True))
        dies_calls.add(made)
        dies.add(wrong)
    return [calls, errors, dies_calls, dies]


def g8(rig):
    """Polls at the times that they would have, one simulated second after the other, as fast as they
    are answered. The micro-cache lives in real time: its 2 s last as many simulated seconds as pass
    in them, so that it is asked to be right for longer than it would have to be."""
    streams, simulated = (100, 300) if rig.quick else (500, 1_800)
    calls = Line("G8", "poll replay: backend calls per caller call", "<= 1", at_most=1)
    calls.note = f"{streams} streams, {simulated} simulated s"
    differences = Line("G8", "poll replay: differences from direct answers", "0", at_most=0)
    chance = random.Random(8)
    now = int(time.time()) - simulated - 60
    url = rig.stub.url("oracle", "poll")
    polls = []
    for stream in range(streams):
        window = chance.choice((900, 1_800, 3_600, 21_600))
        width = 60 if window <= 3_600 else 300
        at = chance.uniform(0, 30)
        while at < simulated:
            polls.append((at, stream, window, width))
            at += chance.uniform(10, 30)
    polls.sort()

    def question(at, stream, window, width):
        begin = int((now + at - window) * 1000)
        body = json.loads(
            bodies.request(url, window // width, f"s{stream}", begin, width * 1000)
        )
        body["query"]["endTime"] = int((now + at) * 1000)
        return json.dumps(body)

    async def run():
        callers = await crowd(rig.mirror.port, 16)
        wrong = compared = asked = 0
        began = time.monotonic()
        for at in range(simulated):
            due = []
            while polls and polls[0][0] < at + 1:
                due.append(polls.pop(0))
            if not due:
                continue
            # What an entry may be older than it says, in simulated time.
            age = 2 * (at + 1) / max(time.monotonic() - began, 0.001)
            settled = (now + at - 60 - age) * 1000
            rig.stub.now(now + at - 60)
            for first in range(0, len(due), len(callers)):
                some = due[first : first + len(callers)]
                texts = [question(*poll) for poll in some]
                answers = await asyncio.gather(
                    *(caller.ask(text) for caller, text in zip(callers, texts))
                )
                asked += len(some)
                wrong += sum(1 for answer in answers if answer[0] != 200)
                if asked % 10 < len(some) and answers[0][0] == 200:
                    direct = await callers[0].ask(texts[0], "cache-control: no-cache\r\n")
                    compared += 1
                    wrong += differ(answers[0][2], direct[2], settled)
        for caller in callers:
            caller.close()
        return asked, compared, wrong

    before = rig.stub.count()["calls"]
    asked, compared, wrong = asyncio.run(run())
    made = rig.stub.count()["calls"] - before - compared
    # Calls that nobody made because the questions were refused are no merit.
    calls.add(made / asked, ["no calls"] if made <= 0 else [])
    differences.add(wrong)
    differences.note = f"{compared} of {asked} answers compared"
    return [calls, differences]


def differ(kept, direct, settled):
    """Whether two answers differ in a point that had settled."""

    def points(text):
        rows = json.loads(text)["telemetry"]["points"]
        return [row for row in rows if row[2] <= settled]

    return points(kept) != points(direct)


def g10(rig):
    idle = Line("G10", "memory, idle", "<= 15 MB", unit="MB", at_most=15e6 / 2**20)
    peak = Line("G10", "1,000 x 11,000 points: beyond the byte budget", "<= 128 MB", at_most=128)
    after = Line("G10", "a while later: × (idle + caches)", "<= 1.5", at_most=1.5)
    later = 15 if rig.quick else 60
    after.note = f"{later} s later"
    mirror = Mirror(rig.binary, rig.tested, rig.scratch, "mirror-memory")
    time.sleep(1)
    resting = mirror.memory()
    idle.add(resting)
    budget = (mirror.instrument("mirror_buffer_budget_bytes") or 512 * 2**20) / 2**20

    async def run():
        callers = await crowd(mirror.port, 1_000)
        texts = questions(f"{rig.stub_nginx.url}/11000", 11_000, len(callers), "memory")
        answers = await asyncio.gather(
            *(caller.ask(text, patience=90) for caller, text in zip(callers, texts))
        )
        for caller in callers:
            caller.close()
        return sum(1 for answer in answers if answer[0] == 200)

    good = asyncio.run(run())
    peak.add(max(mirror.memory("VmHWM") - budget, 0))
    peak.note = f"{good} of 1,000 answered, peak {mirror.memory('VmHWM'):.0f} MiB"
    time.sleep(later)
    # Caches count as empty: answers live for 2 s, and no list was asked for.
    after.add(mirror.memory() / resting)
    mirror.stop()
    return [idle, peak, after]


@contextlib.contextmanager
def hung(port, url, many):
    """So many calls to a backend that never answers, held open meanwhile."""
    sockets = []
    for text in questions(url, 121, many, f"hung-{random.random()}"):
        connection = socket.create_connection(("127.0.0.1", port))
        head = f"POST /api/metric HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(text)}\r\n\r\n"
        connection.sendall(head.encode() + text)
        sockets.append(connection)
    time.sleep(0.3)
    try:
        yield
    finally:
        for connection in sockets:
            connection.close()
        time.sleep(0.3)


def g11(rig):
    refused = Line("G11", "full waiting rooms: refusals, p99", "<= 10 ms", unit="ms", at_most=10)
    seen = []

    async def probe():
        caller = Caller(rig.mirror.port)
        for text in questions(rig.stub.url("hang"), 121, 100, rig.fresh()):
            status, code, _, took = await caller.ask(text, patience=0.5)
            seen.append((took, code))
            if sum(1 for _, code in seen if code == "patience") >= 3:
                break
        caller.close()

    # A backend has 256 slots and as large a room (reliability.md, "Limits and waiting rooms").
    with hung(rig.mirror.port, rig.stub.url("hang"), 700):
        asyncio.run(probe())
    refused.add(percentile([took for took, _ in seen], 99))
    refused.note = ", ".join(sorted({code for _, code in seen}))
    lines = [saturation(rig), refused]
    lines.append(
        beside_a_hung_backend(rig, lambda url: hung(rig.mirror.port, url, 300))
    )
    return lines


@contextlib.contextmanager
def black_hole():
    """A port that never takes a connection: its queue is full, so that what comes is dropped."""
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


def g12(rig):
    opened = Line("G12", "dead backend, breaker open: p99", "<= 5 ms", unit="ms", at_most=5)
    first = Line("G12", "dead backend: the first calls", "-", unit="ms")
    ratio = Line("G12", "backend calls per failing call", "<= 1.2", at_most=1.2)
    late = Line("G12", "backend calls after the deadline", "0", at_most=0)

    async def dead(port):
        callers = await crowd(rig.mirror.port, 16)
        texts = questions(f"http://127.0.0.1:{port}", 121, 16, rig.fresh())
        answers = await asyncio.gather(
            *(caller.ask(text) for caller, text in zip(callers, texts))
        )
        first.add(statistics.median(answer[3] for answer in answers))
        times = []
        for text in questions(f"http://127.0.0.1:{port}", 121, 200, rig.fresh()):
            status, code, _, took = await callers[0].ask(text)
            times.append(took)
            # Without a breaker each costs a connect timeout: three show it.
            if sum(1 for took in times if took > 1_000) >= 3:
                break
        opened.add(percentile(times, 99)).note = f"last: {code or status}"
        for caller in callers:
            caller.close()

    async def failing():
        before = rig.stub.count()["calls"]
        callers = await crowd(rig.mirror.port, 16)
        texts = questions(rig.stub.url("abort"), 121, 1_008, rig.fresh())
        for start in range(0, len(texts), 16):
            some = zip(callers, texts[start : start + 16])
            await asyncio.gather(*(caller.ask(text) for caller, text in some))
        for caller in callers:
            caller.close()
        made = rig.stub.count()["calls"] - before
        ratio.add(made / len(texts), ["no calls"] if made <= 0 else [])

    async def slow():
        texts = [
            text.replace(b'{"_type"', b'{"requestTimeout":1000,"_type"', 1)
            for text in questions(rig.stub.url("hang"), 121, 32, rig.fresh())
        ]
        before = rig.stub.count()["calls"]
        callers = await crowd(rig.mirror.port, len(texts))
        await asyncio.gather(*(caller.ask(text) for caller, text in zip(callers, texts)))
        at_deadline = rig.stub.count()["calls"]
        await asyncio.sleep(2)
        made = rig.stub.count()["calls"] - at_deadline
        late.add(made, ["no calls"] if at_deadline == before else [])
        for caller in callers:
            caller.close()

    with black_hole() as port:
        asyncio.run(dead(port))
    asyncio.run(failing())
    asyncio.run(slow())
    return [first, opened, ratio, late]


def g13(rig):
    line = Line("G13", "start: first 200 after exec", "<= 50 ms", unit="ms", at_most=50)
    request = b"GET /healthcheck HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
    for number in range(rig.repeats * 3):
        watch = Watch([])
        mirror = Quick(rig, number)
        answer = b""
        while not answer.startswith(b"HTTP/1.1 200"):
            try:
                with socket.create_connection(("127.0.0.1", mirror.port), 1) as connection:
                    connection.sendall(request)
                    answer = connection.recv(100)
            except OSError:
                time.sleep(0.000_5)
            if time.perf_counter() - mirror.began > 10:
                raise RuntimeError("the mirror does not start")
        line.add((time.perf_counter() - mirror.began) * 1000)
        mirror.stop()
        line.values[-1] = (line.values[-1][0], flaws(watch.end(), throughput=False)[0])
    return [line]


class Quick(Mirror):
    """A mirror whose start is watched, rather than waited for."""

    def __init__(self, rig, number):
        self.began = time.perf_counter()
        super().__init__(rig.binary, rig.tested, rig.scratch, f"mirror-start-{number}")

    def await_port(self, port, seconds=20):
        return self


__all__ = ["KEY", "compare", "g7", "g8", "g10", "g11", "g12", "g13"]
