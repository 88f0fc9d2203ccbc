"""What became of a single line in the negotiation: whether both sides have it, and why not."""

from __future__ import annotations

from typing import NamedTuple

from .compare import MediaNegotiation
from .line import Line
from .section import DIRECTIONS

OF_PAYLOADS = {
    "rtpmap": "payload_type",
    "fmtp": "format",
    "rtcp-fb": "payload_type",
}  # and the field that has it
WHY = {
    "rejected": "the section was rejected.",
    "not answered": "the answer does not have this codec.",
    "no common profile": "the answer has only {detail}.",
    "lost with": "it repeats {detail}, which was lost.",
}


class Outcome(NamedTuple):
    """What became of a line.

    Attributes
    ----------
    kept : bool or None
        None where the negotiation settles something else about it.
    sentence : str
    """

    kept: bool | None
    sentence: str


def outcome_of(line: Line, media: MediaNegotiation, offered: bool) -> Outcome | None:
    """Say what became of a line of an offer or an answer.

    Parameters
    ----------
    line : Line
    media : MediaNegotiation
        Of its section.
    offered : bool
        Whether the line stands in the offer.

    Returns
    -------
    Outcome or None
        None where the negotiation says nothing about such a line.
    """
    if line.attribute in OF_PAYLOADS:
        payload = line.fields.get(OF_PAYLOADS[line.attribute])
        return _payload(payload, media, offered) if isinstance(payload, int | str) else None
    if line.attribute == "extmap" and "uri" in line.fields:
        return _extension(line, media, offered)
    if line.attribute in DIRECTIONS and media.accepted:
        text = f"Settled: offerer {media.offerer_direction}, answerer {media.answerer_direction}."
        return Outcome(None, text)
    if line.attribute == "setup" and media.offerer_role:
        first = "offerer" if media.offerer_role == "client" else "answerer"
        return Outcome(None, f"Settled: the {first} is the DTLS client and begins the handshake.")
    return None


def payloads_kept(media: MediaNegotiation, offered: bool) -> frozenset[str]:
    """Return the payload types that both sides have, as one of them writes them."""
    codecs = (pair.offered if offered else pair.answered for pair in media.codecs)
    return frozenset(str(codec.payload_type) for codec in codecs)


def _payload(payload: int | str, media: MediaNegotiation, offered: bool) -> Outcome | None:
    for pair in media.codecs:
        here, there = (pair.offered, pair.answered) if offered else (pair.answered, pair.offered)
        if str(here.payload_type) == str(payload):
            side = "answer" if offered else "offer"
            return Outcome(True, f"Kept: the {side} has it too, as {there.payload_type}.")
    if not offered:
        added = any(str(codec.payload_type) == str(payload) for codec in media.added)
        return Outcome(False, "Lost: it was never offered.") if added else None
    for lost in media.lost:
        if str(lost.codec.payload_type) == str(payload):
            return Outcome(False, f"Lost: {WHY[lost.reason].format(detail=lost.detail)}")
    return None


def _extension(line: Line, media: MediaNegotiation, offered: bool) -> Outcome | None:
    extension = (line.fields["id"], line.fields["uri"])
    if extension in {(x.id, x.uri) for x in media.header_extensions}:
        return Outcome(True, f"Kept: the {'answer' if offered else 'offer'} has it too.")
    return Outcome(False, "Lost: the answer does not have it.") if offered and media.accepted else None
