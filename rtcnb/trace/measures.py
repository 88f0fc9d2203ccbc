"""Measures: which figures the entries of getStats hold, how each is computed, and what it means.

One row a figure. Names carry the unit; sections are those of webrtc-stats.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Gauge:
    """A member as it is, times `scale`."""

    member: str
    scale: float = 1.0


@dataclass(frozen=True)
class Rate:
    """How much a counter grew a second, times `scale`."""

    member: str
    scale: float = 1.0


@dataclass(frozen=True)
class Per:
    """How much one counter grew for each step of another, times `scale`: seconds of decoding for each frame."""

    member: str
    by: str
    scale: float = 1.0


@dataclass(frozen=True)
class Share:
    """What part of all that a counter and `rest` grew by is the counter's own: of all packets, those lost."""

    member: str
    rest: str


Rule = Gauge | Rate | Per | Share


@dataclass(frozen=True)
class Measure:
    """A figure over time.

    Attributes
    ----------
    name : str
        With its unit: ``bitrate_bps``.
    title, unit, sentence : str
        For people. `unit` is as `figures.text` reads it.
    rules : tuple of Rule
        The first that the entry has the members for.
    kinds : tuple of str
        The kinds of media that have it; ``()`` for all.
    remote : bool
        Whether it is read from what the other end reported, the entry of ``remote-inbound-rtp`` or
        ``remote-outbound-rtp`` that belongs to the stream.
    """

    name: str
    title: str
    unit: str
    rules: tuple[Rule, ...]
    sentence: str
    kinds: tuple[str, ...] = ()
    remote: bool = False


VIDEO, AUDIO = ("video",), ("audio",)
MS = 1000.0

_FRAMES = "Frames a second; where it lies below the camera's, frames are left out on the way."
_HEIGHT = "Lines of the picture; it shrinks where the sender has too little bandwidth or processor time."

OUTBOUND = (
    Measure(
        "bitrate_bps", "bitrate", "bit/s", (Rate("bytesSent", 8),), "Media sent, without the headers of RTP."
    ),
    Measure(
        "target_bitrate_bps",
        "target",
        "bit/s",
        (Gauge("targetBitrate"),),
        "What congestion control lets the encoder use.",
    ),
    Measure("packets_per_second", "packets", "/s", (Rate("packetsSent"),), "RTP packets sent a second."),
    Measure(
        "frames_per_second",
        "frame rate",
        "/s",
        (Gauge("framesPerSecond"), Rate("framesEncoded"), Rate("framesSent")),
        _FRAMES,
        VIDEO,
    ),
    Measure("frame_height", "resolution", "px", (Gauge("frameHeight"),), _HEIGHT, VIDEO),
    Measure(
        "encode_ms",
        "encoding",
        "ms",
        (Per("totalEncodeTime", "framesEncoded", MS),),
        "Time that the encoder took for a frame; at 30 frames a second it has 33 ms.",
        VIDEO,
    ),
    Measure(
        "round_trip_ms",
        "round trip",
        "ms",
        (Gauge("roundTripTime", MS),),
        "There and back, from the other end's RTCP reports (RFC 3550 section 6.4.1).",
        remote=True,
    ),
    Measure(
        "loss",
        "loss reported",
        "%",
        (Gauge("fractionLost"),),
        "Part of the packets that the other end missed since its report before.",
        remote=True,
    ),
    Measure(
        "remote_jitter_ms",
        "jitter reported",
        "ms",
        (Gauge("jitter", MS),),
        "How unevenly packets reach the other end.",
        remote=True,
    ),
)

INBOUND = (
    Measure(
        "bitrate_bps",
        "bitrate",
        "bit/s",
        (Rate("bytesReceived", 8),),
        "Media received, without RTP's headers.",
    ),
    Measure(
        "packets_per_second", "packets", "/s", (Rate("packetsReceived"),), "RTP packets received a second."
    ),
    Measure(
        "frames_per_second",
        "frame rate",
        "/s",
        (Gauge("framesPerSecond"), Rate("framesDecoded"), Rate("framesReceived")),
        _FRAMES,
        VIDEO,
    ),
    Measure("frame_height", "resolution", "px", (Gauge("frameHeight"),), _HEIGHT, VIDEO),
    Measure(
        "jitter_ms",
        "jitter",
        "ms",
        (Gauge("jitter", MS),),
        "How unevenly packets arrive (RFC 3550 section 6.4.1); the jitter buffer evens it out by waiting.",
    ),
    Measure(
        "loss",
        "loss",
        "%",
        (Share("packetsLost", "packetsReceived"),),
        "Part of the packets since the snapshot before that never came.",
    ),
    Measure(
        "jitter_buffer_ms",
        "jitter buffer",
        "ms",
        (Per("jitterBufferDelay", "jitterBufferEmittedCount", MS),),
        "How long a frame or sample waits until it is its turn.",
    ),
    Measure(
        "decode_ms",
        "decoding",
        "ms",
        (Per("totalDecodeTime", "framesDecoded", MS),),
        "Time that the decoder took for a frame.",
        VIDEO,
    ),
    Measure(
        "frames_dropped_per_second",
        "late frames",
        "/s",
        (Rate("framesDropped"),),
        "Frames that came too late to be decoded or shown, and were dropped.",
        VIDEO,
    ),
    Measure(
        "packets_discarded_per_second",
        "late packets",
        "/s",
        (Rate("packetsDiscarded"),),
        "Packets that the jitter buffer threw away: too late or too early to be played.",
        AUDIO,
    ),
    Measure(
        "concealed",
        "concealed",
        "%",
        (Per("concealedSamples", "totalSamplesReceived"),),
        "Part of the sound that NetEq had to make up for want of packets.",
        AUDIO,
    ),
    Measure(
        "round_trip_ms",
        "round trip",
        "ms",
        (Gauge("roundTripTime", MS),),
        "There and back, where the end that receives can tell (RFC 3611 section 4.5).",
        remote=True,
    ),
)

SENT = Measure("sent_bitrate_bps", "sent", "bit/s", (Rate("bytesSent", 8),), "All that was sent on this way.")
RECEIVED = Measure(
    "received_bitrate_bps", "received", "bit/s", (Rate("bytesReceived", 8),), "All that was received."
)
PACKETS_SENT = Measure(
    "packets_sent_per_second", "packets sent", "/s", (Rate("packetsSent"),), "Packets sent a second."
)
PACKETS_RECEIVED = Measure(
    "packets_received_per_second",
    "packets received",
    "/s",
    (Rate("packetsReceived"),),
    "Packets received a second.",
)

PAIR = (
    SENT,
    RECEIVED,
    Measure(
        "round_trip_ms",
        "round trip",
        "ms",
        (Gauge("currentRoundTripTime", MS),),
        "There and back, of the last STUN check (RFC 7675 section 5.1).",
    ),
    Measure(
        "available_outgoing_bps",
        "available",
        "bit/s",
        (Gauge("availableOutgoingBitrate"),),
        "What congestion control believes the way out can carry.",
    ),
    PACKETS_SENT,
    PACKETS_RECEIVED,
)

TRANSPORT = (SENT, RECEIVED, PACKETS_SENT, PACKETS_RECEIVED)

CHANNEL = (
    SENT,
    RECEIVED,
    Measure(
        "messages_sent_per_second", "messages sent", "/s", (Rate("messagesSent"),), "Messages sent a second."
    ),
    Measure(
        "messages_received_per_second",
        "messages received",
        "/s",
        (Rate("messagesReceived"),),
        "Messages received a second.",
    ),
)

SOURCE = (
    Measure("frames_per_second", "frame rate", "/s", (Gauge("framesPerSecond"),), "Of the source.", VIDEO),
    Measure("frame_height", "resolution", "px", (Gauge("height"),), "Of the source.", VIDEO),
)

MEASURES = {
    "outbound-rtp": OUTBOUND,  # 8.6
    "inbound-rtp": INBOUND,  # 8.3
    "candidate-pair": PAIR,  # 8.20
    "transport": TRANSPORT,  # 8.17
    "data-channel": CHANNEL,  # 8.15
    "media-source": SOURCE,  # 8.8
}
