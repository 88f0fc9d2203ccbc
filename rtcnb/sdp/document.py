"""Text <-> Document: SDP read without losing a byte, however broken it is, and changed line by line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from ..errors import DescriptionError, SdpError
from .line import Line
from .pasted import damage_of
from .section import Media, Section, by_name
from .text import count, quote

LINE = re.compile(r"([^\r\n]*+)(\r\n|\n|\r|\Z)")
DEFAULT_ENDING = "\r\n"


class Document:
    """A session description, line by line; ``str(document)`` is the text it came from.

    Parameters
    ----------
    text : str

    Attributes
    ----------
    text : str
    lines : tuple of Line
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = self._split()

    def _split(self) -> tuple[Line, ...]:
        lines: list[Line] = []
        section = None
        append, start = lines.append, 0
        for line_number, (text, ending) in enumerate(LINE.findall(self.text), 1):
            if not text and not ending:
                break  # what is left after the last line end
            if text.startswith("m="):
                section = 0 if section is None else section + 1
            append(Line(self, line_number, start, text, ending, section))
            start += len(text) + len(ending)
        return tuple(lines)

    def __str__(self) -> str:
        return self.text

    def __bytes__(self) -> bytes:
        try:
            return self.text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:  # a str with half a surrogate pair, which no bytes decode to
            return self.text.encode("utf-8", "surrogatepass")

    def _repr_html_(self) -> str:
        from .static_view import description_html  # it knows documents, so it comes after them

        return description_html("SDP", self, None)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        from .static_view import description_text

        printer.text("…" if cycle else description_text("SDP", self))

    def __eq__(self, other: Any) -> bool:
        return self.text == other.text if isinstance(other, Document) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        kinds = " ".join(str(media.kind) for media in self.media)
        return f"Document({count(len(self.lines), 'line')}, {count(len(self.media), 'section')}: {kinds})"

    @cached_property
    def session(self) -> Section:
        """The lines before the first m= line."""
        return Section(tuple(line for line in self.lines if line.section is None))

    @cached_property
    def media(self) -> list[Media]:
        """The media sections, in order."""
        sections: list[list[Line]] = []
        for line in self.lines:
            if line.type == "m":
                sections.append([])
            if line.section is not None:
                sections[-1].append(line)
        return [Media(index, tuple(lines), self.session) for index, lines in enumerate(sections)]

    def section_with(self, mid: str | None) -> Media | None:
        """The media section of that mid, or None."""
        return self._by_mid.get(mid)

    @cached_property
    def _by_mid(self) -> dict[str | None, Media]:
        return {media.mid: media for media in reversed(self.media)}

    @cached_property
    def bundle(self) -> list[list[str]]:
        """The mids of each ``a=group:BUNDLE`` (RFC 9143): those sections share one transport."""
        groups = [value.split() for value in self.session.values_of("group")]
        return [words[1:] for words in groups if words[0] == "BUNDLE"]

    @cached_property
    def tagged_mids(self) -> dict[str, str]:
        """mid -> the first mid of its BUNDLE group, whose transport all of them use."""
        return {mid: mids[0] for mids in reversed(self.bundle) for mid in mids}

    @cached_property
    def mids(self) -> frozenset[str]:
        """The mids of all sections that have one."""
        return frozenset(media.mid for media in self.media if media.mid is not None)

    @property
    def ice_lite(self) -> bool:
        """True where the sender only answers connectivity checks (RFC 8445 section 2.5)."""
        return self.session.line("ice-lite") is not None

    @cached_property
    def _by_name(self) -> dict[str, list[Line]]:
        return by_name(self.lines)

    def lines_of(self, name: str) -> list[Line]:
        """All lines of that attribute or type, in all sections: ``document.lines_of("fingerprint")``."""
        return self._by_name.get(name, [])

    @cached_property
    def names(self) -> frozenset[str]:
        """The attributes and types that occur, as `lines_of` takes them."""
        return frozenset(self._by_name)

    @cached_property
    def damage(self) -> str | None:
        """The rule of lint that says what happened to the text on its way, such as ``paste-json-escaped``."""
        return damage_of(self.text)

    @cached_property
    def errors(self) -> list[Line]:
        """The lines that break their grammar."""
        return [line for line in self.lines if line.error]

    # --- changing: each gives a new document

    @property
    def ending(self) -> str:
        """The line end that new lines get: that of the first line."""
        return (self.lines[0].ending if self.lines else "") or DEFAULT_ENDING

    def replace(self, line: Line, *texts: str) -> Document:
        """Put one or more lines, or none, in the place of `line`; every other byte stays.

        Parameters
        ----------
        line : Line
            Of this document.
        *texts : str
            Without line ends, such as ``line.with_fields(port=0)`` gives.

        Returns
        -------
        Document

        Raises
        ------
        DescriptionError
            If the line is not of this document, or a text holds a line end.
        """
        self._check(line, texts)
        if not texts:
            return Document(self.text[: line.start] + self.text[line.end + len(line.ending) :])
        between = line.ending or self.ending
        return Document(self.text[: line.start] + between.join(texts) + self.text[line.end :])

    def insert(self, after: Line | None, *texts: str) -> Document:
        """Put lines after one, or at the beginning where `after` is None; see `replace`."""
        if after is None:
            if not self.lines:
                return Document("".join(text + DEFAULT_ENDING for text in texts))
            return self.replace(self.lines[0], *texts, self.lines[0].text)
        return self.replace(after, after.text, *texts)

    def remove(self, *lines: Line) -> Document:
        """Take lines out."""
        document = self
        for line in sorted(lines, key=lambda line: line.number, reverse=True):
            self._check(line, ())
            document = document.replace(document.lines[line.number - 1])
        return document

    def with_codec_order(self, section: int | str, payload_types: Iterable[int]) -> Document:
        """Put these payload types first in an m= line, in this order; the others follow as they were.

        Parameters
        ----------
        section : int or str
            The index of the section, or its mid.
        payload_types : iterable of int

        Raises
        ------
        DescriptionError
            If there is no such section, or it does not offer such a payload type.
        """
        media = self.section_with(section) if isinstance(section, str) else None
        if isinstance(section, int) and 0 <= section < len(self.media):
            media = self.media[section]
        if media is None:
            known = ", ".join(str(media.mid) for media in self.media)
            raise DescriptionError(f"There is no section {section!r}; the mids are {quote(known)}.")
        first = [str(payload) for payload in payload_types]
        for payload in first:
            if payload not in media.formats:
                raise DescriptionError(
                    f"{payload} is none of this section's {quote(' '.join(media.formats))}."
                )
        order = (*first, *(payload for payload in media.formats if payload not in first))
        return self.replace(media.lines[0], media.lines[0].with_fields(formats=order))

    def _check(self, line: Line, texts: Sequence[str]) -> None:
        if not (0 < line.number <= len(self.lines) and self.lines[line.number - 1] == line):
            raise DescriptionError(f"{line!r} is not a line of this document; take it from document.lines.")
        for text in texts:
            if "\n" in text or "\r" in text:
                raise DescriptionError(f"This holds a line end; give each line by itself: {quote(text)}.")


def parse(data: str | bytes, strict: bool = False) -> Document:
    """Read a session description (RFC 8866).

    Parameters
    ----------
    data : str or bytes
        Any text at all; bytes that are not UTF-8 are kept too.
    strict : bool
        Raise for the first line that breaks its grammar, instead of only marking it.

    Returns
    -------
    Document
        ``str(document)`` or ``bytes(document)`` is exactly `data`.

    Raises
    ------
    SdpError
        Only if `strict`.
    """
    document = Document(data if isinstance(data, str) else bytes(data).decode("utf-8", "surrogateescape"))
    if strict:
        _raise_first_fault(document.lines)
    return document


def _raise_first_fault(lines: Sequence[Line]) -> None:
    first = lines[0].text if lines else ""
    if not first.startswith("v="):
        raise SdpError(1, 1, first, f"a description begins with v=0, not with {quote(first)}")
    for line in lines:
        if line.error:
            raise SdpError(line.number, line.column, line.text, line.error)
