#!/usr/bin/env python3
"""Puts the names of settings into values.schema.json, for `config` and `connections`: a slip there is
then refused by Helm, and not by a pod that does not start. They come from schemas/config.json.

    scripts/chart/settings.py           writes
    scripts/chart/settings.py --check   fails if it is stale

Names alone: a value may be `${A_VARIABLE}`, whatever its type.
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "charts/prometheus-mirror/values.schema.json"


def names(schema):
    """What keys an object has, and those below it."""
    if "properties" in schema:
        below = {name: names(member) for name, member in sorted(schema["properties"].items())}
        return {"additionalProperties": False, "properties": below}
    if isinstance(schema.get("additionalProperties"), dict):
        below = names(schema["additionalProperties"])
        return {"additionalProperties": below} if below else {}
    return {}


def main():
    settings = json.loads((ROOT / "schemas/config.json").read_text())
    schema = json.loads(SCHEMA.read_text())
    schema["properties"]["config"] = {"type": "object", **names(settings)}
    connections = names(settings["properties"]["connections"])
    connections["additionalProperties"]["type"] = "object"
    schema["properties"]["connections"] = {"type": "object", **connections}
    fresh = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    if sys.argv[1:] == ["--check"]:
        if SCHEMA.read_text() != fresh:
            sys.exit("charts/prometheus-mirror/values.schema.json: stale; run scripts/chart/settings.py")
    else:
        SCHEMA.write_text(fresh)


if __name__ == "__main__":
    main()
