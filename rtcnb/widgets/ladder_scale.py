"""The ladder to scale: lines left free for the time that passes between its rows."""

from __future__ import annotations

from itertools import pairwise

from .ladder_row import Row

STEPS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
LONGEST = 5  # free lines at once; a longer wait is cut short, and says so
SHARE = 2  # as many free lines as rows, at most


def step_of(rows: list[Row]) -> int:
    """Return how many milliseconds a line is: the finest step that keeps the drawing in bounds."""
    gaps_ms = [(b.time - a.time) * 1000 for a, b in pairwise(rows)]
    for step in STEPS_MS:
        if sum(min(LONGEST, int(gap / step)) for gap in gaps_ms) <= SHARE * len(rows) + LONGEST:
            return step
    return STEPS_MS[-1]


def to_scale(rows: list[Row], step_ms: int) -> list[Row]:
    """Return the rows with free lines between them, one for each step of time."""
    if not rows:
        return rows
    scaled = [rows[0]]
    for before, after in pairwise(rows):
        free = int((after.time - before.time) * 1000 / step_ms)
        for number in range(min(free, LONGEST)):
            cut = free > LONGEST and number == LONGEST // 2
            told = f"⋮ {after.time - before.time:.2f} s, cut short ⋮" if cut else ""
            at = before.time + (number + 1) * step_ms / 1000
            scaled.append(Row(at, "gap", (), "", detail=told))
        scaled.append(after)
    return scaled
