"""STUN and TURN: the message header, and ChannelData (RFC 8489 section 5, RFC 8656 section 12.4)."""

from __future__ import annotations

from .demultiplex import MAGIC_COOKIE, decode_relayed
from .fields import Draft, Malformed, Reader, hexadecimal
from .stun_attributes import attribute_name, read_attribute

METHODS = {
    0x000: "reserved method 0x000",
    0x001: "Binding",
    0x002: "SharedSecret",
    0x003: "Allocate",
    0x004: "Refresh",
    0x006: "Send",
    0x007: "Data",
    0x008: "CreatePermission",
    0x009: "ChannelBind",
    0x00A: "Connect",
    0x00B: "ConnectionBind",
    0x00C: "ConnectionAttempt",
    0x080: "GOOG-PING",
}
CLASSES = ("request", "indication", "success response", "error response")

# The attributes that a summary repeats: who, and the address or the fault that it is about.
IN_SUMMARY = {
    "USERNAME",
    "USE-CANDIDATE",
    "ERROR-CODE",
    "XOR-MAPPED-ADDRESS",
    "XOR-RELAYED-ADDRESS",
    "XOR-PEER-ADDRESS",
    "CHANNEL-NUMBER",
    "LIFETIME",
    "DATA",
}
MAX_SUMMARY = 200


def read_stun(reader: Reader) -> None:
    """Read a STUN message (RFC 8489 section 5)."""
    origin = reader.position
    kind = reader.number_field(2, "message type", type_text)
    reader.draft.summary = f"STUN {type_text(kind)}"
    if kind >> 14:
        raise Malformed(f"message type: the first two bits at byte {origin} are not 0")
    length = reader.number_field(2, "message length", "{} bytes after the header".format)
    pad = reader.data[origin + 4 : origin + 20]
    if pad[:4] == MAGIC_COOKIE:
        reader.number_field(4, "magic cookie", "0x{:08X}".format)
        reader.bytes_field(12, "transaction id")
    else:
        reader.bytes_field(16, "transaction id")  # RFC 3489 had no cookie
    if length % 4:
        reader.draft.fail(f"message length: {length} at byte {origin + 2} is no multiple of 4")
    if length > reader.left:
        reader.draft.fail(f"message length: {length} at byte {origin + 2}, but {reader.left} bytes follow")
    _read_attributes(reader.part(min(length, reader.left), "attributes"), pad)
    if reader.left:
        reader.draft.fail(f"{reader.left} bytes after the message, at byte {reader.position}")


def _read_attributes(part: Reader, pad: bytes) -> None:
    draft = part.draft
    while part.left:
        start = part.position
        number = part.number(2, "attribute type")
        name = attribute_name(number)
        length = part.number(2, f"{name} length")
        value = part.part(length, name)
        try:
            read_attribute(value, number, start, pad)
        except Malformed as fault:
            draft.fail(f"{name} {fault}")
            _note_broken(value, name, start)
        else:
            if name in IN_SUMMARY:
                _extend_summary(draft, name)
        part.part(min(-length % 4, part.left), "padding")


def _note_broken(value: Reader, name: str, start: int) -> None:
    """Note an attribute that is wrong as bytes: people want to see that most of all."""
    broken = value.data[start + 4 : value.stored]
    value.add(name, broken, start, f"malformed: {hexadecimal(broken)}", value.end)


def _extend_summary(draft: Draft, name: str) -> None:
    words = name if name == "USE-CANDIDATE" else draft.fields[-1].text
    if len(draft.summary) + len(words) < MAX_SUMMARY:
        draft.summary += f" {words}"


def type_text(kind: int) -> str:
    """Read a message type: its class is in bits 4 and 8, its method around them (RFC 8489 section 5)."""
    method = kind & 0x000F | (kind & 0x00E0) >> 1 | (kind & 0x3E00) >> 2
    name = METHODS.get(method, f"method 0x{method:03X}")
    return f"{name} {CLASSES[kind >> 7 & 2 | kind >> 4 & 1]}"


def read_channel_data(reader: Reader) -> None:
    """Read TURN's ChannelData: 4 bytes, then what is relayed (RFC 8656 section 12.4)."""
    draft = reader.draft
    number = reader.number_field(2, "channel number", "0x{:04X}".format)
    draft.summary = f"TURN ChannelData 0x{number:04X}"
    length = reader.number_field(2, "length", "{} bytes".format)
    if length > reader.left:
        draft.fail(f"length: {length} at byte {reader.position - 2}, but {reader.left} bytes follow")
        length = reader.left
    start = reader.position
    decoded = decode_relayed(reader, length, "application data")
    text = decoded.summary if decoded else "nested too deep to decode"
    draft.summary += f": {text}"
    reader.add("application data", reader.data[start : reader.position], start, f"{length} bytes: {text}")
    if reader.left > 3:  # over TCP it is padded to 4 bytes
        draft.fail(f"{reader.left} bytes after the message, at byte {reader.position}")
    elif reader.left:
        reader.size_field("padding")
