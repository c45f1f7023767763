"""An hour of samples, as OpenMetrics: what a Prometheus that has run for a while knows of itself and of a shop.

`python3 history.py INSTANCE [NOW] | promtool tsdb create-blocks-from openmetrics /dev/stdin DIR`

A Prometheus that was just started has no full bucket, no gap and nothing that is ambiguous. The series
of itself are the ones that it goes on with; INSTANCE is its own address. Seconds apart, as it scrapes.
"""

import math
import sys
import time

LENGTH = 3600


def labels(pairs):
    return "{" + ",".join(f'{name}="{value}"' for name, value in pairs.items()) + "}"


def wave(at, period, low, high, phase=0):
    return low + (high - low) * (1 + math.sin(2 * math.pi * at / period + phase)) / 2


def families(instance):
    own = {"instance": instance, "job": "prometheus"}
    yield "up", "gauge", "", [("", own, lambda at: 1)]
    yield "go_goroutines", "gauge", "", [("", own, lambda at: round(wave(at, 600, 30, 60)))]
    yield "process_resident_memory_bytes", "gauge", "", [("", own, lambda at: round(wave(at, 1800, 9e7, 1.2e8)))]
    handlers = ["/api/v1/query", "/api/v1/query_range", "/api/v1/series", "/graph", "/metrics"]
    yield "prometheus_http_requests", "counter", "_total", [
        ("", own | {"handler": handler, "code": code}, lambda at, speed=speed: math.floor(at * speed))
        for handler, code, speed in [*((handler, "200", 0.2 + place / 4) for place, handler in enumerate(handlers)), ("/api/v1/query", "400", 0.01)]
    ]
    bounds = {"0.1": 0.6, "0.4": 0.9, "1": 0.97, "+Inf": 1}
    yield "prometheus_http_request_duration_seconds", "histogram", "", [
        one
        for place, handler in enumerate(handlers[:3])
        for one in [
            *(("_bucket", own | {"handler": handler, "le": le}, lambda at, speed=(place + 1) * part: math.floor(at * speed)) for le, part in bounds.items()),
            ("_count", own | {"handler": handler}, lambda at, speed=place + 1: math.floor(at * speed)),
            ("_sum", own | {"handler": handler}, lambda at, speed=place + 1: at * speed / 8),
        ]
    ]
    shop = {"instance": "shop:8080", "job": "shop"}
    yield "shop_orders", "counter", "_total", [
        ("", shop | {"pod": f"checkout-{pod}", "status": status}, lambda at, speed=(pod + 1) * share: math.floor(at * speed))
        for pod in range(3)
        for status, share in (("paid", 0.5), ("refused", 0.05))
    ]
    # Without samples from minute 25 to 32 before the end, and not a number for twenty seconds of minute 10.
    yield "shop_queue_length", "gauge", "", [
        ("", shop | {"pod": "checkout-0"}, lambda at: None if 25 <= (LENGTH - at) / 60 < 32 else math.nan if 600 <= LENGTH - at < 620 else round(wave(at, 900, 0, 40)))
    ]
    # Stopped half an hour ago.
    yield "shop_old_workers", "gauge", "", [("", shop, lambda at: 4 if at < LENGTH / 2 else None)]


def main():
    instance = sys.argv[1]
    end = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    lines = []
    for family, kind, suffix, series in families(instance):
        lines.append(f"# TYPE {family} {kind}")
        for ending, pairs, value in series:
            text = f"{family}{suffix}{ending}{labels(pairs)}"
            for at in range(LENGTH):
                number = value(at)
                if number is not None:
                    lines.append(f"{text} {'NaN' if number != number else number} {end - LENGTH + at}")
    lines.append("# EOF")
    print("\n".join(lines))


main()
