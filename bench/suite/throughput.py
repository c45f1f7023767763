"""G1, G3, G4, G5, G6, G9 and G11's first half: the mirror side by side with nginx."""

import json
import statistics
import subprocess

from . import bodies
from .load import hey, percentile, wrk
from .report import Line
from .rig import Missing, Watch, flaws, post

CONNECTIONS = 64
NO_CACHE = ("Cache-Control: no-cache",)


class Round:
    """One run of wrk against one program."""

    def __init__(self, rig, program, url, body, points, others=(), seconds=None, connections=None):
        seconds = seconds or rig.seconds
        watch = Watch([program, *others])
        seen = wrk(rig.other, url, body, seconds, connections or CONNECTIONS, rig.fresh())
        self.machine = watch.end()
        self.requests = seen["requests"]
        self.rate = seen["requests"] / seen["seconds"]
        self.p50, self.p99 = seen["p50_ms"], seen["p99_ms"]
        self.cpu = self.machine["cpu"][0] / max(self.requests, 1) * 1e6
        everything, self.rate_void = flaws(self.machine, throughput=True)
        whole = len(bodies.mirror(points))
        if not self.requests:
            everything.append("nothing was answered")
            self.p50 = self.p99 = seconds * 1000
        if seen["bad"] or seen["bytes"] < whole * seen["requests"]:
            everything.append("answer not 200 or short")
        self.void = everything


def compare(rig, url, points, headers=None):
    """The answer of the mirror against the reference, before anything is timed."""
    body = bodies.request(url, points, instance="compared")
    status, _, answer = post(rig.mirror.url, body, headers)
    if status != 200 or json.loads(answer) != json.loads(bodies.mirror(points)):
        raise RuntimeError(f"{points} points: the answer is not the reference: {answer[:300]!r}")


def interleaved(rig, runs, rounds=None):
    """Rounds of all runs, in turn and back: a drift of the machine meets each alike. Round by round
    a list with one `Round` a run."""
    for run in runs:
        run(rig.warm_up)
    found = []
    for number in range(rounds or rig.rounds):
        order = list(range(len(runs)))
        if number % 2:
            order.reverse()
        taken = {index: runs[index](rig.seconds) for index in order}
        found.append([taken[index] for index in range(len(runs))])
    return found


def miss(rig, points):
    """Pairs of rounds (mirror, hop) of distinct questions; measured once a run of the suite."""
    if points not in rig.misses:
        compare(rig, f"{rig.stub_nginx.url}/{points}", points)
        body = rig.file(bodies.request(f"{rig.stub_nginx.url}/{points}", points))
        runs = [
            lambda s: Round(rig, rig.mirror, rig.mirror.url, body, points, seconds=s),
            lambda s: Round(
                rig, rig.hop, f"{rig.hop.url}/{points}/api/metric", body, points, seconds=s
            ),
        ]
        rig.misses[points] = interleaved(rig, runs)
    return rig.misses[points]


def g1(rig):
    cpu = Line("G1", "miss, 121 points: CPU/request, × nginx", "<= 1.7 (1.3)", at_most=1.7)
    rate = Line("G1", "miss, 121 points: requests/s, × nginx", ">= 0.6 (0.8)", at_least=0.6)
    for mirror, hop in miss(rig, 121):
        void = mirror.void + hop.void
        cpu.add(mirror.cpu / hop.cpu, void)
        rate.add(mirror.rate / hop.rate, void + mirror.rate_void + hop.rate_void)
    larger = Line("G1", "miss, 1,000 points: CPU/request, × nginx", "-")
    for mirror, hop in miss(rig, 1_000):
        larger.add(mirror.cpu / hop.cpu, mirror.void + hop.void)
    absolute = Line("G1", "CPU/request of the mirror, for this machine", "-", unit="us")
    base = Line("G1", "CPU/request of nginx, for this machine", "-", unit="us")
    for mirror, hop in miss(rig, 121):
        absolute.add(mirror.cpu, mirror.void)
        base.add(hop.cpu, hop.void)
    return [cpu, rate, larger, absolute, base]


def g3(rig):
    slope = Line("G3", "CPU slope over nginx's, ns/point", "<= 25 (12)", unit="ns", at_most=25)
    for (small, small_hop), (large, large_hop) in zip(miss(rig, 121), miss(rig, 11_000)):
        span = (11_000 - 121) / 1000
        own, hop = (large.cpu - small.cpu) / span, (large_hop.cpu - small_hop.cpu) / span
        void = small.void + small_hop.void + large.void + large_hop.void
        slope.add(own - hop, void)
    inside = Line("G3", "scan and write in process, ns/point", "<= 25 (12)", unit="ns", at_most=25)
    inside.note = "user time of whole requests, so an upper bound"
    for _ in range(rig.rounds):
        watch = Watch([])
        done = subprocess.run(
            ["taskset", "-c", str(rig.tested), rig.replay, "time"],
            capture_output=True,
            text=True,
            check=True,
        )
        void, _ = flaws(watch.end(), throughput=False)
        inside.add(float(done.stdout), void)
    return [slope, inside]


def g4(rig):
    points = 121
    url = f"{rig.stub_nginx.url}/{points}"
    compare(rig, url, points)
    same = rig.file(bodies.request(url, points, instance="same"))
    hop = Line("G4", "hit: requests/s, × nginx hop", ">= 1.2", at_least=1.2)
    static = Line("G4", "hit: requests/s, × nginx static file", ">= 0.6", at_least=0.6)
    cpu = Line("G4", "hit: CPU/request, × nginx hop", "-")
    calls = Line("G4", "hit: backend calls beyond one a second of lifetime", "0", at_most=0)

    def hits(seconds):
        before = rig.mirror.instrument("mirror_backend_calls_total")
        taken = Round(rig, rig.mirror, rig.mirror.url, same, points, seconds=seconds)
        made = rig.mirror.instrument("mirror_backend_calls_total") - before
        # An entry lives for 1 s at least; whatever is beyond was no hit.
        taken.calls = max(made - taken.machine["seconds"] - 1, 0)
        return taken

    path = f"/{points}/api/metric"
    runs = [
        hits,
        lambda s: Round(rig, rig.hop, rig.hop.url + path, same, points, seconds=s),
        lambda s: Round(rig, rig.static, rig.static.url + path, same, points, seconds=s),
    ]
    for mirror, passed, file in interleaved(rig, runs):
        void = mirror.void + mirror.rate_void
        hop.add(mirror.rate / passed.rate, void + passed.void + passed.rate_void)
        static.add(mirror.rate / file.rate, void + file.void + file.rate_void)
        cpu.add(mirror.cpu / passed.cpu, mirror.void + passed.void)
        calls.add(mirror.calls)
    return [hop, static, cpu, calls]


def g5(rig):
    points, delay, connections = 121, 50, 256
    url = rig.stub.url(f"delay-{delay}", points)
    compare(rig, url, points)
    body = rig.file(bodies.request(url, points))
    share = Line("G5", "50 ms backend: share of connections/delay", ">= 0.95", at_least=0.95)
    late = Line("G5", "50 ms backend: p99", "<= 60 ms", unit="ms", at_most=60)
    alone = Line("G5", "the stub alone: share of connections/delay", "-")
    direct = rig.stub.url(f"delay-{delay}", f"{points}/api/v1/query_range")
    runs = [
        lambda s: Round(
            rig, rig.mirror, rig.mirror.url, body, 0, seconds=s, connections=connections
        ),
        lambda s: Round(rig, rig.stub, direct, body, 0, seconds=s, connections=connections),
    ]
    for mirror, stub in interleaved(rig, runs):
        most = connections / delay * 1000
        share.add(mirror.rate / most, mirror.void)
        late.add(mirror.p99, mirror.void)
        alone.add(stub.rate / most, stub.void)
    return [share, late, alone]


def g6(rig):
    points = 121
    compare(rig, f"{rig.stub_nginx.url}/{points}", points)
    body = rig.file(bodies.request(f"{rig.stub_nginx.url}/{points}", points, instance="same"))
    path = f"/{points}/api/metric"
    most = statistics.median(hop.rate for _, hop in miss(rig, points))
    # 64 of hey's workers keep time by themselves; what they achieve is checked below.
    rate, workers = most / 2, CONNECTIONS
    targets = [
        (rig.mirror.url, NO_CACHE),
        (rig.hop.url + path, ()),
        (rig.stub_nginx.url + path, ()),
    ]
    p50 = Line("G6", "added p50 at half load, × nginx's", "<= 1.3", at_most=1.3)
    p99 = Line("G6", "added p99 at half load, × nginx's", "<= 1.5", at_most=1.5)
    p50.note = p99.note = "with no-cache, since hey does not vary a body"
    for number in range(rig.rounds):
        seen, void = {}, []
        for index in (range(3), reversed(range(3)))[number % 2]:
            url, headers = targets[index]
            watch = Watch([rig.mirror, rig.hop, rig.stub_nginx])
            good, bad, achieved = hey(rig.other, url, body, rig.seconds, workers, rate, headers)
            void += flaws(watch.end(), throughput=False)[0]
            if bad:
                void.append("answer not 200 or short")
            if achieved < 0.95 * rate:
                void.append("rate not achieved")
            seen[index] = good
        for line, percent in ((p50, 50), (p99, 99)):
            mirror, hop, stub = (percentile(seen[index], percent) for index in range(3))
            line.add((mirror - stub) / max(hop - stub, 0.001), set(void))
    return [p50, p99]


def g9(rig):
    points = 121
    url = rig.stub.url("ok", points)
    compare(rig, url, points)
    body = rig.file(bodies.request(url, points))
    opened = Line("G9", "new backend connections per request", "<= 0.001", at_most=0.001)
    wrk(rig.other, rig.mirror.url, body, rig.warm_up, CONNECTIONS, rig.fresh())
    for _ in range(rig.rounds):
        before = rig.stub.count()
        taken = Round(rig, rig.mirror, rig.mirror.url, body, points)
        after = rig.stub.count()
        # The count itself comes over a connection of its own.
        made = after["accepted"] - before["accepted"] - 1
        opened.add(max(made, 0) / max(taken.requests, 1), taken.void)
    return [opened]


def saturation(rig):
    """Useful answers when twice as many questions come as can be answered."""
    points = 11_000
    url = f"{rig.stub_nginx.url}/{points}"
    compare(rig, url, points)
    body = rig.file(bodies.request(url, points, instance="same"))
    useful = Line("G11", "2 x saturation: answers, × peak", ">= 0.9", at_least=0.9)
    useful.note = "11,000 points, so that the load generator can offer twice the peak"
    hey(rig.other, rig.mirror.url, body, rig.warm_up, 64, 0, NO_CACHE)
    for _ in range(rig.rounds):
        watch = Watch([rig.mirror, rig.stub_nginx])
        peak, _, rate = hey(rig.other, rig.mirror.url, body, rig.seconds, 64, 0, NO_CACHE)
        good, bad, _ = hey(rig.other, rig.mirror.url, body, rig.seconds, 512, 2 * rate, NO_CACHE)
        void = flaws(watch.end(), throughput=False)[0]
        useful.add(len(good) / max(len(peak), 1), void)
    return useful


def beside_a_hung_backend(rig, hold):
    """p99 of one backend while another hangs; `hold(url)` is a context of calls that hang."""
    points = 121
    body = rig.file(bodies.request(f"{rig.stub_nginx.url}/{points}", points))
    line = Line("G11", "one backend hung: p99 of the others, × before", "<= 1.1", at_most=1.1)
    for _ in range(rig.rounds):
        before = Round(rig, rig.mirror, rig.mirror.url, body, points, connections=16)
        with hold(rig.stub.url("hang")):
            during = Round(rig, rig.mirror, rig.mirror.url, body, points, connections=16)
        line.add(during.p99 / before.p99, before.void + during.void)
    return line


__all__ = ["Missing", "beside_a_hung_backend", "g1", "g3", "g4", "g5", "g6", "g9", "saturation"]
