#!/usr/bin/env python3
"""Puts settings into values.schema.json, for `config` and `connections`, with their words and bounds: a slip
there is then refused by Helm, and not by a pod that does not start. They come from schemas/config.json.

    scripts/chart/settings.py           writes
    scripts/chart/settings.py --check   fails if it is stale

A value may be `${A_VARIABLE}`, whatever its type, and a number a text.
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "charts/prometheus-mirror/values.schema.json"


KEPT = ("type", "minimum", "maximum", "minItems")
PLACEHOLDER = r"\$\{"
# What texts of a kind look like, which the settings' schema tells in words.
TEXTS = {
    "A duration": r"^([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
    "A number of bytes": r"^([0-9]+ *([KMG]iB|B)?)?$",
}
NUMBER = r"^[0-9]*[.]?[0-9]+([eE][+-]?[0-9]+)?$"


def words(schema):
    """The words that are the only values, if there are such; a pattern, for Helm prints it."""
    among = schema.get("anyOf") or schema.get("oneOf") or []
    found = []
    for it in among:
        if it.get("type") != "null":
            found += [it["const"]] if "const" in it else words(it) or [None]
    return [] if None in found else found


def text_or_number(schema):
    """The pattern of a text that is one of a kind, for what may be a number as well."""
    told = [it.get("description", "") for it in schema.get("anyOf", [])]
    return next((pattern for kind, pattern in TEXTS.items() if any(it.startswith(kind) for it in told)), None)


def accepted(schema):
    """What a value may be, and those below it."""
    if pattern := text_or_number(schema):
        return {"type": ["number", "string", "null"], "minimum": 0, "pattern": f"{pattern}|{NUMBER}|{PLACEHOLDER}"}
    if among := words(schema):
        return {"type": ["string", "null"], "pattern": f"^({'|'.join(among)})$|{PLACEHOLDER}"}
    value = {key: schema[key] for key in KEPT if key in schema}
    types = value.get("type", [])
    if "string" in types and "integer" in types:
        value["pattern"] = f"^[0-9]+$|{PLACEHOLDER}"
    elif "string" in types and "boolean" in types:
        value["pattern"] = f"^(true|false)$|{PLACEHOLDER}"
    if "properties" in schema:
        below = {name: accepted(member) for name, member in sorted(schema["properties"].items())}
        value |= {"additionalProperties": False, "properties": below}
    elif isinstance(schema.get("additionalProperties"), dict):
        value["additionalProperties"] = accepted(schema["additionalProperties"])
    if "items" in schema:
        value["items"] = accepted(schema["items"])
    return value


def main():
    settings = json.loads((ROOT / "schemas/config.json").read_text())
    schema = json.loads(SCHEMA.read_text())
    schema["properties"]["config"] = {**accepted(settings), "type": "object"}
    schema["properties"]["connections"] = {**accepted(settings["properties"]["connections"]), "type": "object"}
    fresh = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    if sys.argv[1:] == ["--check"]:
        if SCHEMA.read_text() != fresh:
            sys.exit("charts/prometheus-mirror/values.schema.json: stale; run scripts/chart/settings.py")
    else:
        SCHEMA.write_text(fresh)


if __name__ == "__main__":
    main()
