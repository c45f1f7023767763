"""The building stages of the Dockerfile without a container engine: each has only the files that its
COPY lines take from what .dockerignore lets in, and its commands run as they stand there. `cargo build`
is a `cargo check`, for which the dependencies are those of this tree.

    replay.py DIR [--without-console]    DIR is made anew; what was built before helps the next run
"""

import os
import gzip
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import context

# Cargo tells the stage's crate from this tree's by its profile alone, never by its folder. Without this the tree's
# tests would embed the page of the stage, and compile once more for it.
APART = "profile.dev.package.prometheus-mirror.codegen-units=1"
# Where cargo builds, and where it keeps crates. What a command in the image would not find there is not
# shown to it.
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or "target").resolve()
HOME = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")


def stages() -> dict[str, list[tuple[str, str]]]:
    """Instructions by stage, as word and rest of the line."""
    text = re.sub(r"^\s*#.*\n", "", Path("Dockerfile").read_text(), flags=re.M).replace("\\\n", " ")
    found: dict[str, list[tuple[str, str]]] = {}
    for line in filter(str.strip, text.splitlines()):
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            name = rest.split(" AS ")[1] if " AS " in rest else ""
            found[name] = []
        elif found:
            found[list(found)[-1]].append((word, rest))
    return found


def copy(words: list[str], top: Path, roots: dict[str, Path], here: Path, root: Path) -> None:
    """COPY: of a folder its content is taken; a target that ends in a slash is a folder."""
    origin = top
    if words[0].startswith("--from="):
        origin = roots[words.pop(0).removeprefix("--from=")]
    *sources, target = words
    into = root / target.lstrip("/") if target.startswith("/") else here / target
    for source in sources:
        path = origin / source.lstrip("/")
        assert path.exists(), f"COPY {source}: there is no such file"
        if path.is_dir():
            shutil.copytree(path, into, dirs_exist_ok=True)
        else:
            to = into / path.name if target.endswith("/") or len(sources) > 1 else into
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, to)


def run(command: str, here: Path, home: Path, arguments: dict[str, str]) -> None:
    print(f"    {here.name}: {command}", flush=True)
    environment = os.environ | arguments | {"CARGO_HOME": str(home), "CARGO_TARGET_DIR": str(TARGET)}
    done = subprocess.run(["sh", "-euc", command], cwd=here, env=environment)
    assert done.returncode == 0, f"Dockerfile: `{command}` fails"


def built_crates(here: Path, root: Path) -> Path:
    """A home of cargo that holds what a build has fetched, and no more."""
    home = root / "cargo-home"
    listed = subprocess.run(
        ["cargo", "tree", "--locked", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"],
        cwd=here, check=True, capture_output=True, text=True,
    ).stdout
    names = {f"{it.split()[0]}-{it.split()[1].lstrip('v')}" for it in listed.splitlines() if it}
    (home / "registry").mkdir(parents=True)
    (home / "registry/index").symlink_to(HOME / "registry/index")
    for kind, ending in (("cache", ".crate"), ("src", "")):
        for folder in (HOME / "registry" / kind).iterdir():
            shown = home / "registry" / kind / folder.name
            shown.mkdir(parents=True)
            for name in names:
                if (folder / (name + ending)).exists():
                    (shown / (name + ending)).symlink_to(folder / (name + ending))
    return home


def commands(rest: str) -> list[str]:
    return [it.strip() for it in rest.split("&&")]


def checked(build: str) -> str:
    """`cargo check` with what the build is told, but for the flags, which every dependency would be
    compiled anew for: tests/release/image.py holds these."""
    command = re.sub(r'RUSTFLAGS="(?:[^"\\]|\\.)*" ', "", build)
    assert "RUSTFLAGS" not in command, f"Dockerfile: which flags are those of `{build}`?"
    return re.sub(r"\bcargo build\b.*", f"cargo check --locked --quiet --config {APART}", command)


def replay(name: str, stage: list[tuple[str, str]], top: Path, roots: dict[str, Path]) -> None:
    root = here = roots[name]
    home, arguments = HOME, {}
    for word, rest in stage:
        if word == "WORKDIR":
            here = root / rest.lstrip("/")
            here.mkdir(parents=True, exist_ok=True)
        elif word == "ARG":
            argument, _, default = rest.partition("=")
            arguments[argument] = default
        elif word == "COPY":
            copy(shlex.split(rest), top, roots, here, root)
        elif word == "RUN":
            for command in commands(rest):
                command = re.sub(r" /(?=root-of-image)", f" {root}/", command)
                if re.match(r"npm |mkdir |cp LICENSE |cargo fetch ", command):
                    run(command, here, home, arguments)
                elif re.search(r"\bcargo build\b", command):
                    run(checked(command), here, home, arguments)
                    # Only `cargo fetch` gets what tests and other platforms need.
                    if "cargo fetch --locked" not in commands(rest):
                        home = built_crates(here, root)
                elif command.startswith(("python3 ", "gzip ")):
                    run(command, here, home, arguments)


def embedded(top: Path) -> dict[Path, str]:
    """What builds of this tree embed: all but what names the stages."""
    found = {it: it.read_text() for it in TARGET.glob("debug/build/prometheus-mirror-*/out/console.rs")}
    return {path: text for path, text in found.items() if str(top) not in text}


def main() -> None:
    top = Path(sys.argv[1]).resolve()
    before = embedded(top)
    shutil.rmtree(top, ignore_errors=True)
    given = top / "given"
    for path in filter(context.is_in, context.files()):
        (given / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, given / path)
    found = {name: stage for name, stage in stages().items() if name}
    assert list(found) == ["console", "binary"], f"Dockerfile: the stages are {list(found)}"
    roots = {name: top / name for name in found}
    if "--without-console" in sys.argv:
        (roots["console"] / "src/console/dist").mkdir(parents=True)
        del found["console"]
    for name, stage in found.items():
        replay(name, stage, given, roots)
    assert before.items() <= embedded(top).items(), "the stages have changed what this tree's tests embed"
    texts = roots["binary"] / "root-of-image/licenses/third-party-licenses.txt.gz"
    text = gzip.decompress(texts.read_bytes()).decode()
    page = roots["binary"] / "src/console/dist/index.html"
    assert len(text) > 100_000, "licence texts are missing"
    assert page.exists() == (", in the console's page\n" in text), "licence texts of the page are missing"
    assert page.exists() or "--without-console" in sys.argv, "the binary stage gets no page"
    print("    the stages of the Dockerfile build from what .dockerignore lets in")


main()
