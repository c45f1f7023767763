"""Where the assets of Cargo.toml's packages go."""

import glob
import shutil
from pathlib import Path


def place(root: Path, source: str, target: str, mode: str) -> list[Path]:
    """Copies what `source` names to `target`, a folder if it ends so or is empty; folders below `**` are
    kept. The copies."""
    found = sorted(glob.glob(source, recursive=True))
    assert found, f"Cargo.toml: nothing is {source}"
    copies = []
    for path in found:
        top = source.partition("**")[0] if "**" in source else Path(path).parent
        is_folder = target == "" or target.endswith("/")
        to = root / (target + str(Path(path).relative_to(top)) if is_folder else target)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)
        to.chmod(int(mode, 8))
        copies.append(to)
    return copies
