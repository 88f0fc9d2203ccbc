"""Where an answer is no answer to this offer (RFC 3264 section 6, RFC 9429 section 5.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..finding import Finding, Findings, Severity
from ..language import current
from .codec_profiles import pair_codecs
from .document import Document
from .line import Line
from .lint_texts import load_texts
from .section import Media

# rule -> severity, clause. The texts are in catalogue/compare_en.toml and compare_zh.toml.
VIOLATIONS: dict[str, tuple[Severity, str]] = {
    "section-count": ("error", "RFC 3264 section 6"),
    "section-order": ("error", "RFC 3264 section 6"),
    "media-type-changed": ("error", "RFC 3264 section 6"),
    "mid-changed": ("error", "RFC 9429 section 5.3.1"),
    "protocol-changed": ("warning", "RFC 3264 section 6"),
    "rejected-section-answered": ("error", "RFC 3264 section 6"),
    "codec-not-offered": ("error", "RFC 3264 section 6.1"),
    "no-common-codec": ("error", "RFC 3264 section 6"),
    "payload-type-changed": ("warning", "RFC 3264 section 6.1"),
    "direction-not-allowed": ("error", "RFC 3264 section 6.1"),
    "answer-says-actpass": ("error", "RFC 8842 section 5.3"),
    "dtls-roles-clash": ("error", "RFC 8842 section 5"),
    "bundle-not-offered": ("error", "RFC 9143 section 7.3"),
    "extension-not-offered": ("error", "RFC 8285 section 6"),
    "rtcp-mux-not-offered": ("error", "RFC 5761 section 5.1.1"),
    "rtcp-mux-refused": ("error", "RFC 8858 section 4"),
    "no-fingerprint-in-answer": ("error", "RFC 8827 section 6.5"),
    "simulcast-not-mirrored": ("error", "RFC 8853 section 5.3"),
    "same-ice-credentials": ("error", "RFC 8839 section 5.4"),
}
# The answers that each direction allows.
ALLOWED = {
    "sendrecv": {"sendrecv", "sendonly", "recvonly", "inactive"},
    "sendonly": {"recvonly", "inactive"},
    "recvonly": {"sendonly", "inactive"},
    "inactive": {"inactive"},
}
MIRROR = {"send": "recv", "recv": "send"}


class Violation(NamedTuple):
    """A rule, the lines that show it, and what its sentence says of them."""

    rule: str
    lines: tuple[Line | None, ...]
    values: dict[str, Any]


def violations_of(offer: Document, answer: Document) -> Findings:
    """Find where `answer` breaks what `offer` demands."""
    texts = load_texts(current(), "compare")
    found = Findings()
    for rule, lines, values in (*_whole(offer, answer), *_sections(offer, answer)):
        severity, reference = VIOLATIONS[rule]
        found.append(
            Finding(
                severity=severity,
                rule=rule,
                sentence=texts[rule].sentence.format_map(values),
                remedy=texts[rule].remedy.format_map(values),
                evidence=tuple(line for line in lines if line is not None),
                reference=reference,
            )
        )
    return found


def _whole(offer: Document, answer: Document) -> Iterator[Violation]:
    ours, theirs = [m.kind for m in offer.media], [m.kind for m in answer.media]
    listed = {"offered": ", ".join(map(str, ours)) or "-", "answered": ", ".join(map(str, theirs)) or "-"}
    if len(ours) != len(theirs):
        yield Violation("section-count", (), {**listed, "count": len(ours), "other": len(theirs)})
    offered = [media.mid for media in offer.media]
    answered = [media.mid for media in answer.media]
    moved = offered != answered and sorted(map(str, offered)) == sorted(map(str, answered))
    if moved or (ours != theirs and sorted(map(str, ours)) == sorted(map(str, theirs))):
        yield Violation("section-order", (), listed)
    for group in answer.bundle:
        for mid in group:
            if mid not in offer.tagged_mids:
                yield Violation("bundle-not-offered", (answer.session.line("group"),), {"mid": mid[:40]})


def _sections(offer: Document, answer: Document) -> Iterator[Violation]:
    in_order = sorted(str(m.kind) for m in offer.media) != sorted(str(m.kind) for m in answer.media)
    in_order = in_order or [m.kind for m in offer.media] == [m.kind for m in answer.media]
    for ours, theirs in zip(offer.media, answer.media, strict=False):
        values = {
            "mid": str(theirs.mid if theirs.mid is not None else theirs.index)[:40],
            "kind": str(ours.kind)[:20],
        }
        lines = (ours.lines[0], theirs.lines[0])
        if ours.kind != theirs.kind:
            if in_order:
                yield Violation("media-type-changed", lines, {**values, "other": str(theirs.kind)[:20]})
            continue
        if ours.mid is not None and theirs.mid != ours.mid and theirs.mid not in offer.mids:
            yield Violation("mid-changed", lines, {**values, "offered": ours.mid[:40]})
        if ours.rejected and not theirs.rejected:
            yield Violation("rejected-section-answered", lines, values)
        if not ours.rejected and not theirs.rejected:
            yield from _accepted(ours, theirs, values)


def _accepted(ours: Media, theirs: Media, values: dict[str, Any]) -> Iterator[Violation]:
    lines = (ours.lines[0], theirs.lines[0])
    if ours.protocol != theirs.protocol:
        yield Violation(
            "protocol-changed", lines, {**values, "offered": ours.protocol, "answered": theirs.protocol}
        )
    yield from _codecs(ours, theirs, values)
    if theirs.direction not in ALLOWED[ours.direction] and not ours.is_data:
        both = {"offered": ours.direction, "answered": theirs.direction}
        yield Violation("direction-not-allowed", (_stated(ours), _stated(theirs)), {**values, **both})
    yield from _transport(ours, theirs, values)
    yield from _extensions(ours, theirs, values)
    yield from _simulcast(ours, theirs, values)


def _stated(media: Media) -> Line | None:
    return media.line(media.direction) or media.lines[0]


def _codecs(ours: Media, theirs: Media, values: dict[str, Any]) -> Iterator[Violation]:
    pairs = pair_codecs(ours, theirs)
    for codec in theirs.codecs:
        offered = pairs.get(codec.payload_type)
        if offered is None and codec.name:
            yield Violation("codec-not-offered", (theirs.lines[0],), {**values, "codec": str(codec)[:60]})
        elif offered is not None and offered.payload_type != codec.payload_type:
            changed = {
                "codec": codec.name[:40],
                "offered": offered.payload_type,
                "answered": codec.payload_type,
            }
            yield Violation("payload-type-changed", (ours.lines[0], theirs.lines[0]), {**values, **changed})
    common = any(not codec.is_helper for codec in pairs.values())
    if ours.codecs and not common:
        listed = [
            ", ".join(dict.fromkeys(c.name or "?" for c in m.codecs if not c.is_helper))
            for m in (ours, theirs)
        ]
        both = {"offered": listed[0][:80] or "-", "answered": listed[1][:80] or "-"}
        yield Violation("no-common-codec", (ours.lines[0], theirs.lines[0]), {**values, **both})


def _transport(ours: Media, theirs: Media, values: dict[str, Any]) -> Iterator[Violation]:
    if theirs.rtcp_mux and not ours.rtcp_mux and ours.is_rtp:
        yield Violation("rtcp-mux-not-offered", (theirs.line("rtcp-mux"),), values)
    if ours.line("rtcp-mux-only") and not theirs.rtcp_mux:
        yield Violation("rtcp-mux-refused", (ours.line("rtcp-mux-only"), theirs.lines[0]), values)
    if theirs.carrier is not theirs:
        return  # what concerns the transport is said, and checked, in the section that carries this one
    setups = (_transport_line(ours, "setup"), _transport_line(theirs, "setup"))
    if theirs.setup == "actpass":
        yield Violation("answer-says-actpass", setups, values)
    elif ours.setup == theirs.setup and theirs.setup in ("active", "passive"):
        yield Violation("dtls-roles-clash", setups, {**values, "role": theirs.setup})
    if ours.fingerprints and not theirs.fingerprints:
        yield Violation("no-fingerprint-in-answer", (theirs.lines[0],), values)
    if ours.ufrag and (ours.ufrag, ours.pwd) == (theirs.ufrag, theirs.pwd):
        both = (_transport_line(ours, "ice-ufrag"), _transport_line(theirs, "ice-ufrag"))
        yield Violation("same-ice-credentials", both, values)


def _transport_line(media: Media, name: str) -> Line | None:
    return media.line(name) or media.session.line(name)


def _extensions(ours: Media, theirs: Media, values: dict[str, Any]) -> Iterator[Violation]:
    offered = {(x.id, x.uri) for x in ours.header_extensions}
    for line in theirs.lines_of("extmap"):
        if not line.error and (line.fields["id"], line.fields["uri"]) not in offered:
            told = {"id": line.fields["id"], "uri": line.fields["uri"][:80]}
            yield Violation("extension-not-offered", (line,), {**values, **told})


def _simulcast(ours: Media, theirs: Media, values: dict[str, Any]) -> Iterator[Violation]:
    line = theirs.line("simulcast")
    if line is None or line.error:
        return
    offered = {rid.id: rid.direction for rid in ours.rids}
    for rid in theirs.rids:
        if offered.get(rid.id) != MIRROR.get(rid.direction):
            yield Violation("simulcast-not-mirrored", (line,), {**values, "rid": rid.id[:30]})
            return
