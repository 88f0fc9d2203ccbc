"""Tracks, SSRCs, simulcast, header extensions and data channels."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from ..document import Document
from ..section import Media
from ..text import number
from .registry import Hit, rule

# How many streams a group has: one and its repair (RFC 5576 section 4.2, RFC 5956); libwebrtc takes 3 layers.
GROUP_SIZES = {"FID": (2, 2), "FEC-FR": (2, 2), "SIM": (1, 3)}


# --- msid


@rule("bad-msid", "error", "RFC 8830 section 2", about="msid")
def bad_msid(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("msid"):
        if line.section is None:
            continue
        words = (line.attribute_value or "").split(" ")
        if len(words) > 3 or words[2:] not in ([], [""]) or not words[0] or not all(words[1:2]):
            yield line, {"text": line.text[:60]}


@rule("msid-twice", "error", "RFC 8830 section 3.2", about="msid")
def msid_twice(document: Document) -> Iterator[Hit]:
    """One track cannot be in two sections."""
    seen: dict[str, int] = {}
    for media in document.media:
        for line in media.lines_of("msid"):
            track = line.fields.get("track")
            if track is not None and seen.setdefault(line.text, media.index) != media.index:
                yield line, {"other": seen[line.text] + 1}


@rule("two-tracks", "error", "RFC 8830 section 3.2", about="msid")
def two_tracks(document: Document) -> Iterator[Hit]:
    for media in document.media:
        first = None
        for line in media.lines_of("msid"):
            track = line.fields.get("track")
            if track is not None and first is not None and track != first:
                yield line, {"first": str(first)[:40], "second": track[:40]}
            first = first or track


# --- SSRC


def _ssrc_tracks(media: Media) -> dict[str, int]:
    """Track id -> line number, of ``a=ssrc:... msid:stream track``."""
    tracks: dict[str, int] = {}
    for line in media.lines_of("ssrc"):
        if line.fields.get("attribute") == "msid":
            tracks.setdefault(line.fields.get("value", "").partition(" ")[2], line.number)
    return tracks


@rule("bad-ssrc", "error", "RFC 5576 section 4.1", about="ssrc")
def bad_ssrc(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("ssrc"):
        if line.error and line.section is not None:
            yield line, {"reason": line.error}


@rule("plan-b", "error", "RFC 9429 section 1.2", about="ssrc")
def plan_b(document: Document) -> Iterator[Hit]:
    for media in document.media:
        tracks = _ssrc_tracks(media)
        if len(tracks) > 1 and not media.rejected and media.line("msid") is None:
            line = next(line for line in media.lines if line.number == max(tracks.values()))
            yield line, {"count": len(tracks)}


@rule("bad-ssrc-group", "error", "RFC 5576 section 4.2", about="ssrc-group")
def bad_ssrc_group(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("ssrc-group"):
        if line.error and line.section is not None:
            yield line, {"reason": line.error}


@rule("ssrc-group-size", "error", "RFC 5576 section 4.2", about="ssrc-group")
def ssrc_group_size(document: Document) -> Iterator[Hit]:
    for media in document.media:
        for line in media.lines_of("ssrc-group"):
            least, most = GROUP_SIZES.get(line.fields.get("semantics", ""), (0, 2**32))
            how_many = len(line.fields.get("ssrcs", ()))
            if not line.error and not least <= how_many <= most and not media.rejected:
                wanted = str(most) if least == most else f"{least}-{most}"
                yield line, {"semantics": line.fields["semantics"], "count": how_many, "wanted": wanted}


@rule("ssrc-group-twice", "error", "RFC 5576 section 4.2", about="ssrc-group")
def ssrc_group_twice(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("ssrc-group"):
        ssrcs = line.fields.get("ssrcs", ())
        if len(set(ssrcs)) < len(ssrcs):
            yield line, {"text": line.text[:60]}


@rule("ssrc-group-unknown", "error", "RFC 5576 section 4.2", about="ssrc-group")
def ssrc_group_unknown(document: Document) -> Iterator[Hit]:
    for media in document.media:
        known = media.ssrcs
        for line in media.lines_of("ssrc-group"):
            ssrcs = [number(text, 2**32 - 1) for text in line.fields.get("ssrcs", ())]
            missing = [ssrc for ssrc in ssrcs if ssrc not in known]
            # Where not even the first is known, Chromium passes over the group.
            if missing and ssrcs[0] in known and not line.error and not media.rejected:
                yield line, {"ssrc": missing[0]}


# --- simulcast


@rule("bad-rid", "warning", "RFC 8851 section 4", about="rid")
def bad_rid(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("rid"):
        if line.section is not None and (line.error or line.fields["direction"] not in ("send", "recv")):
            yield line, {"text": line.text[:60]}


@rule("bad-simulcast", "error", "RFC 8853 section 5.1", about="simulcast")
def bad_simulcast(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("simulcast"):
        if line.media is None:
            continue
        fields = line.fields
        directions = [fields[name] for name in ("direction1", "direction2") if name in fields]
        layers = ";".join(str(fields.get(name, "x")) for name in ("list1", "list2")).split(";")
        wrong = any(word not in ("send", "recv") for word in directions) or len(set(directions)) < len(
            directions
        )
        wrong = wrong or line is not line.media.line("simulcast")
        if line.error or wrong or not all(name.strip("~") for layer in layers for name in layer.split(",")):
            yield line, {"text": line.text[:60]}


@rule("simulcast-unknown-rid", "warning", "RFC 8853 section 5.2", about="simulcast")
def simulcast_unknown_rid(document: Document) -> Iterator[Hit]:
    for media in document.media:
        known = {rid.id for rid in media.rids}
        line = media.line("simulcast")
        for name in media.simulcast_rids - {"send", "recv"}:
            if line is not None and not line.error and name.removeprefix("~") not in known:
                yield line, {"rid": name[:30]}
                break


@rule("rid-unused", "warning", "RFC 8853 section 5.2", about="rid")
def rid_unused(document: Document) -> Iterator[Hit]:
    for media in document.media:
        used = media.simulcast_rids
        for line in media.lines_of("rid"):
            rid = line.fields.get("rid")
            if used and rid is not None and rid not in used and f"~{rid}" not in used:
                yield line, {"rid": rid[:30]}


@rule("old-simulcast", "warning", "RFC 8853 section 5.1", about="ssrc-group")
def old_simulcast(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("ssrc-group"):
        if line.fields.get("semantics") == "SIM":
            yield line, {}


# --- header extensions


@rule("bad-extmap", "error", "RFC 8285 section 5", about="extmap")
def bad_extmap(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("extmap"):
        if line.error:
            yield line, {"reason": line.error}


@rule("extmap-at-both-levels", "error", "RFC 8285 section 6", about="extmap")
def extmap_at_both_levels(document: Document) -> Iterator[Hit]:
    session = document.session.line("extmap")
    for media in document.media:
        line = media.line("extmap")
        if session is not None and line is not None:
            yield line, {"first": session.number}
            return


@rule("extmap-id-twice", "error", "RFC 8285 section 6", about="extmap")
def extmap_id_twice(document: Document) -> Iterator[Hit]:
    for media in document.media:
        seen: dict[int, str] = {}
        for line in media.lines_of("extmap"):
            if line.error or not 1 <= line.fields["id"] <= 255:
                continue
            uri = line.fields["uri"]
            if seen.setdefault(line.fields["id"], uri) != uri and not media.rejected:
                yield line, {"id": line.fields["id"], "uri": seen[line.fields["id"]][:80]}


@rule("extmap-id-out-of-range", "error", "RFC 8285 section 5", about="extmap")
def extmap_id_out_of_range(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("extmap"):
        if not line.error and not 1 <= line.fields["id"] <= 255:
            yield line, {"id": line.fields["id"]}


@rule("bundle-extmap-conflict", "error", "RFC 9143 section 9.2", about="extmap")
def bundle_extmap_conflict(document: Document) -> Iterator[Hit]:
    for mids in document.bundle:
        seen: dict[int, tuple[str, str]] = {}
        members = set(mids)
        for media in document.media:
            if media.mid not in members or media.rejected:
                continue
            for line in media.lines_of("extmap"):
                if line.error:
                    continue
                first = seen.setdefault(line.fields["id"], (line.fields["uri"], media.mid or ""))
                if first[0] != line.fields["uri"] and first[1] != media.mid:
                    yield line, {"id": line.fields["id"], "other": first[1], "uri": first[0][:80]}


@rule("no-mid-extension", "advice", "RFC 9143 section 15", about="group")
def no_mid_extension(document: Document) -> Iterator[Hit]:
    """In a BUNDLE of several RTP sections nothing tells which one a packet belongs to."""
    for mids in document.bundle:
        members = set(mids)
        rtp = [
            media for media in document.media if media.mid in members and media.is_rtp and not media.rejected
        ]
        for media in rtp if len(rtp) > 1 else ():
            uris = {extension.uri for extension in media.header_extensions}
            if "urn:ietf:params:rtp-hdrext:sdes:mid" not in uris and not media.ssrcs:
                yield media.lines[0], {"mid": media.mid}


# --- data channels


@rule("bad-data-channel-line", "error", "RFC 8841 section 5", about="sctp-port max-message-size")
def bad_data_channel_line(document: Document) -> Iterator[Hit]:
    for line in (*document.lines_of("sctp-port"), *document.lines_of("max-message-size")):
        if line.error and line.media and line.media.is_data:
            yield line, {"text": line.text[:40]}


@rule("old-and-new-data-channel-syntax", "error", "RFC 8841 section 5", about="sctp-port")
def old_and_new_data_channel_syntax(document: Document) -> Iterator[Hit]:
    for media in document.media:
        line = media.line("sctp-port")
        if media.is_data and line is not None and media.formats and media.formats[0] != "webrtc-datachannel":
            yield line, {"format": media.formats[0][:30]}


@rule("no-sctp-port", "warning", "RFC 8841 section 5")
def no_sctp_port(document: Document) -> Iterator[Hit]:
    for media in document.media:
        if media.is_data and media.sctp_port is None and not media.rejected:
            yield media.lines[0], {}


@rule("old-data-channel-syntax", "advice", "RFC 8841 section 4", about="sctpmap")
def old_data_channel_syntax(document: Document) -> Iterator[Hit]:
    for media in document.media:
        line = media.line("sctpmap")
        if media.is_data and line is not None:
            yield line, {}


@rule("bad-sctp-init", "error", "draft-hancke-tsvwg-snap", about="sctp-init")
def bad_sctp_init(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("sctp-init"):
        if line.section is None:
            continue
        try:
            base64.b64decode((line.attribute_value or "").strip().encode("ascii", "replace"), validate=True)
        except (binascii.Error, ValueError):
            yield line, {"text": line.text[:60]}
