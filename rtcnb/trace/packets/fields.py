"""Field, Decoded, and the Reader that goes through the bytes of a packet without ever leaving them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 4  # TURN can carry TURN: whoever sends that must not choose how deep we go

Value = int | str | bytes | tuple


@dataclass(frozen=True, slots=True)
class Field:
    """One named thing in a packet.

    Attributes
    ----------
    name : str
        The RFC's own name for it.
    value : int, str, bytes or tuple
    start, end : int
        Where it lies in the bytes that were given to `decode`, ``[start, end)``; so too in inner packets.
        Fields of single bits have the byte that holds them.
    text : str
        A short reading of the value for people; ``""`` where the value says it already.
    """

    name: str
    value: Value
    start: int
    end: int
    text: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.text or one_line(str(self.value))}"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A packet taken apart.

    Attributes
    ----------
    protocol : str
        ``"stun"``, ``"turn-channel"``, ``"dtls"``, ``"rtp"``, ``"rtcp"``, ``"srtp"``, ``"srtcp"``, ``"sctp"``,
        ``"dcep"`` or ``"unknown"``.
    summary : str
        One line for people.
    fields : tuple of Field
    error : str
        What is wrong with the bytes, and where; ``""`` where nothing is. The fields before it still stand.
    inner : tuple of Decoded
        What the packet is made of, or carries: DTLS records and their messages, RTCP packets, SCTP chunks,
        what a TURN message relays.
    """

    protocol: str
    summary: str
    fields: tuple[Field, ...]
    error: str = ""
    inner: tuple[Decoded, ...] = ()

    def get(self, name: str, default: Any = None) -> Any:
        """The value of the first field called `name`; fields of `inner` are not looked at."""
        return next((field.value for field in self.fields if field.name == name), default)

    def walk(self) -> Iterator[Decoded]:
        """This packet, then each that is in it, in the order of their bytes."""
        yield self
        for part in self.inner:
            yield from part.walk()

    def __str__(self) -> str:
        return self.summary


class Malformed(Exception):
    """The bytes break the format here. It never leaves this package."""


class Cut(Exception):
    """The packet goes on, but its capture ends here. It never leaves this package."""


class Draft:
    """A `Decoded` that is still being read."""

    __slots__ = ("cut", "error", "fields", "inner", "summary")

    def __init__(self) -> None:
        self.fields: list[Field] = []
        self.inner: list[Decoded] = []
        self.summary = ""
        self.error = ""
        self.cut = False

    def fail(self, reason: str) -> None:
        """Keep the first fault: what comes after it is often only its echo."""
        self.error = self.error or reason


class Reader:
    """A cursor over part of a packet; each read names its place, for the error that it may become.

    Attributes
    ----------
    data : bytes
        All that is stored of the packet.
    position : int
        The next byte to read, counted from the start of `data`.
    end : int
        Where this part ends by its own length; the capture may have less.
    stored : int
        How far there are bytes, at most `end`.
    depth : int
        How many packets this one is inside of.
    draft : Draft
        Collects what is read.
    """

    __slots__ = ("data", "depth", "draft", "end", "position", "stored")

    def __init__(self, data: bytes, start: int, end: int, draft: Draft, depth: int = 0) -> None:
        self.data = data
        self.position = start
        self.end = end
        self.stored = min(end, len(data))
        self.draft = draft
        self.depth = depth

    @property
    def left(self) -> int:
        """How many bytes follow, whether stored or not."""
        return max(0, self.end - self.position)

    def take(self, size: int, place: str) -> bytes:
        """The next `size` bytes."""
        stop = self.position + size
        if stop > self.stored:
            self._require(size, place)
            raise Cut
        taken = self.data[self.position : stop]
        self.position = stop
        return taken

    def rest(self) -> bytes:
        """All that is stored of what follows."""
        taken = self.data[self.position : self.stored]
        self.position = self.end
        return taken

    def number(self, size: int, place: str) -> int:
        """The next `size` bytes as an unsigned number in network order."""
        return int.from_bytes(self.take(size, place), "big")

    def part(self, size: int, place: str) -> Reader:
        """The next `size` bytes as a Reader of their own, which cannot read beyond them; skips them here."""
        self._require(size, place)
        part = Reader(self.data, self.position, self.position + size, self.draft, self.depth)
        part.stored = min(part.end, self.stored)
        self.position += size
        return part

    def inside(self, size: int, place: str) -> Reader:
        """Like `part`, for a packet inside this one: it collects its own fields."""
        part = self.part(size, place)
        part.draft = Draft()
        part.depth += 1
        return part

    def add(self, name: str, value: Value, start: int, text: str = "", end: int | None = None) -> None:
        """Note a field from `start` to here, or to `end`."""
        stop = min(self.position if end is None else end, self.stored)
        self.draft.fields.append(Field(name, value, min(start, stop), stop, one_line(text)))

    def number_field(self, size: int, name: str, text: Callable[[int], str] | None = None) -> int:
        """Read a number and note it as a field."""
        start = self.position
        value = self.number(size, name)
        self.add(name, value, start, text(value) if text else "")
        return value

    def bytes_field(self, size: int, name: str) -> bytes:
        """Read bytes and note them as a field."""
        start = self.position
        value = self.take(size, name)
        self.add(name, value, start, hexadecimal(value))
        return value

    def text_field(self, size: int, name: str) -> str:
        """Read text and note it as a field. What is no UTF-8 becomes U+FFFD."""
        start = self.position
        value = as_text(self.take(size, name))
        self.add(name, value, start)
        return value

    def size_field(self, name: str, text: str = "") -> int:
        """Skip all that follows, and note how many bytes it is."""
        start, size = self.position, self.left
        self.position = self.end
        self.add(name, size, start, f"{size} bytes{text}")
        return size

    def _require(self, size: int, place: str) -> None:
        if self.position + size > self.end:
            raise Malformed(f"{place}: {size} bytes expected at byte {self.position}, but {self.left} follow")


Body = Callable[[Reader], None]


def run(protocol: str, reader: Reader, body: Body) -> Decoded:
    """Read a packet with `body`; whatever the bytes are, there is a Decoded at the end."""
    draft = reader.draft
    try:
        body(reader)
    except Malformed as fault:
        draft.fail(str(fault))
    except Cut:
        draft.cut = True
    return Decoded(protocol, one_line(draft.summary), tuple(draft.fields), draft.error, tuple(draft.inner))


def run_inside(protocol: str, outer: Reader, part: Reader, body: Body) -> Decoded:
    """Read a piece that `outer` is made of: its fault and its cut are those of the whole."""
    decoded = run(protocol, part, body)
    outer.draft.inner.append(decoded)
    outer.draft.cut |= part.draft.cut
    if decoded.error:
        outer.draft.fail(decoded.error)
    return decoded


def as_text(data: bytes) -> str:
    """Text from outside, always a str; what is no UTF-8 becomes U+FFFD."""
    return data.decode("utf-8", errors="replace")


def one_line(text: str) -> str:
    """`text` where people see it: control characters could take over a terminal, or feign a second line."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in text)


def hexadecimal(data: bytes, most: int = 32) -> str:
    """Bytes for people: ``0x2112a442``, cut where they are many."""
    return f"0x{data[:most].hex()}" + ("…" if len(data) > most else "")


def flags(value: int, names: tuple[tuple[int, str], ...]) -> str:
    """The names of the bits that are set in `value`."""
    return ", ".join(name for bit, name in names if value & bit)


def listed(values: tuple) -> str:
    """The values of a list for people."""
    return ", ".join(map(str, values)) or "none"
