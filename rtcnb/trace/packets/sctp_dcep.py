"""DCEP: how a data channel is opened in band (RFC 8832 section 5)."""

from __future__ import annotations

from ...sdp.text import quote
from .fields import Malformed, Reader

ACK, OPEN = 2, 3
MESSAGES = {ACK: "DATA_CHANNEL_ACK", OPEN: "DATA_CHANNEL_OPEN"}
CHANNEL_TYPES = {
    0x00: "reliable",
    0x01: "reliable up to a number of retransmissions",
    0x02: "reliable for a time",
    0x80: "reliable, unordered",
    0x81: "unordered, reliable up to a number of retransmissions",
    0x82: "unordered, reliable for a time",
}
PRIORITIES = {128: "below normal", 256: "normal", 512: "high", 1024: "extra high"}  # RFC 8831 section 6.4
RELIABILITY = {1: "{} retransmissions", 2: "{} ms"}


def read_dcep(reader: Reader) -> None:
    """Read a message of the Data Channel Establishment Protocol."""
    draft, start = reader.draft, reader.position
    kind = reader.number_field(1, "message type", _message_name)
    draft.summary = _message_name(kind)
    if kind == OPEN:
        _read_open(reader)
    elif kind != ACK:
        draft.fail(f"message type: {kind} at byte {start} is neither 2 (ACK) nor 3 (OPEN)")
    if reader.left:
        draft.fail(f"{reader.left} bytes after the message, at byte {reader.position}")
        reader.size_field("more")


def _message_name(kind: int) -> str:
    return MESSAGES.get(kind, f"DCEP message type {kind}")


def _read_open(reader: Reader) -> None:
    start = reader.position
    channel_type = reader.number_field(
        1, "channel type", lambda kind: CHANNEL_TYPES.get(kind, f"0x{kind:02X}")
    )
    if channel_type not in CHANNEL_TYPES:
        reader.draft.fail(f"channel type: 0x{channel_type:02X} at byte {start} is reserved")
    reader.number_field(2, "priority", lambda value: PRIORITIES.get(value, str(value)))
    reader.number_field(4, "reliability parameter", RELIABILITY.get(channel_type & 3, "ignored").format)
    label_size = reader.number_field(2, "label length", "{} bytes".format)
    protocol_size = reader.number_field(2, "protocol length", "{} bytes".format)
    if label_size + protocol_size > reader.left:
        sizes = f"{label_size} and {protocol_size}"
        raise Malformed(
            f"label and protocol: {sizes} bytes at byte {reader.position}, but {reader.left} follow"
        )
    label = reader.text_field(label_size, "label")
    protocol = reader.text_field(protocol_size, "protocol")
    reader.draft.summary += f" {quote(label)}" + (f" protocol {quote(protocol)}" if protocol else "")
