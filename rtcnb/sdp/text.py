"""Small tools for text that comes from strangers: numbers, short forms, HTML."""

from __future__ import annotations

from html import escape


def number(text: str, maximum: int = 2**64 - 1) -> int | None:
    """Read a decimal number as SDP writes it (RFC 8866 section 9, ``1*DIGIT``).

    Parameters
    ----------
    text : str
    maximum : int
        The largest value that is accepted.

    Returns
    -------
    int or None
        None where `text` is no such number. Unlike ``int`` it takes no sign, blank, underscore or digit
        of another script, and is quick to refuse a million digits.
    """
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        return None
    value = int(text)
    return value if value <= maximum else None


def shorten(text: str, length: int = 60) -> str:
    """Cut `text` for an error message; an ellipsis shows where."""
    return text if len(text) <= length else text[: length - 1] + "…"


def quote(text: str) -> str:
    """`text` in quotes for an error message, short and with control characters made visible."""
    return repr(shorten(text))


def count(how_many: int, noun: str) -> str:
    """``1 line``, ``2 lines``."""
    return f"{how_many} {noun}" if how_many == 1 else f"{how_many} {noun}s"


def printable(text: str) -> str:
    """`text` for a terminal: control characters could take it over, lone surrogates cannot be printed."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)


def html(text: object) -> str:
    """Escape `text` for HTML, in element content and in quoted attributes alike.

    Bytes that were no UTF-8 live in our strings as lone surrogates; they cannot be sent to a page, so they
    become U+FFFD, and control characters become their visible pictures.
    """
    text = str(text)
    return escape(text if text.isprintable() else "".join(map(_visible, text)), quote=True)


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20 and character not in "\t\r\n":
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else character
