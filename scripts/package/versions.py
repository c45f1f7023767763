"""Versions as packages spell them.

    versions.py VERSION
"""

import sys


def sorted_as(version: str) -> str:
    """A version so that dpkg and RPM sort it as semantic versions are sorted.

    A hyphen separates the revision there, so that 1.0.0-rc.1 would come after 1.0.0; what follows a
    tilde comes before.
    """
    return version.replace("-", "~", 1)


if __name__ == "__main__":
    print(sorted_as(sys.argv[1]))
