"""Copies the documents of the packages to a folder, each where the links of the others look for it: what
`[package.metadata.deb]` of Cargo.toml puts below usr/share/doc.

    documents.py DIR
"""

import sys
import tomllib
from pathlib import Path

from assets import place

BELOW = "usr/share/doc/prometheus-mirror/"


def copy(to: Path) -> None:
    """Those that are made, as the licences, have to be there."""
    assets = tomllib.loads(Path("Cargo.toml").read_text())["package"]["metadata"]["deb"]["assets"]
    for source, target, mode in assets:
        # What Debian wants by other names is there by its own.
        if target.startswith(BELOW) and target.endswith("/"):
            place(to, source, target.removeprefix(BELOW), mode)


if __name__ == "__main__":
    copy(Path(sys.argv[1]))
