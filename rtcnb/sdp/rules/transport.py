"""ICE, DTLS, BUNDLE: what must be there before anything can connect."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from ..checks import DIGEST_BYTES
from ..document import Document
from ..line import Line
from ..section import Media
from .registry import Hit, rule

LONGEST_MID = 16  # libwebrtc since 2024: a mid must fit a one-byte RTP header extension


def _live(document: Document) -> list[Media]:
    """The sections that are to be connected."""
    return [media for media in document.media if not media.rejected]


def _transports(document: Document) -> list[Media]:
    """One section for each transport: the tagged ones, and those outside every BUNDLE group."""
    tagged = document.tagged_mids
    return [
        media
        for media in _live(document)
        if media.mid is None
        or tagged.get(media.mid, media.mid) == media.mid
        or tagged[media.mid] not in document.mids
    ]


def _where(media: Media) -> dict[str, object]:
    return {"kind": str(media.kind)[:20], "mid": media.mid or str(media.index)}


# --- BUNDLE and mid


@rule("bundle-unknown-mid", "error", "RFC 9143 section 7.3", about="group")
def bundle_unknown_mid(document: Document) -> Iterator[Hit]:
    known = {mid for _, mid in _names(document)}
    for line in document.session.lines_of("group"):
        fields = line.fields
        if fields.get("semantics") == "BUNDLE":
            for mid in fields.get("mids", ()):
                if mid not in known:
                    yield line, {"mid": mid[:40]}


def _names(document: Document) -> list[tuple[Media, str]]:
    """Each section with its mid; one that has none gets the next of 0, 1, ... from the browser."""
    counter = count()
    return [(media, media.mid if media.mid is not None else str(next(counter))) for media in document.media]


@rule("bundled-twice", "error", "RFC 9143 section 7.3", about="group")
def bundled_twice(document: Document) -> Iterator[Hit]:
    seen: set[str] = set()
    for line in document.session.lines_of("group"):
        if line.fields.get("semantics") == "BUNDLE":
            for mid in line.fields.get("mids", ()):
                if mid in seen:
                    yield line, {"mid": mid[:40]}
                    break
                seen.add(mid)


@rule("bad-mid", "error", "RFC 5888 section 4", about="mid")
def bad_mid(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("mid"):
        value = line.attribute_value
        if line.section is not None and (value is None or " " in value):
            yield line, {"text": line.text[:40]}


@rule("duplicate-mid", "error", "RFC 5888 section 4", about="mid")
def duplicate_mid(document: Document) -> Iterator[Hit]:
    for media, mid, first in _called_alike(document):
        if (line := media.line("mid")) is not None and first.line("mid") is not None:
            yield line, {"mid": mid[:40], "first": _naming(first).number}


@rule("mid-taken", "error", "RFC 9429 section 5.10", about="mid")
def mid_taken(document: Document) -> Iterator[Hit]:
    """One of the two has no name of its own, and gets from the browser that of the other."""
    for media, mid, first in _called_alike(document):
        if media.line("mid") is None or first.line("mid") is None:
            nameless, other = (media, first) if media.line("mid") is None else (first, media)
            yield nameless.lines[0], {**_where(nameless), "mid": mid[:40], "other": _naming(other).number}


def _called_alike(document: Document) -> Iterator[tuple[Media, str, Media]]:
    """Each section whose name an earlier one has, that name, and the earlier one."""
    seen: dict[str, Media] = {}
    for media, mid in _names(document):
        if mid in seen:
            yield media, mid, seen[mid]
        seen.setdefault(mid, media)


def _naming(media: Media) -> Line:
    return media.line("mid") or media.lines[0]


@rule("long-mid", "error", "RFC 9143 section 15.2", about="mid")
def long_mid(document: Document) -> Iterator[Hit]:
    for media in document.media:
        line = media.line("mid")
        if line is not None and media.mid and len(media.mid) > LONGEST_MID:
            yield line, {"length": len(media.mid), "longest": LONGEST_MID}


@rule("no-mid", "warning", "RFC 9429 section 5.2.1")
def no_mid(document: Document) -> Iterator[Hit]:
    for media in document.media:
        if media.mid is None and not media.rejected and _is_webrtc(media):
            yield media.lines[0], _where(media)


@rule("bundle-only-alone", "warning", "RFC 9143 section 6", about="bundle-only")
def bundle_only_alone(document: Document) -> Iterator[Hit]:
    for media in document.media:
        line = media.line("bundle-only")
        if line is not None and (media.mid is None or media.mid not in document.tagged_mids):
            yield line, _where(media)


@rule("no-rtcp-mux", "error", "RFC 8834 section 4.5")
def no_rtcp_mux(document: Document) -> Iterator[Hit]:
    """Browsers bundle by default and refuse RTP without a=rtcp-mux, the more so inside a group."""
    for media in _live(document):
        if media.is_rtp and not media.rtcp_mux and media.port != 0 and _is_webrtc(media):
            yield media.lines[0], _where(media)


def _is_browsers(media: Media) -> bool:
    """Browsers take audio, video and data channels; they reject other sections without looking at them."""
    return media.kind in ("audio", "video") or (media.kind == "application" and media.is_data)


def _is_webrtc(media: Media) -> bool:
    """Some sign that the section is meant for ICE and DTLS, and not for a camera's RTSP."""
    return media.ufrag is not None or bool(media.fingerprints) or media.mid is not None


# --- DTLS


@rule("no-fingerprint", "error", "RFC 8827 section 6.5")
def no_fingerprint(document: Document) -> Iterator[Hit]:
    for media in _transports(document):
        if not media.fingerprints and _is_browsers(media):
            yield media.lines[0], _where(media)
            return  # one certificate is usually missing everywhere


@rule("bad-fingerprint", "error", "RFC 8122 section 5", about="fingerprint")
def bad_fingerprint(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("fingerprint"):
        if line.error:
            yield line, {"reason": line.error}


@rule("weak-fingerprint", "warning", "RFC 8122 section 5", about="fingerprint")
def weak_fingerprint(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("fingerprint"):
        if line.error:
            continue
        name = str(line.fields["hash_function"])
        if name.lower() in ("sha-1", "md5", "md2"):
            yield line, {"name": name}


@rule("unknown-fingerprint", "error", "RFC 8122 section 5", about="fingerprint")
def unknown_fingerprint(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("fingerprint"):
        if not line.error and str(line.fields["hash_function"]).lower() not in DIGEST_BYTES:
            yield line, {"name": str(line.fields["hash_function"])[:30]}


@rule("two-fingerprints", "error", "RFC 8122 section 5.1", about="fingerprint")
def two_fingerprints(document: Document) -> Iterator[Hit]:
    """The standard allows several, so that hash functions can be changed; Chromium takes one at session level."""
    lines = document.session.lines_of("fingerprint")
    if len(lines) > 1:
        yield lines[1], {"first": lines[0].number}


@rule("bad-setup", "error", "RFC 8842 section 5", about="setup")
def bad_setup(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("setup"):
        if line.error:
            yield line, {"text": line.text[:40]}


@rule("no-setup", "warning", "RFC 8842 section 5", about="fingerprint")
def no_setup(document: Document) -> Iterator[Hit]:
    for media in _transports(document):
        if media.fingerprints and media.setup is None:
            yield media.lines[0], _where(media)


@rule("offer-not-actpass", "warning", "RFC 8842 section 5.2", only="offer", about="setup")
def offer_not_actpass(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("setup"):
        if not line.error and line.fields["role"] != "actpass":
            yield line, {"role": line.fields["role"]}


@rule("answer-actpass", "error", "RFC 8842 section 5.3", only="answer", about="setup")
def answer_actpass(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("setup"):
        if not line.error and line.fields["role"] == "actpass":
            yield line, {}


@rule("keys-in-sdp", "warning", "RFC 8827 section 6.5", about="crypto key-mgmt k")
def keys_in_sdp(document: Document) -> Iterator[Hit]:
    for name in ("crypto", "key-mgmt", "k"):
        for line in document.lines_of(name):
            yield line, {"name": line.name}


@rule("not-encrypted", "warning", "RFC 8827 section 6.5")
def not_encrypted(document: Document) -> Iterator[Hit]:
    for media in document.media:
        if media.is_rtp and "SAVP" not in (media.protocol or "") and not media.fingerprints:
            yield media.lines[0], {"protocol": media.protocol}


@rule("cryptex-not-everywhere", "error", "RFC 9335 section 4", about="cryptex")
def cryptex_not_everywhere(document: Document) -> Iterator[Hit]:
    if document.session.line("cryptex"):
        return
    for mids in document.bundle:
        group = [
            media for media in document.media if media.mid in mids and media.is_rtp and not media.rejected
        ]
        with_it = [media for media in group if media.line("cryptex")]
        if with_it and len(with_it) != len(group):
            without = next(media for media in group if media not in with_it)
            yield without.lines[0], _where(without)


# --- ICE


@rule("no-ice-credentials", "error", "RFC 8839 section 5.4", about="ice-ufrag ice-pwd fingerprint")
def no_ice_credentials(document: Document) -> Iterator[Hit]:
    transports = _transports(document)
    for media in _live(document):
        missing = (media.ufrag is None) + (media.pwd is None)
        if missing == 1 or (missing and media.fingerprints and media in transports):
            yield media.lines[0], {**_where(media), "what": "ice-ufrag" if media.ufrag is None else "ice-pwd"}
            return


@rule("bad-ice-credentials", "error", "RFC 8839 section 5.4", about="ice-ufrag ice-pwd")
def bad_ice_credentials(document: Document) -> Iterator[Hit]:
    for line in (*document.lines_of("ice-ufrag"), *document.lines_of("ice-pwd")):
        if line.error and document.media:
            yield line, {"attribute": line.attribute, "reason": line.error}


@rule("bad-candidate", "error", "RFC 8839 section 5.1", about="candidate")
def bad_candidate(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("candidate"):
        if line.error:
            yield line, {"reason": line.error}


@rule("mdns-candidates-only", "advice", "RFC 8828 section 5", about="candidate")
def mdns_candidates_only(document: Document) -> Iterator[Hit]:
    for media in _live(document):
        candidates = media.candidates
        if candidates and all(candidate.is_mdns for candidate in candidates):
            yield media.line("candidate"), _where(media)


@rule("host-candidates-only", "advice", "RFC 8445 section 5.1.1", about="candidate")
def host_candidates_only(document: Document) -> Iterator[Hit]:
    for media in _live(document):
        candidates = media.candidates
        ended = media.line("end-of-candidates") or document.session.line("end-of-candidates")
        if candidates and ended and {candidate.type for candidate in candidates} == {"host"}:
            yield media.line("candidate"), {**_where(media), "count": len(candidates)}


@rule("no-candidates", "advice", "RFC 8840 section 4.1", about="ice-ufrag")
def no_candidates(document: Document) -> Iterator[Hit]:
    """Without candidates and without a promise of some, the other side can only wait for checks."""
    for media in _transports(document):
        if media.ufrag and not media.lines_of("candidate") and "trickle" not in media.ice_options:
            yield media.lines[0], _where(media)


@rule("candidate-twice", "warning", "RFC 8839 section 5.1", about="candidate")
def candidate_twice(document: Document) -> Iterator[Hit]:
    for media in document.media:
        seen: dict[str, int] = {}
        for line in media.lines_of("candidate"):
            if line.text in seen:
                yield line, {"first": seen[line.text]}
            else:
                seen[line.text] = line.number


@rule("candidate-after-end", "warning", "RFC 8840 section 8.2", about="end-of-candidates")
def candidate_after_end(document: Document) -> Iterator[Hit]:
    for media in document.media:
        end = media.line("end-of-candidates")
        for line in media.lines_of("candidate"):
            if end is not None and line.number > end.number:
                yield line, {"end": end.number}
