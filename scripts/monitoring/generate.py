#!/usr/bin/env python3
"""Writes what is made of others: monitoring/alerts.yaml, the dashboards, and the chart's copies.

    scripts/monitoring/generate.py           writes
    scripts/monitoring/generate.py --check   names what is stale, and fails

Standard library only.
"""

import json
import pathlib
import re
import sys

sys.dont_write_bytecode = True
import dashboards  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = ROOT / "monitoring"
COPIES = ROOT / "charts/prometheus-mirror/files/monitoring"
HEAD = "# Made by scripts/monitoring/generate.py of alerts.yaml.in and thresholds.yaml.\n"


def thresholds(text):
    """`name: value`, one a line; the file has no other form, so that no parser is needed."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition(": ")
            found[name] = value
    return found


def alerts(template, values):
    used = set(re.findall(r"@([a-z_]+)@", template))
    if used != set(values):
        sys.exit(f"thresholds.yaml and alerts.yaml.in differ in {sorted(used ^ set(values))}")
    return HEAD + re.sub(r"@([a-z_]+)@", lambda it: values[it[1]], template)


def made():
    """Each file that is made, with its content."""
    values = thresholds((SOURCE / "thresholds.yaml").read_text())
    template = (SOURCE / "alerts.yaml.in").read_text()
    files = {SOURCE / "alerts.yaml": alerts(template, values)}
    for name, page in dashboards.pages(values["docs"]).items():
        files[SOURCE / "dashboards" / name] = json.dumps(page, indent=2) + "\n"
    copied = {SOURCE / name: (SOURCE / name).read_text()
              for name in ("thresholds.yaml", "alerts.yaml.in", "rules.yaml")} | files
    return files | {COPIES / path.relative_to(SOURCE): text for path, text in copied.items()}


def main():
    files = made()
    if sys.argv[1:] == ["--check"]:
        stale = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
        kept = {path for folder in (COPIES, SOURCE / "dashboards") for path in folder.rglob("*")
                if path.is_file()}
        stale += sorted(kept - set(files))
        for path in stale:
            print(f"{path.relative_to(ROOT)}: stale; run scripts/monitoring/generate.py")
        sys.exit(bool(stale))
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
