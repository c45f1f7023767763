"""The Debian package that `[package.metadata.deb]` of Cargo.toml describes, by dpkg-deb: what
`cargo deb` would make, without the minutes that installing that takes.

    deb.py BINARY VERSION OUT    OUT is the .deb; equal inputs and SOURCE_DATE_EPOCH give equal bytes
"""

import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from assets import place
from versions import sorted_as

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def install(root: Path, binary: Path, source: str, target: str, mode: str) -> None:
    if source == "target/release/prometheus-mirror":
        to = root / target / "prometheus-mirror"
        to.parent.mkdir(parents=True)
        shutil.copyfile(binary, to)
        to.chmod(int(mode, 8))
        return
    for to in place(root, source, target, mode):
        if to.name == "changelog" or to.parent.name == "man1":
            # Debian policy: compressed, and without a time of its own.
            packed = to.with_name(f"{to.name}.gz")
            packed.write_bytes(gzip.compress(to.read_bytes(), 9, mtime=0))
            packed.chmod(int(mode, 8))
            to.unlink()


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
            install(root, binary, *asset)
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
