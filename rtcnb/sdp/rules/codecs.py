"""Payload types: what they stand for, and what refers to one that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from ..codec import STATIC_PAYLOADS
from ..codec_profiles import h264_profile
from ..document import Document
from ..line import Line
from ..text import number
from .registry import Hit, rule

MOST_CHANNELS = 16  # libwebrtc's own limit; opus has 2


def _payload(line: Line) -> int | None:
    """The payload type at the beginning of a line's value."""
    return number((line.attribute_value or "").partition(" ")[0], 127)


@rule("bad-payload-type", "error", "RFC 8866 section 5.14")
def bad_payload_type(document: Document) -> Iterator[Hit]:
    for media in document.media:
        if media.is_rtp and media.kind in ("audio", "video", "application"):
            for text in media.formats:
                if number(text, 127) is None:
                    yield media.lines[0], {"text": text[:30]}
                    break


@rule("bad-rtpmap", "error", "RFC 8866 section 6.6", about="rtpmap")
def bad_rtpmap(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("rtpmap"):
        if line.error and line.media:
            yield line, {"reason": line.error}


@rule("too-many-channels", "error", "RFC 8866 section 6.6", about="rtpmap")
def too_many_channels(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("rtpmap"):
        if line.fields.get("channels", 0) > MOST_CHANNELS:
            yield line, {"channels": line.fields["channels"]}


@rule("payload-type-conflict", "error", "RFC 8866 section 6.6", about="rtpmap")
def payload_type_conflict(document: Document) -> Iterator[Hit]:
    for media in document.media:
        seen: dict[int, tuple[str, int]] = {}
        for line in media.lines_of("rtpmap"):
            if line.error:
                continue
            payload, encoding = line.fields["payload_type"], line.fields["encoding_name"].lower()
            meaning = f"{encoding}/{line.fields['clock_rate']}"
            if seen.setdefault(payload, (meaning, line.number))[0] != meaning:
                yield line, {"payload": payload, "first": seen[payload][1]}


@rule("static-payload-type-changed", "error", "RFC 3551 section 6", about="rtpmap")
def static_payload_type_changed(document: Document) -> Iterator[Hit]:
    for media in document.media:
        for line in media.lines_of("rtpmap") if media.kind == "audio" and media.is_rtp else ():
            payload = line.fields.get("payload_type")
            if line.error or payload not in STATIC_PAYLOADS or str(payload) not in media.formats:
                continue
            name, rate, _ = STATIC_PAYLOADS[payload]
            if (line.fields["encoding_name"].lower(), line.fields["clock_rate"]) != (name.lower(), rate):
                yield line, {"payload": payload, "name": f"{name}/{rate}"}


@rule("bundle-payload-type-conflict", "warning", "RFC 9143 section 9.1", about="group")
def bundle_payload_type_conflict(document: Document) -> Iterator[Hit]:
    for mids in document.bundle:
        seen: dict[int, tuple[str, str]] = {}
        members = set(mids)
        for media in document.media:
            if media.mid not in members or media.rejected:
                continue
            for codec in media.codecs:
                meaning = f"{codec.name.lower()}/{codec.clock_rate}"
                first = seen.setdefault(codec.payload_type, (meaning, media.mid or ""))
                if first[0] != meaning:
                    yield media.lines[0], {"payload": codec.payload_type, "mid": media.mid, "other": first[1]}


@rule("no-rtpmap", "warning", "RFC 8866 section 6.6")
def no_rtpmap(document: Document) -> Iterator[Hit]:
    for media in document.media:
        for codec in media.codecs:
            if not codec.name:
                yield media.lines[0], {"payload": codec.payload_type}
                break


@rule("parameters-of-nothing", "error", "RFC 8866 section 6.15", about="fmtp rtcp-fb")
def parameters_of_nothing(document: Document) -> Iterator[Hit]:
    """Chromium makes a codec without a name of such a line, and then refuses the section."""
    for media in document.media:
        listed = {number(text, 127) for text in media.formats}
        known = {_payload(line) for line in media.lines_of("rtpmap")} & listed
        known |= listed & STATIC_PAYLOADS.keys() if media.kind == "audio" else set()
        told = set()
        for line in (*media.lines_of("fmtp"), *media.lines_of("rtcp-fb")):
            payload = _payload(line)
            if media.is_rtp and payload is not None and payload not in known and payload not in told:
                told.add(payload)
                yield line, {"attribute": line.attribute, "payload": payload}


@rule("bad-feedback", "error", "RFC 4585 section 4.2", about="rtcp-fb")
def bad_feedback(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("rtcp-fb"):
        if line.error and line.media and line.media.is_rtp:
            yield line, {"reason": line.error}


@rule("no-video-codec", "error", "RFC 9429 section 5.3.1")
def no_video_codec(document: Document) -> Iterator[Hit]:
    for media in document.media:
        named = any(codec.name and not codec.is_helper for codec in media.codecs)
        if media.kind == "video" and media.codecs and not named and not media.rejected:
            yield media.lines[0], {"mid": media.mid or str(media.index)}


@rule("bad-fmtp", "error", "RFC 8866 section 6.15", about="fmtp")
def bad_fmtp(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("fmtp"):
        if not line.media or not line.media.is_rtp:
            continue
        if line.error or _payload(line) is None:
            yield line, {"text": line.text[:60]}


@rule("payload-type-not-listed", "warning", "RFC 8866 section 6.6", about="rtpmap fmtp rtcp-fb")
def payload_type_not_listed(document: Document) -> Iterator[Hit]:
    for media in document.media:
        if not media.is_rtp:
            continue
        listed = set(media.formats)
        for name in ("rtpmap", "fmtp", "rtcp-fb"):
            for line in media.lines_of(name):
                payload = _payload(line)
                if payload is not None and str(payload) not in listed:
                    yield line, {"payload": payload, "attribute": name}


@rule("rtx-without-apt", "error", "RFC 4588 section 8.6", about="rtpmap")
def rtx_without_apt(document: Document) -> Iterator[Hit]:
    for media in document.media:
        for codec in media.codecs:
            if codec.name.lower() == "rtx" and codec.apt is None and not media.rejected:
                yield _map_of(media.lines_of("rtpmap"), codec.payload_type), {"payload": codec.payload_type}


@rule("rtx-of-nothing", "error", "RFC 4588 section 8.6", about="fmtp")
def rtx_of_nothing(document: Document) -> Iterator[Hit]:
    for media in document.media:
        known = {codec.payload_type for codec in media.codecs if codec.name}
        for codec in media.codecs:
            if codec.name.lower() == "rtx" and codec.apt is not None and codec.apt not in known:
                line = _map_of(media.lines_of("fmtp"), codec.payload_type)
                yield line, {"payload": codec.payload_type, "apt": codec.apt}


def _map_of(lines: list[Line], payload: int) -> Line | None:
    return next((line for line in lines if _payload(line) == payload), None)


@rule("rtcp-payload-type", "error", "RFC 5761 section 4", about="rtpmap")
def rtcp_payload_type(document: Document) -> Iterator[Hit]:
    for media in document.media:
        if media.rtcp_mux and not media.rejected:
            for line in media.lines_of("rtpmap"):
                payload = _payload(line)
                if payload is not None and 64 <= payload <= 95 and str(payload) in media.formats:
                    yield line, {"payload": payload}


@rule("opus-not-48000-2", "warning", "RFC 7587 section 7", about="rtpmap")
def opus_not_48000_2(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("rtpmap"):
        fields = {} if line.error else line.fields
        is_opus = fields.get("encoding_name", "").lower() == "opus"
        if is_opus and (fields["clock_rate"], fields.get("channels")) != (48000, 2):
            yield line, {"text": line.text[:60]}


@rule("bad-profile-level-id", "warning", "RFC 6184 section 8.1", about="fmtp")
def bad_profile_level_id(document: Document) -> Iterator[Hit]:
    for media in document.media:
        for codec in media.codecs:
            text = codec.parameters.get("profile-level-id")
            if codec.name.upper() == "H264" and text is not None:
                profile = h264_profile(text)
                if profile is None or not profile.profile:
                    yield _map_of(media.lines_of("fmtp"), codec.payload_type), {"text": text[:20]}


@rule("no-key-frame-requests", "advice", "RFC 8834 section 5.1", about="ice-ufrag")
def no_key_frame_requests(document: Document) -> Iterator[Hit]:
    for media in document.media:
        codecs = [codec for codec in media.codecs if not codec.is_helper]
        asked = any("nack pli" in codec.feedback or "ccm fir" in codec.feedback for codec in codecs)
        if media.kind == "video" and codecs and not asked and media.ufrag and not media.rejected:
            yield media.lines[0], {"mid": media.mid or str(media.index)}
