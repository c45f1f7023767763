#!/usr/bin/env python3
"""Rules, alerts and dashboards against a running mirror under mixed traffic, and the Prometheus that
scrapes it and evaluates the rules.

    tests/monitoring/live.py http://127.0.0.1:9901/metrics http://127.0.0.1:9090 [SECONDS]

Everything that is named must be exposed, each panel must show data, and each rule must be evaluated
without an error, all within that time (60 s by default).
"""

import json
import re
import sys
import time
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True
import names  # noqa: E402

# Of events that no traffic of a test brings about, with what would. Before its first event a family with
# labels is not exposed at all; that there is one, check.py reads in the source.
RARE = {
    "mirror_listener_certificate_expiry_timestamp_seconds": "TLS on the mirror port",
    "mirror_clock_skew_seconds": "AWS, with a clock that is wrong",
}
RARE_PANELS = {"Clock ahead of ours": "AWS, with a clock that is wrong"}


def exposed(page):
    """The names of all samples."""
    return set(re.findall(r"^([a-zA-Z_:][\w:]*)[ {]", page, re.M))


def fetch(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def ask(prometheus, path, **parameters):
    url = f"{prometheus}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    return json.loads(fetch(url))["data"]


def shows(prometheus, expression):
    """Whether a panel with this expression has something to draw, with All chosen everywhere."""
    expression = re.sub(r"\$(namespace|job|backend)\b", ".*", expression)
    expression = expression.replace("$__rate_interval", "15s").replace("$__range", "1m")
    found = ask(prometheus, "query", query=expression)["result"]
    return any(it["value"][1] != "NaN" for it in found)


def lacking(metrics, prometheus):
    """Each thing that is not there yet."""
    found = exposed(fetch(metrics))
    for name, place in sorted(names.used().items()):
        if name not in found and name not in RARE:
            yield f"{name}: not exposed; named in {place}"
    for file, dashboard in names.dashboards():
        for panel in names.panels(dashboard):
            expressions = [target["expr"] for target in panel.get("targets", [])]
            if not expressions or panel["title"] in RARE_PANELS:
                continue
            if not any(shows(prometheus, it) for it in expressions):
                yield f"{file}, {panel['title']!r}: shows nothing"
    rules = [rule for group in ask(prometheus, "rules")["groups"] for rule in group["rules"]]
    if len(rules) != len(list(names.in_rules())):
        yield f"{len(rules)} rules are loaded, and {len(list(names.in_rules()))} are there"
    for rule in rules:
        if rule["health"] != "ok":
            yield f"rule {rule['name']}: {rule['health']} {rule.get('lastError', '')}"
    for alert in ask(prometheus, "alerts")["alerts"]:
        if alert["labels"]["alertname"] == "MirrorDown":
            yield "MirrorDown is pending, and the mirror is scraped"


def main():
    metrics, prometheus, *seconds = sys.argv[1:]
    until = time.monotonic() + float(seconds[0] if seconds else 60)
    while (missing := list(lacking(metrics, prometheus))) and time.monotonic() < until:
        time.sleep(1)
    if missing:
        sys.exit("\n".join(missing))
    panels = sum(bool(it.get("targets")) for _, board in names.dashboards() for it in names.panels(board))
    print(f"    {len(names.used()) - len(RARE)} metrics are exposed, {panels - len(RARE_PANELS)} panels show data, "
          f"{len(list(names.in_rules()))} rules are evaluated")


if __name__ == "__main__":
    main()
