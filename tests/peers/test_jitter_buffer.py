"""The prompt jitter buffer gives the same frames as aiortc's own, one frame earlier, and never an empty one."""

from __future__ import annotations

import random

import pytest
from aiortc.jitterbuffer import JitterBuffer
from aiortc.rtp import RtpPacket

from rtcnb.peers.aiortc_internals import PromptJitterBuffer

Frames = list[tuple[int, bytes]]


def stream(rnd: random.Random, frames: int, padding: bool) -> tuple[list[RtpPacket], Frames]:
    """Return the packets of some frames, and what the frames hold."""
    packets: list[RtpPacket] = []
    wanted: Frames = []
    number = rnd.randrange(65536)

    def packet(timestamp: int, data: bytes, marker: bool) -> None:
        made = RtpPacket(
            sequence_number=(number + len(packets)) % 65536, timestamp=timestamp, marker=int(marker)
        )
        made._data = data
        packets.append(made)

    for index in range(frames):
        pieces = [rnd.randbytes(3) for _ in range(rnd.randint(1, 8))]
        for i, piece in enumerate(pieces):
            packet(index * 3000, piece, i == len(pieces) - 1)
        if padding and rnd.random() < 0.2:
            packet(index * 3000, b"", False)
        wanted.append((index * 3000, b"".join(pieces)))
    return packets, wanted


def through(buffer: JitterBuffer, packets: list[RtpPacket]) -> Frames:
    found = [buffer.add(packet)[1] for packet in packets]
    return [(frame.timestamp, frame.data) for frame in found if frame is not None]


@pytest.mark.parametrize("padding", [False, True])
@pytest.mark.parametrize("seed", range(30))
def test_reordered_and_repeated_packets_give_the_same_frames(seed: int, padding: bool) -> None:
    rnd = random.Random(seed)
    packets, wanted = stream(rnd, 60, padding)
    # The first packet fixes the origin; the others may be late by up to ten, or come twice.
    order = sorted(range(1, len(packets)), key=lambda i: i + (rnd.random() * 10 if rnd.random() < 0.1 else 0))
    arrived = [packets[0], *(packets[i] for i in order for _ in range(1 + (rnd.random() < 0.05)))]
    stock = through(JitterBuffer(512, is_video=True), arrived)
    prompt = through(PromptJitterBuffer(512, is_video=True), arrived)
    assert stock == wanted[: len(stock)]
    assert prompt == wanted[: len(prompt)]
    assert len(prompt) >= len(stock) and all(data for _, data in prompt)


def test_a_frame_comes_with_its_last_packet() -> None:
    packets, wanted = stream(random.Random(1), 1, padding=False)
    assert through(PromptJitterBuffer(512, is_video=True), packets) == wanted
    assert through(JitterBuffer(512, is_video=True), packets) == []


def test_a_lost_packet_holds_its_frame_until_it_comes() -> None:
    packets, wanted = stream(random.Random(3), 3, padding=False)
    first = len([p for p in packets if p.timestamp == 0])
    buffer = PromptJitterBuffer(512, is_video=True)
    missing = first + 1
    assert through(buffer, [p for i, p in enumerate(packets) if i != missing]) == wanted[:1]
    assert through(buffer, [packets[missing]]) == wanted[1:2]
