"""What reliability.md claims in "Shown by", a function each; a figure is `rig.say(what, value, most)`.

Counts are held to the word. Times are too where a release is measured (`--long`), on a machine that
does nothing else; in the short form they may be some times as long, for CI is no such machine.
"""

import asyncio
import os
import re
import statistics
import subprocess
import time
from pathlib import Path

from .rig import (
    HEALTH, Caller, at_rate, black_hole, busy, crowd, get, percentile, post, question, signal,
)


def deadlines(rig):
    """Rows 1, 2, 5 and 18, one processor loaded: answered by the deadline."""
    each = rig.count(40, 250)
    seconds, late = 1, []
    with black_hole() as hole, busy(rig):
        mirror = rig.mirror()
        port = rig.backend.port
        ways = {
            "silent": lambda label: (rig.backend.url("silent", label)),
            "hang": lambda label: (rig.backend.url("hang", label)),
            "drip": lambda label: (rig.backend.url("drip", label)),
            "black hole": lambda label: f"http://127.0.0.1:{hole}/{label}",
            "TLS that hangs": lambda label: f"https://127.0.0.1:{port + 1}/{label}",
        }

        async def run():
            for way in ways.values():
                for first in range(0, each, 25):
                    # Each has a backend of its own, so that no breaker helps.
                    labels = [rig.label() for _ in range(first, min(first + 25, each))]
                    texts = [post(question(way(label), label, seconds)) for label in labels]
                    callers = [Caller(mirror.port) for _ in texts]
                    answers = await asyncio.gather(
                        *(caller.ask(text) for caller, text in zip(callers, texts))
                    )
                    for caller in callers:
                        caller.close()
                    wrong = [it for it in answers if it[0] != 500 or not it[1].startswith("PM-3")]
                    rig.holds(f"answers that are no typed failure: {wrong[:3]}", len(wrong), 0)
                    late.extend(took - seconds * 1_000 for _, _, took in answers)

        asyncio.run(run())
        mirror.stop()
    rig.say(f"after the deadline, p99 of {len(late)}", percentile(late, 99), 0, "ms", slack=50)
    rig.say("the same, p99.9", percentile(late, 99.9), 100, "ms", slack=200)


def overload(rig):
    """Four times what a backend of 50 ms and 8 calls at once can take."""
    calls, delay = 8, 50
    capacity = calls * 1_000 // delay
    seconds = rig.count(4, 15)
    mirror = rig.mirror(f"backend_calls: {calls}")

    async def run():
        alone = Caller(mirror.port)
        unloaded = [(await alone.ask(text))[2] for text in rig.questions(f"delay-{delay}", 60)]
        texts = rig.questions(f"delay-{delay}", capacity * seconds)
        # As many callers as calls: nobody waits, and the backend is never idle.
        callers, left = await crowd(mirror.port, calls), list(texts)

        async def closed(caller):
            good = 0
            while left:
                good += (await caller.ask(left.pop()))[0] == 200
            return good

        began = time.perf_counter()
        good = sum(await asyncio.gather(*map(closed, callers)))
        peak = good / (time.perf_counter() - began)
        texts = rig.questions(f"delay-{delay}", 4 * capacity * seconds)
        health = asyncio.ensure_future(healthy(mirror, seconds))
        answers, took = await at_rate(mirror.port, texts, 4 * capacity)
        return unloaded, peak, answers, took, await health

    unloaded, peak, answers, took, health = asyncio.run(run())
    admitted = [ms for status, _, ms in answers if status == 200]
    shed = [ms for _, code, ms in answers if code == "PM-6007"]
    rig.holds("answers that are neither", len(answers) - len(admitted) - len(shed), 0)
    useful = len(admitted) / took / peak
    rig.say("useful answers, as a share of the peak", -useful, -0.9, slack=0.15)
    usual = percentile(unloaded, 99)
    rig.say(f"admitted, p99, of {usual:.0f} ms", percentile(admitted, 99) / usual, 2.25, "times", 2)
    rig.say(f"shed, p99 of {len(shed)}", percentile(shed, 99), 10, "ms", slack=40)
    rig.say("health, p99", percentile(health, 99), 50, "ms", slack=200)
    shown = mirror.instrument('mirror_shed_total{reason="backend"')
    rig.holds("shed and not counted", len(shed) - shown, 0)
    mirror.stop()


async def healthy(mirror, seconds):
    """How long the admin listener takes, ten times a second."""
    caller, times, end = Caller(mirror.admin), [], time.monotonic() + seconds
    while time.monotonic() < end:
        status, _, took = await caller.ask(b"GET /-/healthy HTTP/1.1\r\nhost: localhost\r\n\r\n")
        times.append(took if status == 200 else 1e9)
        await asyncio.sleep(0.1)
    caller.close()
    return times


def hung(rig):
    """One backend hangs at its limit, and others do not notice."""
    calls, rounds = 8, rig.count(3, 5)
    mirror = rig.mirror(f"backend_calls: {calls}")
    ratios, wrong = [], 0

    async def others():
        texts = rig.questions("delay-20", rig.count(100, 400))
        answers, _ = await at_rate(mirror.port, texts, 50)
        return [took for _, _, took in answers], sum(status != 200 for status, _, _ in answers)

    async def run():
        nonlocal wrong
        for number in range(rounds):
            alone, bad = await others()
            callers = await crowd(mirror.port, 2 * calls)
            for caller in callers:
                caller.send(rig.question("silent", 60, f"{number}"))
            await asyncio.sleep(0.2)
            beside, worse = await others()
            for caller in callers:
                caller.close()
            ratios.append(percentile(beside, 99) / percentile(alone, 99))
            wrong += bad + worse

    asyncio.run(run())
    rig.holds("errors of others", wrong, 0)
    rig.say("p99 of others, median", statistics.median(ratios), 1.1, "times", slack=0.9)
    mirror.stop()


def failing(rig):
    """A backend that refuses all it is asked is not asked much more for that."""
    count = 1_000
    mirror = rig.mirror()
    rig.backend.note()

    async def run():
        callers = await crowd(mirror.port, 16)
        texts = rig.questions("429", count)

        async def one(caller):
            while texts:
                await caller.ask(texts.pop())

        await asyncio.gather(*map(one, callers))
        for caller in callers:
            caller.close()

    asyncio.run(run())
    paths = [path for _, path in rig.backend.note()["calls"]]
    asked = {}
    for path in paths:
        label = re.search(r"label_\d+", path)
        asked[label and label.group()] = asked.get(label and label.group(), 0) + 1
    rig.holds("requests that reached no backend", count - len(asked), 0)
    rig.say("calls per first attempt", len(paths) / count, 1.2)
    rig.say("attempts of one call, at most", max(asked.values()), 3)
    mirror.stop()


def broken(rig):
    """A backend that is away: probes, and how soon it is found again."""
    away = rig.count(8, 40)
    mirror = rig.mirror()
    rig.backend.note()
    rig.backend.be("close")

    async def run():
        caller, refused, began = Caller(mirror.port), [], time.monotonic()
        while time.monotonic() - began < away:
            _, code, took = await caller.ask(rig.question("switch"))
            if code == "PM-3014":
                refused.append(took)
            await asyncio.sleep(0.02)
        calls = rig.backend.note()["calls"]
        opened = mirror.instrument("mirror_breaker_opened_total")
        rig.backend.be("well")
        back = time.monotonic()
        while (await caller.ask(rig.question("switch")))[0] != 200:
            await asyncio.sleep(0.02)
            if time.monotonic() - back > 60:
                break
        return refused, calls, opened, time.monotonic() - back

    refused, calls, opened, back = asyncio.run(run())
    rig.say(f"refused at once, p99 of {len(refused)}", percentile(refused, 99), 5, "ms", slack=20)
    # Five calls of three attempts open it at first; then each opening is one probe's, which may be
    # repeated on a new connection.
    rig.say("calls while away, beside those that opened it", len(calls) - 15, 2 * opened)
    rig.say("until it is found again", back, 37, "s")
    mirror.stop()


def aborts(rig):
    """Callers that leave take their calls along."""
    count, many = rig.count(200, 1_000), 20
    mirror = rig.mirror()
    rig.backend.note()
    took, unseen = [], 0

    async def run():
        nonlocal unseen
        for _ in range(count // many):
            callers = await crowd(mirror.port, many)
            for caller in callers:
                caller.send(rig.question("silent", 60))
            await asyncio.sleep(0.15)
            # Each backend connection closes after its own caller, whichever that is; the earliest
            # close belongs to the earliest caller at best.
            times = []
            for caller in callers:
                times.append(time.monotonic())
                caller.writer.transport.abort() if len(times) % 2 else caller.close()
                await asyncio.sleep(0.005)
            await asyncio.sleep(0.3)
            left = sorted(rig.backend.note()["left"])
            unseen += many - len(left)
            took.extend((after - before) * 1_000 for before, after in zip(times, left))

    asyncio.run(run())
    rig.holds(f"calls of {count} that were not ended", unseen, 0)
    rig.say("from leaving to the end of the call, at most", max(took), 100, "ms", slack=400)
    gone = mirror.instrument('mirror_requests_total{method="field_value",outcome="client_gone"')
    rig.holds("callers who left and do not count as such", count - gone, 0)
    rig.holds("openings of the breaker", mirror.instrument("mirror_breaker_opened_total"), 0)
    held = mirror.instrument('mirror_in_flight{scope="backend"')
    rig.holds("slots that are still held", held, 0)
    mirror.stop()


def sigterm(rig):
    """Told to stop with 200 requests in flight."""
    for number in range(rig.count(5, 50)):
        mirror = rig.mirror("shutdown_delay: 1s, drain: 5s", f"sigterm-{number}")

        async def run():
            callers = await crowd(mirror.port, 200)
            running = [
                asyncio.ensure_future(caller.ask(rig.question("delay-2000"))) for caller in callers
            ]
            await asyncio.sleep(0.5)
            began = time.monotonic()
            mirror.signal(signal.SIGTERM)
            # The listener accepts on for a second; the last tenth of it is left out.
            texts = rig.questions("well", 45)
            late, _ = await at_rate(mirror.port, texts, 50)
            return began, await asyncio.gather(*running), late

        began, cut, late = asyncio.run(run())
        status = mirror.child.wait(30)
        took = time.monotonic() - began
        rig.holds("cut that could end", sum(answer[0] != 200 for answer in cut), 0)
        rig.holds("refused before the listener closes", sum(it[0] != 200 for it in late), 0)
        rig.holds("exit status", status, 0)
        rig.holds("seconds to the end", took, 7)
        mirror.stop()
    rig.say("seconds to the end, of the last", took, 7)


def idle(rig):
    """Connections that do nothing."""
    # The mirror takes 10,000, and under half of its descriptors.
    most = min(10_000, (rig.descriptors - 17) // 2)
    count = rig.count(1_000, most - 100)
    mirror = rig.mirror()
    ratios, wrong = [], 0

    async def active():
        texts = rig.questions("delay-20", rig.count(100, 400))
        answers, _ = await at_rate(mirror.port, texts, 100)
        return percentile([took for _, _, took in answers], 99), sum(it[0] != 200 for it in answers)

    async def run():
        nonlocal wrong
        await active()
        sizes = []
        for _ in range(rig.count(1, 5)):
            alone, bad = await active()
            before = mirror.status("VmRSS")
            crowded = await crowd(mirror.port, count)
            for first in range(0, count, 200):
                for caller in crowded[first : first + 200]:
                    caller.send(HEALTH)
                for caller in crowded[first : first + 200]:
                    wrong += (await caller.answer())[0] != 200
            last = time.monotonic()
            sizes.append((mirror.status("VmRSS") - before) / count)
            beside, worse = await active()
            ratios.append(beside / alone)
            wrong += bad + worse
            if rig.is_long and len(sizes) == 1:
                left = [asyncio.ensure_future(closed(caller)) for caller in crowded]
                ended = [at - last for at in await asyncio.gather(*left)]
                rig.say(f"the last of {count} closed after", max(ended), 61, "s", slack=2)
                rig.say("none before", -min(ended), -50, "s")
            for caller in crowded:
                caller.close()
            await asyncio.sleep(1)
        return sizes

    sizes = asyncio.run(run())
    rig.holds("errors", wrong, 0)
    # Of the first crowd: what the allocator has it gives to the next one.
    rig.say(f"each of {count} takes", sizes[0], 20, "KiB")
    rig.say("p99 of others, median", statistics.median(ratios), 1.1, "times", slack=0.9)
    mirror.stop()


async def closed(caller):
    """When the mirror closed it."""
    try:
        await asyncio.wait_for(caller.reader.read(), 90)
    except (asyncio.TimeoutError, ConnectionError):
        pass
    return time.monotonic()


def slow(rig):
    """Slow heads, slow bodies and silent ones."""
    count = rig.count(100, 1_000)
    mirror = rig.mirror()
    head = b"POST /api/metric HTTP/1.1\r\nhost: localhost\r\n"
    kinds = {
        "head": (head, b"x", 5),
        "body": (head + b"content-length: 1000\r\n\r\n", b" ", 10),
        "silent": (b"", b"", 5),
    }

    async def drip(first, more):
        caller = await Caller(mirror.port).open()
        caller.send(first)
        began = time.monotonic()

        async def send():
            while more:
                await asyncio.sleep(0.5)
                caller.send(more)

        sending = asyncio.ensure_future(send())
        ended = await closed(caller)
        sending.cancel()
        caller.close()
        return ended - began

    async def run():
        tasks = {
            kind: [asyncio.ensure_future(drip(first, more)) for _ in range(count)]
            for kind, (first, more, _) in kinds.items()
        }
        answers, _ = await at_rate(mirror.port, rig.questions("well", 1_000), 100)
        good = sum(answer[0] == 200 for answer in answers)
        rig.holds("normal calls of 1,000 that went wrong", 1_000 - good, 1)
        for kind, (_, _, timer) in kinds.items():
            ended = await asyncio.gather(*tasks[kind])
            rig.say(f"{kind}: the last of {count} closed after", max(ended), timer + 1, "s", slack=2)

    asyncio.run(run())
    mirror.stop()


def start(rig):
    """Ready, and what becomes of a configuration with an error."""
    times = []
    for number in range(rig.count(5, 15)):
        mirror = rig.mirror(name=f"start-{number}")
        times.append((time.monotonic() - mirror.began) * 1_000)
        mirror.stop()
    rig.say("ready after, median", statistics.median(times), 250, "ms", slack=250)
    bad = rig.scratch / "bad.yaml"
    bad.write_text("port: 0\nlimits: {in_flight: many}\n")
    began = time.monotonic()
    done = subprocess.run(
        [rig.binary, "serve", "--config", str(bad)], capture_output=True, text=True, env={}
    )
    rig.say("a bad configuration ends it after", time.monotonic() - began, 1, "s")
    rig.holds("its exit status is zero", int(done.returncode == 0), 0)
    rig.holds(f"it says no place: {done.stderr}", int("bad.yaml:2" not in done.stderr), 0)


def overhead(rig):
    """What the mirror itself adds, by its own instrument."""
    mirror = rig.mirror()
    texts = rig.questions("delay-20", rig.count(500, 3_000))
    asyncio.run(at_rate(mirror.port, texts, 100))
    bucket = 'mirror_overhead_seconds_bucket{le="0.005",method="field_value"'
    within = mirror.instrument(bucket)
    rig.holds("answers whose overhead is unknown", int(within == 0), 0)
    rig.say("answers over 5 ms, of 1,000", 1_000 * (1 - within / len(texts)), 10, slack=90)
    mirror.stop()


ALL = [
    start, deadlines, aborts, failing, broken, overload, hung, sigterm, slow, idle, overhead,
]
