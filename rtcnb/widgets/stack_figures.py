"""What each part of a stack does in this call: its live figures, or why it does nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..trace.statistics import LIMITATIONS, Stream
from . import figures
from .figures import short, stat
from .markup import Markup, join, tag
from .stack_end import End

MOST_LINES = 4
VERSIONS = {"FEFD": "DTLS 1.2", "FEFC": "DTLS 1.3", "FEFF": "DTLS 1.0"}
NO_SUCH_PART = "aiortc has no such part"


@dataclass
class Figures:
    """What a part does.

    Attributes
    ----------
    lines : list of Markup
    unused : str
        Why it does nothing in this call; ``""`` where it is used.
    """

    lines: list[Markup] = field(default_factory=list)
    unused: str = ""

    def add(self, *parts: object) -> None:
        """Add a line of texts and figures."""
        self.lines.append(join(parts))


def of_part(key: str, end: End) -> Figures:
    """Return what a part does at one end."""
    made = Figures()
    BY_PART[key](end, made)
    if len(made.lines) > MOST_LINES:
        left = len(made.lines) - MOST_LINES + 1
        made.lines[MOST_LINES - 1 :] = [tag("small", f"… and {left} more")]
    return made


# -- API and session


def _peer_connection(end: End, made: Figures) -> None:
    made.add("connectionState ", stat("connectionState", end.states.get("connectionState", "new")))
    servers = end.configuration.get("iceServers")
    if servers is not None:
        count = len(servers) if isinstance(servers, list | tuple) else 0
        made.add("iceServers ", stat("iceServers", count, count or "none"))
    for name in ("bundlePolicy", "iceTransportPolicy"):
        if end.configuration.get(name):
            made.add(f"{name} ", stat(name, end.configuration[name]))


def _get_user_media(end: End, made: Figures) -> None:
    for kind in ("audio", "video"):
        for source in end.sources(kind):
            size = _size(source, end, "width", "height")
            rate = end.statistics.figure(source, "frames_per_second")
            at = (" at ", _figure("source_frames_per_second", rate, "/s")) if rate is not None else ()
            shown = (" ", stat("source_size", size.replace("×", "x"), size)) if size else ()
            made.add(stat("source", kind), *shown, *at)
    if not made.lines and end.tracks_added:
        made.add(stat("tracks_added", end.tracks_added), f" track{'s' if end.tracks_added > 1 else ''} added")
    if not made.lines:
        made.unused = "this end sends no track"


def _sdp(end: End, made: Figures) -> None:
    for side in ("local", "remote"):
        event = end.descriptions.get(side)
        if event is not None:
            kinds = [str(media.kind) for media in event.description.document.media]
            made.add(
                f"{side} ", stat(f"{side}_description", event.description.type), f": {short(' '.join(kinds))}"
            )
    if not made.lines:
        made.unused = "no description has been set"


def _signaling(end: End, made: Figures) -> None:
    made.add(stat("signalingState", end.states.get("signalingState", "stable")))


# -- voice and video


def _codec(kind: str) -> Callable[[End, Figures], None]:
    def figures_of(end: End, made: Figures) -> None:
        for type, way in (("outbound-rtp", "sends"), ("inbound-rtp", "receives")):
            for stream in end.streams(type, kind):
                made.add(f"{way} ", *_stream(stream, end))
        if made.lines:
            return
        for media in end.sections(kind):
            codec = next((c for c in media.codecs if not c.is_helper), None)
            if codec is not None:
                made.add(
                    "agreed on ", stat("codec", f"{kind}/{codec.name}", codec.name), "; nothing sent yet"
                )
        if not made.lines:
            made.unused = end.lack_of(kind)

    return figures_of


def _agreed(end: End, kind: str) -> str:
    """Return the name of the first codec that the answer has for a kind; ``""`` where there is none."""
    codecs = [c for media in end.sections(kind) for c in media.codecs if not c.is_helper]
    return short(codecs[0].name) if codecs else ""


def _stream(stream: Stream, end: End) -> list[object]:
    """Return what is known of a stream: codec and parameters, size, rate, bitrate, time for each frame."""
    entry, codec = stream.entry(end.moment.until), end.statistics.codec(stream)
    mime = str(codec.get("mimeType") or "")
    if mime:
        told: list[object] = [stat("codec", mime, mime.partition("/")[2] or mime)]
    else:  # aiortc does not say; the first that was agreed on is the likeliest
        agreed = _agreed(end, str(entry.get("kind") or ""))
        told = ["likely " if agreed else "", tag("b", agreed or "a codec that is not told")]
    if isinstance(codec.get("payloadType"), int):
        told += [" payload type ", stat("payload_type", codec["payloadType"])]
    if isinstance(codec.get("channels"), int):
        told += [f" {codec['channels']} channels"]
    if codec.get("sdpFmtpLine"):
        told += [" ", tag("small", stat("fmtp", codec["sdpFmtpLine"]))]
    size = _size(stream, end, "frameWidth", "frameHeight")
    if size:
        told += [", ", stat("frame_size", size.replace("×", "x"), size)]
    for measure, unit, before in (
        ("frames_per_second", "/s", " at "),
        ("bitrate_bps", "bit/s", ", "),
        ("encode_ms", "ms", ", encoding "),
        ("decode_ms", "ms", ", decoding "),
    ):
        value = end.statistics.figure(stream, measure)
        if value is not None:
            told += [before, _figure(measure, value, unit)]
    for member in ("encoderImplementation", "decoderImplementation"):
        if entry.get(member):
            told += [", by ", stat(member, entry[member])]
    return told


def _jitter_buffer(kind: str) -> Callable[[End, Figures], None]:
    def figures_of(end: End, made: Figures) -> None:
        for stream in end.streams("inbound-rtp", kind):
            told: list[object] = []
            for measure, unit, before in (
                ("jitter_buffer_ms", "ms", "holds for "),
                ("jitter_ms", "ms", "jitter "),
                ("concealed", "%", "made up "),
            ):
                value = end.statistics.figure(stream, measure)
                if value is not None:
                    told += [", " if told else "", before, _figure(measure, value, unit)]
            made.add(*(told or ["in use; this end tells no figure"]))
        if not made.lines:
            made.unused = f"this end receives no {kind}"

    return figures_of


def _echo_cancellation(end: End, made: Figures) -> None:
    if end.place == "kernel":
        made.unused = NO_SUCH_PART
        return
    sources = end.sources("audio")
    for source in sources:
        entry = source.entry(end.moment.until)
        for name in ("echoReturnLoss", "echoReturnLossEnhancement"):
            level = figures.finite(entry.get(name))
            if level is not None:
                made.add(f"{name} ", stat(name, level, f"{figures.rounded(level)} dB"))
    if not made.lines:
        made.unused = "this end tells of none" if sources else "this end sends no microphone"


def _image_enhancements(end: End, made: Figures) -> None:
    if end.place == "kernel":
        made.unused = NO_SUCH_PART
        return
    for stream in end.streams("outbound-rtp", "video"):
        entry = stream.entry(end.moment.until)
        source = end.statistics.streams.get(str(entry.get("mediaSourceId")))
        sent = _size(stream, end, "frameWidth", "frameHeight")
        given = _size(source, end, "width", "height") if source else ""
        if given and sent:
            made.add(f"{given} given, {sent} sent" if given != sent else f"{given} sent as it is")
        reason = entry.get(LIMITATIONS)
        if isinstance(reason, str):
            words = "not limited" if reason == "none" else "limited by "
            shown = "" if reason == "none" else reason
            made.add(words, stat("quality_limitation_reason", reason, shown))
    if not made.lines:
        made.unused = "this end sends no video"


# -- transport


def _srtp(end: End, made: Figures) -> None:
    if not end.uses("audio") and not end.uses("video"):
        made.unused = end.lack_of("audio", "video")
        return
    for cipher in _told(end, "srtpCipher"):
        made.add(stat("srtp_cipher", cipher))
    if not made.lines:
        made.add("which cipher is not told" if _told(end, "dtlsState") else "no keys yet")


def _multiplexing(end: End, made: Figures) -> None:
    event = end.descriptions.get("local")
    sections = [m for m in event.description.document.media if not m.rejected] if event else []
    for mids in event.description.document.bundle if event else ():
        shown = " ".join(mids)
        made.add(
            "BUNDLE ", stat("bundle", shown), f": {len(mids)} of {len(sections)} sections on one transport"
        )
    if any(media.rtcp_mux for media in sections):
        made.add("RTP and RTCP on one port (rtcp-mux)")
    if not made.lines:
        made.unused = "nothing is bundled" if sections else "no description has been set"


def _dtls(end: End, made: Figures) -> None:
    state = next(iter(_told(end, "dtlsState")), end.dtls.state if end.dtls else "")
    role = next(iter(_told(end, "dtlsRole")), end.dtls.role if end.dtls else "")
    if state in ("", "new"):
        made.unused = "the handshake has not begun"
        return
    told: list[object] = [stat("dtls_state", state)]
    told += [" as ", stat("dtls_role", role)] if role in ("client", "server") else []
    for version in _told(end, "tlsVersion"):
        told += [", ", stat("tls_version", version, VERSIONS.get(version, version))]
    made.add(*told)
    for cipher in _told(end, "dtlsCipher"):
        made.add(stat("dtls_cipher", cipher))


def _sctp(end: End, made: Figures) -> None:
    told = {str(s.entry(end.moment.until).get("label", "")): s for s in end.statistics.of("data-channel")}
    for label in dict.fromkeys([*told, *end.channels]):
        counts = end.channels.get(label)
        stream = told.get(label)
        entry = stream.entry(end.moment.until) if stream is not None else {}
        state = entry.get("state") or _state_of(counts or {})
        parts: list[object] = [tag("code", short(label) or "(no label)"), " ", stat("channel_state", state)]
        for member, action in (("messagesSent", "sent"), ("messagesReceived", "received")):
            count = entry.get(member, counts[action] if counts else None)
            if isinstance(count, int):
                parts += [", ", stat(f"messages_{action}", count), f" {action}"]
        made.add(*parts)
    if not made.lines and end.uses("application"):
        made.add("agreed on; no channel yet")
    if not made.lines:
        made.unused = end.lack_of("application")


def _state_of(counts: dict[str, int]) -> str:
    return next((state for state in ("closed", "open") if counts.get(state)), "connecting")


def _ice(end: End, made: Figures) -> None:
    state = end.states.get("iceConnectionState") or next(iter(_told(end, "iceState")), "new")
    if state == "new" and not end.candidates:
        made.unused = "it has not begun"
        return
    role = next(iter(_told(end, "iceRole")), "")
    made.add(stat("iceConnectionState", state), *((", ", stat("ice_role", role)) if role else ()))
    if end.candidates:
        found = ", ".join(f"{count} {type}" for type, count in end.candidates.items())
        made.add(f"found {short(found)} candidate{'s' if sum(end.candidates.values()) > 1 else ''}")
    pair = end.selected
    if pair is not None:
        types = f"{pair.local_type or '?'} ↔ {pair.remote_type or '?'}"
        made.add("path ", stat("path", types), " through TURN" if "relay" in types else "")
        made.add(tag("code", stat("local_address", pair.local), " ↔ ", stat("remote_address", pair.remote)))


def _udp(end: End, made: Figures) -> None:
    for protocol in dict.fromkeys(_protocols(end)):
        made.add("over ", stat("protocol", protocol))
    for transport in end.statistics.of("transport"):
        for name, word in (("sent_bitrate_bps", "sent"), ("received_bitrate_bps", "received")):
            value = end.statistics.figure(transport, name)
            if value is not None:
                made.add(f"{word} ", _figure(name, value, "bit/s"))
    for pair in end.statistics.selected:
        value = end.statistics.figure(pair, "round_trip_ms")
        if value is not None:
            made.add("round trip ", _figure("round_trip_ms", value, "ms"))
    if not made.lines:
        made.unused = "no pair carries anything" if end.selected is None else ""
        if end.selected is not None:
            made.add("in use; this end counts nothing")


def _protocols(end: End) -> list[str]:
    """Return what the selected pairs run over: ``udp``, ``tcp``, or what leads to the relay."""
    found = []
    for pair in end.statistics.selected:
        local = end.statistics.entry(pair.entry(end.moment.until).get("localCandidateId"))
        told = local.get("relayProtocol") or local.get("protocol")
        if isinstance(told, str) and told:
            found.append(told)
    return found


# -- small things


def _told(end: End, member: str) -> list[str]:
    """Return what the transports say, each thing once."""
    values = [t.get(member) for t in end.transports]
    return list(dict.fromkeys(value for value in values if isinstance(value, str) and value))


def _size(stream: Stream, end: End, width: str, height: str) -> str:
    entry = stream.entry(end.moment.until)
    return figures.size(entry.get(width), entry.get(height))


def _figure(name: str, value: float | None, unit: str) -> Markup:
    return tag("b", figures.text(value, unit), data_stat=name, data_value=figures.exact(value))


BY_PART: dict[str, Callable[[End, Figures], None]] = {
    "peer-connection": _peer_connection,
    "get-user-media": _get_user_media,
    "sdp": _sdp,
    "signaling": _signaling,
    "audio-codec": _codec("audio"),
    "audio-jitter-buffer": _jitter_buffer("audio"),
    "echo-cancellation": _echo_cancellation,
    "video-codec": _codec("video"),
    "video-jitter-buffer": _jitter_buffer("video"),
    "image-enhancements": _image_enhancements,
    "srtp": _srtp,
    "multiplexing": _multiplexing,
    "sctp": _sctp,
    "dtls": _dtls,
    "ice": _ice,
    "udp": _udp,
}
