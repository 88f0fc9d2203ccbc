"""The packets of a trace for Wireshark: pcapng (draft-ietf-opsawg-pcapng), an interface for each peer.

A trace keeps what UDP carried; the IP and UDP headers are made again from the addresses that it knows. Of media it
keeps the beginning: such packets are shorter in the file than they were, and the file says so.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable

from ...errors import TraceError
from ..events import Event, PacketEvent
from ..trace import Trace

SECTION_HEADER, INTERFACE, ENHANCED_PACKET = 0x0A0D0D0A, 1, 6
BYTE_ORDER = 0x1A2B3C4D
LINKTYPE_RAW = 101  # an IPv4 or IPv6 packet, which of them its first four bits say
IF_NAME, EPB_FLAGS = 2, 2
DIRECTIONS = {"received": 1, "sent": 2}
UDP = 17
MAX_SIZE = 2**31 - 1
MAX_TIME = 2**33  # seconds: the year 2242
NOWHERE = "192.0.2.255:9"  # RFC 5737: an end that the trace does not know


def dump(trace: Trace, anonymise: bool) -> bytes:
    """Return the packets of a trace as a file.

    Raises
    ------
    TraceError
        It has none: a browser's dump has no packets, nor has a page's peer.
    """
    from ..anonymise import anonymised

    events: Iterable[Event] = trace.select(kind=PacketEvent)
    packets = [e for e in (anonymised(events) if anonymise else events) if isinstance(e, PacketEvent)]
    if not packets:
        raise TraceError("", "this trace has no packets; only peers in the kernel see theirs.")
    names = list(dict.fromkeys(packet.peer for packet in packets))
    head = struct.pack("<IHHq", BYTE_ORDER, 1, 0, -1)
    blocks = [_block(SECTION_HEADER, head), *(_interface(name) for name in names)]
    blocks += [_packet(packet, names.index(packet.peer), trace.epoch) for packet in packets]
    return b"".join(blocks)


def _block(kind: int, body: bytes) -> bytes:
    size = 12 + len(body)
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def _interface(name: str) -> bytes:
    options = _option(IF_NAME, name.encode("utf-8", "replace")[:200]) + _option(0, b"")
    return _block(INTERFACE, struct.pack("<HHI", LINKTYPE_RAW, 0, 0) + options)


def _packet(packet: PacketEvent, interface: int, epoch: float) -> bytes:
    here, there = packet.local or NOWHERE, packet.remote or NOWHERE
    ends = (here, there) if packet.direction == "sent" else (there, here)
    headers = _headers(_end(ends[0]), _end(ends[1]), packet.data, packet.size_bytes)
    captured = headers + packet.data
    size = len(headers) + min(max(packet.size_bytes, len(packet.data)), MAX_SIZE)
    time_us = round(min(max(0.0, packet.time + epoch), MAX_TIME) * 1e6)
    fixed = struct.pack("<IIIII", interface, time_us >> 32, time_us & 0xFFFFFFFF, len(captured), size)
    flags = _option(EPB_FLAGS, struct.pack("<I", DIRECTIONS[packet.direction])) + _option(0, b"")
    return _block(ENHANCED_PACKET, fixed + captured + bytes(-len(captured) % 4) + flags)


def _end(text: str) -> tuple[bytes, int]:
    """Return address and port of ``192.0.2.1:5000`` or ``[2001:db8::1]:5000``; a name has no address."""
    host, _, port = text.rpartition(":")
    try:
        return ipaddress.ip_address(host.strip("[]")).packed, int(port) & 0xFFFF
    except ValueError:
        return _end(NOWHERE)


def _headers(source: tuple[bytes, int], target: tuple[bytes, int], data: bytes, size: int) -> bytes:
    """Return the IP and UDP headers (RFC 791, RFC 8200, RFC 768) of a packet of this size."""
    (from_host, from_port), (to_host, to_port) = source, target
    udp_size = min(8 + max(size, len(data)), 0xFFFF)
    if len(from_host) != len(to_host):  # one end is unknown
        from_host, to_host = (
            h if len(h) == 16 else bytes(10) + b"\xff\xff" + h for h in (from_host, to_host)
        )
    if len(from_host) == 4:
        fixed = struct.pack(">BBHHHBBH", 0x45, 0, min(20 + udp_size, 0xFFFF), 0, 0, 64, UDP, 0)
        header = fixed + from_host + to_host
        header = header[:10] + _checksum(header).to_bytes(2, "big") + header[12:]
        udp_checksum = 0  # none (RFC 768)
    else:
        header = struct.pack(">IHBB", 0x60000000, udp_size, UDP, 64) + from_host + to_host
        pseudo = from_host + to_host + struct.pack(">IIHHH", udp_size, UDP, from_port, to_port, udp_size)
        udp_checksum = _checksum(pseudo + data) or 0xFFFF
    return header + struct.pack(">HHHH", from_port, to_port, udp_size, udp_checksum)


def _checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    padded = data + bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
