"""Single lines that are broken, whatever stands around them."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from ..document import Document
from ..line import Line
from ..text import number
from .registry import Hit, rule


def has_blank_first(line: Line) -> bool:
    """A blank after the equals sign, which only s= may have."""
    return line.type != "" and line.text[2:3] == " " and line.type != "s"


def is_bad_connection(line: Line) -> bool:
    """A c= line that Chromium refuses: it minds the number of fields, IN, and an address of the other family."""
    words = line.value.split(" ")
    if len(words) < 3 or words[0] != "IN":
        return bool(line.value)
    try:
        family = ip_address(words[2].partition("/")[0]).version
    except ValueError:
        return False
    return words[1] != f"IP{family}"


@rule("blank-after-equals", "error", "RFC 8866 section 5")
def blank_after_equals(document: Document) -> Iterator[Hit]:
    for line in document.lines:
        if has_blank_first(line):
            yield line, {"type": line.type}


@rule("empty-line", "error", "RFC 8866 section 5")
def empty_line(document: Document) -> Iterator[Hit]:
    for line in document.lines:
        if not line.text.strip():
            yield line, {}


@rule("not-a-line", "error", "RFC 8866 section 5")
def not_a_line(document: Document) -> Iterator[Hit]:
    """Neither a letter nor an equals sign."""
    for line in document.lines:
        if not line.text.strip() or has_blank_first(line):
            continue
        if not line.type or not ("a" <= line.type <= "z"):
            yield line, {"text": line.text[:60]}


@rule("empty-value", "error", "RFC 8866 section 5")
def empty_value(document: Document) -> Iterator[Hit]:
    for line in document.lines:
        if line.type and not line.value:
            yield line, {"type": line.type}


@rule("no-final-line-end", "error", "RFC 8866 section 9")
def no_final_line_end(document: Document) -> Iterator[Hit]:
    # The last line of the session level is read without its end; one of a media section is not.
    if document.lines and not document.lines[-1].ending.endswith("\n"):
        yield document.lines[-1], {}


@rule("mixed-line-ends", "warning", "RFC 8866 section 9")
def mixed_line_ends(document: Document) -> Iterator[Hit]:
    seen = {line.ending: line for line in reversed(document.lines) if line.ending}
    if len(seen) > 1:
        later = max(seen.values(), key=lambda line: line.number)
        yield later, {}


@rule("control-character", "warning", "RFC 8866 section 5")
def control_character(document: Document) -> Iterator[Hit]:
    for line in document.lines:
        if not line.text.isprintable():
            found = next((c for c in line.text if ord(c) < 0x20 or ord(c) == 0x7F), None)
            if found and found != "\t":
                yield line, {"code": f"U+{ord(found):04X}"}


@rule("not-utf-8", "warning", "RFC 8866 section 4.6")
def not_utf_8(document: Document) -> Iterator[Hit]:
    for line in document.lines:
        if not line.text.isascii() and any(0xD800 <= ord(c) <= 0xDFFF for c in line.text):
            yield line, {}


@rule("trailing-blank", "warning", "RFC 8866 section 9")
def trailing_blank(document: Document) -> Iterator[Hit]:
    for line in document.lines:
        if line.attribute is not None and line.text.endswith(" ") and not line.error:
            yield line, {"attribute": line.attribute}


@rule("bad-origin", "error", "RFC 8866 section 5.2", about="o")
def bad_origin(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("o"):
        if line.value and len(line.value.split(" ")) != 6:
            yield line, {"count": len(line.value.split(" "))}


@rule("bad-bandwidth", "error", "RFC 8866 section 5.8", about="b")
def bad_bandwidth(document: Document) -> Iterator[Hit]:
    for line in document.lines_of("b"):
        if line.section is None:
            continue
        name, _, amount = line.value.partition(":")
        if name in ("AS", "TIAS") and number(amount.rstrip(" ")) is None:
            yield line, {"text": line.text[:60]}


# What breaks its grammar and has a rule of its own.
OWN_RULES = {
    *("", "o", "m", "b", "a=rtpmap", "a=fmtp", "a=candidate", "a=fingerprint", "a=setup", "a=ice-ufrag"),
    *(
        "a=ice-pwd",
        "a=ssrc",
        "a=msid",
        "a=ssrc-group",
        "a=extmap",
        "a=sctp-init",
        "a=rid",
        "a=simulcast",
        "a=rtcp-fb",
        "a=sctp-port",
        "a=max-message-size",
    ),
}


@rule("broken-line", "warning", "RFC 8866 section 9")
def broken_line(document: Document) -> Iterator[Hit]:
    """Broken, but browsers pass over it."""
    for line in document.errors:
        own = line.name in OWN_RULES or not line.value or has_blank_first(line)
        if not own and not (line.type == "c" and is_bad_connection(line)):
            yield line, {"name": line.name[:40], "reason": line.error}
