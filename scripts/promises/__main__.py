"""Measures what the mirror promises for when things go wrong (reliability.md, "Shown by").

    python3 -m promises BINARY SCRATCH [--long] [CLAIM…]

Exit code 1: something does not hold.
"""

import sys
import time

from . import claims
from .rig import Foreign, Rig

# From here on what others do to the machine makes times of a release worthless.
QUIET = 0.2


class Report(Rig):
    """A rig that says what it finds."""

    broken = []
    claim = ""

    def holds(self, what, value, most):
        """Something that is only told where it is not so."""
        if value > most:
            self.broken.append(f"{self.claim}: {what}: {value:.6g}, at most {most:.6g}")
            print(f"    BROKEN  {what}: {value:.6g}", flush=True)

    def say(self, what, value, most, unit="", slack=0):
        """A figure and its goal; a negative one is a least."""
        sign, goal = (-1, "at least") if most < 0 else (1, "at most")
        is_so = value <= most
        may_be = most + (0 if self.is_long else slack)
        word = "ok" if is_so else ("late" if value <= may_be else "BROKEN")
        print(
            f"    {word:6}  {what}: {sign * value:.4g} {unit}".rstrip()
            + f" ({goal} {sign * most:.4g})",
            flush=True,
        )
        if value > may_be:
            self.broken.append(f"{self.claim}: {what}: {sign * value:.6g}")


def main():
    arguments = [it for it in sys.argv[1:] if it != "--long"]
    binary, scratch, *wanted = arguments
    unknown = set(wanted) - {claim.__name__ for claim in claims.ALL}
    if unknown:
        sys.exit(f"no such claim: {', '.join(sorted(unknown))}")
    rig = Report(binary, scratch, "--long" in sys.argv)
    for claim in claims.ALL:
        if wanted and claim.__name__ not in wanted:
            continue
        rig.claim = claim.__name__
        print(f"{claim.__name__}: {claim.__doc__}", flush=True)
        began = time.monotonic()
        with Foreign() as foreign:
            claim(rig)
        note = f"    {time.monotonic() - began:.0f} s"
        if foreign.share > QUIET:
            note += f"; others took {foreign.share:.0%} of a processor, so times are worth little"
        print(note, flush=True)
    for line in rig.broken:
        print(f"broken: {line}")
    sys.exit(bool(rig.broken))


main()
