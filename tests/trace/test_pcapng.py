"""pcapng: the blocks, and the headers made again. tests/peers/test_instruments.py shows a call to tshark."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from rtcnb.errors import TraceError
from rtcnb.trace import Note, PacketEvent, Trace

STUN = bytes.fromhex("000100002112a442") + bytes(12)
DTLS = bytes.fromhex("16fefd0000000000000000000201") + b"\x00"
PACKETS = [
    PacketEvent(time=1.5, peer="a", direction="sent", protocol="stun", local="10.0.0.1:5000",
                remote="10.0.0.2:6000", size_bytes=20, data=STUN),
    PacketEvent(time=1.6, peer="b", direction="received", protocol="stun", local="[fd00::2]:6000",
                remote="[fd00::1]:5000", size_bytes=20, data=STUN),
    PacketEvent(time=1.7, peer="a", direction="received", protocol="dtls", local="10.0.0.1:5000",
                remote="10.0.0.2:6000", size_bytes=len(DTLS), data=DTLS),
    PacketEvent(time=1.8, peer="a", direction="sent", protocol="rtp", size_bytes=1200, data=b"\x80" + bytes(47)),
    PacketEvent(time=1.9, peer="a", direction="sent", protocol="rtp", local="x.local:9", remote="nonsense",
                size_bytes=12, data=b"\x80" + bytes(11)),
]  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    trace = Trace()
    for packet in PACKETS:
        trace.append(packet)
    trace.epoch = 1_000_000.0
    trace.save(tmp_path / "call.pcapng")
    return tmp_path / "call.pcapng"


def blocks(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    while data:
        kind, size = struct.unpack("<II", data[:8])
        assert size % 4 == 0 and struct.unpack("<I", data[size - 4 : size]) == (size,)
        found.append((kind, data[8 : size - 4]))
        data = data[size:]
    return found


def test_blocks_and_headers(file: Path) -> None:
    head, *rest = blocks(file.read_bytes())
    assert head[0] == 0x0A0D0D0A and [kind for kind, _ in rest] == [1, 1, 6, 6, 6, 6, 6]
    packets = [body for kind, body in rest if kind == 6]
    interface, high, low, captured, size = struct.unpack("<IIIII", packets[0][:20])
    assert (interface, (high << 32 | low) / 1e6, captured, size) == (0, 1_000_001.5, 48, 48)
    ip = packets[0][20 : 20 + captured]
    assert ip[0] == 0x45 and ip[12:16] == bytes([10, 0, 0, 1]) and ip[28:] == STUN
    total = sum(struct.unpack(">10H", ip[:20]))
    assert (total & 0xFFFF) + (total >> 16) == 0xFFFF, "the header's checksum is right"
    assert packets[1][20] == 0x60 and struct.unpack("<I", packets[1][:4]) == (1,)
    captured, size = struct.unpack("<II", packets[3][12:20])
    assert (captured, size) == (28 + 48, 28 + 1200), "cut, and it says so"


def test_anonymised(tmp_path: Path) -> None:
    trace = Trace()
    trace.append(PACKETS[0])
    trace.save(tmp_path / "a.pcapng", anonymise=True)
    assert bytes([10, 0, 0, 2]) in (tmp_path / "a.pcapng").read_bytes()


def test_a_trace_without_packets_says_so(tmp_path: Path) -> None:
    trace = Trace()
    trace.append(Note(text="x"))
    with pytest.raises(TraceError, match="has no packets"):
        trace.save(tmp_path / "a.pcapng")
