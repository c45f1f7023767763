"""The load generators: wrk, which asks as fast as it is answered, and hey, which keeps a rate."""

import csv
import io
import json
import os
import subprocess

from .rig import BENCH


def on(core):
    return lambda: os.sched_setaffinity(0, {core})


def percentile(values, percent):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * percent / 100))] if values else 0.0


def wrk(core, url, body, seconds, connections, key=""):
    """What wrk saw; `body` is a file."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s"]
    command += [str(BENCH / "wrk" / "metric.lua"), url, "--", str(body), key]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=on(core))
    for line in reversed(done.stdout.splitlines()):
        if line.startswith("{"):
            return json.loads(line)
    raise RuntimeError(f"wrk: {done.stdout}{done.stderr}")


def hey(core, url, body, seconds, workers, rate, headers=()):
    """Times of the answers with 200 in milliseconds, those of the others, and the rate achieved."""
    command = ["hey", "-z", f"{seconds}s", "-c", str(workers), "-m", "POST", "-D", str(body)]
    command += ["-T", "application/json", "-o", "csv", "-t", "30"]
    if rate:
        command += ["-q", str(rate / workers)]
    for header in headers:
        command += ["-H", header]
    env = {**os.environ, "GOMAXPROCS": "1"}
    done = subprocess.run(
        [*command, url], capture_output=True, text=True, preexec_fn=on(core), env=env
    )
    good, bad = [], []
    for row in csv.DictReader(io.StringIO(done.stdout)):
        try:
            took = float(row["response-time"]) * 1000
        except (TypeError, ValueError):
            continue
        (good if row["status-code"] == "200" else bad).append(took)
    return good, bad, (len(good) + len(bad)) / seconds
