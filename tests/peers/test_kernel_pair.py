"""Two kernel peers: real calls, asserted by what is decoded at the far end."""

from __future__ import annotations

import asyncio
import ctypes
import os
import subprocess
import sys
import textwrap
import threading
import time
from typing import Any

import aioice.ice
import pytest
from aiortc import RTCPeerConnection

import rtcnb
from rtcnb.errors import ConnectionFailed, InvalidState, NotSupported


async def until(condition: Any, timeout: float = 10.0) -> None:
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.02)


async def exchange(offerer: rtcnb.KernelPeer, answerer: rtcnb.KernelPeer) -> None:
    offer = await offerer.createOffer()
    await offerer.setLocalDescription(offer)
    await answerer.setRemoteDescription(offer)
    answer = await answerer.createAnswer()
    await answerer.setLocalDescription(answer)
    await offerer.setRemoteDescription(answer)


async def test_video_and_audio_are_decoded_at_the_far_end(peers: Any) -> None:
    alice, bob = peers
    pattern = rtcnb.TestPattern(width=320, height=240, audio=True)
    alice.addTrack(pattern.video)
    alice.addTrack(pattern.audio)
    picture, sound = bob.track("video"), bob.track("audio")
    await rtcnb.connect(alice, bob)
    await until(lambda: picture.counters.frames > 10 and sound.counters.frames > 25)
    assert (picture.latest.width, picture.latest.height) == (320, 240)
    assert abs(sound.latest.to_ndarray()).max() > 100
    await pattern.stop()


async def test_messages_text_and_bytes_go_both_ways(peers: Any) -> None:
    alice, bob = peers
    theirs: asyncio.Queue[Any] = asyncio.Queue()
    opened: list[tuple[str, str]] = []
    begun = time.monotonic()

    def heard(event: Any) -> None:
        event.channel.on("open", lambda it: opened.append((it.target.label, it.target.readyState)))
        theirs.put_nowait(event.channel)

    bob.on("datachannel", heard)
    chat = alice.createDataChannel("chat", ordered=False, maxRetransmits=2, protocol="talk")
    await rtcnb.connect(alice, bob)
    await chat.wait_open()
    other = await asyncio.wait_for(theirs.get(), 5)
    assert (other.label, other.ordered, other.maxRetransmits, other.protocol) == ("chat", False, 2, "talk")
    chat.send("grüße")
    chat.send(b"\x00\xff")
    received = [await anext(other) for _ in range(2)]
    assert opened == [("chat", "open")], "webrtc-pc section 6.1: announced, then open"
    told = [e.action for e in bob.trace.select("bob", "channel", since=begun)]
    assert told[0] == "open" and told.count("open") == 1
    assert sorted(map(str, received)) == sorted(["grüße", str(b"\x00\xff")])
    other.send("back")
    assert await anext(chat) == "back"
    chat.close()
    await until(lambda: other.readyState == "closed")
    assert [message async for message in other] == []


async def test_without_trickle_one_description_carries_everything(peers: Any) -> None:
    alice, bob = peers
    chat = alice.createDataChannel("chat")
    await alice.setLocalDescription(await alice.createOffer())
    offer = await alice.wait_gathered()
    assert offer.document.media[0].candidates
    await bob.setRemoteDescription(offer)
    await bob.setLocalDescription()
    await alice.setRemoteDescription(await bob.wait_gathered())
    await asyncio.gather(alice.wait_connected(), bob.wait_connected())
    await chat.wait_open()


async def test_the_description_comes_back_at_once_without_candidates(
    peers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, _ = peers
    gathering, go_on = asyncio.Event(), threading.Event()
    original = aioice.ice.Connection.get_component_candidates

    async def slow(self: Any, *args: Any, **kwargs: Any) -> Any:
        while not go_on.is_set():
            await asyncio.sleep(0.01)
        return await original(self, *args, **kwargs)

    monkeypatch.setattr(aioice.ice.Connection, "get_component_candidates", slow)
    alice.createDataChannel("chat")
    alice.on("icegatheringstatechange", lambda event: gathering.set())
    await alice.setLocalDescription(await alice.createOffer())
    assert alice.iceGatheringState != "complete"
    assert not alice.localDescription.document.media[0].candidates
    go_on.set()
    kinds = [candidate async for candidate in alice.candidates()]
    assert kinds[-1].is_end and kinds[0].type == "host" and kinds[0].sdpMid == "0"
    assert alice.localDescription.document.media[0].candidates
    assert kinds == [candidate async for candidate in alice.candidates()]


@pytest.mark.parametrize("kept", ["sdpMid", "sdpMLineIndex"])
async def test_candidates_with_only_one_of_mid_and_index_work(peers: Any, kept: str) -> None:
    alice, bob = peers
    alice.createDataChannel("chat")
    await exchange(alice, bob)
    for sender, receiver in ((alice, bob), (bob, alice)):
        async for candidate in sender.candidates():
            members = {"candidate": candidate.candidate, kept: getattr(candidate, kept)}
            await receiver.addIceCandidate(None if candidate.is_end else members)
    await asyncio.gather(alice.wait_connected(), bob.wait_connected())


async def test_one_side_that_hears_no_candidates_still_connects(peers: Any) -> None:
    alice, bob = peers
    alice.createDataChannel("chat")
    await exchange(alice, bob)
    async for candidate in alice.candidates():
        await bob.addIceCandidate(candidate)
    await asyncio.gather(alice.wait_connected(), bob.wait_connected())


async def test_nobody_sent_candidates_is_the_finding(peers: Any) -> None:
    alice, bob = peers
    alice.createDataChannel("chat")
    await exchange(alice, bob)
    with pytest.raises(ConnectionFailed, match="signaling is not carrying them") as caught:
        await bob.wait_connected(timeout=0.5)
    assert [f.rule for f in caught.value.findings] == ["no-candidates"]


async def test_an_answer_that_never_came_is_the_finding(peers: Any) -> None:
    alice, _ = peers
    alice.createDataChannel("chat")
    await alice.setLocalDescription(await alice.createOffer())
    with pytest.raises(ConnectionFailed, match="an offer was made and not answered"):
        await alice.wait_connected(timeout=0.1)


async def test_a_track_that_the_offer_has_no_section_for_is_said(peers: Any) -> None:
    alice, bob = peers
    alice.createDataChannel("chat")
    bob.addTrack(rtcnb.TestPattern(width=64, height=48).video)
    await alice.setLocalDescription(await alice.createOffer())
    await bob.setRemoteDescription(alice.localDescription)
    with pytest.raises(NotSupported, match=r"addTransceiver\('video', 'recvonly'\) before createOffer"):
        await bob.createAnswer()


async def test_renegotiation_adds_a_track_to_a_running_call(peers: Any) -> None:
    alice, bob = peers
    alice.createDataChannel("chat")
    await rtcnb.connect(alice, bob)
    pattern = rtcnb.TestPattern(width=320, height=240)
    sender = alice.addTrack(pattern.video)
    picture = bob.track("video")
    await exchange(alice, bob)
    await until(lambda: picture.counters.frames > 5)
    alice.removeTrack(sender)
    await exchange(alice, bob)
    assert alice.localDescription.document.media[1].direction == "recvonly"


async def test_the_answerer_sends_back_what_it_receives(peers: Any) -> None:
    alice, bob = peers
    pattern = rtcnb.TestPattern(width=320, height=240)
    alice.addTrack(pattern.video)
    await alice.setLocalDescription(await alice.createOffer())
    await bob.setRemoteDescription(alice.localDescription)
    bob.addTrack(bob.track("video"))
    back = alice.track("video")
    await bob.setLocalDescription(await bob.createAnswer())
    await alice.setRemoteDescription(bob.localDescription)
    for sender, receiver in ((alice, bob), (bob, alice)):
        async for candidate in sender.candidates():
            await receiver.addIceCandidate(candidate)
    await until(lambda: back.counters.frames > 5)
    stats = [s for s in (await alice.getStats()).values() if s["type"] == "inbound-rtp"]
    assert stats[0]["framesDecoded"] > 5 and stats[0]["timestamp"] > 1e12


async def test_candidates_end_when_the_peer_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(self: Any, *args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(60)

    monkeypatch.setattr(aioice.ice.Connection, "get_component_candidates", never)
    alice = rtcnb.KernelPeer("alice")
    alice.createDataChannel("chat")
    await alice.setLocalDescription(await alice.createOffer())

    async def read() -> list[Any]:
        return [candidate async for candidate in alice.candidates()]

    reading = asyncio.ensure_future(read())
    await asyncio.sleep(0.1)
    await alice.close()
    assert await asyncio.wait_for(reading, 2) == []


async def test_candidates_before_a_description_say_what_to_do(peers: Any) -> None:
    with pytest.raises(InvalidState, match="begins with setLocalDescription"):
        await anext(peers[0].candidates())


async def test_loopback_is_offered_where_there_is_nothing_else(
    peers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **kwargs: [])
    alice, bob = peers
    chat = alice.createDataChannel("chat")
    await rtcnb.connect(alice, bob)
    await chat.wait_open()
    assert [c.address for c in alice._candidates if not c.is_end] == ["127.0.0.1"]


def without_network() -> None:
    """Enter a network namespace of our own, its loopback up."""
    import fcntl
    import socket
    import struct

    clone_newnet = 0x40000000
    if ctypes.CDLL(None, use_errno=True).unshare(clone_newnet):
        raise OSError(ctypes.get_errno(), "unshare")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        siocsifflags, up_and_running = 0x8914, 0x41
        fcntl.ioctl(handle, siocsifflags, struct.pack("16sh", b"lo", up_and_running))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="a network namespace needs root")
def test_two_kernel_peers_connect_with_no_network_at_all() -> None:
    script = """
        import asyncio, sys
        sys.path.insert(0, "tests/peers")
        from test_kernel_pair import without_network
        without_network()
        import rtcnb

        async def main():
            alice, bob = rtcnb.KernelPeer("alice"), rtcnb.KernelPeer("bob")
            alice.addTrack(rtcnb.TestPattern(width=320, height=240).video)
            picture = bob.track("video")
            await rtcnb.connect(alice, bob)
            async with asyncio.timeout(10):
                while picture.counters.frames < 5:
                    await asyncio.sleep(0.05)
            print("decoded")
            await alice.close()
            await bob.close()

        asyncio.run(main())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "decoded", done.stderr


async def test_other_aiortc_code_in_the_kernel_is_not_changed(peers: Any) -> None:
    alice, bob = peers
    alice.createDataChannel("chat")
    await rtcnb.connect(alice, bob)
    plain = RTCPeerConnection()
    plain.createDataChannel("chat")
    await plain.setLocalDescription(await plain.createOffer())
    assert plain.iceGatheringState == "complete" and "a=candidate" in plain.localDescription.sdp
    await plain.close()


BLACK_HOLE = "192.0.2.1"  # TEST-NET-1 (RFC 5737): nobody answers


def unreachable(candidate: rtcnb.Candidate) -> rtcnb.Candidate:
    if candidate.is_end:
        return candidate
    words = candidate.candidate.split(" ")
    return rtcnb.Candidate(
        " ".join([*words[:4], BLACK_HOLE, *words[5:]]), candidate.sdpMid, candidate.sdpMLineIndex
    )


async def negotiated(alice: rtcnb.KernelPeer, bob: rtcnb.KernelPeer) -> None:
    alice.createDataChannel("x")
    offer = await alice.createOffer()
    await alice.setLocalDescription(offer)
    await bob.setRemoteDescription(offer)
    answer = await bob.createAnswer()
    await bob.setLocalDescription(answer)
    await alice.setRemoteDescription(answer)


@pytest.mark.alone
async def test_silence_is_said_within_5_seconds(peers: tuple[rtcnb.KernelPeer, rtcnb.KernelPeer]) -> None:
    alice, bob = peers
    await negotiated(alice, bob)
    for sender, receiver in ((alice, bob), (bob, alice)):
        async for candidate in sender.candidates():
            await receiver.addIceCandidate(unreachable(candidate))
    begun = time.monotonic()
    with pytest.raises(ConnectionFailed) as caught:
        await alice.wait_connected(timeout=20)
    assert time.monotonic() - begun < 5
    (finding,) = caught.value.findings
    assert finding.rule == "no-udp"
    assert "No UDP passes between two peers in the kernel: alice and bob" in finding.sentence
    assert "rtcnb.process(camera, f)" in finding.remedy


async def test_silence_of_a_peer_elsewhere_is_not_blamed_on_the_network_alone() -> None:
    alice, far = rtcnb.KernelPeer("alice", trace=rtcnb.Trace()), rtcnb.KernelPeer("far", trace=rtcnb.Trace())
    try:
        await negotiated(alice, far)
        async for candidate in far.candidates():
            await alice.addIceCandidate(unreachable(candidate))
        with pytest.raises(ConnectionFailed) as caught:
            await alice.wait_connected(timeout=20)
        assert caught.value.findings[0].rule == "no-reply"
    finally:
        await alice.close()
        await far.close()


async def test_the_end_that_lacks_something_is_named(
    peers: tuple[rtcnb.KernelPeer, rtcnb.KernelPeer],
) -> None:
    alice, bob = peers
    await negotiated(alice, bob)
    async for candidate in bob.candidates():
        await alice.addIceCandidate(unreachable(candidate))
    with pytest.raises(ConnectionFailed, match="bob has received none of the other side's candidates"):
        await alice.wait_connected(timeout=20)
