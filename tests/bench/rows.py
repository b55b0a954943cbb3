# SPDX-License-Identifier: GPL-3.0-or-later
"""A benchmark's table: rows that are measured, and claims that are judged.

This file knows nothing of what is measured.
"""

import subprocess

from tools import Failed, Unavailable, median


class Row:
    """One line of a benchmark: who, and a number or the reason why there is none."""

    def __init__(self, who, measure=None, unit=None):
        self.who = who
        self.measure = measure
        self.unit = unit  # None: the benchmark's
        self.values = []
        self.reason = None

    def run(self):
        """One more measurement; None when there is none. A row that failed once is not tried again."""
        if self.reason:
            return None
        try:
            value = self.measure()
        except (Unavailable, Failed, subprocess.TimeoutExpired) as reason:
            self.reason = str(reason)
            self.values = []
            return None
        self.values.append(value)
        return value

    @property
    def value(self):
        return median(self.values) if self.values else None


class Outcome:
    """A benchmark's table: rows, and claims about outpost."""

    def __init__(self, name, title, unit, rows, digits=0):
        self.name = name
        self.title = title
        self.unit = unit
        self.rows = rows
        self.digits = digits
        self.claims = []

    def claim(self, what, value, form, goal="none", met=None):
        """value None: not measured, and so neither met nor missed. No goal: a number to know."""
        if value is None:
            self.claims.append((what, "-", goal, "not measured"))
        else:
            verdict = "-" if met is None else "met" if met(value) else "missed"
            self.claims.append((what, form.format(value), goal, verdict))

    def cell(self, row):
        return row.reason if row.value is None else f"{row.value:,.{self.digits}f} {row.unit or self.unit}"

    def text(self):
        lines = [f"{self.name}: {self.title}"]
        width = max(len(row.who) for row in self.rows) + 2
        for row in self.rows:
            lines.append(f"    {row.who:<{width}}{self.cell(row):>18}")
        for what, value, goal, judged in self.claims:
            lines.append(f"  * {what}: {value} (goal {goal}): {judged}")
        return "\n".join(lines)

    def markdown(self):
        lines = [f"### {self.name}: {self.title}", "", "| claim | measured | goal | verdict |", "|---|---|---|---|"]
        lines += [f"| {' | '.join(claim)} |" for claim in self.claims]
        lines += ["", "| aside | median |", "|---|---:|"]
        lines += [f"| {row.who} | {self.cell(row)} |" for row in self.rows]
        return "\n".join(lines)


def ratio(over, under):
    """The median of the ratios of measurements that were made one after the other: what else the machine does is in both."""
    pairs = [a / b for a, b in zip(over.values, under.values)]
    return median(pairs) if pairs else None


def rate(result):
    count, seconds = result
    return count / seconds


def repeat(rows, times):
    """All rows in turn, and again: not one row to its end and then the next."""
    for _ in range(times):
        for row in rows:
            row.run()
