"""A version that comes before a release is older than it for dpkg, too."""

import subprocess
import sys

sys.path.insert(0, "scripts/package")
from versions import sorted_as  # noqa: E402

ASCENDING = ["0.9.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-rc.1", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0", "1.0.1-rc.1", "1.0.1"]

for older, newer in zip(ASCENDING, ASCENDING[1:]):
    versions = [f"{sorted_as(it)}-1" for it in (older, newer)]
    compared = subprocess.run(["dpkg", "--compare-versions", versions[0], "lt", versions[1]])
    assert compared.returncode == 0, f"for dpkg {versions[0]} is no older than {versions[1]}"
print(f"    dpkg sorts {len(ASCENDING)} versions as they follow on each other")
