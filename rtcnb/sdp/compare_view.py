"""How a negotiation and a list of changes look: as text, and as static HTML with everything escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..finding import MARKS
from .codec import Codec
from .codec_profiles import profile_words
from .static_view import finding_html, framed
from .text import count, html

if TYPE_CHECKING:
    from .changes import Changes
    from .compare import MediaNegotiation, Negotiation

Row = tuple[str, str]


def _title(media: MediaNegotiation) -> str:
    mid = f"mid {media.mid}" if media.mid is not None else f"m-line {media.index}"
    state = "accepted" if media.accepted else f"rejected by the {media.rejected_by} (port 0)"
    return f"{media.kind or '?'} · {mid} · {state}"


def rows_of(media: MediaNegotiation) -> list[Row]:
    """What became of a section, as a name and a sentence each."""
    rows: list[Row] = []
    if media.accepted and media.offerer_takes_bytes is None:
        rows.append(
            (
                "direction",
                f"offered {media.offered_direction}, answered {media.answered_direction}: "
                f"offerer {media.offerer_direction}, answerer {media.answerer_direction}",
            )
        )
    if media.codecs:
        kept = [pair.answered for pair in media.codecs]
        remapped = {
            pair.answered.payload_type: pair.offered.payload_type for pair in media.codecs if pair.remapped
        }
        rows.append(("codecs", _codecs(kept, remapped)))
    rows += _lost(media)
    rows += [("never offered", _codecs(media.added, {}))] if media.added else []
    if media.accepted:
        carried = (
            "its own" if media.transport == (media.mid or str(media.index)) else f"that of {media.transport}"
        )
        mux = ", RTCP on the same port" if media.rtcp_mux else ""
        rows.append(("transport", carried + mux))
        roles = f"offerer {media.offerer_role}, answerer {media.answerer_role}"
        rows.append(("DTLS", roles if media.offerer_role else "a=setup of the answer names no role"))
    if media.header_extensions:
        rows.append(("extensions", ", ".join(f"{x.id} {_short(x.uri)}" for x in media.header_extensions)))
    if media.accepted and media.lost_extensions:
        rows.append(("extensions lost", ", ".join(f"{x.id} {_short(x.uri)}" for x in media.lost_extensions)))
    if media.offerer_takes_bytes is not None:
        takes = [
            f"{size} bytes" if size else "any length"
            for size in (media.offerer_takes_bytes, media.answerer_takes_bytes)
        ]
        rows.append(("messages", f"the offerer takes {takes[0]}, the answerer {takes[1]}"))
    return rows


def _lost(media: MediaNegotiation) -> list[Row]:
    """The lost codecs by reason; what the answer has instead is said once."""
    rows = []
    repeats = [lost.codec for lost in media.lost if lost.reason == "lost with"]
    for reason in dict.fromkeys(lost.reason for lost in media.lost if lost.reason != "lost with"):
        here = [lost.codec for lost in media.lost if lost.reason == reason]
        payload_types = {codec.payload_type for codec in here}
        theirs = [codec for codec in repeats if codec.apt in payload_types]
        answered = sorted({lost.detail for lost in media.lost if lost.reason == reason and lost.detail})
        instead = f". Answered: {'; '.join(answered)}" if answered else ""
        rows.append((f"lost: {reason}", _codecs([*here, *theirs], {}) + instead))
    return rows


def codec_facts(media: MediaNegotiation) -> str:
    """What became of the codecs of a section, by name: ``VP8 kept, H264 VP9 AV1 lost``."""
    if media.rejected_by:
        return f"rejected by the {media.rejected_by} (port 0)"
    kept = dict.fromkeys(pair.answered.name for pair in media.codecs if not pair.answered.is_helper)
    lost = dict.fromkeys(
        f"{x.codec.name} {x.codec.payload_type}" if x.codec.name in kept else x.codec.name
        for x in media.lost
        if not x.codec.is_helper
    )
    told = ((kept, "kept"), (lost, "lost"))
    return ", ".join(f"{' '.join(name or '?' for name in names)} {word}" for names, word in told if names)


def _codecs(codecs: Sequence[Codec], remapped: Mapping[int, int]) -> str:
    """Codecs in a line, each with its profile, its RTX, and the payload type that it was offered as."""
    present = {codec.payload_type for codec in codecs}
    repeats = {codec.apt: codec.payload_type for codec in codecs if codec.name.lower() == "rtx"}
    parts = []
    for codec in codecs:
        if codec.name.lower() == "rtx" and codec.apt in present:
            continue  # told with its codec
        told = [profile_words(codec)] if profile_words(codec) else []
        told += [f"RTX {repeats[codec.payload_type]}"] if codec.payload_type in repeats else []
        told += [f"offered as {remapped[codec.payload_type]}"] if codec.payload_type in remapped else []
        rate = f"/{codec.clock_rate}" if codec.clock_rate not in (None, 90000) else ""
        details = f" ({'; '.join(told)})" if told else ""
        parts.append(f"{codec.payload_type} {codec.name or '?'}{rate}{details}")
    return " · ".join(parts)


def _short(uri: str) -> str:
    return uri.rpartition("/")[2].removeprefix("urn:ietf:params:rtp-hdrext:")[:60]


def _whole(negotiation: Negotiation) -> list[Row]:
    ice = negotiation.ice
    lite = [
        name for name, is_lite in (("offerer", ice.offerer_lite), ("answerer", ice.answerer_lite)) if is_lite
    ]
    facts = [f"the {ice.controlling} is controlling", "both trickle" if ice.trickle else "not both trickle"]
    facts += [f"ice-lite: {' and '.join(lite)}"] if lite else []
    groups = (
        "; ".join(" ".join(group) for group in negotiation.bundle)
        or "none: each section has its own transport"
    )
    return [("ICE", ", ".join(facts)), ("BUNDLE", groups)]


def negotiation_text(negotiation: Negotiation) -> str:
    """A negotiation as lines of text."""
    lines = [f"{name:16} {text}" for name, text in _whole(negotiation)]
    for media in negotiation.media:
        lines += ["", _title(media), *(f"  {name:14} {text}" for name, text in rows_of(media))]
    if negotiation.violations:
        lines += ["", *map(str, negotiation.violations)]
    return "\n".join(lines)


def negotiation_html(negotiation: Negotiation) -> str:
    """A negotiation as static HTML."""
    return framed(negotiation_body(negotiation))


def negotiation_body(negotiation: Negotiation) -> str:
    """A negotiation without the frame."""
    sections = "".join(
        f'<details class="section" open><summary><b>{html(_title(media))}</b></summary>'
        f"{facts_html(rows_of(media))}</details>"
        for media in negotiation.media
    )
    errors = sum(finding.severity == "error" for finding in negotiation.violations)
    told = f' <b class="error">{MARKS["error"]} {count(errors, "error")}</b>' if errors else ""
    head = f'<div class="head"><b>offer and answer</b>{told}</div>'
    found = "".join(map(finding_html, negotiation.violations))
    return head + facts_html(_whole(negotiation)) + found + sections


def facts_html(rows: Sequence[Row]) -> str:
    """Names and what is to be said of them, as static HTML without a frame."""
    body = "".join(
        f'<div class="fact"><span class="dim">{html(name)}</span><span>{html(text)}</span></div>'
        for name, text in rows
    )
    return f'<div class="facts">{body}</div>'


def changes_text(changes: Changes) -> str:
    """Changes as lines of text."""
    return "\n".join(str(change) for change in changes) or "nothing was changed"


def changes_html(changes: Changes) -> str:
    """Changes as static HTML."""
    head = f'<div class="head"><b>changed</b> <span class="dim">{count(len(changes), "change")}</span></div>'
    return framed(head + facts_html([(change.where, change.sentence) for change in changes]))
