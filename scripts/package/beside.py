"""What is in the binary beside crates: the npm packages of the console's page, Rust's standard library,
and the C library and compiler's own, which are linked into it."""

import base64
import html
import json
import re
from pathlib import Path

from crates import run

PAGE = Path("console/dist")
LOCK = Path("console/package-lock.json")
# Where Debian has what a package's authors want passed on; other systems have it elsewhere, or not at all.
DOC = Path("/usr/share/doc")
COMMON = Path("/usr/share/common-licenses")
# Of the toolchain's own libraries, those of Rust's source tree, which the notice of the whole is for.
IN_TREE = re.compile(r"alloc|compiler_builtins|core|panic_\w+|rustc_std_workspace_\w+|std|std_detect|sysroot|unwind")
# And those that no program has: of tests, of macros while compiling and of profiles.
UNLINKED = re.compile(r"getopts|proc_macro|profiler_builtins|rustc_literal_escaper|test")


def compiler() -> dict[str, str]:
    """What `rustc` says of itself, as `release`, `commit-hash` and `host`."""
    return dict(it.split(": ", 1) for it in run("rustc", "-vV").splitlines() if ": " in it)


def packages(page: Path = PAGE) -> list[dict]:
    """The npm packages whose code the page holds, as its build lists them with their texts; without a
    page, which a binary may be, none."""
    if not (page / "index.html").exists():
        return []
    lock = json.loads(LOCK.read_text())["packages"]
    text = (page / "licenses.md").read_text()
    _, *parts = re.split(r"^## (\S+) - (\S+) \((.+)\)$", text, flags=re.M)
    assert parts, f"{page}/licenses.md names no package"
    found = []
    for name, version, license, text in zip(*[iter(parts)] * 4):
        locked = [it for key, it in lock.items() if key.endswith(f"node_modules/{name}") and it["version"] == version]
        assert locked, f"{name} {version} is in the page and not in {LOCK}"
        assert not any(it.get("dev") for it in locked), f"{name} {version} is in the page and only for its development"
        algorithm, _, digest = locked[0]["integrity"].partition("-")
        assert algorithm == "sha512", f"{name}: a digest by {algorithm}"
        found.append({
            "name": name,
            "version": version,
            "license": license,
            "sha512": base64.b64decode(digest).hex(),
            "texts": [text.strip()] if text.strip() else [],
        })
    return found


def libraries(root: Path, host: str) -> dict[str, Path]:
    """The toolchain's for programs, by name: what they are linked with, whatever its lists name."""
    found = {}
    for file in (root / "lib/rustlib" / host / "lib").glob("lib*.rlib"):
        name = file.stem.removeprefix("lib").rpartition("-")[0]
        if not UNLINKED.fullmatch(name):
            found[name] = file
    assert "std" in found, f"{root} has no standard library for {host}"
    return dict(sorted(found.items()))


def version_in(file: Path, name: str) -> str:
    """The version of a crate that is not of Rust's source tree, which its library holds in paths of its sources."""
    pattern = rb"/rust/deps/" + name.replace("_", "[-_]").encode() + rb"-(\d+\.\d+\.\d+)/"
    versions = {it.decode() for it in re.findall(pattern, file.read_bytes())}
    return versions.pop() if len(versions) == 1 else "(version unknown)"


def standard_library(root: Path | None = None) -> dict:
    """Rust's, with the crates that are linked into it: those of the toolchain's libraries, each with its text
    as far as the toolchain has it."""
    rust = compiler()
    root = root or Path(run("rustc", "--print", "sysroot").strip())
    found = {
        "name": "std",
        "version": rust["release"],
        "license": "MIT OR Apache-2.0",
        "notice": "The Rust Standard Library. Copyright The Rust Project Developers.",
        "crates": [],
    }
    listed = root / "share/doc/rust/COPYRIGHT-library.html"
    texts = {}
    if listed.exists():
        own, *parts = re.split(r"<h3>\W*([\w.+-]+?)-(\d[\w.+-]*)</h3>", listed.read_text())
        found["notice"] = plain(own.partition("</ul>")[2].partition('<h2 id="out-of-tree')[0])
        for name, version, part in zip(*[iter(parts)] * 3):
            license = plain(re.search(r"<b>License:</b>(.*?)</p>", part, flags=re.S)[1])
            own_texts = [html.unescape(it).strip() for it in re.findall(r"<pre>(.*?)</pre>", part, flags=re.S)]
            texts[name.replace("-", "_")] = {"name": name, "version": version, "license": license, "texts": own_texts}
        assert texts, f"{listed} names no crate"
    lacking = []
    for name, file in libraries(root, rust["host"]).items():
        if IN_TREE.fullmatch(name):
            continue
        if name in texts:
            found["crates"].append(texts[name])
        else:
            lacking.append(f"{name} {version_in(file, name)}")
    if lacking:
        found["notice"] += (
            "\n\nThese are linked into it too, and this toolchain has no text of theirs; the crates of these names"
            f" have:\n{', '.join(lacking)}."
        )
    return found


def plain(text: str) -> str:
    """Without its tags, nor more than one empty line."""
    lines = [it.strip() for it in html.unescape(re.sub(r"<[^>]*>", "", text)).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def linked_libraries() -> list[dict]:
    """Of C: what `-C target-feature=+crt-static` puts into the binary."""
    assert 'target_env="gnu"' in run("rustc", "--print", "cfg").splitlines(), "which C library is linked here?"
    package, version = re.search(r"\((.*)\) (\S+)$", run("ldd", "--version").splitlines()[0]).groups()
    notice = (
        f"The GNU C Library, {package}. Copyright the Free Software Foundation\nand others. This program"
        " may be linked anew with another version of it: its sources come with the\nscript that builds it,"
        " release.sh. Those of the library are at https://sourceware.org/glibc/."
    )
    texts = [it.read_text().strip() for it in (DOC / "libc6-dev/copyright", COMMON / "LGPL-2.1") if it.exists()]
    if len(texts) < 2:
        notice += "\nIts notices and the LGPL are not all below, for this system does not have them; its sources do."
    return [
        {
            "name": "glibc",
            "version": version,
            "license": "LGPL-2.1-or-later",
            "cpe": f"cpe:2.3:a:gnu:glibc:{version}:*:*:*:*:*:*:*",
            "package": package,
            "notice": notice,
            "texts": texts,
        },
        {
            "name": "libgcc",
            "version": run("cc", "-dumpfullversion").strip(),
            "license": "GPL-3.0-or-later WITH GCC-exception-3.1",
            "package": run("cc", "--version").splitlines()[0],
            "notice": "GCC's runtime library. Copyright the Free Software Foundation. Its exception lets a program\n"
            "that a compiler has made of other sources be passed on under terms of one's choice.",
            "texts": [],
        },
    ]
