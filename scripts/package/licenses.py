"""The licence texts of everything in the binary, which whoever passes it on has to pass on too.

    licenses.py OUT
"""

import sys
from pathlib import Path

import beside
from crates import linked, metadata

NAMES = ("license", "licence", "copying", "notice", "copyright", "unlicense")
LINE = "=" * 78


def texts(crate: dict) -> list[str]:
    folder = Path(crate["manifest_path"]).parent
    found = sorted(
        it
        for it in folder.iterdir()
        if it.is_file() and it.name.lower().startswith(NAMES) and it.suffix != ".rs"
    )
    return [it.read_text(errors="replace").strip() for it in found]


def titled(it: dict, where: str = "") -> str:
    return f"{it['name']} {it['version']} ({it['license']}){where}"


def document(page: Path = beside.PAGE) -> tuple[str, str]:
    """All of it, and what it holds in a line."""
    program, crates, _ = linked(metadata())
    packages, std, libraries = beside.packages(page), beside.standard_library(), beside.linked_libraries()
    held = [(titled(it), texts(it)) for it in crates]
    held += [(titled(it, ", in the console's page"), it["texts"]) for it in packages]
    held += [(titled(it, ", of Rust's standard library"), it["texts"]) for it in std["crates"]]
    holders: dict[str, list[str]] = {}
    bare = []
    for name, own in held:
        for text in own:
            holders.setdefault(text, []).append(name)
        if not own:
            bare.append(name)
    parts = [
        f"What is in {program['name']} {program['version']} beside its own code: crates, the packages of the\n"
        "console's page, Rust's standard library, and libraries of C.\n"
    ]
    if not packages:
        parts.append("This build has no page, and so none of its packages.\n")
    for it in (std, *libraries):
        parts.append(f"{LINE}\n{titled(it)}\n\n{it['notice']}\n" + "".join(f"\n{text}\n" for text in it.get("texts", [])))
    for text, names in sorted(holders.items(), key=lambda it: (-len(it[1]), it[1])):
        parts.append(f"{LINE}\n" + "".join(f"{it}\n" for it in names) + f"\n{text}\n")
    if bare:
        heading = "These carry no text of their own; their licence is one of those above:"
        parts.append(f"{LINE}\n{heading}\n" + "".join(f"{it}\n" for it in bare))
    count = f"{len(crates)} crates, {len(packages)} packages of the page, {len(holders)} texts, {len(bare)} without one"
    return "\n".join(parts), count


if __name__ == "__main__":
    text, count = document()
    Path(sys.argv[1]).write_text(text)
    print(f"    {count}")
