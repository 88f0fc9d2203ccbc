"""RTP: the header, its extensions and the size of what follows (RFC 3550 section 5.1, RFC 8285)."""

from __future__ import annotations

from .fields import Malformed, Reader, hexadecimal

# The 16 bits that say how header extensions are written (RFC 8285 section 4, RFC 9335 section 5).
ONE_BYTE, TWO_BYTE = 0xBEDE, 0x1000
CRYPTEX = {0xC0DE: "one-byte headers, encrypted", 0xC2DE: "two-byte headers, encrypted"}


def read_rtp(reader: Reader) -> None:
    """Read an RTP packet in plaintext."""
    _read(reader, encrypted=False)


def read_srtp(reader: Reader) -> None:
    """Read an SRTP packet: the header is in the open, the payload and its padding are not (RFC 3711)."""
    _read(reader, encrypted=True)


def _read(reader: Reader, encrypted: bool) -> None:
    draft, origin = reader.draft, reader.position
    protocol = "SRTP" if encrypted else "RTP"
    draft.summary = protocol
    padding, extension, csrc_count = _read_first_byte(reader)
    marker, payload_type = _read_second_byte(reader)
    draft.summary = f"{protocol} pt {payload_type}"
    sequence = reader.number_field(2, "sequence number")
    timestamp = reader.number_field(4, "timestamp")
    draft.summary += f" seq {sequence} ts {timestamp}" + (" marker" if marker else "")
    reader.number_field(4, "SSRC", "0x{:08X}".format)
    for _ in range(csrc_count):
        reader.number_field(4, "CSRC", "0x{:08X}".format)
    if extension:
        _read_extensions(reader)
    if encrypted:
        reader.size_field("payload size", ", encrypted, with the authentication tag")
        return
    padding_size = _padding_size(reader, origin) if padding else 0
    payload = reader.part(reader.left - padding_size, "payload")
    payload.size_field("payload size")
    if padding_size:
        reader.size_field("padding size")


def _read_first_byte(reader: Reader) -> tuple[bool, bool, int]:
    start = reader.position
    first = reader.number(1, "version")
    reader.add("version", first >> 6, start)
    padding, extension, csrc_count = bool(first & 0x20), bool(first & 0x10), first & 0x0F
    reader.add("padding", int(padding), start, "the last byte counts it" if padding else "none")
    reader.add("extension", int(extension), start, "header extensions follow" if extension else "none")
    reader.add("CSRC count", csrc_count, start)
    if first >> 6 != 2:
        raise Malformed(f"version: {first >> 6} at byte {start}, not 2")
    return padding, extension, csrc_count


def _read_second_byte(reader: Reader) -> tuple[bool, int]:
    start = reader.position
    second = reader.number(1, "payload type")
    marker, payload_type = bool(second & 0x80), second & 0x7F
    reader.add("marker", int(marker), start, "set, for video the end of a frame" if marker else "not set")
    reader.add("payload type", payload_type, start)
    return marker, payload_type


def _padding_size(reader: Reader, origin: int) -> int:
    """How much of the end is padding; unknown, so 0, where the capture does not have the last byte."""
    if reader.stored < reader.end:
        return 0
    size = reader.data[reader.end - 1] if reader.left else 0
    if 1 <= size <= reader.left:
        return size
    reader.draft.fail(
        f"padding: {size} bytes says byte {reader.end - 1}, but {reader.left} follow the header"
    )
    return 0


def _read_extensions(reader: Reader) -> None:
    profile = reader.number_field(2, "extension profile", _profile_text)
    words = reader.number_field(2, "extension length", lambda words: f"{words * 4} bytes")
    part = reader.part(words * 4, "header extensions")
    try:
        if profile == ONE_BYTE:
            _read_one_byte_elements(part)
        elif profile & 0xFFF0 == TWO_BYTE:
            _read_two_byte_elements(part)
        elif words:
            part.bytes_field(part.left, "header extension")
    except Malformed as fault:  # the payload's place is known all the same
        reader.draft.fail(str(fault))


def _profile_text(profile: int) -> str:
    if profile == ONE_BYTE:
        return "one-byte headers"
    if profile & 0xFFF0 == TWO_BYTE:
        return "two-byte headers"
    return CRYPTEX.get(profile, f"0x{profile:04X}, not of RFC 8285")


def _read_one_byte_elements(part: Reader) -> None:
    """Four bits of id, four of length - 1 (RFC 8285 section 4.2)."""
    while part.left:
        start = part.position
        head = part.number(1, "header extension")
        if head >> 4 == 15:  # reserved: what follows is not to be read
            part.rest()
        elif head >> 4:
            _read_element(part, head >> 4, (head & 15) + 1, start)
        elif head:
            part.draft.fail(f"header extension: padding of length {(head & 15) + 1} at byte {start}")
            part.rest()


def _read_two_byte_elements(part: Reader) -> None:
    """A byte of id, a byte of length (RFC 8285 section 4.3)."""
    while part.left:
        start = part.position
        number = part.number(1, "header extension")
        if number:
            _read_element(part, number, part.number(1, f"header extension {number} length"), start)


def _read_element(part: Reader, number: int, size: int, start: int) -> None:
    value = part.take(size, f"header extension {number}")
    part.add(f"header extension {number}", value, start, hexadecimal(value))
