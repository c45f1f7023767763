"""What the build of the image is given: the files that .dockerignore lets in."""

import fnmatch
import subprocess
from pathlib import Path

rules = [it for it in Path(".dockerignore").read_text().split("\n") if it and it[0] != "#"]


def is_in(path: str) -> bool:
    kept = True
    for rule in rules:
        pattern = rule.lstrip("!")
        if fnmatch.fnmatch(path, pattern) or path.startswith(pattern + "/"):
            kept = rule[0] == "!"
    return kept


def files() -> list[str]:
    """The files of a checkout, committed or about to be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")
    return [it for it in listed if it and Path(it).is_file()]
