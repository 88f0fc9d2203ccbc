"""What happened to a text on its way here: it is JSON, escaped, quoted, cut off, and so no SDP."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re

from .candidate import END_LINES

# Lines of free text (names, titles, addresses) may hold anything; the rest of an SDP has no use for these.
FREE_TEXT = re.compile(r"^[siuep]=.*$", re.MULTILINE)
# A run of backslashes is looked at once, however long: one before the letter will do; the next run is possessive.
JSON_ESCAPED = re.compile(r"\\[rn][a-z]=|\\r\\++n")
ESCAPED_END = re.compile(r"(?<!\\)\\++(?:r\\++)?+n")
HTML_ESCAPED = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|equals|newline|#[0-9]{1,7}|#x[0-9a-f]{1,6});|<br ?/?>", re.I
)
LINE_BREAK = re.compile(r"<br ?/?>(?:\r?\n)?", re.I)
TAG = re.compile(r"<[^<>]*+>")
CANDIDATE_STARTS = ("candidate:", "a=candidate:", *END_LINES)

# What is no SDP at all, by how it begins.
STARTS = (
    ("paste-json", ("{", "[")),
    ("paste-quoted", ('"', "'", "`", "b'", 'b"')),
    ("paste-candidate", CANDIDATE_STARTS),
    ("paste-base64", ("eyJ",)),
    ("paste-byte-order-mark", ("\ufeff",)),
    ("paste-html", ("<",)),
)


def damage_of(text: str) -> str | None:
    """Name the rule of lint that says what happened to `text`; None where it looks like SDP."""
    stripped = text.strip()
    if not stripped:
        return "paste-empty"
    for name, starts in STARTS:
        if text.startswith(starts) or stripped.startswith(starts):
            return name
    checked = FREE_TEXT.sub("", text)
    if JSON_ESCAPED.search(checked):
        return "paste-json-escaped"
    if HTML_ESCAPED.search(checked):
        return "paste-html-escaped"
    return "paste-indented" if _is_indented(text) else None


def _is_indented(text: str) -> bool:
    """Copied out of source code or a mail: blanks or marks stand before most lines."""
    lines = [line for line in text.splitlines() if line.strip()]
    return len(lines) > 2 and 2 * sum(line[0] in " \t>|" for line in lines) > len(lines)


def mended(text: str) -> str:
    """Undo what happened to a paste, and end every line with CRLF; what cannot be undone stays.

    Parameters
    ----------
    text : str
        JSON with an ``sdp``, also in base64, escaped or quoted SDP, SDP in HTML or with blanks before its lines, or
        SDP.

    Returns
    -------
    str
        SDP without empty lines and without blanks at the ends of lines.
    """
    for _ in range(4):  # a paste may be escaped twice
        damage = damage_of(text)
        undo = UNDO.get(damage or "")
        undone = undo(text) if undo else text
        if undone == text:
            break
        text = undone
    lines = (line.strip(" \t") for line in re.split(r"\r\n|\n|\r", text))
    return "".join(f"{line}\r\n" for line in lines if line)


def _from_json(text: str) -> str:
    try:
        given = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return text
    given = given.get("sdp") if isinstance(given, dict) else given
    return given if isinstance(given, str) else text


def _unescaped(text: str) -> str:
    return ESCAPED_END.sub("\n", text)


def _unquoted(text: str) -> str:
    decoded = _from_json(text)
    return decoded if decoded != text else text.strip().removeprefix("b").strip("\"'`")


def _from_html(text: str) -> str:
    return html.unescape(LINE_BREAK.sub("\n", text))


def _from_page_source(text: str) -> str:
    undone = html.unescape(TAG.sub("", LINE_BREAK.sub("\n", text)))
    return undone if undone.lstrip().startswith("v=") else text


def _from_base64(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except (binascii.Error, ValueError):
        return text


def _unmarked(text: str) -> str:
    return "\n".join(line.lstrip(" \t>|") for line in text.splitlines())


UNDO = {
    "paste-json": _from_json,
    "paste-quoted": _unquoted,
    "paste-json-escaped": _unescaped,
    "paste-html-escaped": _from_html,
    "paste-html": _from_page_source,
    "paste-base64": _from_base64,
    "paste-byte-order-mark": lambda text: text.lstrip("\ufeff"),
    "paste-indented": _unmarked,
}
