"""Which metrics there are, and which ones an expression names."""

import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
MONITORING = ROOT / "monitoring"
# How a metric of each type is exposed.
SUFFIXES = {
    "Counter": ["_total"],
    "Gauge": [""],
    "Histogram": ["_bucket", "_sum", "_count"],
    "Info": ["_info"],
}
EVERY_SUFFIX = [suffix for suffixes in SUFFIXES.values() for suffix in suffixes]
# What Prometheus makes itself.
OF_PROMETHEUS = {"up"}
WORDS = {"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "group_left",
         "group_right", "inf", "nan"}


def registered():
    """Names in src/instruments, by the type of their field where that can be read."""
    files = [ROOT / "src/instruments.rs", *(ROOT / "src/instruments").rglob("*.rs")]
    text = "\n".join(file.read_text() for file in files)
    types = dict(re.findall(r"^\s+(?:pub\S* )?(\w+): (?:Family<.*?, )?(\w+)>?,$", text, re.M))
    found = set()
    for name, field in re.findall(
        r'\.register\(\s*"(\w+)",\s*"[^"]*",\s*(?:self\.)?([\w.]+)', text
    ):
        kind = "Info" if field.startswith("Info") else types.get(field.split(".")[0], "")
        found |= {f"mirror_{name}{suffix}" for suffix in SUFFIXES.get(kind, EVERY_SUFFIX)}
    for name in re.findall(r'"(process_\w+)"', text):
        found |= {name, f"{name}_total"}
    return found


def named(expression):
    """The metrics in a PromQL expression: what is no string, label, function or keyword."""
    text = re.sub(r"\$__\w+|\$\w+", "1m", expression)
    text = re.sub(r'"(?:\\.|[^"\\])*"', '""', text)
    text = re.sub(r"\{[^}]*\}|\[[^]]*\]", " ", text)
    text = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", text)
    names = re.findall(r"(?<![\w:.])([a-zA-Z_:][\w:]*)(?!\s*\()(?![\w:])", text)
    return {name for name in names if name.lower() not in WORDS}


def dashboards():
    """Each dashboard's name and content."""
    for file in sorted((MONITORING / "dashboards").glob("*.json")):
        yield file.name, json.loads(file.read_text())


def panels(dashboard):
    """Panels, those inside rows too."""
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def on_dashboards():
    """Each expression on a dashboard, and where it stands."""
    for file, dashboard in dashboards():
        for panel in panels(dashboard):
            for target in panel.get("targets", []):
                yield f"{file}, {panel['title']!r}", target["expr"]
        for variable in dashboard["templating"]["list"]:
            query = variable.get("query", "")
            if query.startswith("label_values("):
                metric = query.removeprefix("label_values(").rpartition(",")[0]
                yield f"{file}, variable {variable['name']!r}", metric


def in_rules():
    """Each expression in rules.yaml and alerts.yaml, read with promtool's help elsewhere: here it is
    enough to know where an expression begins and ends."""
    for name in ("rules.yaml", "alerts.yaml"):
        text = (MONITORING / name).read_text()
        pattern = r"^( +)- (?:record|alert): (\S+)\n\1  expr: (\|\n(?:\1    .*\n)+|.*\n)"
        for _, rule, expression in re.findall(pattern, text, re.M):
            yield f"{name}, {rule}", expression.removeprefix("|\n")


def recorded():
    return set(re.findall(r"- record: (\S+)", (MONITORING / "rules.yaml").read_text()))


def used():
    """Each metric that is named, and where first; recorded ones aside."""
    found = {}
    for place, expression in [*in_rules(), *on_dashboards()]:
        for name in named(expression) - recorded() - OF_PROMETHEUS:
            found.setdefault(name, place)
    return found
