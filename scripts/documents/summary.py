"""docs/SUMMARY.md, the order of the pages for mdbook: that of the table in docs/README.md, and below a folder's
own page the pages of the folder.

    summary.py          writes it
    summary.py --check  fails if it is stale, or if it has not each page once

Standard library only.
"""

import re
import sys
from pathlib import Path

DOCS = Path("docs")
TARGET = DOCS / "SUMMARY.md"
HEAD = "<!-- Made by scripts/documents/summary.py of the table in README.md. -->\n\n# Summary\n\n"


def title(page: Path) -> str:
    return re.search(r"^# (.+)$", page.read_text(), re.M)[1].replace("`", "")


def summary() -> str:
    index = (DOCS / "README.md").read_text()
    lines = ["[Documents](README.md)\n"]
    for name, path in re.findall(r"^\| \[([^\]]+)\]\(([^)]+)\)", index, re.M):
        lines.append(f"- [{name}]({path})")
        if path.endswith("/README.md"):
            folder = (DOCS / path).parent
            lines += [f"  - [{title(page)}]({page.relative_to(DOCS)})"
                      for page in sorted(folder.glob("*.md")) if page.name != "README.md"]
    return HEAD + "\n".join(lines) + "\n"


def main() -> None:
    made = summary()
    if sys.argv[1:] != ["--check"]:
        TARGET.write_text(made)
        return
    if not TARGET.exists() or TARGET.read_text() != made:
        sys.exit("docs/SUMMARY.md: stale; run python3 scripts/documents/summary.py")
    listed = re.findall(r"\]\(([^)]+)\)", made)
    pages = sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md") if page != TARGET)
    if sorted(listed) != pages:
        differ = set(pages) ^ set(listed) or {it for it in listed if listed.count(it) > 1}
        sys.exit(f"docs/SUMMARY.md has not once each of: {', '.join(sorted(differ))}")


if __name__ == "__main__":
    main()
