#!/usr/bin/env python3
"""Compares what rules, alerts and dashboards name with what a running mirror exposes.

    tests/monitoring/live.py http://127.0.0.1:9901/metrics [--rare]

Run it after some mixed traffic: a family with labels shows nothing before its first event. With
--rare those of events that healthy traffic does not have may be absent.
"""

import re
import sys
import urllib.request

sys.dont_write_bytecode = True
import names  # noqa: E402

RARE = {
    "mirror_accept_errors_total",
    "mirror_answers_not_stored_total",
    "mirror_backend_retries_denied_total",
    "mirror_backend_retries_total",
    "mirror_backend_warnings_total",
    "mirror_breaker_state",
    "mirror_certificate_expiry_timestamp_seconds",
    "mirror_clock_skew_seconds",
    "mirror_credential_expiry_timestamp_seconds",
    "mirror_credential_refresh_total",
    "mirror_guard_refusals_total",
    "mirror_listener_certificate_expiry_timestamp_seconds",
    "mirror_notices_total",
    "mirror_shed_total",
}


def exposed(page):
    """Names of samples, and of families whose type is told although they have no sample."""
    found = set(re.findall(r"^([a-zA-Z_:][\w:]*)[ {]", page, re.M))
    suffixes = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"],
                "info": ["_info"]}
    for name, kind in re.findall(r"^# TYPE (\S+) (\w+)", page, re.M):
        found |= {name + suffix for suffix in suffixes.get(kind, [""])}
    return found


def main():
    url, *flags = sys.argv[1:]
    with urllib.request.urlopen(url, timeout=10) as answer:
        found = exposed(answer.read().decode())
    missing = {name: place for name, place in names.used().items() if name not in found}
    if "--rare" in flags:
        missing = {name: place for name, place in missing.items() if name not in RARE}
    for name, place in sorted(missing.items()):
        print(f"{name}: not exposed; named in {place}")
    print(f"{len(names.used()) - len(missing)} of {len(names.used())} metrics are exposed")
    sys.exit(bool(missing))


if __name__ == "__main__":
    main()
