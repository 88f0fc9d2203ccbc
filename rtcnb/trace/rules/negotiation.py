"""Descriptions: refused, missing, never answered, or of nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ...sdp import parse
from ...sdp.pasted import damage_of
from ..events import ApiCall
from ..evidence import Side
from .registry import Hit, rule

REMOTE = "setRemoteDescription"
# What browsers and aiortc say, where the text that was refused is not in the trace.
ORDER_TEXTS = (
    "order of m-lines",
    "same sections in the same order",
    "media sections do not match",
    "m= line",
)
CODEC_TEXTS = ("empty intersection", "send parameters", "no common codec", "codec")


def _refused(side: Side, kind: str) -> Iterator[ApiCall]:
    """The remote descriptions of this type that were refused."""
    return (call for call in side.errors if call.method == REMOTE and kind in call.arguments)


@rule("bad-paste", "error", "RFC 8866 section 5")
def bad_paste(side: Side) -> Iterator[Hit]:
    for call in side.errors:
        if call.given and call.method.endswith("Description") and damage_of(call.given):
            yield Hit((call,), {"begin": call.given[:30]})


@rule("answer-twice", "error", "W3C webrtc-pc section 4.4.1.5")
def answer_twice(side: Side) -> Iterator[Hit]:
    for call in _refused(side, "answer"):
        if side.state("signalingState", call.time) == "stable":
            before = side.set_last("remote")
            yield Hit((call, *([before] if before else [])))


@rule("glare", "error", "RFC 9429 section 4.1.10.2")
def glare(side: Side) -> Iterator[Hit]:
    for call in _refused(side, "offer"):
        if side.state("signalingState", call.time) == "have-local-offer":
            yield Hit((call,))


@rule("candidate-first", "error", "W3C webrtc-pc section 4.4.2")
def candidate_first(side: Side) -> Iterator[Hit]:
    for call in side.errors:
        remote = side.set_last("remote")
        if call.method == REMOTE:
            return  # the description that was to come first was refused: what follows from that is no cause
        if call.method == "addIceCandidate" and (remote is None or remote.time > call.time):
            yield Hit((call,))
            return


@rule("sections-differ", "error", "RFC 9429 section 5.3.1")
def sections_differ(side: Side) -> Iterator[Hit]:
    for call in _refused(side, "answer"):
        if side.local is None or side.state("signalingState", call.time) == "stable":
            continue
        offered = [(m.kind, m.mid) for m in side.local.document.media]
        answered = [(m.kind, m.mid) for m in parse(call.given).media]
        if (call.given and offered != answered) or any(x in call.error.lower() for x in ORDER_TEXTS):
            kinds = {"offered": _kinds(offered), "answered": _kinds(answered) if call.given else "?"}
            yield Hit((call,), kinds, 1.0 if call.given else 0.8)


def _kinds(sections: list[tuple[str | None, str | None]]) -> str:
    return ", ".join(str(kind) for kind, _ in sections) or "-"


@rule("no-common-codec", "error", "RFC 9429 section 5.3.1")
def no_common_codec(side: Side) -> Iterator[Hit]:
    for call in side.errors:
        if call.method == REMOTE and any(x in call.error.lower() for x in CODEC_TEXTS):
            names = {c.name for m in parse(call.given).media for c in m.codecs if c.name.lower() != "rtx"}
            yield Hit((call,), {"codecs": ", ".join(sorted(names)) or "?"}, 0.9)
    offer, answer = _offer_and_answer(side)
    if offer is None or answer is None:
        return
    for ours, theirs in zip(offer.document.media, answer.document.media, strict=False):
        if not ours.rejected and theirs.rejected and ours.kind in ("audio", "video"):
            names = {c.name for c in ours.codecs if c.name.lower() != "rtx"}
            yield Hit(
                (side.set_last("local"), side.set_last("remote")), {"codecs": ", ".join(sorted(names))}, 0.8
            )


def _offer_and_answer(side: Side) -> tuple:
    both = {d.type: d for d in (side.local, side.remote) if d is not None}
    return both.get("offer"), both.get("answer")


@rule("description-refused", "error", "W3C webrtc-pc section 4.4.1.5", symptom=True)
def description_refused(side: Side) -> Iterator[Hit]:
    for call in side.errors:
        if call.method.endswith("Description"):
            yield Hit((call,), {"method": call.method, "error": call.error}, 0.6)


@rule("no-media-sections", "error", "RFC 9429 section 5.2.1")
def no_media_sections(side: Side) -> Iterator[Hit]:
    if side.local is not None and side.local.type == "offer" and not side.local.document.media:
        yield Hit((side.set_last("local"),))


@rule("late-channel", "error", "RFC 9429 section 5.2.1")
def late_channel(side: Side) -> Iterator[Hit]:
    made = [c for c in side.of(ApiCall) if c.method == "createDataChannel" and c.outcome != "error"]
    if not made or not side.negotiated or side.local is None:
        return
    if side.local.document.media and not any(m.kind == "application" for m in side.local.document.media):
        yield Hit((made[-1], side.set_last("local")))


@rule("negotiation-unfinished", "error", "RFC 9429 section 3.2", symptom=True)
def negotiation_unfinished(side: Side) -> Iterator[Hit]:
    state = side.state("signalingState")
    if side.hangs and state in ("have-local-offer", "have-remote-offer"):
        yield Hit(tuple(x for x in (side.set_last("local"), side.set_last("remote")) if x), {"state": state})
