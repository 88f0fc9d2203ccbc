"""DTLS: records, of which a datagram may hold several (RFC 6347 section 4.1, RFC 9147 section 4)."""

from __future__ import annotations

from .dtls_handshake import read_handshake
from .dtls_names import ALERT_LEVELS, ALERTS, VERSIONS, name_of
from .fields import Malformed, Reader, run_inside

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA, WITH_CONNECTION_ID, ACK = 20, 21, 22, 23, 25, 26
CONTENT_TYPES = {
    20: "ChangeCipherSpec",
    21: "alert",
    22: "handshake",
    23: "application data",
    24: "heartbeat",
    25: "record with connection id",
    26: "ACK",
}
RECORD_HEADER_BYTES = 13
MAX_SUMMARY = 200


def read_dtls(reader: Reader) -> None:
    """Read all records of a datagram."""
    draft = reader.draft
    draft.summary = "DTLS"
    if not reader.left:
        raise Malformed("record: an empty datagram")
    while reader.left:
        origin = reader.position
        size = _record_size(reader)
        if size > reader.left:
            draft.fail(f"length: the record at byte {origin} has {size} bytes, but {reader.left} are there")
            size = reader.left
        record = run_inside("dtls", reader, reader.inside(size, "record"), _read_record)
        separator = "," if len(draft.inner) > 1 else ""
        if len(draft.summary) < MAX_SUMMARY:
            draft.summary += f"{separator} {record.summary}"


def _record_size(reader: Reader) -> int:
    """How long the record is that comes next: all the rest, where only its owner knows."""
    start = reader.position
    first = reader.number(1, "content type")
    reader.position = start
    if first >> 5 == 1:
        return _unified_size(reader, first)
    if first == WITH_CONNECTION_ID or first not in CONTENT_TYPES:
        return reader.left
    header = reader.take(RECORD_HEADER_BYTES, "record header")
    reader.position = start
    return RECORD_HEADER_BYTES + int.from_bytes(header[11:], "big")


def _unified_size(reader: Reader, first: int) -> int:
    """The length of a DTLS 1.3 record; how long a connection id is, the header does not say."""
    if first & 0x10 or not first & 0x04:
        return reader.left
    size = 5 if first & 0x08 else 4
    start = reader.position
    header = reader.take(size, "unified header")
    reader.position = start
    return size + int.from_bytes(header[-2:], "big")


def _read_record(record: Reader) -> None:
    start = record.position
    first = record.data[start]
    if first >> 5 == 1:
        _read_unified(record, first)
        return
    record.draft.summary = CONTENT_TYPES.get(first, f"content type {first}")
    record.number_field(1, "content type", lambda kind: CONTENT_TYPES.get(kind, str(kind)))
    version = record.number_field(2, "version", lambda number: name_of(number, VERSIONS))
    if version >> 8 != 0xFE:
        record.draft.fail(f"version: 0x{version:04X} at byte {start + 1} is none of DTLS")
    if first not in CONTENT_TYPES:
        raise Malformed(f"content type: {first} at byte {start} is unknown")
    epoch = record.number_field(2, "epoch", lambda epoch: "encrypted" if epoch else "not encrypted")
    record.number_field(6, "sequence number")
    if first == WITH_CONNECTION_ID:  # its length is not in the record (RFC 9146 section 4)
        record.size_field("encrypted size", ", with the connection id")
        return
    record.number_field(2, "length", "{} bytes".format)
    _read_contents(record, first, epoch)


def _read_unified(record: Reader, first: int) -> None:
    """A record of DTLS 1.3: ``001CSLEE``, and after it nothing in the open (RFC 9147 section 4)."""
    start = record.position
    record.take(1, "unified header")
    record.add("unified header", first, start, f"001CSLEE = {first:08b}, DTLS 1.3")
    record.add("epoch", first & 3, start, f"ends in the bits {first & 3:02b}")
    record.draft.summary = "encrypted record of DTLS 1.3"
    if first & 0x10:
        record.size_field("encrypted size", ", with the connection id")
        return
    record.number_field(
        2 if first & 0x08 else 1, "sequence number", lambda number: f"0x{number:X}, itself encrypted"
    )
    if first & 0x04:
        record.number_field(2, "length", "{} bytes".format)
    size = record.size_field("encrypted size")
    record.draft.summary += f", {size} bytes"


def _read_contents(record: Reader, kind: int, epoch: int) -> None:
    if not record.left:
        record.draft.fail(f"{CONTENT_TYPES[kind]}: empty at byte {record.position}")
    if epoch or kind == APPLICATION_DATA:
        size = record.size_field("encrypted size")
        record.draft.summary += f", {size} bytes" if kind == APPLICATION_DATA else " (encrypted)"
    elif kind == HANDSHAKE:
        _read_messages(record)
    elif kind == ALERT:
        _read_alert(record)
    elif kind == CHANGE_CIPHER_SPEC:
        record.number_field(1, "change_cipher_spec", lambda _: "from the next record on: encrypted")
    if record.left:
        record.size_field("more")


def _read_messages(record: Reader) -> None:
    names = []
    while record.left:
        message = record.part(min(record.left, _message_size(record)), "handshake message")
        inside = message.inside(message.left, "handshake message")
        names.append(run_inside("dtls", record, inside, read_handshake).summary)
        if len(names) <= 8:
            record.draft.summary = ", ".join(names)


def _message_size(record: Reader) -> int:
    """The header of a handshake message and its fragment (RFC 6347 section 4.2.2)."""
    start = record.position
    header = record.take(12, "handshake header")
    record.position = start
    return 12 + int.from_bytes(header[9:], "big")


def _read_alert(record: Reader) -> None:
    """RFC 8446 section 6, and those of TLS 1.2 before it."""
    level = record.number_field(1, "level", lambda level: ALERT_LEVELS.get(level, str(level)))
    description = record.number_field(1, "description", lambda number: ALERTS.get(number, str(number)))
    words = f"{ALERT_LEVELS.get(level, f'level {level}')} {ALERTS.get(description, description)}"
    record.draft.summary = f"alert: {words}"
