"""Requests, the answers of a backend to them, and what the mirror must make of those.

The last comes from here and not from the mirror: it is what the mirror is compared with before
anything is timed, and what nginx passes on, so that both send the same bytes.
"""

import json
from pathlib import Path

SIZES = (121, 1_000, 11_000)
# A whole bucket begins here, long enough ago for nothing to be too young.
START = 1_699_999_200_000
WIDTH = 60_000


def text(k):
    """The k-th value as Prometheus writes it: its shortest decimal."""
    value = (k * 7919 % 100_003) / 8
    return str(int(value)) if value.is_integer() else repr(value)


def copied(value):
    """The same as the mirror writes it: a number that no reader takes for an integer."""
    return value if "." in value else value + ".0"


def backend(points):
    pairs = ",".join(f'[{(START + WIDTH * (k + 1)) // 1000},"{text(k)}"]' for k in range(points))
    return (
        '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":['
        + pairs
        + "]}]}}"
    )


def mirror(points):
    rows = ",".join(
        f"[{copied(text(k))},{START + WIDTH * k},{START + WIDTH * (k + 1)}]" for k in range(points)
    )
    return (
        '{"_type":"MetricsResponse","telemetry":{"_type":"AggregatedMetricTelemetry",'
        '"isPartial":false,"dataFormat":["value","startTimestamp","endTimestamp"],"points":['
        + rows
        + "]}}"
    )


def condition(key, value):
    return {
        "_type": "EqualityCondition",
        "key": key,
        "value": {"_type": "StringValue", "value": value},
    }


def request(url, points, instance="%SEQ%", start=START, width=WIDTH, **details):
    """A request that is one backend call: dialect and scrape interval are given. Its label value is
    what a miss test varies; the times stay, since canned timestamps have to fit them."""
    return json.dumps(
        {
            "_type": "MetricsRequest",
            "connectionDetails": {
                "url": url,
                "dialect": "promql-open",
                "scrape_interval_ms": 15_000,
                **details,
            },
            "query": {
                "_type": "MetricsQuery",
                "conditions": [
                    condition("__gauge__", "bench_gauge"),
                    condition("job", "bench"),
                    condition("instance", instance),
                ],
                "aggregation": {
                    "_type": "Aggregation",
                    "method": "MAX",
                    "bucketSizeMillis": width,
                },
                "metricField": "value",
                "startTime": start,
                "endTime": start + width * points,
                "limit": points,
            },
        },
        separators=(",", ":"),
    )


def write(folder):
    """Every body, for the Rust stub and, under their URLs, for nginx."""
    folder = Path(folder)
    for points in SIZES:
        body = backend(points)
        (folder / f"{points}.backend.json").write_text(body)
        home = folder / "nginx" / str(points) / "api"
        (home / "v1").mkdir(parents=True, exist_ok=True)
        (home / "v1" / "query_range").write_text(body)
        (home / "metric").write_text(mirror(points))
