"""Statistics: a chart of every figure of every stream, pair, transport and channel, both ends side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from ..errors import RtcnbError
from ..sdp.text import count
from ..trace import StatisticsEvent
from ..trace.measures import MEASURES, Measure
from ..trace.series import NOTHING, Series
from ..trace.statistics import LIMITATIONS, PeerStatistics, Statistics, Stream
from ..trace.timeline import Moment, Timeline
from . import figures
from .chart import Axis, chart
from .markup import Markup, join, tag
from .trace_view import TraceView, colour_of, peer_name
from .view import Fragment

WINDOWS = {
    "all": "the whole call",
    "300": "the last 5 minutes",
    "60": "the last minute",
    "15": "the last 15 s",
}
LAST = 8  # snapshots in the table
MOST_STREAMS = 40  # of one peer and section; a conference may have hundreds
MOST_PAIRS = 60  # in the fold
RTP = ("outbound-rtp", "inbound-rtp")
LIMITED = ("bitrate_bps", "frames_per_second", "frame_height")  # where bands are drawn
# What a stream without the media is called.
WAYS = {"outbound-rtp": "sends", "inbound-rtp": "receives"}
WHOLE = {"candidate-pair": "pair", "transport": "transport", "data-channel": "channel"}

Told = list[tuple[Measure, Series]]


class StatisticsView(TraceView):
    """The statistics of each peer over time; see `TraceView`.

    Attributes
    ----------
    window : str
        How much of the call the charts show: ``all``, or the last so many seconds.
    """

    name: ClassVar[str] = "statistics"
    title: ClassVar[str] = "Statistics"

    def __init__(self, *of: Any, timeline: Timeline | None = None) -> None:
        super().__init__(*of, timeline=timeline)
        self.window = "all"
        self._drawn: dict[tuple[str, str, str], tuple[object, Markup]] = {}

    def act(self, action: str, value: Any) -> None:
        """Choose how much of the call is shown."""
        if action == "statistics-window":
            if value not in WINDOWS:
                raise RtcnbError(f"Statistics: {value!r} is no choice; it is one of {', '.join(WINDOWS)}.")
            self.window = value
            self.changed()

    def draw(self) -> Iterable[Fragment]:
        """Return the controls, then one part for each section of the call, its ends side by side."""
        moment = self.moment()
        names = self.shown_peers(moment)
        statistics = Statistics.of(self.timeline)
        peers = [statistics.at(name, moment) for name in names]
        told = [peer for peer in peers if peer.streams]
        yield Fragment("about", self._about(peers, moment))
        if not told:
            return
        axis = self._axis(told, moment)
        for key, title, columns in _sections(told):
            ends = [self._end(peer, streams, axis, moment) for peer, streams in columns]
            yield Fragment(key, join([tag("h4", title), tag("div", *ends, class_="rtcnb-columns")]))
        yield Fragment("pairs", tag("div", *[_other_pairs(peer, moment) for peer in told]))

    # -- what stands above

    def _about(self, peers: list[PeerStatistics], moment: Moment) -> Markup:
        options = [tag("option", t, value=v, selected=v == self.window) for v, t in WINDOWS.items()]
        choice = tag(
            "label",
            "Show ",
            tag(
                "select",
                *options,
                data_change="statistics-window",
                title="How much of the call the charts show",
            ),
        )
        notes = [tag("p", note, class_="rtcnb-faint") for note in self._notes(peers, moment)]
        return join([tag("div", choice, class_="rtcnb-bar"), *notes])

    def _notes(self, peers: list[PeerStatistics], moment: Moment) -> Iterable[str]:
        trace = self.trace
        if not peers:
            yield "No peer has been made yet."
        none_at_all = bool(trace.source) and not moment.timeline.of(StatisticsEvent)
        for peer in peers:
            if not peer.streams and not none_at_all:
                yield f"{figures.short(peer.peer)}: no statistics yet; they come once a second once it gathers."
        if none_at_all:
            yield f"This file ({figures.short(trace.source)}) holds no statistics."
        elif trace.source and trace.missing:
            lacks = ", ".join(figures.short(kind) for kind in trace.missing)
            yield f"Read from {figures.short(trace.source)}, which cannot hold: {lacks}."
        if trace.thinned:
            yield "The trace is full: of its older half some snapshots are gone, rates there are over longer times."

    def _axis(self, peers: list[PeerStatistics], moment: Moment) -> Axis:
        """Return the common axis: as far as there are statistics, also of what came after the moment."""
        begin = max(moment.begin, min(moment.made(peer.peer) for peer in peers))
        events = self.timeline.of(StatisticsEvent)
        shown = {peer.peer for peer in peers}
        end = next((e.time for e in reversed(events) if e.peer in shown), begin)
        if self.window != "all":
            end = end if self.until is None else min(end, self.until)
            begin = max(begin, end - float(self.window))
        return Axis(begin, max(end, begin + 1.0), moment.begin, self.until)

    # -- one end of a section

    def _end(self, peer: PeerStatistics, streams: list[Stream], axis: Axis, moment: Moment) -> Markup:
        colour = colour_of(peer.peer, moment)
        blocks = [self._block(peer, stream, axis, colour, moment) for stream in streams[:MOST_STREAMS]]
        left = len(streams) - len(blocks)
        if left > 0:
            blocks.append(tag("p", f"… and {left} more, not drawn", class_="rtcnb-faint"))
        return tag("div", *blocks, data_key=peer.peer, data_peer=figures.short(peer.peer))

    def _block(self, peer: PeerStatistics, stream: Stream, axis: Axis, colour: int, moment: Moment) -> Markup:
        """Return a stream's heading, charts and table; drawn again only when there is something new."""
        remote = peer.remote_of(stream) if stream.type in RTP else None
        counts = [len(s.entries) if s else 0 for s in (stream, remote)]
        state = (axis, colour, counts, peer.is_gone(stream), id(stream))
        key = (peer.peer, stream.type, stream.id)
        known = self._drawn.get(key)
        if known is None or known[0] != state:
            known = self._drawn[key] = (state, _drawn_block(peer, stream, axis, colour, moment))
        return known[1]


def _sections(
    peers: list[PeerStatistics],
) -> Iterable[tuple[str, str, list[tuple[PeerStatistics, list[Stream]]]]]:
    """Yield key, title and the streams of each end: media by mid, then what carries it, then channels."""
    media: dict[tuple[str, str], list[tuple[PeerStatistics, list[Stream]]]] = {}
    for at, peer in enumerate(peers):
        # Ends that stand side by side: what one sends stands beside what the other receives.
        for stream in sorted(peer.of(*RTP), key=lambda s: RTP.index(s.type), reverse=at % 2 == 1):
            kind, mid = _kind(stream, peer.until), stream.entry(peer.until).get("mid")
            of = media.setdefault((kind, "" if mid is None else str(mid)), [])
            if not of or of[-1][0] is not peer:
                of.append((peer, []))
            of[-1][1].append(stream)
    for (kind, mid), columns in sorted(media.items(), key=lambda item: (item[0][1], item[0][0])):
        name = f"{kind} · mid {mid}" if mid else kind
        yield f"media/{kind}/{mid}", figures.short(name), columns
    carriers = [(p, [*p.selected, *_busy(p), *_transports(p)]) for p in peers]
    if any(streams for _, streams in carriers):
        yield "transport", "the way: selected pair and transport", carriers
    channels = [(peer, peer.of("data-channel")) for peer in peers]
    if any(streams for _, streams in channels):
        yield "channels", "data channels", channels


def _transports(peer: PeerStatistics) -> list[Stream]:
    """Return the transports but those that a BUNDLE made superfluous."""
    return [t for t in peer.of("transport") if peer.moved(t) or not peer.is_gone(t)]


def _busy(peer: PeerStatistics) -> list[Stream]:
    """Return the pairs that carried something beside the selected one, the busiest first."""
    chosen = peer.selected
    return [p for p in peer.of("candidate-pair") if p not in chosen and peer.moved(p)][:5]


def _drawn_block(peer: PeerStatistics, stream: Stream, axis: Axis, colour: int, moment: Moment) -> Markup:
    told, absent = _figures_of(peer, stream)
    if stream.type in RTP and not peer.moved(stream):
        told, absent = [], []
    bands = stream.bands(peer.until) if stream.type == "outbound-rtp" else []
    name = f"{peer.peer}, {_name(peer, stream)}"
    charts = [_chart(m, series, peer, stream, axis, name, colour, bands) for m, series in told]
    lacking = f"not told by this end: {', '.join(m.title for m in absent)}" if absent else None
    if not told and not absent:
        lacking = "nothing sent yet" if stream.type == "outbound-rtp" else "nothing received yet"
    elif not told:
        lacking = "this end counts nothing here" + (
            "; its transport does" if stream.type == "candidate-pair" else ""
        )
    return tag(
        "section",
        _heading(peer, stream, axis, moment),
        tag("div", *charts, class_="rtcnb-charts") if charts else None,
        tag("small", lacking) if lacking else None,
        _bands_told(bands, axis),
        _table(told, axis) if told else None,
        class_="rtcnb-stream",
        data_key=f"{stream.type}/{stream.id}",
        data_stream=figures.short(stream.id),
        data_type=stream.type,
        aria_label=figures.short(name),
    )


def _figures_of(peer: PeerStatistics, stream: Stream) -> tuple[Told, list[Measure]]:
    """Return the figures that are told of a stream, and those that could be but are not."""
    kind = _kind(stream, peer.until)
    told: Told = []
    absent: list[Measure] = []
    for measure in MEASURES.get(stream.type, ()):
        if measure.kinds and kind not in measure.kinds:
            continue
        series = peer.series(stream, measure)
        # A rate needs two snapshots: it is not told yet, not absent.
        if series.known or (len(series.times) == 0 and series is not NOTHING):
            told.append((measure, series))
        else:
            absent.append(measure)
    return told, absent


def _name(peer: PeerStatistics, stream: Stream) -> str:
    entry = stream.entry(peer.until)
    if stream.type in RTP:
        mime = str(peer.codec(stream).get("mimeType") or "")
        codec = mime.partition("/")[2] or _kind(stream, peer.until)
        rid = f" rid {entry['rid']}" if entry.get("rid") else ""
        return f"{WAYS[stream.type]} {codec}{rid} ssrc {entry.get('ssrc', '?')}"
    if stream.type == "candidate-pair":
        return f"pair {_ends_of(peer, stream)}"
    if stream.type == "data-channel":
        return f"channel {entry.get('label', '')!r} id {entry.get('dataChannelIdentifier', '?')}"
    return "transport"


def _kind(stream: Stream, until: float) -> str:
    entry = stream.entry(until)
    return str(entry.get("kind") or entry.get("mediaType") or "media")


def _ends_of(peer: PeerStatistics, pair: Stream) -> str:
    entry = pair.entry(peer.until)
    return " ↔ ".join(_end_of(peer.entry(entry.get(f"{side}CandidateId"))) for side in ("local", "remote"))


def _end_of(candidate: Any) -> str:
    address = str(candidate.get("address") or candidate.get("ip") or "?")
    address = f"[{address}]" if ":" in address else address
    return f"{candidate.get('candidateType', '?')} {address}:{candidate.get('port', '?')}"


def _heading(peer: PeerStatistics, stream: Stream, axis: Axis, moment: Moment) -> Markup:
    entry = stream.entry(peer.until)
    parts: list[object] = [peer_name(peer.peer, moment), " "]
    name = figures.short(_name(peer, stream))
    parts.append(tag("code", name))
    if stream in peer.selected:
        parts.append(tag("small", " ✓ selected"))
    for member in ("state", "dtlsState"):
        if isinstance(entry.get(member), str):
            parts.append(tag("small", f" {figures.short(entry[member])}"))
    reason = entry.get(LIMITATIONS)
    if isinstance(reason, str):
        free = reason == "none"
        words = "quality not limited" if free else "▲ quality limited by "
        shown = figures.stat("quality_limitation_reason", reason, "" if free else reason)
        parts.append(tag("small", f" {words}", shown))
    if peer.is_gone(stream):
        parts.append(tag("small", f" gone since {axis.told(stream_end(stream, peer.until))}"))
    return tag("div", *parts, class_="rtcnb-stream-name")


def stream_end(stream: Stream, until: float) -> float:
    """Return when a stream was told last by a moment."""
    return max((time for time in stream.times if time <= until), default=until)


def _chart(
    measure: Measure,
    series: Series,
    peer: PeerStatistics,
    stream: Stream,
    axis: Axis,
    name: str,
    colour: int,
    bands: list[tuple[float, float, str]],
) -> Markup:
    drawn = chart(
        series,
        measure.unit,
        axis,
        f"{measure.title} of {figures.short(name)}",
        colour,
        bands if measure.name in LIMITED else (),
    )
    now = _size(stream, peer.until) if measure.name == "frame_height" else None
    last = series.last
    shown = tag(
        "b", now or figures.text(last, measure.unit), data_stat=measure.name, data_value=figures.exact(last)
    )
    caption = tag(
        "figcaption",
        tag("span", measure.title, title=measure.sentence),
        shown,
        tag("small", _extremes(series.between(axis.begin, axis.end), measure.unit)),
    )
    return tag("figure", caption, drawn, class_="rtcnb-chart", data_key=measure.name)


def _extremes(series: Series, unit: str) -> str:
    if (found := series.range) is None:
        return "no value yet"
    least, most = (figures.text(x, unit) for x in found)
    if least == most:
        return f"always {least}" if len(series.times) > 1 else "one value"
    number, _, scaled = least.partition(" ")
    return f"{number if most.endswith(f' {scaled}') else least} to {most}"


def _size(stream: Stream, until: float) -> str:
    entry = stream.entry(until)
    return figures.size(entry.get("frameWidth"), entry.get("frameHeight"))


def _bands_told(bands: list[tuple[float, float, str]], axis: Axis) -> Markup | None:
    if not bands:
        return None
    told = [f"{figures.short(why)} {axis.told(a)} to {axis.told(b)}" for a, b, why in bands[-6:]]
    earlier = f"{len(bands) - len(told)} times before, " if len(bands) > len(told) else ""
    return tag("small", f"held back by {earlier}{', '.join(told)}", class_="rtcnb-bands")


def _table(told: Told, axis: Axis) -> Markup:
    """Return the last values as a table, for reading what a drawing cannot tell."""
    times = sorted({float(t) for _, series in told for t in series.times[-LAST:]})[-LAST:]
    rows = []
    for time in reversed(times):
        cells = [tag("td", figures.text(_value_at(s, time), m.unit)) for m, s in told]
        rows.append(tag("tr", tag("th", axis.told(time), scope="row"), *cells))
    heads = [tag("th", m.title, scope="col", title=m.sentence) for m, _ in told]
    table = tag("table", tag("tr", tag("th", "at", scope="col"), *heads), *rows)
    return tag(
        "details",
        tag("summary", "last values"),
        tag("div", table, class_="rtcnb-scroll"),
        class_="rtcnb-values",
    )


def _value_at(series: Series, time: float) -> float | None:
    return series.between(time, time).last


def _other_pairs(peer: PeerStatistics, moment: Moment) -> Markup | None:
    """Return the pairs that carried nothing, folded."""
    selected = peer.selected
    rest = [p for p in peer.of("candidate-pair") if p not in selected and not peer.moved(p)]
    if not rest:
        return None
    lines = [
        tag(
            "li",
            tag("code", figures.short(_ends_of(peer, p))),
            f" {figures.short(p.text('state', peer.until))}",
        )
        for p in rest[:MOST_PAIRS]
    ]
    if len(rest) > MOST_PAIRS:
        lines.append(tag("li", f"… {len(rest) - MOST_PAIRS} more"))
    title = tag(
        "summary", peer_name(peer.peer, moment), f": {count(len(rest), 'other pair')}, which carried nothing"
    )
    return tag("details", title, tag("ul", *lines), data_key=peer.peer)
