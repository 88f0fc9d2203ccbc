"""The ladder: what two peers did, from top to bottom, and what went between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from ..trace import ApiCall, CandidateEvent, ChannelEvent, DescriptionSet, Event, StateChange, Trace
from ..trace import current as current_trace

WIDTH, LEFT, RIGHT = 900, 300, 640
ROW_HEIGHT, TOP = 22, 44
MAX_ROWS = 200
SHOWN_STATES = ("signalingState", "connectionState")
SHOWN_CHANNEL = ("open", "closed", "error")

STYLE = """
.rtcnb-ladder { --first: #6f42c1; --second: #00796b; --ink: var(--jp-ui-font-color1, currentColor);
  --faint: var(--jp-ui-font-color2, gray); max-width: 900px; }
[data-jp-theme-light="false"] .rtcnb-ladder { --first: #c3a6ff; --second: #6fd6c6; }
.rtcnb-ladder text { font: 12px var(--jp-ui-font-family, system-ui, sans-serif); fill: var(--ink); }
.rtcnb-ladder .call { font-family: var(--jp-code-font-family, monospace); font-size: 11.5px; }
.rtcnb-ladder .faint { fill: var(--faint); }
.rtcnb-ladder .bad { fill: var(--jp-error-color1, #c62828); }
.rtcnb-ladder .first { fill: var(--first); stroke: var(--first); }
.rtcnb-ladder .second { fill: var(--second); stroke: var(--second); }
.rtcnb-ladder text.first, .rtcnb-ladder text.second { stroke: none; font-weight: 600; }
.rtcnb-ladder .rail { stroke: var(--jp-border-color1, gray); stroke-dasharray: 2 4; }
"""


@dataclass(frozen=True)
class Row:
    """One line of the ladder: something at a peer, or an arrow to it."""

    time_ms: float
    peer: int
    text: str
    kind: str  # "call", "state", "arrow" or "error"


class Ladder:
    """A drawing of a trace, as static SVG.

    Parameters
    ----------
    trace : Trace, optional
        The notebook's current trace by default.
    peers : iterable of str, optional
        The two names; by default the two that appear last.
    """

    def __init__(self, trace: Trace | None = None, peers: Iterable[str] = ()) -> None:
        self.trace = trace if trace is not None else current_trace()
        self._peers = list(peers)

    @property
    def peers(self) -> list[str]:
        """The names of the two peers that are drawn, in the order in which they appeared."""
        if self._peers:
            return self._peers[:2]
        latest = list(dict.fromkeys(e.peer for e in reversed(self.trace.events) if e.peer))[:2]
        order = list(dict.fromkeys(e.peer for e in self.trace.events if e.peer))
        return sorted(latest, key=order.index)

    def rows(self) -> list[Row]:
        """Return the lines, in the order of time; the last 200 at most."""
        peers = self.peers
        # What a call set is dated to the call's beginning, and written down at its end.
        events = sorted((e for e in self.trace.events if e.peer in peers), key=lambda e: e.time)
        begin = events[0].time if events else 0.0
        rows = []
        for event in events:
            drawn = _drawn(event)
            if drawn is not None:
                rows.append(Row((event.time - begin) * 1000, peers.index(event.peer), *drawn))
        return rows[-MAX_ROWS:]

    def _repr_html_(self) -> str:
        rows = self.rows()
        if not rows:
            return "<p>Nothing has happened yet.</p>"
        height = TOP + ROW_HEIGHT * len(rows)
        body = "".join(_draw(row, TOP + ROW_HEIGHT * i) for i, row in enumerate(rows))
        rails = "".join(f'<path class="rail" d="M{x} 30V{height}"/>' for x in (LEFT, RIGHT))
        heads = "".join(
            f'<text class="{side}" x="{x}" y="20" text-anchor="middle">{escape(name)}</text>'
            for side, x, name in zip(("first", "second"), (LEFT, RIGHT), self.peers, strict=False)
        )
        return (
            f'<div class="rtcnb-ladder"><style>{STYLE}</style>'
            f'<svg viewBox="0 0 {WIDTH} {height}" width="100%" role="img" aria-label="{escape(repr(self))}">'
            f'<text class="faint" x="8" y="20">ms</text>{heads}{rails}{body}</svg></div>'
        )

    def __repr__(self) -> str:
        return f"<Ladder of {' and '.join(self.peers) or 'nobody'}: {len(self.rows())} rows>"

    def __str__(self) -> str:
        names = self.peers
        return "\n".join(
            f"{row.time_ms:8.0f} ms  {names[row.peer]:<10} {'<- ' if row.kind == 'arrow' else ''}{row.text}"
            for row in self.rows()
        )


def _drawn(event: Event) -> tuple[str, str] | None:
    """Return an event's text and the kind of its row; None where the ladder leaves it out."""
    if isinstance(event, ApiCall):
        if event.outcome == "error":
            return f"{event.method}() ✕ {event.error}", "error"
        # What these carried is drawn as the arrow or the state that follows.
        told_elsewhere = event.method in ("addIceCandidate", "setRemoteDescription", "getStats")
        return None if told_elsewhere else (f"{event.method}()", "call")
    if isinstance(event, StateChange) and event.state in SHOWN_STATES:
        return f"{event.state.removesuffix('State')} {event.new}", "state"
    if isinstance(event, DescriptionSet) and event.side == "remote":
        kinds = ", ".join(str(m.kind) for m in event.description.document.media)
        return f"{event.description.type} · {kinds or 'no sections'}", "arrow"
    if isinstance(event, CandidateEvent) and event.action == "added":
        candidate = event.candidate
        if candidate.is_end:
            return "end of candidates", "arrow"
        return f"candidate {candidate.type} {candidate.protocol} {candidate.address}", "arrow"
    if isinstance(event, ChannelEvent) and event.action in SHOWN_CHANNEL:
        return f"channel {event.label}: {event.action}", "state"
    return None


def _draw(row: Row, y: int) -> str:
    side = ("first", "second")[row.peer]
    x = (LEFT, RIGHT)[row.peer]
    parts = [f'<text class="faint" x="8" y="{y + 4}">{row.time_ms:.0f}</text>']
    if row.kind == "arrow":
        sender = ("second", "first")[row.peer]
        begin, way = (LEFT, 1) if row.peer else (RIGHT, -1)
        tip = x - 4 * way
        parts.append(f'<path class="{sender}" d="M{begin} {y}H{tip}" stroke-width="1.5"/>')
        parts.append(f'<path class="{sender}" d="M{tip} {y}l{-8 * way} -4v8z"/>')
        text = escape(_short(row.text, 52))
        parts.append(f'<text x="{(LEFT + RIGHT) // 2}" y="{y - 4}" text-anchor="middle">{text}</text>')
        return "".join(parts)
    anchor, offset = ("end", -10) if row.peer == 0 else ("start", 10)
    css = {"call": "call", "state": "faint", "error": "bad"}[row.kind]
    parts.append(f'<circle class="{side}" cx="{x}" cy="{y}" r="3"/>')
    text = f'<text class="{css}" x="{x + offset}" y="{y + 4}" text-anchor="{anchor}">'
    parts.append(f"{text}<title>{escape(row.text)}</title>{escape(_short(row.text, 36))}</text>")
    return "".join(parts)


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
