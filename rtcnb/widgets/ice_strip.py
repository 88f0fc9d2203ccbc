"""The history of a candidate pair as a thin bar: its states over time, a tick for each check."""

from __future__ import annotations

from .ice_checks import Check
from .ice_pairs import MARKS, Pair
from .markup import Markup, tag

WIDTH, BAR, HIGH, TICK = 640, 16, 52, 9
TOP = 12
AFTER = 3.0  # seconds; what comes later is consent freshness (RFC 7675), and would squeeze the rest
LETTER = 6.5
MOST_TICKS = 1000
LOOKS = {"succeeded": "ok", "failed": "bad", "cancelled": "bad", "in-progress": "wait", "inprogress": "wait"}


def strip(pair: Pair, begin: float) -> Markup:
    """Return the drawing; `begin` is the time 0 of its labels."""
    start, end = span(pair)
    scale = (WIDTH - 2) / (end - start)
    place = lambda time: 1 + (time - start) * scale  # noqa: E731
    shown = [c for c in pair.checks.all if c.time <= end][:MOST_TICKS]
    parts = [_segment(*s, place) for s in _segments(pair, start, end)]
    parts += [_tick(check, place(check.time), begin) for check in shown if check.kind == "request"]
    if pair.selected_at and pair.selected_at[-1] <= end:
        x = place(pair.selected_at[-1])
        parts.append(tag("path", d=f"M{x:.1f} {TOP - 2}v{BAR + 4}", class_="selected"))
    labels = [
        tag("text", _ms(start, begin), x=0, y=HIGH - 1, class_="faint"),
        tag("text", _ms(end, begin), x=WIDTH, y=HIGH - 1, text_anchor="end", class_="faint"),
    ]
    told = ", ".join(f"{state} from {_ms(time, begin)}" for time, state in pair.states) or "no pair yet"
    drawn = tag(
        "svg",
        *parts,
        *labels,
        viewBox=f"0 0 {WIDTH} {HIGH}",
        width=WIDTH,
        role="img",
        aria_label=f"States of the pair: {told}",
    )
    return tag("div", drawn, class_="rtcnb-scroll rtcnb-ice-strip")


def span(pair: Pair) -> tuple[float, float]:
    """Return from when to when the bar goes: until the pair came to rest, and a little longer."""
    start = pair.since
    changed = pair.changed
    latest = changed + (AFTER if pair.state == "succeeded" else float("inf"))
    end = max([changed, *(c.time for c in pair.checks.all if c.time <= latest)])
    return start, end + max((end - start) * 0.04, 0.001)


def _segments(pair: Pair, start: float, end: float) -> list[tuple[float, float, str]]:
    begins = [(time, state) for time, state in pair.states if time <= end]
    if not begins or begins[0][0] > start:
        begins.insert(0, (start, ""))
    ends = [time for time, _ in begins[1:]] + [end]
    return [(time, until, state) for (time, state), until in zip(begins, ends, strict=True)]


def _segment(start: float, end: float, state: str, place: object) -> Markup:
    left, right = place(start), place(end)  # type: ignore[operator]
    words = f"{MARKS.get(state, '·')} {state.replace('-', ' ') or 'no pair yet'}"
    box = tag(
        "rect",
        tag("title", words),
        x=f"{left:.1f}",
        y=TOP,
        width=f"{max(right - left, 1):.1f}",
        height=BAR,
        class_=LOOKS.get(state, "idle"),
    )
    fits = right - left > len(words) * LETTER + 6
    return tag("g", box, tag("text", words, x=f"{left + 4:.1f}", y=TOP + BAR - 4) if fits else None)


def _tick(check: Check, x: float, begin: float) -> Markup:
    sent = check.direction == "sent"
    y = TOP - 1 if sent else TOP + BAR + 1
    title = f"request {check.direction} at {_ms(check.time, begin)}" + (
        ", USE-CANDIDATE" if check.nominates else ""
    )
    return tag(
        "path",
        tag("title", title),
        d=f"M{x:.1f} {y}v{-TICK if sent else TICK}",
        class_="tick nominates" if check.nominates else "tick",
    )


def _ms(time: float, begin: float) -> str:
    return f"{(time - begin) * 1000:.1f} ms"
