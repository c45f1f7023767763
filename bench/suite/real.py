"""G6 against a real Prometheus: what the mirror adds to a query that takes a while by itself."""

import os
import statistics
import subprocess
import time
import urllib.parse
from pathlib import Path

from . import bodies
from .report import Line
from .rig import Missing, Program, Watch, flaws, free_port, post

SERIES, SAMPLES, INTERVAL = 400, 480, 15


def against_a_real_query(rig):
    prometheus = Path(os.environ.get("BENCH_PROMETHEUS") or "/nonexistent")
    promtool = prometheus.parent / "promtool"
    if not promtool.exists():
        raise Missing("no Prometheus with its promtool (BENCH_PROMETHEUS)")
    home = rig.scratch / "prometheus"
    first = int(time.time()) // 3600 * 3600 - INTERVAL * SAMPLES - 7200
    samples(rig.scratch / "samples", first)
    subprocess.run(
        [promtool, "tsdb", "create-blocks-from", "openmetrics", rig.scratch / "samples", home],
        check=True,
        capture_output=True,
    )
    settings = rig.scratch / "prometheus.yml"
    settings.write_text("global: {}\n")
    port = free_port()
    command = [prometheus, f"--config.file={settings}", f"--storage.tsdb.path={home}"]
    command += [f"--web.listen-address=127.0.0.1:{port}"]
    backend = Program(command, rig.other, rig.scratch / "prometheus.log").await_port(port)
    try:
        return [compared(rig, backend, f"http://127.0.0.1:{port}", first)]
    finally:
        backend.stop()


def samples(path, first):
    with open(path, "w") as out:
        out.write("# TYPE bench_gauge gauge\n")
        for series in range(SERIES):
            for k in range(SAMPLES):
                at = first + INTERVAL * k
                out.write(f'bench_gauge{{job="bench",n="{series}"}} {series + k % 97} {at}\n')
        out.write("# EOF\n")


def compared(rig, backend, url, first):
    line = Line("G6", "real query: mirror/direct, p50", "<= 1.05", at_most=1.05)
    width, buckets = 60, INTERVAL * SAMPLES // 60
    body = bodies.request(url, buckets, ".*", first * 1000, width * 1000)
    body = body.replace(
        '{"_type":"EqualityCondition","key":"instance","value":{"_type":"StringValue","value":".*"}}',
        '{"_type":"EqualityCondition","key":"job","value":{"_type":"StringValue","value":"bench"}}',
    )
    direct = urllib.parse.urlencode(
        {
            "query": 'max(max_over_time({__name__="bench_gauge",job="bench"}[60000ms] offset 1ms))',
            "start": first + width,
            "end": first + width * buckets,
            "step": f"{width}s",
        }
    )
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    calls = (
        lambda: post(rig.mirror.url, body, {"Cache-Control": "no-cache"}),
        lambda: post(f"{url}/api/v1/query_range", direct, form),
    )
    for call in calls:
        for _ in range(10):
            call()
    base = 0.0
    for _ in range(rig.rounds):
        watch = Watch([rig.mirror, backend])
        took = ([], [])
        end = time.monotonic() + rig.seconds
        while time.monotonic() < end:
            for times, call in zip(took, calls):
                began = time.perf_counter()
                call()
                times.append(time.perf_counter() - began)
        void = flaws(watch.end(), throughput=False)[0]
        base = statistics.median(took[1]) * 1000
        line.add(statistics.median(took[0]) / statistics.median(took[1]), void)
    line.note = "" if base >= 5 else "the query took less than 5 ms"
    return line
