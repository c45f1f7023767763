"""The documents that the packages hold: no link of theirs leads to what is not in them, and both package
formats hold the same ones."""

import re
import sys
import tempfile
import tomllib
from pathlib import Path

sys.path.insert(0, "scripts/package")
from assets import place  # noqa: E402
from documents import BELOW  # noqa: E402

LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")

metadata = tomllib.loads(Path("Cargo.toml").read_text())["package"]["metadata"]
deb = [(source, target) for source, target, _ in metadata["deb"]["assets"]]
rpm = [(it["source"], it["dest"].removeprefix("/")) for it in metadata["generate-rpm"]["assets"]]


def documents(assets):
    """What is below the folder of documents by its own name, and in the repository."""
    return {
        (source, target)
        for source, target in assets
        if target.startswith(BELOW) and target.endswith("/") and not source.startswith("target/")
    }


wrong = []
if documents(deb) != documents(rpm):
    wrong.append(f"in one package alone: {sorted(documents(deb) ^ documents(rpm))}")
links = 0
with tempfile.TemporaryDirectory() as scratch:
    root = Path(scratch)
    for source, target in documents(deb):
        place(root, source, target.removeprefix(BELOW), "644")
    for page in sorted(root.rglob("*.md")):
        text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
        for link in LINK.findall(text):
            if ":" in link:
                continue
            links += 1
            if not (page.parent / link).exists():
                wrong.append(f"{page.relative_to(root)}: {link} is not in the packages")
if links < 100:
    wrong.append(f"only {links} links were found")
print("\n".join(wrong) or f"{links} links of the packaged documents lead somewhere")
sys.exit(1 if wrong else 0)
