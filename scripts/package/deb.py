"""The Debian package that `[package.metadata.deb]` of Cargo.toml describes, by dpkg-deb: what
`cargo deb` would make, without the minutes that installing that takes.

    deb.py BINARY VERSION OUT    OUT is the .deb; equal inputs and SOURCE_DATE_EPOCH give equal bytes
"""

import glob
import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from versions import sorted_as

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def place(root: Path, binary: Path, source: str, target: str, mode: str) -> None:
    """Copies what `source` names to `target`, a folder if it ends so; folders below `**` are kept."""
    is_binary = source == "target/release/prometheus-mirror"
    found = [str(binary)] if is_binary else sorted(glob.glob(source, recursive=True))
    assert found, f"Cargo.toml: nothing is {source}"
    for path in found:
        top = source.partition("**")[0] if "**" in source else Path(path).parent
        name = Path(source).name if is_binary else str(Path(path).relative_to(top))
        to = root / (target + name if target.endswith("/") else target)
        to.parent.mkdir(parents=True, exist_ok=True)
        if to.name == "CHANGELOG.md" or to.parent.name == "man1":
            # Debian policy: compressed, and without a time of its own.
            packed = "changelog.gz" if to.name == "CHANGELOG.md" else f"{to.name}.gz"
            to = to.with_name(packed)
            to.write_bytes(gzip.compress(Path(path).read_bytes(), 9, mtime=0))
        else:
            shutil.copyfile(path, to)
        to.chmod(int(mode, 8))


def control(package: dict, deb: dict, version: str, root: Path) -> str:
    size = sum(it.stat().st_size for it in root.rglob("*") if it.is_file())
    machine = os.environ.get("ARCHITECTURE") or ARCHITECTURES[os.uname().machine]
    text = "\n".join(f" {line}" for line in deb["extended-description"].strip().splitlines())
    fields = {
        "Package": package["name"],
        "Version": f"{sorted_as(version)}-1",
        "Architecture": machine,
        "Maintainer": deb["maintainer"],
        "Section": deb["section"],
        "Priority": deb["priority"],
        "Installed-Size": str(-(-size // 1024)),
        "Recommends": deb["recommends"],
        "Description": f"{package['description']}\n{text}",
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items() if value)


def main() -> None:
    binary, version, out = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    package = tomllib.loads(Path("Cargo.toml").read_text())["package"]
    deb = package["metadata"]["deb"]
    os.umask(0o022)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "root"
        # TemporaryDirectory is 0700, and so must not be the package's root itself.
        root.mkdir(mode=0o755)
        for asset in deb["assets"]:
            place(root, binary, *asset)
        about = root / "DEBIAN"
        text = control(package, deb, version, root)
        about.mkdir()
        (about / "control").write_text(text)
        (about / "conffiles").write_text("".join(f"{it}\n" for it in deb["conf-files"]))
        for script in ("postinst", "prerm", "postrm"):
            shutil.copyfile(Path(deb["maintainer-scripts"]) / script, about / script)
            (about / script).chmod(0o755)
        command = ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z6", "--build", str(root), out]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


main()
