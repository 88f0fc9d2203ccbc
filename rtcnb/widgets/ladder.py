"""Ladder: what two peers did, from top to bottom, and what went between them."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Any, ClassVar

from ..errors import PeerError
from ..sdp import SessionDescription
from ..sdp.text import count
from ..trace import current as current_trace
from ..trace.timeline import Moment, Timeline
from .ladder_content import content_of
from .ladder_draw import ROW_PX, Paper, clock, draw_row, head
from .ladder_row import Row
from .ladder_rows import KINDS, Drawn, ladder_of
from .ladder_scale import LONGEST, step_of, to_scale
from .ladder_waiting import (
    buttons_of,
    demand,
    place_of,
    press,
    put_back,
    seconds_of,
    text_of,
    waiting_message,
)
from .ladder_words import SPOKEN, words_of
from .markup import Markup, join, tag
from .trace_view import TraceView
from .view import Fragment, Rows


class Ladder(TraceView):
    """The sequence diagram of a call: both peers as lifelines, what each did, and what went between them.

    A message that waits on a `Wire` hangs there, with buttons that do what a cell would call on it.

    Parameters
    ----------
    *of : Peer, Trace, or path
        Two peers, a trace, or a file that `Trace.load` takes; by default the notebook's current trace.
    peers : iterable of str
        Names, where a trace is given: which peers; by default the last two.
    timeline : Timeline, optional
        One that is shared with other views.

    Attributes
    ----------
    unfolded : bool
        One arrow a packet and a candidate, instead of one row for a burst of them.
    scaled : bool
        Free lines for the time that passes.

    Raises
    ------
    PeerError
        It is about something else.
    TraceError, OSError
        The file cannot be read.

    Examples
    --------
    >>> rtcnb.Ladder(alice, bob)                               # doctest: +SKIP
    >>> rtcnb.Ladder(trace, peers=["alice", "bob"])            # doctest: +SKIP
    """

    name: ClassVar[str] = "ladder"
    title: ClassVar[str] = "Ladder"

    def __init__(self, *of: Any, peers: Iterable[str] = (), timeline: Timeline | None = None) -> None:
        names = tuple(peers)
        given = of or ((current_trace(),) if names and timeline is None else ())
        super().__init__(*given, *names, timeline=timeline)
        self.unfolded = False
        self.scaled = False
        self._chosen: object = None  # the first event, or packet, of a row
        self._asked = ""  # "edit" or "delay"
        self._text: str | None = None
        self._seconds = "2"
        self._drawn = Drawn([], [])
        self._key: object = None
        self._version = 0
        self._step_ms = 0

    # -- what is pressed

    def act(self, action: str, value: Any) -> Awaitable[None] | None:
        """Choose a row, change how rows are shown, or do something with a message that waits."""
        what = action.removeprefix("ladder-")
        if what == "choose":
            rows, number = self._drawn.rows, int(value) if str(value).isdecimal() else -1
            self._choose(rows[number] if 0 <= number < len(rows) else None)
        elif what == "unfold":
            self.unfolded = not self.unfolded
        elif what == "scale":
            self.scaled = not self.scaled
        elif what == "text":
            self._text = str(value)
        elif what == "seconds":
            self._seconds = str(value)
        elif self.until is not None:
            raise PeerError("A past moment is shown: go back to now to do something with what waits.")
        elif what in ("deliver", "drop", "duplicate"):
            return press(what, value, self.trace)
        elif what in ("edit", "delay"):
            demand(value, self.trace)
            self._choose(next((row for row in self._drawn.rows if str(row.number) == str(value)), None))
            self._asked = what
        elif what in ("put", "wait"):
            self._finish(what, value)
        return None

    def _choose(self, row: Row | None) -> None:
        self._chosen = _first(row) if row is not None else None
        self._asked, self._text = "", None

    def _finish(self, what: str, number: Any) -> None:
        message = demand(number, self.trace)
        if what == "wait":
            message.delay(seconds_of(self._seconds))
        elif self._text is not None:
            put_back(message, self._text)
        self._asked, self._text = "", None

    # -- what is shown

    def rows(self) -> list[Row]:
        """Return the rows as they are now, by time."""
        self.timeline.refresh()
        return self._update(self.moment()).rows

    def _update(self, moment: Moment) -> Drawn:
        """Return the rows of a moment; they are made again only when something is new."""
        peers = self.shown_peers(moment)
        counts = self.timeline.counts(KINDS, moment.until)
        media = len(moment.first_media)
        key = (counts, media, tuple(peers), self.unfolded, self.scaled)
        if key == self._key and not self._drawn.unsettled:
            return self._drawn
        drawn = ladder_of(moment, peers, self.unfolded)
        if self.scaled:
            self._step_ms = step_of(drawn.rows)
            drawn = Drawn(drawn.lanes, to_scale(drawn.rows, self._step_ms), drawn.unsettled)
        before, now = self._drawn, drawn
        same = len(now.rows) >= len(before.rows) and all(map(Row.like, before.rows, now.rows))
        if not same or before.lanes != now.lanes:
            self._version += 1
        self._key, self._drawn = key, drawn
        return drawn

    def draw(self) -> Iterable[Fragment]:
        """Return the controls, the rows, and what the chosen one holds."""
        moment = self.moment()
        drawn = self._update(moment)
        if not drawn.rows:
            yield Fragment("none", tag("p", "Nothing has happened yet.", class_="rtcnb-faint"))
            return
        paper = Paper(moment, drawn.lanes, self._buttons)
        chosen = self._chosen_row(drawn.rows)
        waiting = self._waiting(drawn.rows)
        places = hash(tuple((message.number, place_of(message)) for message in waiting.values()))
        yield Fragment("bar", self._bar(drawn.rows, len(waiting)))
        rows = Rows(
            count=len(drawn.rows),
            height_px=ROW_PX,
            draw=lambda start, stop: [draw_row(row, paper) for row in drawn.rows[start:stop]],
            label=f"What happened between {' and '.join(self.shown_peers(moment))}",
            press="ladder-choose",
            focused=chosen,
            version=f"{self._version}.{places & 0xFFFFFF:x}{'' if self.until is None else '.past'}",
            follow=True,
        )
        yield Fragment("rungs", head(paper), rows)
        if chosen >= 0:
            yield Fragment("content", self._content(drawn.rows[chosen], paper))

    def _chosen_row(self, rows: list[Row]) -> int:
        if self._chosen is None:
            return -1
        found = (i for i, row in enumerate(rows) if row.kind != "gap" and _holds(row, self._chosen))
        return next(found, -1)

    def _waiting(self, rows: list[Row]) -> dict[int, Any]:
        if self.until is not None or self.trace.ended is not None:
            return {}
        numbers = (row.number for row in rows if row.end == "waits")
        found = {number: waiting_message(number, self.trace) for number in numbers}
        return {number: message for number, message in found.items() if message is not None}

    def _buttons(self, row: Row) -> Markup | None:
        message = waiting_message(row.number, self.trace) if self.until is None else None
        return buttons_of(message) if message is not None else None

    def _bar(self, rows: list[Row], waiting: int) -> Markup:
        happened = sum(row.kind != "gap" for row in rows)
        told = [count(happened, "row")]
        if waiting:
            told.append(f"{count(waiting, 'message')} {'waits' if waiting == 1 else 'wait'} on the wire")
        if self.scaled:
            cut = LONGEST * self._step_ms
            told.append(
                f"a free line is {self._step_ms} ms; what waits over {cut} ms is cut short, and says so"
            )
        if self.trace.missing:
            told.append(f"this file holds no {', no '.join(self.trace.missing)}")
        return tag(
            "div",
            _toggle("Unfold", "unfold", self.unfolded, "One arrow a packet and a candidate"),
            _toggle("To scale", "scale", self.scaled, "Free lines for the time that passes"),
            tag("small", " · ".join(told), class_="rtcnb-push"),
            class_="rtcnb-bar",
        )

    def _content(self, row: Row, paper: Paper) -> Markup:
        lead, rest = words_of(row, paper.moment)
        where = " → ".join(paper.title(lane) for lane in (row.at, row.to) if lane)
        close = tag(
            "button", "Close", type="button", title="Show no row", data_press="ladder-choose", data_value=""
        )
        at = f"{clock(row.time - paper.moment.begin)} ms"
        head_line = tag(
            "div",
            tag("b", where),
            tag("span", at, class_="rtcnb-faint"),
            tag("span", join([tag("b", lead, " ") if lead else None, rest]), class_="rtcnb-all"),
            tag("span", close, class_="rtcnb-push"),
            class_="rtcnb-bar",
        )
        message = (
            waiting_message(row.number, self.trace) if self.until is None and row.end == "waits" else None
        )
        hand = None
        if message is not None:
            hand = tag("div", buttons_of(message), class_="rtcnb-bar rtcnb-in-hand")
            if self._asked:
                hand = join([hand, self._question(message)])
        body = content_of(row, paper.moment)
        return tag(
            "div", head_line, hand, body, class_="rtcnb-content", data_key=f"{row.kind}-{row.time:.6f}"
        )

    def _question(self, message: Any) -> Markup:
        number = message.number
        if self._asked == "delay":
            seconds = tag(
                "input",
                type="number",
                min=0,
                max=3600,
                step="any",
                value=self._seconds,
                data_change="ladder-seconds",
            )
            label = tag("label", "Deliver it after ", seconds, " seconds")
            return tag(
                "div",
                label,
                _button("Let it wait", "wait", number, f"message.delay({self._seconds})"),
                class_="rtcnb-bar",
            )
        text = self._text if self._text is not None else text_of(message)
        is_description = isinstance(message.content, SessionDescription)
        box = tag(
            "textarea",
            text,
            rows=16 if is_description else 2,
            spellcheck="false",
            data_change="ladder-text",
            class_="rtcnb-mono rtcnb-edit",
            aria_label=f"The text of message {number}",
            data_key=f"edit-{number}",
        )
        put = _button(
            "Put it back on the wire", "put", number, f"wire.pending[{place_of(message)}].edit(text)"
        )
        return tag("div", box, tag("div", put, class_="rtcnb-bar"))

    def __str__(self) -> str:
        self.timeline.refresh()
        moment = self.moment()
        drawn = self._update(moment)
        paper = Paper(moment, drawn.lanes)
        lines = []
        for row in drawn.rows:
            if row.kind != "gap":
                where = " → ".join(paper.title(lane) for lane in (row.at, row.to) if lane)
                mark = "✕" if row.end == "refused" else ""
                words = " ".join(x for x in (mark, *words_of(row, moment), SPOKEN.get(row.end, "")) if x)
                lines.append(f"{clock(row.time - moment.begin):>8} ms  {where:<16} {words}")
        return "\n".join(lines)


def _first(row: Row) -> object:
    return row.flights[0].event if row.flights else row.events[0] if row.events else None


def _holds(row: Row, chosen: object) -> bool:
    return any(flight.event is chosen for flight in row.flights) or any(e is chosen for e in row.events)


def _toggle(label: str, what: str, pressed: bool, title: str) -> Markup:
    return tag(
        "button",
        label,
        type="button",
        aria_pressed=pressed,
        title=title,
        data_press=f"ladder-{what}",
        data_key=what,
    )


def _button(label: str, what: str, number: int, code: str) -> Markup:
    return tag(
        "button",
        label,
        type="button",
        title=f"What a cell would write: {code}",
        data_press=f"ladder-{what}",
        data_value=number,
    )
