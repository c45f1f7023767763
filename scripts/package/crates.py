"""The crates that are in the binary, as cargo knows them."""

import json
import subprocess
import tomllib
from pathlib import Path


def metadata() -> dict:
    host = run("rustc", "--print", "host-tuple").strip()
    text = run(
        "cargo", "metadata", "--locked", "--offline", "--format-version", "1",
        "--filter-platform", host,
    )
    return json.loads(text)


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def linked(known: dict) -> tuple[dict, list[dict], dict[str, list[str]]]:
    """The program itself, the crates in it by name and version, and who needs whom.

    What only tests, build scripts and procedural macros need is not in the binary.
    """
    packages = {it["id"]: it for it in known["packages"]}
    nodes = {it["id"]: it for it in known["resolve"]["nodes"]}
    root = known["resolve"]["root"]
    needs, todo = {}, [root]
    while todo:
        crate = todo.pop()
        if crate in needs:
            continue
        deps = [
            it["pkg"]
            for it in nodes[crate]["deps"]
            if any(kind["kind"] is None for kind in it["dep_kinds"])
            and not is_macro(packages[it["pkg"]])
        ]
        needs[crate] = sorted(set(deps))
        todo += deps
    crates = [packages[it] for it in needs if it != root]
    crates.sort(key=lambda it: (it["name"], it["version"]))
    return packages[root], crates, needs


def is_macro(package: dict) -> bool:
    return any("proc-macro" in it["kind"] for it in package["targets"])


def checksums() -> dict[tuple[str, str], str]:
    """SHA-256 of each crate's archive, from the lock file."""
    lock = tomllib.loads(Path("Cargo.lock").read_text())
    return {
        (it["name"], it["version"]): it["checksum"] for it in lock["package"] if "checksum" in it
    }
