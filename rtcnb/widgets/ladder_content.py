"""What a row of the ladder holds, in full: a description annotated, a candidate, a packet, an error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..sdp import Candidate, SessionDescription
from ..sdp.static_view import description_html
from ..trace import ApiCall, Event, PacketEvent
from ..trace.packets import Decoded, decode
from ..trace.timeline import Moment
from .ladder_draw import clock
from .ladder_packets import Flight
from .ladder_row import Row
from .markup import Markup, join, tag

MOST_PACKETS = 100
MOST_SAID = 400  # characters of a field


def content_of(row: Row, moment: Moment) -> Markup:
    """Return what a row holds."""
    parts: list[object] = []
    described: list[object] = []
    for event in row.events:
        held = getattr(event, "description", None) or getattr(event, "candidate", None)
        if held is not None and held not in described:
            described.append(held)
            parts.append(_held(held))
    parts += [_call(event) for event in row.events if isinstance(event, ApiCall)]
    if len(row.flights) == 1:
        parts.append(_flight(row.flights[0], moment))
    elif row.flights:
        parts.append(_flights(row.flights, moment))
    elif not parts:
        parts += [_packet(e) if isinstance(e, PacketEvent) else _plain(e) for e in row.events]
    times = [_when(event, moment) for event in row.events]
    return join([*parts, tag("p", join(times, " · "), class_="rtcnb-faint") if times else None])


def _when(event: Event, moment: Moment) -> str:
    what = getattr(event, "action", "") or getattr(event, "outcome", "") or event.kind
    return f"{event.peer} {what} at {clock(event.time - moment.begin)} ms".strip()


def _held(held: SessionDescription | Candidate) -> Markup:
    if isinstance(held, SessionDescription):
        return Markup(description_html(held.type, held.document, held.to_json()))
    return _candidate(held)


def _candidate(candidate: Candidate) -> Markup:
    if candidate.is_end:
        text = "No more candidates follow: this side has told all its addresses (RFC 8838 section 8.2)."
        return tag("p", tag("b", "end-of-candidates"), " ", text)
    parts = candidate.priority_parts
    arithmetic = f" = {parts[0]}·2²⁴ + {parts[1]}·2⁸ + {parts[2]}" if parts else ""
    fields = {
        "candidate": candidate.candidate,
        "type": candidate.type,
        "protocol": candidate.protocol,
        "address": candidate.address,
        "port": candidate.port,
        "tcpType": candidate.tcpType,
        "component": candidate.component,
        "foundation": candidate.foundation,
        "priority": f"{candidate.priority}{arithmetic}" if candidate.priority is not None else None,
        "relatedAddress": candidate.relatedAddress,
        "relatedPort": candidate.relatedPort,
        "sdpMid": candidate.sdpMid,
        "sdpMLineIndex": candidate.sdpMLineIndex,
        "usernameFragment": candidate.usernameFragment,
    }
    return _table((name, value) for name, value in fields.items() if value is not None)


def _call(call: ApiCall) -> Markup:
    told = tag("p", tag("code", f"{call.method}({', '.join(call.arguments)})"), f" {call.outcome}")
    error = tag("div", f"✕ {call.error}", class_="rtcnb-error") if call.error else None
    given = None
    if call.given:
        given = tag(
            "details",
            tag("summary", "What it was given"),
            tag("pre", call.given, class_="rtcnb-mono rtcnb-scroll"),
        )
    return join([told, error, given])


def _plain(event: Event) -> Markup:
    return tag("p", str(event))


def _flight(flight: Flight, moment: Moment) -> Markup:
    return join([tag("p", _fate(flight)), _packet(flight.event)])


def _fate(flight: Flight) -> str:
    took = ""
    if flight.sent is not None and flight.received is not None:
        took = f"; it was {(flight.received.time - flight.sent.time) * 1000:.1f} ms on its way"
    if flight.answer is not None:
        took += f"; answered after {(flight.answer.event.time - flight.time) * 1000:.1f} ms"
    ends = {
        "lost": "It never arrived.",
        "unanswered": "No answer was seen.",
        "soon": "Its answer may still come.",
        "": "It arrived.",
    }
    arrived = ends[flight.end] if flight.received is not None or flight.end else "It was sent."
    return f"{flight.event.local} → {flight.event.remote}, {flight.event.size_bytes} bytes. {arrived}{took}"


def _flights(flights: tuple[Flight, ...], moment: Moment) -> Markup:
    rows = []
    for flight in flights[:MOST_PACKETS]:
        decoded = decode(flight.event.data, flight.protocol)
        rows.append(
            tag(
                "tr",
                tag("td", clock(flight.time - moment.begin), class_="rtcnb-mono"),
                tag("td", flight.event.peer, " ", flight.event.direction),
                tag("td", decoded.summary),
                tag("td", _fate(flight)),
            )
        )
    left = len(flights) - MOST_PACKETS
    more = tag("p", f"… {left} more", class_="rtcnb-more") if left > 0 else None
    names = [tag("th", name) for name in ("ms", "seen at", "packet", "fate")]
    table = tag("table", tag("thead", tag("tr", *names)), tag("tbody", *rows))
    return join([tag("div", table, class_="rtcnb-scroll"), more])


def _packet(event: PacketEvent) -> Markup:
    decoded = decode(event.data, event.protocol, event.size_bytes)
    return join([tag("h4", decoded.summary), _table(_fields(decoded)), _wrong(decoded)])


def _wrong(decoded: Decoded) -> Markup | None:
    return tag("div", f"✕ {decoded.error}", class_="rtcnb-error") if decoded.error else None


def _fields(decoded: Decoded) -> Iterator[tuple[str, object]]:
    for depth, part in enumerate(decoded.walk()):
        if depth:
            yield part.protocol, part.summary
        for field in part.fields:
            yield field.name, str(field).removeprefix(f"{field.name}: ")


def _table(fields: Any) -> Markup:
    rows = [
        tag("tr", tag("th", name, scope="row"), tag("td", str(value)[:MOST_SAID], class_="rtcnb-mono"))
        for name, value in fields
    ]
    return tag("div", tag("table", tag("tbody", *rows)), class_="rtcnb-scroll")
