"""Lesson 8: reading a description."""

from __future__ import annotations

from typing import Any

from ..sdp import Document, SessionDescription
from .verdict import Verdict, judge

ANSWERED = {"sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive", "sendrecv": "sendrecv"}
REMOVED = "ice-pwd"


def payload_type(answer: Any, description: SessionDescription, codec: str) -> Verdict:
    """The payload type of a codec, the first one of its name (``a=rtpmap``)."""
    codecs = [each for media in description.document.media for each in media.codecs]
    found = next((each for each in codecs if str(each.name).lower() == codec.lower()), None)
    if found is None:
        return Verdict(None, f"There is no {codec} in this description.")
    rtx = answer is not None and answer == found.rtx
    return judge("descriptions.payload-type", answer, found.payload_type, "rtx" if rtx else "", codec=codec)


def direction(answer: Any, offer: SessionDescription, kind: str) -> Verdict:
    """What an answer says that takes all that the offer's first section of this kind gives (RFC 3264 6.1)."""
    offered = next((media.direction for media in offer.document.media if media.kind == kind), None)
    if offered is None:
        return Verdict(None, f"There is no section for {kind} in this offer.")
    same = answer == offered
    return judge("descriptions.direction", answer, ANSWERED[offered], "same" if same else "", offered=offered)


def damaged(offer: SessionDescription) -> Document:
    """Return the offer's text without one line of its first section, without which a browser refuses it."""
    document = offer.document
    line = document.media[0].line(REMOVED) if document.media else None
    return document if line is None else document.remove(line)


def missing(answer: Any) -> Verdict:
    """Which attribute `damaged` has taken out."""
    name = answer.strip().removeprefix("a=").partition(":")[0] if isinstance(answer, str) else answer
    return judge("descriptions.missing", name, REMOVED)
