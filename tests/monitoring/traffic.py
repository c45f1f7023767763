#!/usr/bin/env python3
"""Mixed traffic for the dashboards: what goes well, what is empty, what fails and what is refused.

    traffic.py configuration PROMETHEUS_PORT STUB_PORT FOLDER    prints a mirror's configuration
    traffic.py send MIRROR_PORT STUB_PORT                        asks it until it is told to end

Beside a real Prometheus a stub plays what that one never does: it fails, asks to come again, hands
out short-lived tokens, and its clock is off.
"""

import email.utils
import http.server
import json
import sys
import threading
import time
import urllib.error
import urllib.request

TOKEN = "a-token-of-this-test"
METHODS = ("MEAN", "MAX", "SUM", "PERCENTILE_95", "EVENT_COUNT")


class Stub(http.server.BaseHTTPRequestHandler):
    """What a real backend does too seldom to wait for."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/token":
            self.reply(200, {"access_token": "short-lived", "token_type": "Bearer", "expires_in": 3})
        elif self.path.startswith("/failing"):
            self.reply(503, {})
        elif self.path.endswith("/buildinfo"):
            self.reply(404, {})
        else:
            kind = "matrix" if self.path.endswith("/query_range") else "vector"
            self.reply(200, {"status": "success", "warnings": ["this is a stub"],
                             "data": {"resultType": kind, "result": []}})

    do_GET = do_POST

    def reply(self, status, body):
        body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(time.time() + 600, usegmt=True)

    def log_message(self, *_):
        pass


def configuration(prometheus, stub, folder):
    there, away = f"http://127.0.0.1:{prometheus}", f"http://127.0.0.1:{stub}"
    print(json.dumps({
        "callers": [{"name": "stackstate", "tokens": [TOKEN]}],
        "answer_ttl": "1s",
        "connections": {
            "good": {"url": there, "scrape_interval_ms": 1000},
            "failing": {"url": f"{away}/failing"},
            "warning": {"url": f"{away}/warning", "dialect": "promql-open"},
            "gone": {"url": "http://127.0.0.1:9"},
            "signed-in": {"url": there, "oauth2": {
                "client_id": "mirror", "client_secret": "secret", "token_url": f"{away}/token"}},
            "certified": {"url": there.replace("http:", "https:"), "tls_config": {
                "cert_file": f"{folder}/client.pem", "key_file": f"{folder}/client.key"}},
        },
        "policy": {"allowed_upstreams": "any"},
    }))


def details(name):
    return {"connection": name, "token": TOKEN}


def condition(key, value):
    return {"_type": "EqualityCondition", "key": key,
            "value": {"_type": "StringValue", "value": value}}


def metric(connection, key, value, method=None, **more):
    now = int(time.time() * 1000)
    query = {"_type": "MetricsQuery", "conditions": [condition(key, value)],
             "startTime": now - 60_000, "endTime": now, "limit": 100, **more}
    if method:
        query["aggregation"] = {"_type": "Aggregation", "method": method, "bucketSizeMillis": 5000}
    return "/api/metric", {"_type": "MetricsRequest", "connectionDetails": connection, "query": query}


def asked(round_number):
    """One round of everything."""
    good = details("good")
    method = METHODS[round_number % len(METHODS)]
    test = {"_type": "TestConnectionRequest"}
    yield "/api/connection", test | {"connectionDetails": good}
    yield "/api/field/name", {"_type": "FieldNamesRequest", "connectionDetails": good,
                              "query": {"_type": "FieldNamesQuery", "conditions": []}}
    yield "/api/field/value", {"_type": "FieldValuesRequest", "connectionDetails": good, "query": {
        "_type": "FieldValuesQuery", "field": {"_type": "FieldDescriptor", "fieldName": "job"},
        "conditions": []}}
    for _ in range(3):
        yield metric(good, "__counter__", "prometheus_http_requests_total", method)
    yield metric(good, "__gauge__", "go_goroutines", method)
    yield metric(good, "~", "sum(up) > 1e9", method)
    yield metric(good, "~", "vector(NaN)", "MEAN")
    yield metric(good, "__gauge__", "go_goroutines")
    yield metric(good, "__gauge__", f"no_such_metric_{round_number}", method)
    yield metric(good, "~", "sum(")
    for name in ("failing", "warning", "gone", "signed-in", "certified"):
        yield metric(details(name), "__gauge__", "go_goroutines", method)
    yield "/api/connection", test | {"connectionDetails": details("good") | {"token": "of-nobody-16-bytes"}}
    forbidden = {"url": "http://169.254.169.254", "token": TOKEN}
    yield "/api/connection", test | {"connectionDetails": forbidden}
    yield "/api/metric", {"_type": "MetricsRequest"}


def send(port):
    number = 0
    while True:
        for path, body in asked(number):
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(),
                {"Content-Type": "application/json"})
            try:
                urllib.request.urlopen(request, timeout=20).read()
            except urllib.error.HTTPError as error:
                error.read()
        number += 1
        time.sleep(0.2)


def main():
    command, *arguments = sys.argv[1:]
    if command == "configuration":
        configuration(*arguments)
        return
    port, stub = arguments
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(stub)), Stub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    send(port)


main()
