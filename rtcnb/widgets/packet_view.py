"""Packets: every packet that the kernel's sockets saw, in a list; one of them field by field."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Iterable
from dataclasses import replace
from operator import attrgetter
from typing import Any, ClassVar

from ..sdp.text import count
from ..trace import DescriptionSet, PacketEvent, PeerEvent
from ..trace.timeline import Moment
from .markup import Markup, join, tag
from .packet_detail import packet_details
from .packet_index import Filter, Group, PacketIndex
from .packet_words import words
from .trace_view import TraceView, colour_of
from .view import Fragment, Rows

ROW_HEIGHT = 22
MOST_PAIRS = 40
SAME_WITHIN = 2.0  # seconds between the two ends of a packet
PROTOCOLS = ("stun", "turn-channel", "dtls", "rtp", "rtcp", "unknown")
TIME = attrgetter("time")


class PacketView(TraceView):
    """The packets of both ends, with decode and filters; see `TraceView`.

    Attributes
    ----------
    filter : Filter
    chosen : PacketEvent or None
        The packet that is shown field by field.
    """

    name: ClassVar[str] = "packets"
    title: ClassVar[str] = "Packets"

    def __init__(self, *of: Any, **options: Any) -> None:
        super().__init__(*of, **options)
        self.filter = Filter()
        self.chosen: PacketEvent | None = None
        self._index = PacketIndex()
        self._found: list[int] = []
        self._still = False

    # -- what is pressed

    def act(self, action: str, value: Any) -> Awaitable[None] | None:
        """Choose a packet, or which are shown."""
        if action == "packet":
            if isinstance(value, int) and 0 <= value < len(self._found):
                place = self._found[value]
                self.chosen = self._index.events[place] if place < len(self._index.events) else None
        elif action == "packet-kind":
            self.filter = replace(self.filter, protocols=self.filter.protocols ^ {str(value)})
        elif action == "packet-way":
            peer, direction = [*_strings(value), "", ""][:2]
            self.filter = replace(self.filter, peer=peer, direction=direction)
        elif action == "packet-pair":
            self.filter = replace(self.filter, pair=tuple(_strings(value)))
        elif action == "packet-text":
            self.filter = replace(self.filter, text=str(value).strip().lower())
        elif action == "packet-all":
            self.filter = Filter()
        self.changed()
        return None

    # -- what is shown

    def draw(self) -> Iterable[Fragment]:
        """Return the filters, the list, and the packet that is chosen."""
        moment = self.moment()
        self._index.update(self.timeline.of(PacketEvent))
        until = len(self.timeline.of(PacketEvent, moment.until))
        counts = self._index.counts(until)
        codecs = {peer: codecs_of(peer, moment) for peer in dict.fromkeys(group.peer for group in counts)}
        yield Fragment("notes", _notes(self.shown_peers(moment), moment, counts))
        if not counts:
            return
        self._found = found = self._index.find(self.filter, until, lambda e: words(e, codecs.get(e.peer)))
        if self._still:
            yield Fragment("totals", _totals(counts))
        else:
            yield Fragment("filters", self._filters(counts, len(found), until))
        yield Fragment(
            "list", _head() if found else _nothing(), self._rows(found, codecs, moment) if found else None
        )
        chosen = self.chosen
        if chosen is not None and chosen.time <= moment.until:
            yield Fragment("packet", packet_details(chosen, self._elsewhere(chosen, until), moment))
        elif not self._still:
            yield Fragment(
                "packet", tag("p", "Choose a packet to see its fields and bytes.", class_="rtcnb-faint")
            )

    def still(self) -> Markup:
        """Return the static form: the totals and the last packets."""
        self._still = True
        try:
            return super().still()
        finally:
            self._still = False

    def _rows(self, found: list[int], codecs: dict[str, dict[int, str]], moment: Moment) -> Rows:
        events, begin = self._index.events, moment.begin

        def draw(start: int, stop: int) -> list[Markup]:
            drawn = [events[place] for place in found[start:stop]]
            return [_row(packet, codecs.get(packet.peer), moment) for packet in drawn]

        focused = -1
        if self.chosen is not None:
            place = self._place(self.chosen)
            at = bisect_left(found, place)
            focused = at if place >= 0 and at < len(found) and found[at] == place else -1
        return Rows(
            count=len(found),
            height_px=ROW_HEIGHT,
            draw=draw,
            label="Packets, by time",
            press="packet",
            focused=focused,
            version=f"{self._index.version}/{hash(self.filter)}/{begin}",
            follow=self._still or self.trace.ended is None,
        )

    def _place(self, packet: PacketEvent) -> int:
        events = self._index.events
        at = bisect_left(events, packet.time, key=TIME)
        while at < len(events) and events[at].time == packet.time:
            if events[at] is packet:
                return at
            at += 1
        return -1

    def _elsewhere(self, packet: PacketEvent, until: int) -> PacketEvent | None:
        """Find the same packet at the other end: the same bytes, the other way, soon after or before."""
        events = self._index.events
        sent = packet.direction == "sent"
        first = bisect_left(events, packet.time - (0 if sent else SAME_WITHIN), key=TIME)
        last = min(until, bisect_left(events, packet.time + (SAME_WITHIN if sent else 0), key=TIME))
        for event in events[first:last]:
            if (
                event.peer != packet.peer
                and event.direction != packet.direction
                and event.data == packet.data
            ):
                return event
        return None

    def _filters(self, counts: Counter[Group], found: int, total: int) -> Markup:
        by_protocol: Counter[str] = Counter()
        for group, number in counts.items():
            by_protocol[group.protocol] += number
        known = [p for p in PROTOCOLS if p in by_protocol] + sorted(set(by_protocol) - set(PROTOCOLS))
        kinds = [self._kind(protocol, by_protocol[protocol]) for protocol in known]
        narrowed = self.filter != Filter()
        everything = tag(
            "button",
            "Show all",
            type="button",
            data_press="packet-all",
            disabled=not narrowed,
            title="Take all filters away" if narrowed else "No filter is set",
        )
        said = f"{found:,} of {total:,} packets" if narrowed else count(total, "packet")
        return tag(
            "div",
            tag("span", *kinds, role="group", aria_label="Protocols", class_="rtcnb-packet-kinds"),
            self._ways(counts),
            self._pairs(counts),
            tag(
                "label",
                "Text ",
                tag(
                    "input",
                    type="search",
                    value=self.filter.text,
                    data_input="packet-text",
                    size=14,
                    title="In addresses, protocol and summary",
                ),
            ),
            everything,
            tag("span", said, role="status", class_="rtcnb-push"),
            class_="rtcnb-bar",
        )

    def _kind(self, protocol: str, number: int) -> Markup:
        on = protocol in self.filter.protocols
        return tag(
            "button",
            "✓ " if on else None,
            f"{protocol} ",
            tag("small", f"{number:,}"),
            type="button",
            data_press="packet-kind",
            data_value=protocol,
            data_key=protocol,
            aria_pressed=on,
            title=f"Show {protocol} packets" + (", no others" if not self.filter.protocols else ""),
        )

    def _ways(self, counts: Counter[Group]) -> Markup:
        numbers: Counter[tuple[str, str]] = Counter()
        for group, number in counts.items():
            numbers[group.peer, group.direction] += number
            numbers[group.peer, ""] += number
        now = (self.filter.peer, self.filter.direction)
        options = [_option("both ends", ["", ""], now == ("", ""))]
        for (peer, direction), number in sorted(numbers.items()):
            name = f"{peer} {direction or 'sent and received'} ({number:,})"
            options.append(_option(name, [peer, direction], now == (peer, direction)))
        return tag(
            "label",
            "At ",
            tag("select", *options, data_change="packet-way", title="Whose packets, and which way"),
        )

    def _pairs(self, counts: Counter[Group]) -> Markup:
        numbers: Counter[tuple[str, ...]] = Counter()
        for group, number in counts.items():
            numbers[group.peer, group.local, group.remote] += number
        shown = numbers.most_common(MOST_PAIRS)
        if self.filter.pair and self.filter.pair not in dict(shown):
            shown.append((self.filter.pair, numbers[self.filter.pair]))
        options = [_option("all pairs", [], not self.filter.pair)]
        for pair, number in shown:
            peer, local, remote = pair if len(pair) == 3 else ("", "", "")
            name = f"{peer} {local or '?'} ↔ {remote} ({number:,})"
            options.append(_option(name, list(pair), pair == self.filter.pair))
        return tag(
            "label",
            "Pair ",
            tag("select", *options, data_change="packet-pair", title="Packets between two addresses"),
        )


def codecs_of(peer: str, moment: Moment) -> dict[int, str]:
    """Return the names of the payload types that a peer's last description gives."""
    last = moment.last(DescriptionSet, peer)
    names: dict[int, str] = {}
    for media in last.description.document.media if last is not None else ():
        for codec in media.codecs:
            names[codec.payload_type] = codec.name
    return names


def _strings(value: Any) -> list[str]:
    """Read the value of an option."""
    try:
        given = json.loads(value)
    except (TypeError, ValueError):
        return []
    return [str(x) for x in given] if isinstance(given, list) else []


def _option(name: str, value: list[str], selected: bool) -> Markup:
    return tag("option", name, value=json.dumps(value), selected=selected)


def _notes(peers: list[str], moment: Moment, counts: Counter[Group]) -> Markup:
    trace, told = moment.trace, []
    if "packets" in trace.missing:
        told.append("The file holds no packets: a browser's dump has statistics only.")
    with_packets = {group.peer for group in counts}
    for peer in peers:
        made = moment.last(PeerEvent, peer)
        if peer in with_packets:
            continue
        if made is not None and made.place == "page" and "packets" not in trace.missing:
            told.append(
                f"{peer} is in the page: a browser shows nobody its packets. Those of the kernel's peers are here."
            )
        elif "packets" not in trace.missing:
            told.append(f"No packet of {peer} yet.")
    if not peers:
        told.append("No peer has been made yet.")
    if trace.thinned:
        told.append(
            f"{trace.thinned:,} old packets and statistics were thinned out to make room, evenly over the call."
        )
    if trace.dropped:
        told.append(f"{trace.dropped:,} of the oldest events had to go.")
    if any(group.protocol in ("rtp", "rtcp") for group in counts):
        told.append("Of media only the beginning of each packet is kept; of RTCP reports, ten a second.")
    return join([tag("p", sentence, class_="rtcnb-faint") for sentence in told])


def _totals(counts: Counter[Group]) -> Markup:
    protocols = sorted({group.protocol for group in counts})
    ways = sorted({(group.peer, group.direction) for group in counts})
    head = tag("tr", tag("th", "protocol"), *(tag("th", f"{peer} {direction}") for peer, direction in ways))
    rows = []
    for protocol in protocols:
        numbers = [
            sum(n for g, n in counts.items() if (g.peer, g.direction, g.protocol) == (*way, protocol))
            for way in ways
        ]
        rows.append(tag("tr", tag("td", protocol), *(tag("td", f"{number:,}") for number in numbers)))
    table = tag("table", tag("thead", head), tag("tbody", *rows), class_="rtcnb-packet-totals")
    return tag("div", table, class_="rtcnb-scroll")


def _nothing() -> Markup:
    return tag("p", "No packet passes these filters.", class_="rtcnb-faint")


def _head() -> Markup:
    names = ("ms", "peer", "", "kind", "from → to", "bytes", "what")
    return tag(
        "div",
        *(tag("span", name) for name in names),
        class_="rtcnb-packet rtcnb-packet-head",
        aria_hidden=True,
    )


def _row(packet: PacketEvent, codecs: dict[int, str] | None, moment: Moment) -> Markup:
    sent = packet.direction == "sent"
    ends = (packet.local or "?", packet.remote) if sent else (packet.remote, packet.local or "?")
    said = words(packet, codecs)
    return tag(
        "span",
        tag("span", f"{(packet.time - moment.begin) * 1000:.1f}"),
        tag("b", packet.peer, class_=f"rtcnb-peer-{colour_of(packet.peer, moment)}"),
        tag("span", "→" if sent else "←", title=packet.direction, role="img", aria_label=packet.direction),
        tag("span", packet.protocol),
        tag("code", f"{ends[0]} → {ends[1]}"),
        tag("span", packet.size_bytes),
        tag("span", said, title=said),
        class_="rtcnb-packet",
    )
