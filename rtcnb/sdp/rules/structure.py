"""Lines in the wrong place, lines that are missing, sections that browsers cannot take."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from ..document import Document
from ..line import Line
from ..text import number
from .lines import has_blank_first, is_bad_connection
from .registry import Hit, rule

# RFC 8866 section 5: a session has these, in this order; * for any number of them, ! for those that must be there.
ORDER = ("v!", "o!", "s!", "i", "u", "e*", "p*", "c", "b*", "t!", "t*", "r*", "z", "k", "a*")
DATA_PROTOCOLS = ("SCTP", "DTLS/SCTP", "UDP/DTLS/SCTP", "TCP/DTLS/SCTP")


@lru_cache(maxsize=8)
def _walk(document: Document) -> tuple[tuple[Line | None, str], ...]:
    """Go through the session level as a strict reader does.

    Returns
    -------
    tuple of (Line or None, str)
        The line that stands where another must be, and which; ``"order"`` for one that has no place there.
    """
    found: list[tuple[Line | None, str]] = []
    lines = [line for line in document.session.lines if line.text]
    following = document.media[0].lines[0] if document.media else None
    place = 0
    for step in ORDER:
        kind, mark = step[0], step[1:]
        while place < len(lines) and lines[place].type == kind and _has_value(lines[place]):
            place += 1
            if mark != "*":
                break
        else:
            if mark == "!":
                line = lines[place] if place < len(lines) else following
                found.append((line, kind))
                if line is not None and line.type == kind:
                    place += 1  # it is there, but empty: another rule says so
    if place < len(lines):
        found.append((lines[place], "order"))
    return tuple(found)


def _has_value(line: Line) -> bool:
    return bool(line.value) and not has_blank_first(line)


def _missing(document: Document, kind: str) -> Iterator[Hit]:
    for line, what in _walk(document):
        if what == kind:
            yield line, {"found": line.text[:40] if line else ""}


@rule("no-version", "error", "RFC 8866 section 5.1")
def no_version(document: Document) -> Iterator[Hit]:
    yield from _missing(document, "v")


@rule("no-origin", "error", "RFC 8866 section 5.2")
def no_origin(document: Document) -> Iterator[Hit]:
    yield from _missing(document, "o")


@rule("no-session-name", "error", "RFC 8866 section 5.3")
def no_session_name(document: Document) -> Iterator[Hit]:
    yield from _missing(document, "s")


@rule("no-timing", "error", "RFC 8866 section 5.9")
def no_timing(document: Document) -> Iterator[Hit]:
    yield from _missing(document, "t")


@rule("line-order", "error", "RFC 8866 section 5")
def line_order(document: Document) -> Iterator[Hit]:
    for line, what in _walk(document):
        if what == "order" and line:
            yield line, {"text": line.text[:40]}


@rule("no-media", "warning", "RFC 9429 section 5.2.1")
def no_media(document: Document) -> Iterator[Hit]:
    if not document.media:
        yield None, {}


@rule("bad-media-line", "error", "RFC 8866 section 5.14")
def bad_media_line(document: Document) -> Iterator[Hit]:
    for media in document.media:
        line = media.lines[0]
        words = line.value.split(" ")
        doubled = media.is_rtp and not all(words)
        if len(words) < 4 or number(words[1].partition("/")[0], 65535) is None or doubled:
            yield line, {"reason": line.error or "", "text": line.text[:60]}


@rule("unsupported-protocol", "error", "RFC 8834 section 4.2")
def unsupported_protocol(document: Document) -> Iterator[Hit]:
    for media in document.media:
        if media.kind in ("audio", "video") and media.protocol and not _is_rtp(media.protocol):
            yield media.lines[0], {"protocol": media.protocol[:30], "kind": media.kind}


def _is_rtp(protocol: str) -> bool:
    return f"/{protocol}".find("/RTP/") >= 0


@rule("unknown-media", "warning", "RFC 9429 section 5.3.1")
def unknown_media(document: Document) -> Iterator[Hit]:
    for media in document.media:
        data = media.kind == "application" and media.protocol in DATA_PROTOCOLS
        if not data and media.kind not in ("audio", "video") and not media.lines[0].error:
            yield media.lines[0], {"kind": media.kind, "protocol": media.protocol}


@rule("bad-connection", "error", "RFC 8866 section 5.7", about="c")
def bad_connection(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("c"):
        if is_bad_connection(line):
            yield line, {"text": line.text[:60]}


@rule("multicast-address", "error", "RFC 8834 section 4.1", about="c")
def multicast_address(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("c"):
        if line.error:
            continue
        address = str(line.fields["address"])
        first = number(address.partition(".")[0], 255)
        if "/" in address or (first is not None and 224 <= first <= 239) or address.lower().startswith("ff"):
            yield line, {"address": address[:50]}


@rule("wrong-level", "warning", "RFC 8866 section 6")
def wrong_level(document: Document) -> Iterator[Hit]:
    for line in document.lines:
        row = line.row if line.attribute is not None else None
        if row and row.level != "both" and (row.level == "session") != (line.section is None):
            yield line, {"attribute": line.attribute, "level": row.level}


@rule("two-directions", "warning", "RFC 8866 section 6.7", about="sendrecv sendonly recvonly inactive")
def two_directions(document: Document) -> Iterator[Hit]:
    for media in document.media:
        lines = [line for line in media.lines if line.attribute in DIRECTIONS]
        if len({line.attribute for line in lines}) > 1:
            yield lines[-1], {"first": lines[0].attribute, "last": lines[-1].attribute}


DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
ONCE = {
    *(
        "mid",
        "setup",
        "ice-ufrag",
        "ice-pwd",
        "rtcp-mux",
        "sctp-port",
        "max-message-size",
        "bundle-only",
        "rtcp",
    ),
    *(
        "simulcast",
        "tls-id",
        "ptime",
        "maxptime",
        "ice-lite",
        "extmap-allow-mixed",
        "rtcp-rsize",
        "end-of-candidates",
    ),
}


@rule("said-twice", "warning", "RFC 8866 section 5.13")
def said_twice(document: Document) -> Iterator[Hit]:
    for section in (document.session, *document.media):
        for name in ONCE:
            lines = section.lines_of(name)
            if len(lines) > 1:
                yield lines[1], {"attribute": name, "first": lines[0].number}


@rule("nothing-accepted", "advice", "RFC 8866 section 5.14")
def nothing_accepted(document: Document) -> Iterator[Hit]:
    if document.media and all(media.rejected for media in document.media):
        yield document.media[0].lines[0], {"count": len(document.media)}


@rule("nothing-flows", "advice", "RFC 8866 section 6.7", about="inactive")
def nothing_flows(document: Document) -> Iterator[Hit]:
    media = [media for media in document.media if not media.rejected and not media.is_data]
    if (
        media
        and all(section.direction == "inactive" for section in media)
        and len(media) == len(document.media)
    ):
        yield next((line for line in media[0].lines if line.attribute == "inactive"), media[0].lines[0]), {}


@rule("streaming-server", "advice", "RFC 7826 section D.1.1", about="control")
def streaming_server(document: Document) -> Iterator[Hit]:
    line = next((line for line in document.lines if line.attribute == "control"), None)
    if line is not None:
        yield line, {}
