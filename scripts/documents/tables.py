"""The reference tables of docs/, made from the schemas, so that a fact is written once.

    tables.py          rewrites what is stale
    tables.py --check  fails, and names it, if something is

A table stands between `<!-- table: SCHEMA [PATH] -->` and `<!-- end -->`; PATH leads to an object in
the schema, as `properties.tls`. Without it the table is of the schema's own keys.
"""

import json
import re
import sys
from pathlib import Path

PLACE = re.compile(r"(<!-- table: (\S+)(?: (\S+))? -->\n).*?(<!-- end -->)", re.S)


def resolved(schema: dict, path: str | None) -> dict:
    for name in path.split(".") if path else []:
        schema = schema[name]
    return schema


def kinds(schema: dict) -> list[str]:
    """What a value may be, in words; null equals absent everywhere and is not said."""
    if "const" in schema:
        return [f"`{schema['const']}`"]
    if "enum" in schema:
        return [f"`{it}`" for it in schema["enum"]]
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return [kind for it in schema[choice] for kind in kinds(it)]
    names = schema.get("type", "any")
    names = [names] if isinstance(names, str) else names
    found = []
    for name in names:
        if name == "array":
            of = ", ".join(dict.fromkeys(kinds(schema.get("items", {}))))
            found.append(f"list of {of}")
        elif name == "object" and isinstance(schema.get("additionalProperties"), dict):
            of = ", ".join(dict.fromkeys(kinds(schema["additionalProperties"])))
            found.append(f"map of {of}")
        elif name != "null":
            found.append({"integer": "whole number", "string": "text"}.get(name, name))
    # In the environment numbers and flags are text; that is no second kind.
    if len(found) > 1 and found[-1] == "text" and found[0] in ("whole number", "boolean"):
        found.pop()
    return found


def bounds(schema: dict) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None and high is None:
        return ""
    if high is None:
        return f", at least {low}"
    return f", {low} to {high}"


def rows(schema: dict, prefix: str = "") -> list[str]:
    """A line a key, those of an object below it; which of them are needed is said in the text."""
    found = []
    for name, member in sorted(schema.get("properties", {}).items()):
        kind = ", ".join(dict.fromkeys(kinds(member))) + bounds(member)
        secret = " Secret." if member.get("writeOnly") else ""
        text = " ".join(member.get("description", "").split()).replace("|", "\\|")
        default = member.get("default")
        if default is not None and "efault" not in text:
            shown = default if isinstance(default, str) else json.dumps(default)
            text += f" Default: `{shown}`."
        found.append(f"| `{prefix}{name}` | {kind} | {text}{secret} |")
        found += rows(member, f"{prefix}{name}.")
        items = member.get("items")
        if isinstance(items, dict) and "properties" in items:
            found += rows(items, f"{prefix}{name}[].")
    return found


def table(schema: dict) -> str:
    lines = ["| key | value | meaning |", "| --- | --- | --- |", *rows(schema)]
    return "\n".join(lines) + "\n"


def fresh(text: str) -> str:
    def made(place: re.Match) -> str:
        start, name, path, end = place.groups()
        schema = json.loads(Path(f"schemas/{name}.json").read_text())
        return start + table(resolved(schema, path)) + end

    return PLACE.sub(made, text)


def main() -> None:
    stale = []
    for page in sorted(Path("docs").glob("*.md")):
        text = page.read_text()
        if (new := fresh(text)) != text:
            stale.append(str(page))
            if "--check" not in sys.argv:
                page.write_text(new)
    if "--check" in sys.argv and stale:
        sys.exit(f"stale: {', '.join(stale)}; run python3 scripts/documents/tables.py")


if __name__ == "__main__":
    main()
