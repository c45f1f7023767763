"""The image's binary is built as the tarball's is: with its revision and the same flags, and its building
stage is replayed with them.

    image.py FLAGS    what release.sh gives cargo as RUSTFLAGS
"""

import re
import subprocess
import sys
from pathlib import Path

GIVEN = {"PATH": "/usr/bin:/bin", "CARGO_HOME": "/home-of-cargo", "REVISION": "0123abc"}


def stage(dockerfile: str) -> str:
    """The building stage of the binary."""
    found = re.search(r"^FROM \S+ AS binary\n(.*?)^FROM ", dockerfile, flags=re.M | re.S)
    assert found, "Dockerfile: no stage binary"
    return found[1]


def told(dockerfile: str) -> dict[str, str]:
    """The environment of `cargo build` there, as a shell makes it."""
    line = re.search(r"^ && ((?:\w+=.*)?)cargo build ", stage(dockerfile), flags=re.M)
    assert line, "Dockerfile: no line builds the binary"
    done = subprocess.run(
        ["sh", "-euc", f"target=x; {line[1]}env"], env=GIVEN, check=True, capture_output=True, text=True
    )
    return dict(it.split("=", 1) for it in done.stdout.splitlines())


def neutral(flags: str) -> str:
    """Flags without where a build is."""
    return re.sub(r"--remap-path-prefix=[^= ]+=", "--remap-path-prefix=…=", flags)


def check(dockerfile: str, flags: str) -> None:
    assert "\nARG REVISION=unknown\n" in stage(dockerfile), "Dockerfile: the building stage knows no REVISION"
    environment = told(dockerfile)
    assert environment.get("MIRROR_REVISION") == GIVEN["REVISION"], "Dockerfile: the binary is not told its revision"
    own = environment.get("RUSTFLAGS", "")
    assert neutral(own) == neutral(flags), f"Dockerfile: {own!r}, where release.sh has {flags!r}"
    for part in ("--remap-path-prefix=/src=/src", "--remap-path-prefix=/home-of-cargo=/cargo"):
        assert part in own.split(), f"Dockerfile: {part} is not among the flags"


def main() -> None:
    dockerfile, flags = Path("Dockerfile").read_text(), sys.argv[1]
    read = [it for it in Path("src").rglob("*.rs") if 'option_env!("MIRROR_REVISION")' in it.read_text()]
    assert len(read) == 1, f"MIRROR_REVISION is read in {[str(it) for it in read]}"
    check(dockerfile, flags)
    for wrong in (
        ('MIRROR_REVISION="$REVISION" ', ""),
        ("ARG REVISION=unknown\n# As", "# As"),
        (" --remap-path-prefix=/src=/src", ""),
        ("$CARGO_HOME=/cargo", "/elsewhere=/cargo"),
        ("+crt-static", "-crt-static"),
    ):
        assert wrong[0] in dockerfile, wrong
        try:
            check(dockerfile.replace(*wrong), flags)
        except AssertionError:
            continue
        raise SystemExit(f"{wrong[1]!r} in the Dockerfile is not noticed")
    print("    the image's binary is built with the revision and the flags of release.sh")


main()
