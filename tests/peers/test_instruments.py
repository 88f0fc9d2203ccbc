"""What a kernel peer reports by itself, and what `observe` reports of somebody else's connection."""

from __future__ import annotations

import asyncio
import functools
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import VideoStreamTrack

import rtcnb
from rtcnb.errors import WrongTrack
from rtcnb.trace import (
    DtlsEvent,
    PacketEvent,
    PairEvent,
    SelectedPair,
    StatisticsEvent,
    Trace,
)
from rtcnb.trace.packets import decode


async def call(trace: Trace) -> tuple[RTCPeerConnection, RTCPeerConnection]:
    """Two plain aiortc connections on this test's own loop, the first one observed."""
    mine, other = RTCPeerConnection(), RTCPeerConnection()
    assert rtcnb.observe(mine, name="mine", trace=trace) is trace
    mine.addTrack(VideoStreamTrack())
    mine.createDataChannel("chat")
    await mine.setLocalDescription(await mine.createOffer())
    await other.setRemoteDescription(RTCSessionDescription(mine.localDescription.sdp, "offer"))
    await other.setLocalDescription(await other.createAnswer())
    answer = RTCSessionDescription(other.localDescription.sdp, "answer")
    await mine.setRemoteDescription(sessionDescription=answer)  # by name, as aiortc has it
    async with asyncio.timeout(10):
        while mine.connectionState != "connected" or other.connectionState != "connected":
            await asyncio.sleep(0.05)
    return mine, other


async def test_observe_writes_down_everything() -> None:
    trace = Trace()
    mine, other = await call(trace)
    async with asyncio.timeout(10):
        while not trace.select(kind=StatisticsEvent) or not any(
            isinstance(e, PacketEvent) and e.protocol == "rtp" for e in trace.select(kind=PacketEvent)
        ):
            await asyncio.sleep(0.1)
    await mine.close()
    await other.close()
    packets: list[Any] = list(trace.select(kind=PacketEvent))
    by_protocol = {p: [x for x in packets if x.protocol == p] for p in ("stun", "dtls", "rtp")}
    assert all(by_protocol.values()) and {x.direction for x in by_protocol["stun"]} == {"sent", "received"}
    first = decode(by_protocol["stun"][0].data)
    assert first.error == "" and "USERNAME" in {f.name for f in first.fields}
    rtp = by_protocol["rtp"][0]
    assert rtp.direction == "sent" and rtp.plain[:12] == rtp.data[:12] and rtp.size_bytes > len(rtp.data) > 12
    assert any("ClientHello" in decode(x.data).summary for x in by_protocol["dtls"])
    assert [e.state for e in trace.select(kind=PairEvent) if e.state == "succeeded"]  # type: ignore[attr-defined]
    assert trace.select(kind=SelectedPair)
    dtls: list[Any] = list(trace.select(kind=DtlsEvent))
    connected = next(e for e in dtls if e.state == "connected")
    assert connected.fingerprint in connected.expected and connected.role in ("client", "server")
    methods = [e.method for e in trace.select(kind="call")]  # type: ignore[attr-defined]
    assert methods == ["createOffer", "setLocalDescription", "setRemoteDescription", "close"]
    assert trace.diagnose() == []


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
async def test_tshark_reads_the_packets_of_a_call(tmp_path: Path) -> None:
    trace = Trace()
    mine, other = await call(trace)
    await mine.close()
    await other.close()
    trace.save(tmp_path / "call.pcapng")
    command = ["tshark", "-r", str(tmp_path / "call.pcapng"), "-T", "fields", "-e", "frame.protocols"]
    tshark = functools.partial(
        subprocess.run, command, check=True, capture_output=True, text=True, timeout=60
    )
    lines = (await asyncio.to_thread(tshark)).stdout.splitlines()
    packets: list[Any] = list(trace.select(kind=PacketEvent))
    assert len(lines) == len(packets)
    for protocol in ("stun", "dtls"):
        assert sum(protocol in line for line in lines) == sum(x.protocol == protocol for x in packets)


async def test_statistics_have_the_w3c_s_names() -> None:
    alice, bob = rtcnb.KernelPeer("alice", trace=Trace()), rtcnb.KernelPeer("bob", trace=Trace())
    try:
        alice.addTrack(rtcnb.TestPattern(width=64, height=48).video)
        channel = alice.createDataChannel("chat")
        await rtcnb.connect(alice, bob)
        await channel.wait_open()
        report = await alice.getStats()
        types = {entry["type"] for entry in report.values()}
        wanted = {
            "transport",
            "candidate-pair",
            "local-candidate",
            "remote-candidate",
            "codec",
            "data-channel",
        }
        assert wanted | {"outbound-rtp"} <= types
        transport = next(e for e in report.values() if e["type"] == "transport")
        pair = report[transport["selectedCandidatePairId"]]
        assert pair["state"] == "succeeded" and pair["nominated"] is True
        assert report[pair["localCandidateId"]]["address"] and report[pair["remoteCandidateId"]]["port"]
        outbound = next(e for e in report.values() if e["type"] == "outbound-rtp")
        assert report[outbound["codecId"]]["mimeType"] == "video/VP8"
        assert all(isinstance(e["timestamp"], float) for e in report.values())
        names = {"tlsVersion": "FEFD", "dtlsCipher": "TLS_ECDHE_ECDSA_WITH_", "srtpCipher": "SRTP_AE"}
        assert all(transport[name].startswith(begin) for name, begin in names.items())
        source = report[outbound["mediaSourceId"]]
        assert (source["type"], source["width"], source["height"]) == ("media-source", 64, 48)
        async with asyncio.timeout(30):
            while not bob.track("video").counters.frames:
                await asyncio.sleep(0.1)
        received = next(e for e in (await bob.getStats()).values() if e["type"] == "inbound-rtp")
        assert (received["frameWidth"], received["frameHeight"]) == (64, 48) and received["bytesReceived"] > 0
    finally:
        await alice.close()
        await bob.close()


async def test_a_turn_login_gets_into_no_packet() -> None:
    from rtcnb.trace.secrets import without_login

    allocate = bytes.fromhex("0003000c2112a442" + "00" * 12) + bytes.fromhex("00060005") + b"janet" + bytes(3)
    assert without_login(allocate) == allocate[:24] + b"*****" + bytes(3)
    check = b"\x00\x01" + allocate[2:]
    assert without_login(check) == check, "two ufrags; the diagnosis needs them"


def test_observe_takes_aiortc_s_connections_only() -> None:
    with pytest.raises(WrongTrack, match="aiortc RTCPeerConnection"):
        rtcnb.observe("pc")
