"""The changelog's form, which its readers' tools rely on, and the two lists of what packages hold."""

import re
import tomllib
from pathlib import Path

KINDS = ("CHANGE", "FEATURE", "ENHANCEMENT", "BUGFIX", "SECURITY")
HEADING = re.compile(r"## (Unreleased|\d+\.\d+\.\d+(-[0-9A-Za-z.]+)? \(\d{4}-\d\d-\d\d\))")
# What asks the operator to do something, as [CHANGE] alone may: an act to do first, or a command.
ASKS = re.compile(r"\bFirst: |\bChange a |\bof your own may want |: set `|\. (Set|Remove|Leave|Add) ")
LINE = re.compile(rf"- \[({'|'.join(KINDS)})\] \S.*[.)]")


def check_changelog(text: str) -> None:
    """Under headings of a version and its day stand lines of a kind, the newest version first."""
    preface, *sections = re.split(r"^(?=## )", text, flags=re.M)
    assert preface.startswith("# Changelog\n"), "CHANGELOG.md: no title"
    versions = []
    for section in sections:
        heading, *lines = section.rstrip("\n").split("\n")
        assert HEADING.fullmatch(heading), f"CHANGELOG.md: {heading!r} is no heading of a version"
        versions.append(heading.split()[1])
        for line in filter(None, lines):
            assert LINE.fullmatch(line), f"CHANGELOG.md: {line[:60]!r} is no line of a kind, or ends without a full stop"
            asks = ASKS.search(line) and not line.startswith("- [CHANGE] ")
            assert not asks, f"CHANGELOG.md: {line[:60]!r} asks for something, and is no [CHANGE]"
    numbers = [[int(it) for it in re.findall(r"\d+", it.partition("-")[0])] for it in versions if it != "Unreleased"]
    assert numbers == sorted(numbers, reverse=True), "CHANGELOG.md: the newest version is not first"
    assert "Unreleased" not in versions[1:], "CHANGELOG.md: Unreleased is not at its head"


def check_packages(package: dict) -> None:
    """The Debian package and the RPM hold the same, but for what Debian wants under a name of its own."""
    deb = [source for source, target, *_ in package["deb"]["assets"] if not target.endswith("/changelog")]
    rpm = [it["source"] for it in package["generate-rpm"]["assets"]]
    assert set(deb) == set(rpm), f"only one of the packages holds {set(deb) ^ set(rpm)}"
    kept = [it["dest"] for it in package["generate-rpm"]["assets"] if it.get("config")]
    assert sorted(kept) == sorted(package["deb"]["conf-files"]), "conffiles differ"
    for script in ("post_install_script", "pre_uninstall_script", "post_uninstall_script"):
        assert Path(package["generate-rpm"][script]).exists(), script


def main() -> None:
    text = Path("CHANGELOG.md").read_text()
    check_changelog(text)
    for wrong in ("\n## 1.0", "\n- [FIX] It works.", "\n- It works.", "\n## Unreleased\n"):
        try:
            check_changelog(text + wrong)
        except AssertionError:
            continue
        raise SystemExit(f"{wrong!r} in the changelog is not noticed")
    check_packages(tomllib.loads(Path("Cargo.toml").read_text())["package"]["metadata"])


main()
