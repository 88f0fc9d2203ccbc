"""Text <-> Document, Line, Media: SDP read without losing a byte, however broken it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from ..errors import CandidateError, SdpError
from .candidate import Candidate, parse_candidate
from .codec import Codec, codec
from .grammar import check_line
from .text import count, number, quote

LINE_END = re.compile(r"\r\n|\n|\r")
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a description.

    Attributes
    ----------
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
    error : str or None
        What is wrong with the line.
    column : int
        1-based position where the fault begins; 0 where there is none.
    text, ending : str
        The line as it came, and its line end: ``\\r\\n``, ``\\n``, ``\\r`` or nothing.
    """

    number: int
    start: int
    end: int
    type: str
    value: str
    attribute: str | None
    attribute_value: str | None
    section: int | None
    error: str | None
    column: int
    text: str
    ending: str

    def __str__(self) -> str:
        return self.text


class Fingerprint(NamedTuple):
    """The digest of a DTLS certificate (RFC 8122)."""

    algorithm: str
    value: str


class Section:
    """The session level, or one media section: some lines in a row.

    Attributes
    ----------
    lines : tuple of Line
    """

    def __init__(self, lines: tuple[Line, ...]) -> None:
        self.lines = lines

    @cached_property
    def _by_attribute(self) -> dict[str, list[Line]]:
        found: dict[str, list[Line]] = {}
        for line in self.lines:
            if line.attribute is not None:
                found.setdefault(line.attribute, []).append(line)
        return found

    def line(self, attribute: str) -> Line | None:
        """The first line of that attribute, for example ``section.line("setup")``."""
        found = self._by_attribute.get(attribute)
        return found[0] if found else None

    def lines_of(self, attribute: str) -> list[Line]:
        """All lines of that attribute."""
        return list(self._by_attribute.get(attribute, ()))

    def values_of(self, attribute: str) -> list[str]:
        """The values of all its lines, without blanks around them; flags and empty values are left out."""
        values = [(line.attribute_value or "").strip() for line in self.lines_of(attribute)]
        return [value for value in values if value]

    def _value(self, attribute: str) -> str | None:
        values = self.values_of(attribute)
        return values[0] if values else None

    @property
    def _direction(self) -> str | None:
        flags = [line.attribute for line in self.lines if line.attribute in DIRECTIONS]
        return flags[-1] if flags else None  # the last one counts, as in libwebrtc


class Media(Section):
    """An m= line and what follows it (RFC 8866 section 5.14).

    What concerns the transport (ICE, DTLS) is looked up at session level where the section does not say it.
    Everything is None or empty where the text is broken; nothing here raises.

    Attributes
    ----------
    index : int
        0-based; the ``sdpMLineIndex`` of its candidates.
    session : Section
        What stands before the first m= line.
    """

    def __init__(self, index: int, lines: tuple[Line, ...], session: Section) -> None:
        super().__init__(lines)
        self.index = index
        self.session = session

    def __repr__(self) -> str:
        return f"Media({self.index}: {self.kind} mid={self.mid!r} {self.direction}, {len(self.lines)} lines)"

    @cached_property
    def _fields(self) -> list[str]:
        return self.lines[0].value.split()

    def _field(self, place: int) -> str | None:
        return self._fields[place] if len(self._fields) > place else None

    def _inherited(self, attribute: str) -> str | None:
        return self._value(attribute) or self.session._value(attribute)

    @property
    def kind(self) -> str | None:
        """``audio``, ``video`` or ``application``, and whatever else stands there."""
        return self._field(0)

    @property
    def port(self) -> int | None:
        """The port; 9 before any candidate is known, 0 for a rejected section."""
        return number((self._field(1) or "").partition("/")[0], 65535)

    @property
    def protocol(self) -> str | None:
        """``UDP/TLS/RTP/SAVPF``, ``UDP/DTLS/SCTP``, ..."""
        return self._field(2)

    @property
    def formats(self) -> list[str]:
        """Payload types in the order of preference, or ``webrtc-datachannel``."""
        return self._fields[3:]

    @property
    def mid(self) -> str | None:
        """The name of the section (RFC 5888)."""
        return self._value("mid")

    @property
    def direction(self) -> str:
        """``sendrecv`` where neither section nor session says otherwise (RFC 8866 section 6.7)."""
        return self._direction or self.session._direction or "sendrecv"

    @property
    def rejected(self) -> bool:
        """True for port 0, unless ``a=bundle-only`` gives it that meaning (RFC 9143 section 6)."""
        return self.port == 0 and self.line("bundle-only") is None

    @property
    def ufrag(self) -> str | None:
        """The ICE user name fragment (RFC 8839 section 5.4)."""
        return self._inherited("ice-ufrag")

    @property
    def pwd(self) -> str | None:
        """The ICE password."""
        return self._inherited("ice-pwd")

    @property
    def setup(self) -> str | None:
        """The DTLS role: ``actpass``, ``active`` or ``passive`` (RFC 8842)."""
        return self._inherited("setup")

    @property
    def msid(self) -> str | None:
        """Stream and track of the sender (RFC 8830); the first, if there are several."""
        return self._value("msid")

    @property
    def fingerprints(self) -> list[Fingerprint]:
        """The certificate digests; those at session level if the section has none."""
        values = self.values_of("fingerprint") or self.session.values_of("fingerprint")
        pairs = [value.partition(" ") for value in values]
        return [Fingerprint(algorithm, digest.strip()) for algorithm, _, digest in pairs if digest.strip()]

    @property
    def candidates(self) -> list[Candidate]:
        """The candidates that can be read; `Line.error` says what is wrong with others."""
        found = []
        mid, ufrag = self.mid, self.ufrag
        for line in self.lines_of("candidate"):
            try:
                parsed = parse_candidate(f"candidate:{line.attribute_value}", mid, min(self.index, 65535))
            except CandidateError:
                continue
            fragment = parsed.usernameFragment or ufrag
            found.append(Candidate(parsed.candidate, parsed.sdpMid, parsed.sdpMLineIndex, fragment))
        return found

    @cached_property
    def codecs(self) -> list[Codec]:
        """What the payload types stand for, in the order of preference; empty where there is no RTP."""
        if "RTP" not in (self.protocol or "").upper():
            return []
        numbers = (number(text, 127) for text in self.formats)
        maps, parameters = self._by_payload_type("rtpmap"), self._by_payload_type("fmtp")
        feedback = self._by_payload_type("rtcp-fb")
        return [
            codec(payload, maps.get(payload, [""])[0], parameters.get(payload, []), feedback)
            for payload in dict.fromkeys(x for x in numbers if x is not None)
        ]

    def _by_payload_type(self, attribute: str) -> dict[int | None, list[str]]:
        """The values of lines ``a=<attribute>:<payload type> <value>``; None stands for ``*``, all."""
        found: dict[int | None, list[str]] = {}
        for text in self.values_of(attribute):
            first, _, rest = text.partition(" ")
            payload = number(first, 127)
            if payload is not None or first == "*":
                found.setdefault(payload, []).append(rest.strip())
        return found


@dataclass(frozen=True, repr=False)
class Document:
    """A session description, line by line; ``str(document)`` is the text it came from.

    Attributes
    ----------
    text : str
    lines : tuple of Line
    """

    text: str
    lines: tuple[Line, ...] = field(compare=False)

    def __str__(self) -> str:
        return self.text

    def __bytes__(self) -> bytes:
        try:
            return self.text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:  # a str with half a surrogate pair, which no bytes decode to
            return self.text.encode("utf-8", "surrogatepass")

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

    @property
    def bundle(self) -> list[list[str]]:
        """The mids of each ``a=group:BUNDLE`` (RFC 9143): those sections share one transport."""
        groups = [value.split() for value in self.session.values_of("group")]
        return [words[1:] for words in groups if words[0] == "BUNDLE"]

    @property
    def errors(self) -> list[Line]:
        """The lines that break their grammar."""
        return [line for line in self.lines if line.error]


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
    text = data if isinstance(data, str) else bytes(data).decode("utf-8", "surrogateescape")
    lines: list[Line] = []
    start, section = 0, -1
    for match in LINE_END.finditer(text):
        lines.append(_line(len(lines) + 1, start, text[start : match.start()], match.group(), section))
        section += lines[-1].type == "m"
        start = match.end()
    if start < len(text):
        lines.append(_line(len(lines) + 1, start, text[start:], "", section))
    if strict:
        _raise_first_fault(lines)
    return Document(text, tuple(lines))


def _line(line_number: int, start: int, text: str, ending: str, section: int) -> Line:
    kind, value = (text[0], text[2:]) if text[1:2] == "=" else ("", text)
    attribute, attribute_value = None, None
    if kind == "a":
        attribute, colon, rest = value.partition(":")
        attribute_value = rest if colon else None
    if kind == "m":
        section += 1
    fault = check_line(kind, value)
    return Line(
        number=line_number,
        start=start,
        end=start + len(text),
        type=kind,
        value=value,
        attribute=attribute,
        attribute_value=attribute_value,
        section=section if section >= 0 else None,
        error=fault[1] if fault else None,
        column=fault[0] + len(text) - len(value) + 1 if fault else 0,
        text=text,
        ending=ending,
    )


def _raise_first_fault(lines: list[Line]) -> None:
    first = lines[0].text if lines else ""
    if not first.startswith("v="):
        raise SdpError(1, 1, first, f"a description begins with v=0, not with {quote(first)}")
    for line in lines:
        if line.error:
            raise SdpError(line.number, line.column, line.text, line.error)
