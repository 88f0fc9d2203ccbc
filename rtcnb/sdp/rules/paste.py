"""What happened to the text on its way: escaped, quoted, cut off. If one of these hits, the rest means little."""

from __future__ import annotations

from collections.abc import Iterator

from ..document import Document
from ..grammar import ATTRIBUTE_ROWS
from .registry import Finder, Hit, rule

DAMAGES = {
    "paste-empty": "RFC 8866 section 5",
    "paste-json": "W3C webrtc-pc section 4.8.2",
    "paste-quoted": "RFC 8866 section 5",
    "paste-json-escaped": "RFC 8259 section 7",
    "paste-html-escaped": "HTML section 13.5",
    "paste-html": "RFC 8866 section 5",
    "paste-base64": "RFC 4648 section 4",
    "paste-byte-order-mark": "RFC 3629 section 6",
    "paste-candidate": "RFC 8839 section 5.1",
    "paste-indented": "RFC 8866 section 5",
}


def _finder(name: str) -> Finder:
    def find(document: Document) -> Iterator[Hit]:
        if document.damage == name:
            yield (document.lines[0] if document.lines else None), {}

    return find


for _name, _reference in DAMAGES.items():
    rule(_name, "error", _reference)(_finder(_name))


@rule("paste-truncated", "error", "RFC 8866 section 5")
def truncated(document: Document) -> Iterator[Hit]:
    """The last line has no end and is not whole either, or an ellipsis stands at the end."""
    if len(document.lines) < 2:
        return
    last = document.lines[-1]
    name = last.attribute
    half = name is not None and last.row is None and last.attribute_value is None
    half = half and any(known.startswith(str(name)) for known in ATTRIBUTE_ROWS)
    cut = not last.ending and document.text.startswith("v=") and (last.error or half)
    if cut or document.text.rstrip().endswith(("…", "...")):
        yield last, {"text": last.text[-40:]}
