"""How the rows of the ladder look: lanes as lines, arrows between them, text, and the buttons of what waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..trace.timeline import Moment
from .ladder_row import WIRE, Lane, Row
from .ladder_words import MARKED, SPOKEN, words_of
from .markup import Markup, join, tag
from .trace_view import colour_of

ROW_PX = 26
MARKS = {
    "waits": "○",
    "delayed": "◷",
    "dropped": "✕",
    "lost": "✕",
    "unanswered": "✕",
    "refused": "✕",
    "unseen": "✕",
}
WITH_ARROW_CUT = ("lost", "unseen", "dropped")


@dataclass(frozen=True)
class Paper:
    """What rows are drawn on.

    Attributes
    ----------
    moment : Moment
    lanes : list of Lane
    buttons : callable
        ``buttons(row)`` returns the buttons of a message that waits, or None.
    """

    moment: Moment
    lanes: list[Lane]
    buttons: Callable[[Row], Markup | None] = lambda row: None
    places: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", {lane.name: lane.place_percent for lane in self.lanes})

    def colour(self, lane: str) -> str | None:
        """Return the class that gives a lane its colour."""
        if lane.startswith("\0") or lane not in self.places:
            return None
        return f"rtcnb-peer-{colour_of(lane, self.moment)}"

    def title(self, name: str) -> str:
        """Return what a lane is called."""
        return next((lane.title for lane in self.lanes if lane.name == name), name)


def head(paper: Paper) -> Markup:
    """Return the names above the lanes."""
    names = [
        tag(
            "b",
            lane.title,
            class_=join(["rtcnb-lane-name", paper.colour(lane.name) or "rtcnb-faint", _edge(lane)], " "),
            style=f"left:{lane.place_percent:g}%",
        )
        for lane in paper.lanes
    ]
    return _rung(paper, "ms", names, "rtcnb-ladder-head")


def _edge(lane: Lane) -> str:
    return {0.0: "first", 100.0: "last"}.get(lane.place_percent, "middle")


def draw_row(row: Row, paper: Paper) -> Markup:
    """Return one row."""
    if row.kind == "gap":
        return _rung(paper, "", [*_lines(paper), tag("small", row.detail, class_="rtcnb-gap")])
    parts = _arrow(row, paper) if row.to else _point(row, paper)
    return _rung(paper, clock(row.time - paper.moment.begin), [*_lines(paper), *parts])


def clock(seconds: float) -> str:
    """Return milliseconds, and beyond 100 s minutes and seconds."""
    if seconds < 100:
        return f"{seconds * 1000:.0f}"
    return f"{int(seconds // 60)}:{seconds % 60:06.3f}"


def _rung(paper: Paper, time: str, middle: list[Markup], class_: str = "") -> Markup:
    inner = tag(
        "div",
        tag("span", time, " ", class_="rtcnb-at"),
        tag("div", *middle, class_="rtcnb-between"),
        class_="rtcnb-rung-in",
    )
    return tag("div", inner, class_=f"rtcnb-rung {class_}".strip())


def _lines(paper: Paper) -> list[Markup]:
    return [
        tag(
            "i",
            class_=f"rtcnb-line {paper.colour(lane.name) or 'thin'}",
            style=f"left:{lane.place_percent:g}%",
        )
        for lane in paper.lanes
    ]


def _point(row: Row, paper: Paper) -> list[Markup]:
    """Something at a lane: its mark, what was called outside of the lanes where there is room, the rest inside."""
    place = paper.places.get(row.at, 50.0)
    lead, rest = words_of(row, paper.moment)
    inwards = "left" if place > 50 else "right"  # where its text goes
    free = place if place > 50 else 100 - place
    side = f"{_from(place, place <= 50)};max-width:calc({free:g}% - 12px)"
    outer = "outer" if place in (0.0, 100.0) else ""
    said = [
        tag("span", f"{paper.title(row.at)}: ", class_="rtcnb-unseen") if row.at else None,
        tag("code", lead, title=lead, class_=f"rtcnb-lead {outer}".strip()) if lead else None,
        tag("span", rest, title=rest, class_="rtcnb-bad-text" if row.end else None) if rest else None,
    ]
    colour = paper.colour(row.at) or "rtcnb-faint"
    mark = tag("i", "✕" if row.end else "", class_=_dot(row, colour), style=f"left:{place:g}%")
    text = tag("div", *said, class_=f"rtcnb-point {inwards}", style=side)
    return [mark, text] if row.at else [text]


def _dot(row: Row, colour: str) -> str:
    return f"rtcnb-dot {'rtcnb-bad-text cross' if row.end else colour}"


def _arrow(row: Row, paper: Paper) -> list[Markup]:
    begin, end = paper.places.get(row.at, 50.0), paper.places.get(row.to, 50.0)
    if row.end in WITH_ARROW_CUT and row.to != WIRE:
        end = begin + (end - begin) * 0.86
    way = "right" if end >= begin else "left"
    left, width = min(begin, end), abs(end - begin)
    sender = row.at
    if row.at == WIRE:
        sender = getattr(row.events[0], "peer", row.at)
    colour = paper.colour(sender) or "rtcnb-faint"
    dashed = "dashed" if row.end in ("waits", "waited", "delayed", "soon") else ""
    line = tag(
        "i",
        tag("u", MARKS.get(row.end, ""), class_="rtcnb-bad-text" if MARKS.get(row.end) == "✕" else None),
        class_=f"rtcnb-arrow {way} {dashed} {'marked' if row.end in MARKS else ''}",
        style=f"left:{left:g}%;width:{width:g}%",
    )
    lead, rest = words_of(row, paper.moment)
    marked = MARKED.get(row.end, "")
    said = join(
        [
            tag("span", f"{paper.title(sender)} → {paper.title(row.to)}: ", class_="rtcnb-unseen"),
            tag("b", lead, " ") if lead else None,
            tag("span", SPOKEN[row.end], ": ", class_="rtcnb-unseen") if row.end in SPOKEN else None,
            tag("span", rest, class_="rtcnb-bad-text" if marked.startswith("✕") else "rtcnb-faint"),
        ]
    )
    buttons = paper.buttons(row) if row.end == "waits" else None
    look = f"rtcnb-caption {way}{' half' if buttons is not None else ''}"
    title = f"{lead} {rest}".strip()
    text = tag("div", said, title=title, class_=look, style=_beside(row, begin, end))
    if buttons is not None:
        buttons = tag("div", buttons, class_="rtcnb-waits", style=_from(end, way == "right"))
    return [tag("div", line, class_=f"rtcnb-way-of {colour}"), text, *([buttons] if buttons else [])]


def _beside(row: Row, begin: float, end: float) -> str:
    """Where the text of an arrow is: at its beginning; of the second half, at its end."""
    if row.at == WIRE:
        return _from(end, end < begin)
    return _from(begin, end >= begin)


def _from(place: float, to_the_right: bool) -> str:
    return f"left:calc({place:g}% + 12px)" if to_the_right else f"right:calc({100 - place:g}% + 12px)"
