"""Packets taken apart: the vectors of RFC 5769, packets of aiortc and aioice, and any bytes at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from aioice import stun
from aiortc.rtp import RtcpPsfbPacket, RtcpReceiverInfo, RtcpRrPacket, RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from rtcnb.trace.packets import check_fingerprint, check_integrity, decode, long_term_key, protocol_of

CHECKOUT = Path(__file__).resolve().parents[2]
VECTORS = Path(os.environ.get("RTCNB_CORPUS", CHECKOUT / "../shared/corpus")) / "stun"
needs_vectors = pytest.mark.skipif(not VECTORS.is_dir(), reason=f"no RFC 5769 vectors in {VECTORS}")


def request() -> bytes:
    message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    message.attributes["USERNAME"] = "them:us"
    message.attributes["PRIORITY"] = 1845501695
    message.attributes["ICE-CONTROLLING"] = 7
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(b"secret")
    return bytes(message)


def rtp() -> bytes:
    packet = RtpPacket(
        payload_type=96, marker=1, sequence_number=5, timestamp=9000, ssrc=1234, payload=b"picture"
    )
    return bytes(packet.serialize())


def rtcp() -> bytes:
    report = RtcpReceiverInfo(
        ssrc=7, fraction_lost=1, packets_lost=2, highest_sequence=3, jitter=4, lsr=5, dlsr=6
    )
    return bytes(RtcpRrPacket(ssrc=1, reports=[report])) + bytes(RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=7))


@needs_vectors
@pytest.mark.parametrize("number", [1, 3, 4])  # the long-term one is 2, whatever the corpus says
def test_rfc_5769_short_term(number: int) -> None:
    data = (VECTORS / f"rfc5769-{number}.bin").read_bytes()
    decoded = decode(data)
    assert decoded.protocol == "stun" and decoded.error == ""
    assert (
        check_integrity(data, b"VOkJxbRl1RmTxUk/WvJxBt") is True and check_integrity(data, b"other") is False
    )
    assert check_fingerprint(data) is True
    if number > 1:
        address = {3: "192.0.2.1", 4: "2001:db8:1234:5678:11:2233:4455:6677"}[number]
        assert address in str(decoded.get("XOR-MAPPED-ADDRESS"))


@needs_vectors
def test_rfc_5769_long_term() -> None:
    data = (VECTORS / "rfc5769-2.bin").read_bytes()
    key = long_term_key("\u30de\u30c8\u30ea\u30c3\u30af\u30b9", "example.org", "TheMatrIX")
    assert check_integrity(data, key) is True
    assert decode(data).get("REALM") == "example.org"


def test_a_connectivity_check() -> None:
    decoded = decode(request())
    assert decoded.get("USERNAME") == "them:us" and decoded.get("PRIORITY") == 1845501695
    assert {"USE-CANDIDATE", "ICE-CONTROLLING", "MESSAGE-INTEGRITY"} <= {f.name for f in decoded.fields}
    assert check_integrity(request(), b"secret") is True
    assert check_integrity(request().replace(b"them", b"then"), b"secret") is False


def test_media_and_its_reports() -> None:
    assert protocol_of(rtp()) == "rtp" and protocol_of(rtcp()) == "rtcp"
    assert decode(rtp()).summary == "RTP pt 96 seq 5 ts 9000 marker" or "seq 5" in decode(rtp()).summary
    assert len(decode(rtcp(), "rtcp").inner) == 2


def test_what_each_first_byte_says() -> None:
    said = {byte: protocol_of(bytes([byte, 0]) + bytes(18)) for byte in (20, 63, 64, 79, 128, 191, 200, 5)}
    assert said == {
        20: "dtls", 63: "dtls", 64: "turn-channel", 79: "turn-channel", 128: "rtp", 191: "rtp",
        200: "unknown", 5: "unknown",
    }  # fmt: skip
    assert protocol_of(b"") == "unknown"


def check_places(decoded: Any, size: int) -> None:
    assert isinstance(decoded.summary, str)
    for field in decoded.fields:
        assert 0 <= field.start <= field.end <= size, field


PROTOCOLS = [None, "stun", "turn-channel", "dtls", "rtp", "srtp", "rtcp", "srtcp", "sctp", "dcep", "nonsense"]


@given(st.binary(max_size=300), st.sampled_from(PROTOCOLS))
def test_any_bytes_are_taken(data: bytes, protocol: str | None) -> None:
    check_places(decode(data, protocol), len(data))
    protocol_of(data)
    check_integrity(data, b"k")
    check_fingerprint(data)


@given(
    st.sampled_from([request, rtp, rtcp]),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6),
    st.integers(0, 200),
)
def test_real_packets_spoilt_are_taken(make: Any, changes: list[tuple[int, int]], size: int) -> None:
    data = bytearray(make())
    for place, value in changes:
        data[place % len(data)] = value
    cut = bytes(data[:size])
    check_places(decode(cut), len(cut))
    check_places(decode(cut, size_bytes=len(data)), len(cut))


def test_a_packet_in_a_packet_in_a_packet_has_an_end() -> None:
    packet = rtp()
    for _ in range(40):
        message = bytes.fromhex("00130000")[:2] + (4 + len(packet) // 4 * 4).to_bytes(2, "big")
        packet = packet[: len(packet) // 4 * 4]
        packet = (
            message
            + bytes.fromhex("2112a442")
            + bytes(12)
            + b"\x00\x13"
            + len(packet).to_bytes(2, "big")
            + packet
        )
    depth, decoded = 0, decode(packet)
    while decoded.inner:
        depth, decoded = depth + 1, decoded.inner[0]
    assert 1 <= depth <= 6
