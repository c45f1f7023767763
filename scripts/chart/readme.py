#!/usr/bin/env python3
"""Writes the chart's README.md: README.md.in, with the comments of values.yaml as a table and the version.

    scripts/chart/readme.py           writes
    scripts/chart/readme.py --check   fails if it is stale

A comment right above a key belongs to it. A key without one belongs to the documented key around
it; the test of the chart demands that each is covered. Needs PyYAML.
"""

import json
import pathlib
import re
import sys

import yaml

CHART = pathlib.Path(__file__).resolve().parents[2] / "charts/prometheus-mirror"


def documented(text):
    """Each documented value: its path, and its comment on one line."""
    path, comment = [], []
    for line in text.splitlines():
        found = re.match(r"( *)([A-Za-z_][\w.]*):", line)
        if line.strip().startswith("#"):
            comment.append(line.strip().removeprefix("#").strip())
        elif found:
            depth = len(found[1]) // 2
            path = path[:depth] + [found[2]]
            if comment:
                yield tuple(path), " ".join(comment)
            comment = []
        else:
            # A blank line parts a comment of the file from the first key.
            comment = []


def default(values, path):
    for key in path:
        values = values[key]
    if values is None:
        return "unset"
    return f"`{values if isinstance(values, str) and values else json.dumps(values)}`"


def table(text):
    values = yaml.safe_load(text)
    rows = ["| value | default | meaning |", "| --- | --- | --- |"]
    for path, comment in documented(text):
        cell = comment.replace("|", "\\|")
        rows.append(f"| `{'.'.join(path)}` | {default(values, path)} | {cell} |")
    return "\n".join(rows)


def main():
    prose = (CHART / "README.md.in").read_text()
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    readme = prose.replace("@version@", version).replace(
        "@values@", table((CHART / "values.yaml").read_text()))
    target = CHART / "README.md"
    if sys.argv[1:] == ["--check"]:
        if not target.exists() or target.read_text() != readme:
            sys.exit("charts/prometheus-mirror/README.md: stale; run scripts/chart/readme.py")
    else:
        target.write_text(readme)


if __name__ == "__main__":
    main()
