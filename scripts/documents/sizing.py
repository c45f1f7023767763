"""The sizes of docs/operations.md follow from what its first lines say: the table, and how many replicas.

Standard library only.
"""

import math
import re
import sys
from pathlib import Path

PAGE = Path("docs/operations.md")
WORDS = dict(enumerate("zero one two three four five six seven eight nine ten eleven twelve".split()))

# Of the text around them: seconds between polls, and of a backend; its CPU seconds of a query; what https and
# signatures cost; how many times as much comes in a burst; how many replicas may be away.
POLL, BACKEND, QUERY, SIGNED, BURST, AWAY = 30, 0.05, 0.002, 1.5, 6, 1


def number(text: str) -> float:
    return float(text.strip().replace(",", "").removesuffix(" MiB"))


def up(value: float, like: str) -> str:
    """With as many digits as `like`, and no less than it is."""
    digits = len(like.partition(".")[2])
    return f"{math.ceil(round(value, 6) * 10**digits) / 10**digits:.{digits}f}"


def check(page: str) -> list[str]:
    size = page.partition("\n## Size\n")[2].partition("\n## ")[0]
    cpu = float(re.search(r"(\d+) µs at 121 points", size)[1]) / 1e6
    share = float(re.search(r"× CPU of one ÷ ([\d.]+)", size)[1])
    wrong, replicas = [], {}
    rows = re.findall(r"^\| ([\d,]+) \|(.*)\|$", size, re.M)
    for streams, rest in rows:
        requests, in_flight, cores, memory, backend = (it.strip() for it in rest.split("|"))
        plain, signed = cores.split(", ")
        rate = number(streams) / POLL
        needed = [rate * cpu / share, rate * cpu * SIGNED / share]
        if requests != f"{rate:,.0f}":
            wrong.append(f"{streams} streams: {requests} requests/s, not {rate:.1f}")
        pairs = zip((in_flight, plain, signed, backend), (rate * BACKEND, *needed, rate * QUERY))
        wrong += [f"{streams} streams: {text}, not {value:.3f}" for text, value in pairs if text != up(value, text)]
        megabytes = 2.5 * (96 + rate * BACKEND * 0.26)
        if not megabytes <= number(memory) < megabytes * 2:
            wrong.append(f"{streams} streams: {memory}, not {megabytes:.0f} MB")
        replicas = [math.ceil(it * times) + AWAY for times in (1, BURST) for it in needed]
    if len(rows) != 3:
        wrong.append(f"{len(rows)} rows of sizes were found")
    # Of the last row, of replicas with one CPU each.
    text = " ".join(size.split())
    usual, http, https = WORDS[replicas[1]], WORDS[replicas[2]], WORDS[replicas[3]]
    for claim in (f"{usual.capitalize()} with a request of 1 CPU", f"then {http} over http, {https} with https and signatures"):
        if claim not in text:
            wrong.append(f"it does not say {claim!r}")
    return wrong


def main() -> None:
    page = PAGE.read_text()
    wrong = check(page)
    for good, bad in (("then seven over http", "then six over http"), ("| 6.7 |", "| 7.6 |"), ("| 0.1, 0.15 |", "| 0.2, 0.15 |")):
        if good in page and not check(page.replace(good, bad)):
            wrong.append(f"{bad!r} is not noticed")
    if wrong:
        sys.exit("\n".join(f"{PAGE}: {it}" for it in wrong))
    print("    the sizes of operations.md follow from each other")


main()
