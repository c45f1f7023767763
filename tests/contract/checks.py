"""What every answer must be, beyond what the schema says. Loaded by schemathesis.

BACKEND names the one backend that may be called: whatever address was generated is
replaced by it before the request is sent, so nothing is ever dialled by chance.
"""

import os
import random
import re
import time

import schemathesis

BACKEND = os.environ["BACKEND"]
KEY = os.environ["MIRROR_KEY"]
METHODS = {"/api/connection", "/api/field/name", "/api/field/value", "/api/metric"}
FAILURES = {
    "MetricStoreConnectionError": {"details"},
    "MetricNotFoundError": {"metric", "details"},
    "UnsupportedFieldTypeError": {"mirrorType"},
    "RemoteMirrorError": {"summary", "details"},
}
KINDS = ["__gauge__", "__counter__", "~"]
ADDRESS = ("url", "host", "port", "path_prefix", "connection", "proxy_url")
METRICS = ["go_goroutines", "prometheus_http_requests_total", "up", "no_such_metric"]


def equals(key, value):
    return {"_type": "EqualityCondition", "key": key,
            "value": {"_type": "StringValue", "value": value}}


@schemathesis.hook
def before_call(context, case, kwargs):
    """Points the request at our backend, and lets most queries ask for what it has. Chosen by the
    body itself, so that the same call is the same again."""
    body = case.body
    if not isinstance(body, dict):
        return
    dice = random.Random(repr(body))
    details = body.get("connectionDetails")
    if isinstance(details, dict):
        has_address = any(isinstance(details.get(name), str) for name in ADDRESS)
        for name in ADDRESS:
            details.pop(name, None)
        if has_address or dice.random() < 0.8:
            details["url"] = BACKEND
    query = body.get("query")
    if isinstance(query, dict) and dice.random() < 0.7:
        ask_for_something(query, dice)


def ask_for_something(query, dice):
    """One kind, few labels, and the last minutes; the rest stays as it was generated."""
    conditions = query.get("conditions")
    if isinstance(conditions, list):
        query["conditions"] = conditions[:dice.randrange(2)]
        query["conditions"].append(equals(dice.choice(KINDS), dice.choice(METRICS)))
    if dice.random() < 0.8:
        now = int(time.time() * 1000)
        query |= {"startTime": now - dice.choice([0, 5_000, 60_000, 86_400_000]), "endTime": now}
    aggregation = query.get("aggregation")
    if isinstance(aggregation, dict) and dice.random() < 0.8:
        aggregation["bucketSizeMillis"] = dice.choice([1, 999, 5_000, 60_000])


def failure_fits(failure):
    fields = FAILURES.get(failure.get("_type"))
    assert fields is not None, f"unknown failure type {failure.get('_type')!r}"
    assert set(failure) == fields | {"_type"}, f"fields {sorted(failure)}"
    for name in fields:
        assert isinstance(failure[name], str), f"{name} is no string"
    if "details" in fields:
        details = failure["details"]
        assert re.search(r"\[PM-\d{4}\]$", details), f"no error id ends {details!r}"
        assert len(details) <= 1000, f"details of {len(details)} characters"


@schemathesis.check
def answer_is_inside_the_contract(context, response, case):
    path = "/" + case.formatted_path.strip("/")
    is_method = path in METHODS and case.method.upper() == "POST"
    keys = response.headers.get("x-mirror-api-key") or []
    assert keys == ([KEY] if is_method else []) or not is_method and response.status_code in (
        404, 405, 413), f"key header {keys} on {case.method} {path}"
    if not is_method:
        assert response.status_code < 500, f"status {response.status_code}"
        return
    answer = response.json()
    if response.status_code == 413:
        assert len(response.request.body) > 1 << 20, "a small body is called too large"
        failure_fits(answer)
        return
    assert response.status_code in (200, 500), f"status {response.status_code}"
    if response.status_code == 500:
        assert path != "/api/connection", "a failed connection test is no failed call"
        failure_fits(answer)
    elif path == "/api/connection":
        assert answer["status"] in ("OK", "FAILURE")
        assert (answer["error"] is None) == (answer["status"] == "OK")
        if answer["error"] is not None:
            failure_fits(answer["error"])
    elif path == "/api/metric":
        telemetry_fits(answer["telemetry"])


def telemetry_fits(telemetry):
    width = len(telemetry["dataFormat"])
    times = [point[1] for point in telemetry["points"]]
    assert all(len(point) == width for point in telemetry["points"]), "a point of another width"
    assert times == sorted(times), "points do not ascend"
    assert all(isinstance(time, int) for time in times), "a timestamp is no integer"
