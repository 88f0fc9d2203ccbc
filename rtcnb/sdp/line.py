"""Line: one line of a description, where it stands, what it says and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import DescriptionError
from .grammar import Row, read_line, row_of, write_line
from .template import Value

if TYPE_CHECKING:
    from .document import Document
    from .section import Media


class Line:
    """One line of a description. Lines are not changed; `Document.replace` makes a document with another one.

    Attributes
    ----------
    document : Document
        What the line belongs to.
    number : int
        1-based.
    start, end : int
        Where `text` stands in ``str(document)``, in characters; its line end comes after `end`.
    type : str
        The letter before ``=``; ``""`` where there is none.
    value : str
        What follows ``=``; the whole line where there is no type.
    attribute, attribute_value : str or None
        Of a line ``a=name:value``; the value is None for a flag such as ``a=rtcp-mux``.
    section : int or None
        The index of its media section; None at session level.
    text, ending : str
        The line as it came, and its line end: ``\\r\\n``, ``\\n``, ``\\r`` or nothing.
    """

    __slots__ = ("_reading", "attribute", "document", "ending", "number", "section", "start", "text", "type")

    def __init__(
        self, document: Document, number: int, start: int, text: str, ending: str, section: int | None
    ) -> None:
        self.document = document
        self.number = number
        self.start = start
        self.text = text
        self.ending = ending
        self.section = section
        self._reading: tuple[dict[str, Value], tuple[int, str] | None] | None = None
        self.attribute: str | None = None
        if text[1:2] == "=":
            self.type = text[0]
            if self.type == "a":
                self.attribute = text[2:].partition(":")[0]
        else:
            self.type = ""

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def value(self) -> str:
        return self.text[2:] if self.type else self.text

    @property
    def attribute_value(self) -> str | None:
        if self.attribute is None or len(self.text) == 2 + len(self.attribute):
            return None
        return self.text[3 + len(self.attribute) :]

    @property
    def name(self) -> str:
        """``m``, ``a=rtpmap``: what the grammar calls this line."""
        return self.type if self.attribute is None else f"a={self.attribute}"

    @property
    def row(self) -> Row | None:
        """Its row in the grammar; None where the grammar does not know it."""
        return row_of(self.type, self.attribute)

    @property
    def media(self) -> Media | None:
        """Its media section; None at session level."""
        return None if self.section is None else self.document.media[self.section]

    def _read(self) -> tuple[dict[str, Value], tuple[int, str] | None]:
        self._reading = reading = read_line(self.type, self.value, self.attribute)
        return reading

    @property
    def fields(self) -> dict[str, Value]:
        """What stands in the line, by the names of the grammar: numbers as int, lists as tuples.

        Optional fields that are absent are left out. In a broken line it is what stands before the fault.
        """
        return (self._reading or self._read())[0]

    @property
    def error(self) -> str | None:
        """What is wrong with the line."""
        fault = (self._reading or self._read())[1]
        return fault[1] if fault else None

    @property
    def column(self) -> int:
        """1-based position in the line where the fault begins; 0 where there is none."""
        fault = (self._reading or self._read())[1]
        return fault[0] + len(self.text) - len(self.value) + 1 if fault else 0

    def with_fields(self, changed: Mapping[str, Value] | None = None, **more: Value) -> str:
        """Write the line with some fields changed; None takes an optional field away.

        Returns
        -------
        str
            The text to give to `Document.replace`. Where the other fields were written in an unusual way, they
            stay as they were.

        Raises
        ------
        DescriptionError
            If a field is unknown or cannot have that value.
        """
        if self.error:
            raise DescriptionError(f"Line {self.number} is broken ({self.error}): give a whole new line.")
        changes = {**(changed or {}), **more}
        written = write_line(self.name, {**self.fields, **changes})
        row = self.row
        if len(changes) != 1 or row is None or row.template is None:
            return written
        (name, value), text = next(iter(changes.items())), self.attribute_value or self.value
        span = row.template.span(text, name)
        if span is None or value is None:
            return written
        kind = next(field.kind for field in row.template.fields if field.name == name)
        place = len(self.text) - len(text)
        return self.text[: place + span[0]] + kind.write(value) + self.text[place + span[1] :]

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, Line):
            return NotImplemented
        mine = (self.number, self.start, self.text, self.ending, self.section)
        return mine == (other.number, other.start, other.text, other.ending, other.section)

    def __hash__(self) -> int:
        return hash((self.number, self.start, self.text))

    def __repr__(self) -> str:
        return f"Line({self.number}: {self.text!r})"

    def __str__(self) -> str:
        return self.text
