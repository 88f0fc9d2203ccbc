"""What stands on the rows of the ladder: the standard's word, then a few from this call's own values."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ..sdp import Candidate, SessionDescription, compare
from ..sdp.text import count
from ..trace import (
    DescriptionSet,
    MediaEvent,
    MessageEvent,
    PacketEvent,
    StatisticsEvent,
)
from ..trace.packets import decode
from ..trace.timeline import Moment
from .ladder_row import Row

MOST_NAMES = 4
Words = tuple[str, str]  # the standard's word, and the rest

MARKED = {
    "delayed": "is delivered later by itself",
    "dropped": "✕ dropped",
    "lost": "✕ never arrived",
    "unanswered": "✕ no answer",
    "unseen": "✕ none arrived",
    "refused": "✕ refused",
    "soon": "… no answer yet",
}
SPOKEN = {"waits": "waits on the wire", "waited": "waited on the wire"}  # a dashed line says it


def words_of(row: Row, moment: Moment) -> Words:
    """Return what stands on a row."""
    lead, rest = WORDS[row.kind](row, moment)
    if row.kind in ("message", "checks", "packet", "handshake", "media") and row.end in MARKED:
        rest = f"{rest} · {MARKED[row.end]}" if rest else MARKED[row.end]
    return lead, rest


def _call(row: Row, moment: Moment) -> Words:
    call: Any = row.events[0]
    given = ", ".join(call.arguments) if len(", ".join(call.arguments)) <= 24 else "…"
    # Its own sentence begins with what stands before it already.
    error = re.sub(rf"^{re.escape(call.peer)}\.{re.escape(call.method)}\([^)]*\):? ?", "", call.error)
    return f"{call.method}({given})", error if call.outcome == "error" else ""


def _set(row: Row, moment: Moment) -> Words:
    event: Any = row.events[0]
    side = "Local" if event.side == "local" else "Remote"
    state = next((e.new for e in row.events[1:] if e.kind == "state"), "")  # type: ignore[attr-defined]
    munged = "changed after create" + event.description.type.capitalize() if event.created else ""
    return f"set{side}Description({event.description.type})", " · ".join(x for x in (state, munged) if x)


def _state(row: Row, moment: Moment) -> Words:
    changes: list[Any] = list(row.events)
    return "", " · ".join(f"{e.state} {e.new}" for e in changes)


def _message(row: Row, moment: Moment) -> Words:
    event: Any = row.events[-1] if row.end in ("waits", "delayed") else row.events[0]
    if row.count > 1:
        # By number: a message is there as it was sent and as it was received.
        found = {e.number: e.candidate for e in reversed(row.events) if isinstance(e, MessageEvent)}
        return _candidates([candidate for candidate in reversed(found.values()) if candidate is not None])
    if row.kind == "message" and _was_changed(row):
        lead, rest = content_words(event, moment)
        return lead, f"{rest} · changed on the wire"
    return content_words(event, moment)


def _was_changed(row: Row) -> bool:
    carried = [(e.description, e.candidate) for e in row.events if isinstance(e, MessageEvent)]
    return any(x != carried[0] for x in carried)


def _wire(row: Row, moment: Moment) -> Words:
    event: Any = row.events[0]
    what = " ".join(content_words(event, moment)).strip()
    return event.action, f"message {event.number}, {what}"


def _description(row: Row, moment: Moment) -> Words:
    return content_words(row.events[0], moment)


def _candidate(row: Row, moment: Moment) -> Words:
    return _candidates([e.candidate for e in row.events])  # type: ignore[attr-defined]


def _candidates(found: list[Candidate]) -> Words:
    if len(found) == 1:
        return ("", "end-of-candidates") if found[0].is_end else ("candidate", found[0]._words)
    real = [c for c in found if not c.is_end]
    end = "end-of-candidates" if len(real) < len(found) else ""
    if len(real) == 1:
        return "candidate", f"{real[0]._words} · {end}"
    types = list(dict.fromkeys(f"{c.type or '?'} {c.protocol or ''}".strip() for c in real))
    told = ", ".join(types[:MOST_NAMES])
    return f"{count(len(real), 'candidate')}", " · ".join(x for x in (told, end) if x)


def _gathered(row: Row, moment: Moment) -> Words:
    lead, rest = _candidates([e.candidate for e in row.events])  # type: ignore[attr-defined]
    return "icecandidate", f"{lead} {rest}".strip() if row.count > 1 else rest


def content_words(event: Any, moment: Moment) -> Words:
    """Return what a message, or a description that arrived, says."""
    description = event.description
    if description is None:
        return _candidates([event.candidate])
    if description.type in ("answer", "pranswer"):
        offer = offer_of(event, moment)
        if offer is not None:
            return description.type, answer_words(offer, description)
    return description.type, offer_words(description)


def offer_of(event: Any, moment: Moment) -> SessionDescription | None:
    """Return the offer that the answer of an event answers: the last one before it."""
    ends = {event.peer, getattr(event, "receiver", event.peer)}
    for earlier in reversed(moment.of(DescriptionSet)):
        known = earlier.time <= event.time and earlier.description.type == "offer"
        # A remote description's event is the receiver's: its own offer was a local one.
        if known and earlier.peer in ends and (len(ends) > 1 or earlier.side == "local"):
            return earlier.description
    return None


@lru_cache(maxsize=256)
def offer_words(description: SessionDescription) -> str:
    """Return what an offer offers: kinds, codecs, candidates."""
    media = description.document.media
    codecs = sum(len(section.codecs) for section in media)
    candidates = sum(len(section.candidates) for section in media)
    facts = [_kinds(description) or "no sections"]
    if codecs:
        facts.append(count(codecs, "codec"))
    facts.append(count(candidates, "candidate") if candidates else "no candidates")
    return " · ".join(facts)


@lru_cache(maxsize=256)
def answer_words(offer: SessionDescription, answer: SessionDescription) -> str:
    """Return what an answer makes of its offer: codecs kept and lost, the DTLS role."""
    outcome = compare(offer, answer)
    kept = list(
        dict.fromkeys(k.answered.name for m in outcome.media for k in m.codecs if not k.answered.is_helper)
    )
    lost = sum(len(m.lost) for m in outcome.media)
    names = ", ".join(kept[:MOST_NAMES]) + (" …" if len(kept) > MOST_NAMES else "")
    codecs = [f"{names} kept"] if kept else []
    codecs += [f"{count(lost, 'codec')} lost"] if lost else []
    facts = [", ".join(codecs)] if codecs else []
    if any(m.kind == "application" and m.accepted for m in outcome.media):
        facts.append("data")
    refused = sum(not m.accepted for m in outcome.media)
    facts += [f"{count(refused, 'section')} rejected"] if refused else []
    roles = list(dict.fromkeys(m.setup for m in answer.document.media if m.setup))
    facts += [", ".join(roles)] if roles else []
    facts += ["✕ no answer to this offer"] if not outcome.ok else []
    return " · ".join(facts)


def _kinds(description: SessionDescription) -> str:
    kinds = ["data" if m.is_data else str(m.kind or "?") for m in description.document.media]
    return ", ".join(f"{kinds.count(k)} {k}" if kinds.count(k) > 1 else k for k in dict.fromkeys(kinds))


def _checks(row: Row, moment: Moment) -> Words:
    requests = row.flights
    answered = sum(f.answered for f in requests)
    to_server = row.to.startswith("\0server")
    noun = "request" if to_server else "check"
    pairs = len({(f.event.local, f.event.remote) for f in requests})
    lead = f"{len(requests)} STUN {noun}{'' if len(requests) == 1 else 's'}"
    facts = [] if to_server or pairs < 2 else [f"on {pairs} pairs"]
    told = "answered" if answered == len(requests) else f"{answered} answered" if answered else ""
    errors = [f.answer.event for f in requests if f.answer is not None and _is_error(f.answer.event)]
    if errors:
        every = "" if len(errors) == answered else f", {len(errors)} of them"
        told += f"{every} with error {decode(errors[-1].data).get('ERROR-CODE', '')}"
    facts.append(told)
    seconds = requests[-1].time - requests[0].time
    if seconds >= 2:
        facts.append(f"in {seconds:.0f} s")
    return lead, ", ".join(x for x in facts if x)


def _is_error(event: PacketEvent) -> bool:
    return event.data[0] & 1 == 1 and event.data[1] >> 4 & 1 == 1


def _packet(row: Row, moment: Moment) -> Words:
    return "", decode(row.flights[0].event.data, row.flights[0].protocol).summary


def _handshake(row: Row, moment: Moment) -> Words:
    there = sum(f.sender == row.at for f in row.flights)
    back = len(row.flights) - there
    if all(f.event.data[0] == 21 for f in row.flights):
        return "DTLS alert", count(len(row.flights), "packet")
    return "DTLS handshake", f"{count(there, 'packet')} there, {back} back"


def _dtls(row: Row, moment: Moment) -> Words:
    event: Any = row.events[0]
    wrong = event.expected and event.fingerprint and event.fingerprint not in event.expected
    role = f" as {event.role}" if event.role else ""
    return "", f"DTLS {event.state}{role}" + (
        ": the certificate is not the one of a=fingerprint" if wrong else ""
    )


def _pair(row: Row, moment: Moment) -> Words:
    event: Any = row.events[0]
    types = f"{event.local_type or '?'} ↔ {event.remote_type or '?'}"
    return "", f"selected pair {types} · {event.local} → {event.remote}"


def _media(row: Row, moment: Moment) -> Words:
    event = row.events[0]
    if isinstance(event, StatisticsEvent):
        return f"first {row.detail or 'media'}", "as its statistics say"
    if not isinstance(event, PacketEvent):
        return "first media", ""
    payload_type = event.data[1] & 0x7F
    for told in reversed(moment.of(DescriptionSet, peer=event.peer)):
        for section in told.description.document.media:
            for codec in section.codecs:
                if codec.payload_type == payload_type:
                    return f"first {section.kind} packet", f"{codec.name}, payload type {payload_type}"
    return "first RTP packet", f"payload type {payload_type}"


def _track(row: Row, moment: Moment) -> Words:
    event: Any = row.events[0]
    if event.action == "added":
        return f"addTrack({event.track_kind})", ""
    return "", f"{event.track_kind} track {event.action}"


def _channel(row: Row, moment: Moment) -> Words:
    event: Any = row.events[0]
    return "", f"data channel {event.label!r} {event.action}"


def _server(row: Row, moment: Moment) -> Words:
    event: Any = row.events[0]
    code = f" {event.error_code}" if event.error_code else ""
    return "", f"{event.url} gave no candidate:{code} {event.text}"


def _peer(row: Row, moment: Moment) -> Words:
    event: Any = row.events[0]
    return "", {"page": "made in the page", "kernel": "made in the kernel"}.get(event.place, "made")


def _text(row: Row, moment: Moment) -> Words:
    event = row.events[0]
    if isinstance(event, MediaEvent):
        return "", f"media {event.action}: {event.text or event.error}"
    return "", str(event)


def _fault(row: Row, moment: Moment) -> Words:
    event: Any = row.events[0]
    return "fault", f"{event.fault} {event.action}"


def _gap(row: Row, moment: Moment) -> Words:
    return "", row.detail


WORDS: dict[str, Callable[[Row, Moment], Words]] = {
    "call": _call,
    "set": _set,
    "state": _state,
    "message": _message,
    "wire": _wire,
    "description": _description,
    "candidate": _candidate,
    "gathered": _gathered,
    "checks": _checks,
    "packet": _packet,
    "handshake": _handshake,
    "dtls": _dtls,
    "pair": _pair,
    "media": _media,
    "track": _track,
    "channel": _channel,
    "server": _server,
    "peer": _peer,
    "fault": _fault,
    "note": _text,
    "page": _text,
    "media-failure": _text,
    "gap": _gap,
}
