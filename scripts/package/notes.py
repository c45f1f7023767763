"""What a release says of itself: its part of the changelog, and what its binaries were built with, as their
bills of materials tell it.

    notes.py VERSION DIST
"""

import json
import re
import sys
from pathlib import Path


def built_with(bom: dict) -> str:
    machine = next(it["value"] for it in bom["metadata"]["properties"] if it["name"] == "host")
    tools = [f"{it['name']} {it['version']}" for it in bom["metadata"]["tools"]["components"]]
    for it in bom["components"]:
        tools += [f"{it['name']} {it['version']} ({own['value']})" for own in it.get("properties", [])]
    return f"{machine}: {', '.join(tools)}"


def notes(version: str, dist: Path, changelog: str) -> str:
    section = re.search(rf"^## {re.escape(version)} .*\n((?:(?!## ).*\n?)*)", changelog, flags=re.M)
    assert section, f"CHANGELOG.md has no section for {version}"
    boms = [json.loads(it.read_text()) for it in sorted(dist.glob("*.cdx.json"))]
    assert boms, f"no bill of materials in {dist}"
    return f"{section[1].strip()}\n\nBuilt with:\n\n" + "".join(f"- {built_with(it)}\n" for it in boms)


if __name__ == "__main__":
    print(notes(sys.argv[1], Path(sys.argv[2]), Path("CHANGELOG.md").read_text()), end="")
