"""Bill of materials and licence texts hold what is in the binary beside crates: the packages of the page,
Rust's standard library and libraries of C. What they were compiled by is told, in the notes too."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, "scripts/package")
import beside  # noqa: E402
from licenses import document  # noqa: E402
from notes import notes  # noqa: E402
from sbom import bill  # noqa: E402

LOCK = json.loads(beside.LOCK.read_text())["packages"]
SCOPED, PLAIN, DEVELOPMENT = "@codemirror/state", "preact", "vite"


def version(name: str) -> str:
    return LOCK[f"node_modules/{name}"]["version"]


def section(name: str, text: str, number: str = "") -> str:
    return f"## {name} - {number or version(name)} (MIT)\n\n{text}\n\n"


def page(folder: Path, *sections: str) -> Path:
    (folder / "index.html").write_text("<!doctype html>")
    (folder / "licenses.md").write_text("# Licenses\n\nThe app bundles these:\n\n" + "".join(sections))
    return folder


def check_page(folder: Path) -> None:
    """Every package that the page lists, with its archive's digest and its text."""
    of_page = page(folder, section(SCOPED, "The first text.\n\n## Purpose\n\nMore of it."), section(PLAIN, "The second text."))
    bom, (text, _) = bill("1.2.3", Path(sys.executable), of_page), document(of_page)
    found = {it["purl"]: it for it in bom["components"]}
    for name, purl in ((SCOPED, f"%40codemirror/state@{version(SCOPED)}"), (PLAIN, f"preact@{version(PLAIN)}")):
        [digest] = found[f"pkg:npm/{purl}"]["hashes"]
        assert digest["alg"] == "SHA-512" and len(digest["content"]) == 128, digest
        assert f"{name} {version(name)} (MIT), in the console's page\n" in text, name
    assert "The first text.\n\n## Purpose\n\nMore of it.\n" in text and "The second text.\n" in text
    assert bom == bill("1.2.3", Path(sys.executable), of_page), "two bills of one build differ"
    check_bill(bom)
    for wrong in (section(PLAIN, "A text.", "0.0.1"), section("unheard-of", "A text.", "1.0.0"), section(DEVELOPMENT, "A text."), ""):
        try:
            beside.packages(page(folder, wrong))
        except AssertionError:
            continue
        raise SystemExit(f"{wrong!r} in the page's list is not noticed")


def check_bill(bom: dict) -> None:
    """It names what is linked in, and by what; each name once, and none that it does not explain."""
    rust = subprocess.run(["rustc", "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
    [tool] = bom["metadata"]["tools"]["components"]
    assert (tool["name"], tool["version"]) == ("rustc", rust), tool
    versions = {it["name"]: it["version"] for it in bom["components"]}
    assert versions["std"] == rust, versions["std"]
    # glibc's own word for its version.
    assert f"glibc {versions['glibc']}" == os.confstr("CS_GNU_LIBC_VERSION"), versions["glibc"]
    assert versions["libgcc"], "libgcc has no version"
    names = [it["bom-ref"] for it in bom["components"]] + [bom["metadata"]["component"]["bom-ref"]]
    assert len(names) == len(set(names)), "a name is there twice"
    used = {dep for it in bom["dependencies"] for dep in it["dependsOn"]}
    assert used == set(names[:-1]), f"named or used alone: {used ^ set(names[:-1])}"


def check_texts(folder: Path) -> None:
    """Of a build without a page; what is linked in is always there."""
    text, _ = document(folder)
    assert "This build has no page" in text and "in the console's page" not in text
    for title in ("\nstd ", "\nglibc ", "\nlibgcc ", ", of Rust's standard library\n"):
        assert title in text, f"no text of {title.strip()}"
    has_texts = (beside.COMMON / "LGPL-2.1").exists() and (beside.DOC / "libc6-dev/copyright").exists()
    assert has_texts == ("GNU LESSER GENERAL PUBLIC LICENSE" in text), "the LGPL"
    assert has_texts != ("are not all below" in text), "what is missing is not told, or what is there"


def check_standard_library(folder: Path) -> None:
    """Each crate that is named as linked into Rust's is among the toolchain's libraries, and each of those is
    named, be it without its text. Without a list of texts all are."""
    host = beside.compiler()["host"]
    root = Path(subprocess.run(["rustc", "--print", "sysroot"], check=True, capture_output=True, text=True).stdout.strip())
    there = {it.name[3:].rpartition("-")[0] for it in (root / "lib/rustlib" / host / "lib").glob("lib*.rlib")}
    std = beside.standard_library()
    named = {it["name"].replace("-", "_") for it in std["crates"]}
    assert named and named <= there, f"named, and linked into nothing: {named - there}"
    assert all(it["texts"] for it in std["crates"]), "a crate is there without its text"
    lacking = re.findall(r"(\w+) (?:\d+\.\d+\.\d+|\(version unknown\))[,.]", std["notice"].rpartition("\n")[2])
    of_std = {"addr2line", "adler2", "gimli", "hashbrown", "memchr", "miniz_oxide", "object", "rustc_demangle", "libc", "cfg_if"}
    assert of_std & there <= named | set(lacking), f"not told of: {(of_std & there) - named - set(lacking)}"
    assert set(lacking) <= there - named, lacking
    assert not (named | set(lacking)) & {"core", "std", "test", "getopts"}, "what is Rust's own, or of tests"
    text, _ = document(folder)
    for name in lacking:
        assert f"{name} " in text.partition("has no text of theirs")[2].partition("\n\n")[0], f"the text is silent on {name}"
    assert std == beside.standard_library(), "two readings of one toolchain differ"
    # A toolchain without the list.
    other = folder / "lib/rustlib" / host / "lib"
    other.mkdir(parents=True)
    for name in ("std", "memchr", "unheard_of", "test"):
        (other / f"lib{name}-0123456789abcdef.rlib").write_bytes(b"/rust/deps/memchr-2.7.6/src/lib.rs")
    bare = beside.standard_library(folder)
    assert not bare["crates"] and bare["notice"].endswith("\nmemchr 2.7.6, unheard_of (version unknown)."), bare


def check_notes(folder: Path) -> None:
    bom = bill("1.2.3", Path(sys.executable), folder)
    (folder / "it.cdx.json").write_text(json.dumps(bom))
    changelog = "# Changelog\n\n## 1.2.4 (2026-02-02)\n\n- new\n\n## 1.2.3 (2026-01-01)\n\n- it\n\n## 1.2.2 (2025-01-01)\n\n- old\n"
    text = notes("1.2.3", folder, changelog)
    assert text.startswith("- it\n\nBuilt with:\n\n- ") and "old" not in text and "new" not in text, text
    for word in (beside.compiler()["host"], f"rustc {beside.compiler()['release']}", "glibc ", "libgcc "):
        assert word in text, f"the notes do not name {word}"


def main() -> None:
    for check in (check_page, check_texts, check_standard_library, check_notes):
        with tempfile.TemporaryDirectory() as scratch:
            check(Path(scratch))
    # What was built here, if it was.
    real = beside.packages()
    assert not real or any(it["name"] == PLAIN for it in real), "console/dist holds no preact"
    assert all(it["texts"] for it in real), [it["name"] for it in real if not it["texts"]]
    print(f"    the bill and the texts hold {len(real) or 'no'} packages of the page that lies here, and what is linked in")


main()
