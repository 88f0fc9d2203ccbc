"""RTCP: compound packets, each of them an inner one (RFC 3550 section 6; SRTCP: RFC 3711 section 3.4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from .fields import Body, Malformed, Reader, as_text, run_inside
from .rtcp_feedback import read_payload_feedback, read_transport_feedback

ITEMS = {1: "CNAME", 2: "NAME", 3: "EMAIL", 4: "PHONE", 5: "LOC", 6: "TOOL", 7: "NOTE", 8: "PRIV"}
ITEMS |= {15: "RtpStreamId", 16: "RepairedRtpStreamId"}  # RFC 8852

XR_BLOCKS = {
    1: "Loss RLE",
    2: "Duplicate RLE",
    3: "Packet Receipt Times",
    4: "Receiver Reference Time",
    5: "DLRR",
    6: "Statistics Summary",
    7: "VoIP Metrics",
    42: "Target Bitrate",  # libwebrtc's own
}
NTP_EPOCH = datetime(1900, 1, 1, tzinfo=UTC)


def read_rtcp(reader: Reader) -> None:
    """Read a compound packet in plaintext."""
    draft = reader.draft
    draft.summary = "RTCP"
    if not reader.left:
        raise Malformed("packet: an empty datagram")
    while reader.left:
        origin = reader.position
        kind, size = _peek(reader)
        if size > reader.left:
            draft.fail(f"length: {size} bytes at byte {origin + 2}, but {reader.left} bytes follow")
        packet = reader.inside(min(size, reader.left), "packet")
        decoded = run_inside("rtcp", reader, packet, _body(kind))
        separator = "," if len(draft.inner) > 1 else ""
        draft.summary += f"{separator} {decoded.summary}"
        if len(draft.summary) > 200:
            draft.summary = draft.summary[:199] + "…"


def read_srtcp(reader: Reader) -> None:
    """Read what SRTCP leaves in the open: the first packet's header and its sender."""
    draft = reader.draft
    draft.summary = "SRTCP"
    kind, _ = _peek(reader)
    draft.summary = f"SRTCP {_name(kind)}"
    _read_header(reader)
    reader.number_field(4, "sender SSRC", "0x{:08X}".format)
    reader.size_field("payload size", ", encrypted, with the index and the authentication tag")


def _peek(reader: Reader) -> tuple[int, int]:
    """The packet type of what comes next and its size in bytes."""
    start = reader.position
    head = reader.take(4, "header")
    reader.position = start
    return head[1], (int.from_bytes(head[2:], "big") + 1) * 4


def _name(kind: int) -> str:
    return PACKETS[kind].name if kind in PACKETS else f"packet type {kind}"


def _body(kind: int) -> Body:
    def body(packet: Reader) -> None:
        packet.draft.summary = _name(kind)
        count, padding = _read_header(packet)
        padding_size = _padding_size(packet) if padding else 0
        contents = packet.part(packet.left - padding_size, "contents")
        if kind in PACKETS:
            PACKETS[kind].read(contents, count)
        if contents.left:
            contents.size_field("more")
        if padding_size:
            packet.size_field("padding size")

    return body


def _read_header(packet: Reader) -> tuple[int, bool]:
    start = packet.position
    first = packet.number(1, "version")
    packet.add("version", first >> 6, start)
    packet.add("padding", first >> 5 & 1, start)
    if first >> 6 != 2:
        raise Malformed(f"version: {first >> 6} at byte {start}, not 2")
    kind = packet.number(1, "packet type")
    packet.add(PACKETS[kind].count_name if kind in PACKETS else "count", first & 31, start, end=start + 1)
    packet.add("packet type", kind, start + 1, _name(kind))
    packet.number_field(2, "length", lambda words: f"{(words + 1) * 4} bytes")
    return first & 31, bool(first & 0x20)


def _padding_size(packet: Reader) -> int:
    if packet.stored < packet.end:
        return 0  # its count is the last byte, which the capture does not have
    size = packet.data[packet.end - 1] if packet.left else 0
    if 1 <= size <= packet.left:
        return size
    packet.draft.fail(
        f"padding: {size} bytes says byte {packet.end - 1}, but {packet.left} follow the header"
    )
    return 0


def _read_sender_report(part: Reader, count: int) -> None:
    """SR (RFC 3550 section 6.4.1)."""
    part.number_field(4, "sender SSRC", "0x{:08X}".format)
    part.number_field(8, "NTP timestamp", _ntp_text)
    part.number_field(4, "RTP timestamp")
    packets = part.number_field(4, "sender's packet count")
    octets = part.number_field(4, "sender's octet count")
    part.draft.summary += f" {packets} packets {octets} bytes"
    _read_report_blocks(part, count)


def _read_receiver_report(part: Reader, count: int) -> None:
    """RR (RFC 3550 section 6.4.2)."""
    part.number_field(4, "sender SSRC", "0x{:08X}".format)
    _read_report_blocks(part, count)


def _read_report_blocks(part: Reader, count: int) -> None:
    for _ in range(count):
        part.number_field(4, "report SSRC", "0x{:08X}".format)
        lost = part.number_field(1, "fraction lost", lambda value: f"{value / 2.56:.1f} %")
        start = part.position
        total = int.from_bytes(part.take(3, "cumulative number of packets lost"), "big", signed=True)
        part.add("cumulative number of packets lost", total, start)
        part.number_field(4, "extended highest sequence number received", _sequence_text)
        part.number_field(4, "interarrival jitter", "{} timestamp units".format)
        part.number_field(4, "last SR", "middle of the NTP timestamp 0x{:08X}".format)
        part.number_field(4, "delay since last SR", lambda value: f"{value / 65536:.3f} s")
        part.draft.summary += f" lost {lost / 2.56:.0f}%"


def _sequence_text(value: int) -> str:
    return f"{value & 0xFFFF} after {value >> 16} wraps"


def _ntp_text(value: int) -> str:
    """Seconds since 1900 and their fraction; libwebrtc counts from its own start where it likes."""
    return f"{NTP_EPOCH + timedelta(seconds=value / 2**32):%Y-%m-%d %H:%M:%S.%f} UTC"


def _read_source_description(part: Reader, count: int) -> None:
    """SDES: for each source a list of items, ended by zeros up to 4 bytes (RFC 3550 section 6.5)."""
    for _ in range(count):
        chunk = part.position
        part.number_field(4, "SSRC", "0x{:08X}".format)
        while kind := part.number(1, "SDES item"):
            name = ITEMS.get(kind, f"SDES item {kind}")
            start = part.position - 1
            text = as_text(part.take(part.number(1, f"{name} length"), name))
            part.add(name, text, start)
            if name == "CNAME":
                part.draft.summary += f" {text}"
        part.part(min(-(part.position - chunk) % 4, part.left), "SDES padding")


def _read_bye(part: Reader, count: int) -> None:
    """BYE (RFC 3550 section 6.6)."""
    for _ in range(count):
        part.number_field(4, "SSRC", "0x{:08X}".format)
    if part.left:
        size = part.number_field(1, "reason length")
        reason = part.text_field(size, "reason for leaving")
        part.draft.summary += f" {reason}"
        part.part(part.left, "padding")


def _read_application(part: Reader, subtype: int) -> None:
    """APP (RFC 3550 section 6.7)."""
    part.number_field(4, "SSRC", "0x{:08X}".format)
    name = part.text_field(4, "name")
    part.draft.summary += f" {name}"
    part.size_field("application-dependent data size")


def _read_extended_report(part: Reader, _count: int) -> None:
    """XR: blocks by type (RFC 3611 section 3)."""
    part.number_field(4, "sender SSRC", "0x{:08X}".format)
    names = []
    while part.left:
        start = part.position
        kind = part.number(1, "block type")
        part.number(1, "type-specific")
        words = part.number(2, "block length")
        name = XR_BLOCKS.get(kind, f"block type {kind}")
        block = part.part(words * 4, name)
        if kind == 4 and words == 2:
            value = block.number(8, name)
            block.add(name, value, start, _ntp_text(value))
        else:
            block.add(name, words * 4, start, f"{words * 4} bytes", block.end)
        names.append(name)
    part.draft.summary += f" {', '.join(names[:8])}"


def _name_only(part: Reader, count: int) -> None:
    """What these hold is not read further."""


class Packet(NamedTuple):
    """A row of the table; `count_name` is that of the five bits, which mean something else in each."""

    name: str
    count_name: str
    read: Callable[[Reader, int], None]


PACKETS = {
    192: Packet("FIR (RFC 2032)", "count", _name_only),
    193: Packet("NACK (RFC 2032)", "count", _name_only),
    195: Packet("IJ", "reception report count", _name_only),
    200: Packet("SR", "reception report count", _read_sender_report),
    201: Packet("RR", "reception report count", _read_receiver_report),
    202: Packet("SDES", "source count", _read_source_description),
    203: Packet("BYE", "source count", _read_bye),
    204: Packet("APP", "subtype", _read_application),
    205: Packet("RTPFB", "feedback message type", read_transport_feedback),
    206: Packet("PSFB", "feedback message type", read_payload_feedback),
    207: Packet("XR", "reserved", _read_extended_report),
}
