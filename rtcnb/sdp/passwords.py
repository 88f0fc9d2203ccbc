"""ICE passwords as dots: who has one can send checks in its owner's name."""

from __future__ import annotations

import re
from functools import lru_cache

from .document import Document
from .line import Line

DOT = "•"
MOST_DOTS = 24
SHORTEST = 4  # a shorter word would be found in any text, and is no password (RFC 8839 section 5.4)
IN_TEXT = re.compile(r"(ice-pwd:\s*+)([^\s\\\"'<>&]++)")
CUT = (59, 119)  # where error messages cut a value off


def is_password(line: Line) -> bool:
    """Whether a line holds an ICE password."""
    return line.attribute == "ice-pwd"


@lru_cache(maxsize=16)
def hidden_in(document: Document) -> tuple[str, ...]:
    """Return the words that must not be shown of a description, longest first."""
    found: set[str] = set()
    for line in document.lines_of("ice-pwd"):
        for word in (line.attribute_value or "").split():
            found |= {word, *(word[:length] for length in CUT if len(word) > length)}
    return tuple(sorted((word for word in found if len(word) >= SHORTEST), key=len, reverse=True))


def hide_lines(text: str) -> str:
    """Return a text that may have descriptions in it, escaped or not, with dots in the place of their passwords."""
    return IN_TEXT.sub(lambda found: found[1] + DOT * min(len(found[2]), MOST_DOTS), text)


def hide(text: str, passwords: tuple[str, ...]) -> str:
    """Return `text` with dots in the place of passwords."""
    for password in passwords:
        text = text.replace(password, DOT * min(len(password), MOST_DOTS))
    return text
