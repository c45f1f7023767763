"""What was found: one line a figure, as a table and as JSON."""

import json
import statistics


class Line:
    """One figure of a goal. `values`: (value, why its round is void) a round."""

    def __init__(self, goal, what, target, unit="", at_most=None, at_least=None, stretch=None):
        self.goal, self.what, self.target, self.unit = goal, what, target, unit
        self.at_most, self.at_least, self.stretch = at_most, at_least, stretch
        self.values = []
        self.note = ""

    def add(self, value, void=()):
        self.values.append((value, list(void)))
        return self

    def figures(self):
        """The rounds that count. Where none does, all, and the verdict says so."""
        good = [value for value, void in self.values if not void]
        return good or [value for value, _ in self.values]

    @property
    def void(self):
        return sum(1 for _, void in self.values if void)

    def verdict(self):
        if not self.values:
            return "not measured"
        median = statistics.median(self.figures())
        met = (self.at_most is None or median <= self.at_most) and (
            self.at_least is None or median >= self.at_least
        )
        word = "met" if met else "MISSED"
        if self.at_most is None and self.at_least is None:
            word = "for comparison"
        return f"{word}, void" if self.void == len(self.values) else word

    def as_json(self):
        figures = self.figures() if self.values else []
        return {
            "goal": self.goal,
            "what": self.what,
            "target": self.target,
            "unit": self.unit,
            "median": statistics.median(figures) if figures else None,
            "min": min(figures) if figures else None,
            "max": max(figures) if figures else None,
            "rounds": len(self.values),
            "void": self.void,
            "void_because": sorted({reason for _, void in self.values for reason in void}),
            "verdict": self.verdict(),
            "note": self.note,
        }


def number(value):
    if value is None:
        return "-"
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:.0f}"
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"


def table(lines):
    rows = [("goal", "what", "target", "median", "min", "max", "void", "verdict")]
    for line in lines:
        seen = line.as_json()
        rows.append(
            (
                line.goal,
                line.what,
                line.target,
                *(number(seen[name]) for name in ("median", "min", "max")),
                f"{line.void}/{len(line.values)}",
                line.verdict() + (f" ({line.note})" if line.note else ""),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows
    )


def write(path, machine, options, lines, skipped):
    report = {
        "machine": machine,
        "options": options,
        "figures": [line.as_json() for line in lines],
        "skipped": skipped,
    }
    path.write_text(json.dumps(report, indent=1) + "\n")
