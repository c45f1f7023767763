"""The two dashboards, as Grafana reads them. Run by generate.py, which writes them."""

SELECT = 'namespace=~"$namespace", job=~"$job"'
BACKEND = SELECT + ', backend=~"$backend"'
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24


class Page:
    """Panels, laid out from left to right and from top to bottom."""

    def __init__(self, uid, title, variables):
        self.uid, self.title, self.variables = uid, title, variables
        self.panels, self.x, self.y, self.height = [], 0, 0, 0

    def _place(self, panel, width, height):
        if self.x + width > WIDTH:
            self.x, self.y, self.height = 0, self.y + self.height, 0
        panel["id"] = len(self.panels) + 1
        panel["gridPos"] = {"x": self.x, "y": self.y, "w": width, "h": height}
        self.x += width
        self.height = max(self.height, height)
        self.panels.append(panel)

    def row(self, title, repeat=None):
        self.x = WIDTH
        row = {"type": "row", "title": title, "collapsed": False, "panels": []}
        self._place(row | ({"repeat": repeat} if repeat else {}), WIDTH, 1)

    def panel(self, kind, title, queries, unit, width=8, height=8, about="", **more):
        targets = [
            {"refId": chr(ord("A") + at), "datasource": DATASOURCE, "expr": expr,
             "legendFormat": legend} | more.get("target", {})
            for at, (expr, legend) in enumerate(queries)
        ]
        defaults = {"unit": unit, "min": more.get("least", 0)} | more.get("defaults", {})
        panel = {
            "type": kind, "title": title, "datasource": DATASOURCE, "targets": targets,
            "fieldConfig": {"defaults": defaults, "overrides": []},
            "options": more.get("options", {}),
        }
        if about:
            panel["description"] = about
        if "transformations" in more:
            panel["transformations"] = more["transformations"]
        self._place(panel, width, height)

    def lines(self, title, queries, unit, **more):
        options = {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
                   "tooltip": {"mode": "multi", "sort": "desc"}}
        self.panel("timeseries", title, queries, unit, options=options, **more)

    def number(self, title, expr, unit, width=6, **more):
        options = {"reduceOptions": {"calcs": ["lastNotNull"]}, "graphMode": "area"}
        self.panel("stat", title, [(expr, "")], unit, width=width, height=4, options=options, **more)

    def document(self):
        return {
            "uid": self.uid, "title": self.title, "tags": ["prometheus-mirror"],
            "schemaVersion": 39, "version": 1, "editable": True, "timezone": "",
            "time": {"from": "now-6h", "to": "now"}, "refresh": "1m",
            "links": [{"type": "dashboards", "title": "prometheus-mirror", "asDropdown": False,
                       "tags": ["prometheus-mirror"], "keepTime": True, "includeVars": True}],
            "annotations": {"list": []},
            "templating": {"list": self.variables},
            "panels": self.panels,
        }


def variables(with_backend):
    def choice(name, query):
        return {"name": name, "type": "query", "datasource": DATASOURCE, "query": query,
                "definition": query, "refresh": 2, "includeAll": True, "multi": True,
                "allValue": ".*", "sort": 1, "current": {"text": "All", "value": "$__all"}}

    found = [
        {"name": "datasource", "type": "datasource", "query": "prometheus", "current": {}},
        choice("namespace", "label_values(mirror_build_info, namespace)"),
        choice("job", "label_values(mirror_build_info, job)"),
    ]
    if with_backend:
        found.append(choice("backend", f"label_values(mirror_backend_calls_total{{{SELECT}}}, backend)"))
    return found


def rate(metric, by, select=SELECT, more=""):
    return f"sum by ({by}) (rate({metric}{{{select}{more}}}[$__rate_interval]))"


def quantile(q, metric, by, select=SELECT):
    inner = rate(metric + "_bucket", ", ".join(filter(None, [by, "le"])), select)
    return f"histogram_quantile({q}, {inner})"


def overview(docs):
    page = Page("prometheus-mirror", "prometheus-mirror / Overview", variables(False))
    page.row("State")
    page.number("Targets up", 'count(mirror_build_info{%s})' % SELECT, "none", width=4)
    accepted = f'sum(rate(mirror_requests_total{{{SELECT}, method!="other", outcome!="unaccepted"}}[$__rate_interval]))'
    own = f'(sum(rate(mirror_errors_total{{{SELECT}, code=~"PM-6007|PM-6008|PM-9001"}}[$__rate_interval])) or vector(0))'
    page.number("Accepted requests", accepted, "reqps", width=5)
    page.number("Not failed by the mirror", f"1 - {own} / {accepted}", "percentunit", width=5,
                defaults={"decimals": 3, "max": 1}, about="The objective is 99.95 %.")
    page.number("Error budget left (30 days)", "job:mirror_error_budget_left:ratio30d{%s}" % SELECT,
                "percentunit", width=5, least=None)
    empty = f'sum(rate(mirror_empty_answers_total{{{SELECT}, method="metric"}}[$__rate_interval]))'
    whole = f'sum(rate(mirror_requests_total{{{SELECT}, method="metric", outcome=~"ok|partial"}}[$__rate_interval]))'
    page.number("Empty answers", f"{empty} / {whole}", "percentunit", width=5,
                about="200 without a point: a blank chart in StackState, which no error counter sees.")

    page.row("Traffic and results")
    page.lines("Requests by method", [(rate("mirror_requests_total", "method"), "{{method}}")], "reqps")
    page.lines("Requests by outcome", [(rate("mirror_requests_total", "outcome"), "{{outcome}}")], "reqps")
    page.lines("In flight and the limit", [
        (f"sum by (scope) (mirror_in_flight{{{SELECT}}})", "in flight, {{scope}}"),
        (f'sum(mirror_limit{{{SELECT}, scope="global"}})', "limit, global"),
        (f"sum by (scope) (mirror_queued{{{SELECT}}})", "queued, {{scope}}"),
    ], "short")
    page.lines("Empty answers", [(rate("mirror_empty_answers_total", "method, backend"), "{{method}} {{backend}}")], "reqps")
    page.lines("Turned away", [
        (rate("mirror_shed_total", "reason"), "limit: {{reason}}"),
        (rate("mirror_refused_callers_total", "reason"), "caller: {{reason}}"),
        (rate("mirror_guard_refusals_total", "reason"), "address: {{reason}}"),
    ], "reqps")
    page.lines("Notices", [(rate("mirror_notices_total", "code"), "{{code}}")], "reqps")

    page.row("Latency")
    page.lines("Requests", [
        (quantile(0.5, "mirror_request_duration_seconds", "method"), "{{method}} p50"),
        (quantile(0.99, "mirror_request_duration_seconds", "method"), "{{method}} p99"),
    ], "s")
    page.lines("Of which backends", [
        (quantile(0.5, "mirror_backend_call_duration_seconds", "backend"), "{{backend}} p50"),
        (quantile(0.99, "mirror_backend_call_duration_seconds", "backend"), "{{backend}} p99"),
    ], "s", about="One call; a request may need several.")
    page.lines("Of which the mirror", [
        (quantile(0.5, "mirror_overhead_seconds", "method"), "{{method}} p50"),
        (quantile(0.99, "mirror_overhead_seconds", "method"), "{{method}} p99"),
    ], "s", about="Time not spent waiting for a backend.")

    page.row("Errors")
    page.lines("Errors by id", [(rate("mirror_errors_total", "code"), "{{code}}")], "reqps", width=12)
    page.panel(
        "table", "Errors by id, over the range shown",
        [(f"sort_desc(sum by (code) (increase(mirror_errors_total{{{SELECT}}}[$__range])) > 0)", "")],
        "short", width=12, target={"instant": True, "format": "table"},
        transformations=[{"id": "organize", "options": {
            "excludeByName": {"Time": True}, "renameByName": {"code": "id", "Value": "errors"}}}],
        defaults={"decimals": 0, "links": [{
            "title": "What it means and how to cure it", "targetBlank": True,
            "url": docs + "/errors/${__data.fields.id}.md"}]})

    page.row("Caches")
    page.lines("Answers", [(rate("mirror_answers_total", "result"), "{{result}}")], "reqps", width=12)
    page.lines("Answers not kept", [(rate("mirror_answers_not_stored_total", "reason"), "{{reason}}")], "reqps", width=12)

    page.row("Resources")
    page.lines("Memory", [
        (f"process_resident_memory_bytes{{{SELECT}}}", "{{instance}}"),
        (f"mirror_buffer_bytes{{{SELECT}}}", "buffers, {{instance}}"),
        (f"mirror_buffer_budget_bytes{{{SELECT}}}", "budget, {{instance}}"),
    ], "bytes")
    page.lines("CPU", [(rate("process_cpu_seconds_total", "instance"), "{{instance}}")], "short")
    page.lines("Descriptors", [(f"process_open_fds{{{SELECT}}}", "{{instance}}")], "short")
    page.lines("Connections of callers", [(f"sum by (state) (mirror_connections{{{SELECT}}})", "{{state}}")], "short")
    page.lines("Connections closed by us", [(rate("mirror_connections_closed_total", "reason"), "{{reason}}")], "ops")
    page.lines("Not as it should be", [
        (rate("mirror_panics_total", "job"), "panics"),
        (rate("mirror_task_restarts_total", "job"), "task restarts"),
        (rate("mirror_accept_errors_total", "reason"), "not accepted: {{reason}}"),
        (rate("mirror_log_lines_dropped_total", "job"), "log lines dropped"),
        (f"1 - min by (job) (mirror_config_last_reload_successful{{{SELECT}}})", "reload failed"),
    ], "short")
    return page.document()


def connections():
    page = Page("prometheus-mirror-connections", "prometheus-mirror / Connections", variables(True))
    page.row("$backend", repeat="backend")
    page.lines("Calls by outcome", [(rate("mirror_backend_calls_total", "outcome", BACKEND), "{{outcome}}")], "reqps", width=6)
    page.lines("Duration of a call", [
        (quantile(0.5, "mirror_backend_call_duration_seconds", "", BACKEND), "p50"),
        (quantile(0.99, "mirror_backend_call_duration_seconds", "", BACKEND), "p99"),
    ], "s", width=6)
    page.lines("Repeats", [
        (rate("mirror_backend_retries_total", "outcome", BACKEND), "after {{outcome}}"),
        (rate("mirror_backend_retries_denied_total", "reason", BACKEND), "denied: {{reason}}"),
    ], "reqps", width=6)
    page.lines("Breaker", [
        (f"max by (instance) (mirror_breaker_state{{{BACKEND}}})", "{{instance}}"),
    ], "short", width=6, defaults={"max": 2, "mappings": [{"type": "value", "options": {
        "0": {"text": "closed"}, "1": {"text": "probing"}, "2": {"text": "open"}}}]})
    page.lines("Credentials", [
        (rate("mirror_credential_refresh_total", "result", BACKEND), "refresh {{result}}"),
    ], "ops", width=6)
    page.lines("Credentials and certificate: time left", [
        (f"min(mirror_credential_expiry_timestamp_seconds{{{BACKEND}}}) - time()", "session"),
        (f"min(mirror_certificate_expiry_timestamp_seconds{{{BACKEND}}}) - time()", "certificate"),
    ], "s", width=6, least=None)
    page.lines("Clock ahead of ours", [(f"max by (instance) (mirror_clock_skew_seconds{{{BACKEND}}})", "{{instance}}")], "s", width=6, least=None)
    page.lines("Empty answers and warnings", [
        (rate("mirror_empty_answers_total", "method", BACKEND), "empty: {{method}}"),
        (rate("mirror_backend_warnings_total", "backend", BACKEND), "warnings"),
    ], "reqps", width=6)
    return page.document()


def pages(docs):
    return {"overview.json": overview(docs), "connections.json": connections()}
