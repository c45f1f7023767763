"""promql-parser's parser is generated alike each time.

Two builds of one commit are only equal if what build scripts write is, and this one's has been
different by chance: vendor/README.md.
"""

import hashlib
import json
import os
import subprocess
import tempfile
from pathlib import Path

RUNS = 10


def generator() -> dict:
    """The build script, as cargo tells of it."""
    built = subprocess.run(
        ["cargo", "build", "--locked", "--package", "promql-parser", "--message-format=json"],
        check=True, stdout=subprocess.PIPE, text=True,
    )
    for line in built.stdout.splitlines():
        it = json.loads(line)
        if it["reason"] == "compiler-artifact" and it["target"]["kind"] == ["custom-build"]:
            if Path(it["manifest_path"]).parent.name.startswith("promql-parser-"):
                return it
    raise SystemExit("cargo tells of no build script of promql-parser")


def generated(script: dict) -> dict[str, str]:
    """What one run of it writes: the digest of each file."""
    sources = Path(script["manifest_path"]).parent
    with tempfile.TemporaryDirectory() as out:
        variables = {"OUT_DIR": out, "CARGO_MANIFEST_DIR": str(sources)}
        subprocess.run(
            [script["filenames"][0]], check=True, cwd=sources, stdout=subprocess.DEVNULL,
            env={**os.environ, **variables},
        )
        # The folder is another one each time, and named in what is written.
        return {
            str(it.relative_to(out)): hashlib.sha256(it.read_bytes().replace(out.encode(), b"")).hexdigest()
            for it in sorted(Path(out).rglob("*"))
            if it.is_file()
        }


def main() -> None:
    script = generator()
    first = generated(script)
    assert any(name.endswith("promql.y.rs") for name in first), f"no parser among {list(first)}"
    for _ in range(RUNS - 1):
        again = generated(script)
        different = [it for it in first.keys() | again.keys() if first.get(it) != again.get(it)]
        assert not different, f"generated in more than one form: {different}"
    print(f"    promql-parser: {len(first)} generated files, alike in each of {RUNS} runs")


main()
