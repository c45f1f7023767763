"""The licence texts of everything in the binary, which whoever passes it on has to pass on too.

    licenses.py OUT
"""

import sys
from pathlib import Path

from crates import linked, metadata

NAMES = ("license", "licence", "copying", "notice", "copyright", "unlicense")


def texts(crate: dict) -> list[str]:
    folder = Path(crate["manifest_path"]).parent
    found = sorted(
        it
        for it in folder.iterdir()
        if it.is_file() and it.name.lower().startswith(NAMES) and it.suffix != ".rs"
    )
    return [it.read_text(errors="replace").strip() for it in found]


def main() -> None:
    program, crates, _ = linked(metadata())
    holders: dict[str, list[str]] = {}
    bare = []
    for crate in crates:
        name = f"{crate['name']} {crate['version']} ({crate['license']})"
        own = texts(crate)
        for text in own:
            holders.setdefault(text, []).append(name)
        if not own:
            bare.append(name)
    parts = [f"What is in {program['name']} {program['version']} beside its own code.\n"]
    for text, names in sorted(holders.items(), key=lambda it: (-len(it[1]), it[1])):
        parts.append("=" * 78 + "\n" + "".join(f"{it}\n" for it in names) + f"\n{text}\n")
    if bare:
        heading = "Crates that carry no text of their own; their licence is one of those above:"
        parts.append("=" * 78 + f"\n{heading}\n" + "".join(f"{it}\n" for it in bare))
    Path(sys.argv[1]).write_text("\n".join(parts))
    print(f"    {len(crates)} crates, {len(holders)} texts, {len(bare)} crates without one")


main()
