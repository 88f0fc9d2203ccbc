"""Failures by hand, without the named faults: what learners do and networks are like, and what is said of it."""

from __future__ import annotations

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any

import aioice.ice
import aioice.stun
import pytest
from failures import attempt, judge, peers

import rtcnb
from rtcnb import faults
from rtcnb.errors import ConnectionFailed, RtcnbError

BLACK_HOLE = "198.51.100.1"  # TEST-NET-2 (RFC 5737): nobody answers


async def offer_of(alice: Any) -> rtcnb.SessionDescription:
    offer = await alice.createOffer()
    await alice.setLocalDescription(offer)
    return offer


async def answer_of(bob: Any, offer: Any) -> rtcnb.SessionDescription:
    await bob.setRemoteDescription(offer)
    answer = await bob.createAnswer()
    await bob.setLocalDescription(answer)
    return answer


# -- descriptions


PASTED = {
    "escaped line ends": "bad-paste",
    "JSON text": "bad-paste",
    "JSON in JSON": "bad-paste",
    "cut": "description-refused",
}


@pytest.mark.parametrize("kind", PASTED)
async def test_a_text_that_is_no_description_any_more(kind: str, tmp_path: Path) -> None:
    async with peers() as (alice, bob):
        alice.createDataChannel("chat")
        offer = await offer_of(alice)
        text = {
            "escaped line ends": offer.sdp.replace("\r\n", "\\r\\n"),
            "JSON text": offer.to_json(),
            "JSON in JSON": json.dumps(offer.to_json()),
            "cut": offer.sdp.removeprefix("v=0\r\n"),
        }[kind]
        with pytest.raises(RtcnbError):
            await bob.setRemoteDescription({"type": "offer", "sdp": text})
        judge(PASTED[kind], alice.trace, tmp_path)


async def test_an_answer_that_is_given_again(tmp_path: Path) -> None:
    async with peers() as (alice, bob):
        alice.createDataChannel("chat")
        answer = await answer_of(bob, await offer_of(alice))
        await alice.setRemoteDescription(answer)
        with pytest.raises(RtcnbError, match="already applied"):
            await alice.setRemoteDescription(answer)
        judge("answer-twice", alice.trace, tmp_path)


def only(codec: str, sdp: str) -> str:
    """Leave a description's video one codec, which it may not have had."""
    sdp = re.sub(r"(?m)^(m=video \d+ \S+).*?(\r?)$", r"\1 98\2", sdp)
    sdp = re.sub(r"(?m)^a=(rtpmap|fmtp|rtcp-fb):.*\r?\n", "", sdp)
    return sdp.replace("a=mid:0\r\n", f"a=mid:0\r\na=rtpmap:98 {codec}/90000\r\n", 1)


@pytest.mark.parametrize("codec", ["VP9", "AV1"])
async def test_an_offer_of_a_codec_that_the_other_side_lacks(codec: str, tmp_path: Path) -> None:
    async with peers() as (alice, bob):
        alice.addTrack(rtcnb.TestPattern(width=64, height=48).video)
        offer = await offer_of(alice)
        with pytest.raises(RtcnbError, match=codec):
            await bob.setRemoteDescription({"type": "offer", "sdp": only(codec, offer.sdp)})
        judge("no-common-codec", alice.trace, tmp_path)
        assert codec in alice.trace.diagnose()[0].sentence


async def test_an_answer_that_refuses_the_video(tmp_path: Path) -> None:
    """As the standard wants it where there is no codec in common: the section's port is 0 (RFC 9429 5.3.1)."""
    async with peers() as (alice, bob):
        alice.createDataChannel("chat")
        alice.addTrack(rtcnb.TestPattern(width=64, height=48).video)
        wire = rtcnb.Wire(alice, bob)
        await offer_of(alice)
        await wire.deliver_all()
        await bob.setLocalDescription(await bob.createAnswer())
        (answer,) = [m for m in wire.pending if isinstance(m.content, rtcnb.SessionDescription)]
        answer.edit(lambda sdp: re.sub(r"(?m)^m=video \d+", "m=video 0", sdp))
        await wire.deliver_all()
        wire.auto = True
        await asyncio.gather(alice.wait_connected(), bob.wait_connected())
        judge("no-common-codec", alice.trace, tmp_path)


async def test_an_answer_that_sends_nothing(tmp_path: Path) -> None:
    async with peers() as (alice, bob):
        alice.addTransceiver("video", "recvonly")
        await rtcnb.connect(alice, bob)
        assert "a=inactive" in bob.localDescription.sdp
        judge("nothing-to-send", alice.trace, tmp_path)


# -- the network


async def test_addresses_that_do_not_reach_each_other(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(aioice.stun, "RETRY_MAX", 1)  # 1.5 s instead of 63
    async with peers() as (alice, bob):
        alice.createDataChannel("chat")
        wire = rtcnb.Wire(alice, bob)
        wire.filters.append(elsewhere)
        errors = await attempt(wire, alice, bob, timeout=40)
        assert alice.connectionState == bob.connectionState == "failed"
        judge("unreachable", alice.trace, tmp_path)
        assert all(isinstance(e, ConnectionFailed) and e.findings[0].rule == "unreachable" for e in errors)
        assert all(pair.state == "failed" for pair in alice.trace.diagnose()[0].evidence)


def elsewhere(message: Any) -> list[Any]:
    """Give every candidate an address that nobody has."""
    if isinstance(message.content, rtcnb.SessionDescription):
        message.content = message.content.without_candidates()
    elif not message.content.is_end:
        words = message.content.candidate.split(" ")
        found = " ".join([*words[:4], BLACK_HOLE, *words[5:]])
        message.content = rtcnb.Candidate(found, message.content.sdpMid, message.content.sdpMLineIndex)
    return [message]


async def test_the_same_before_the_retries_are_over(tmp_path: Path) -> None:
    async with peers() as (alice, bob):
        alice.createDataChannel("chat")
        wire = rtcnb.Wire(alice, bob)
        wire.filters.append(elsewhere)
        await attempt(wire, alice, bob)
        assert alice.connectionState == bob.connectionState == "connecting"
        judge("no-udp", alice.trace, tmp_path)


async def test_one_end_that_was_told_nothing(tmp_path: Path) -> None:
    async with peers() as (alice, bob):
        alice.createDataChannel("chat")
        wire = rtcnb.Wire(alice, bob)
        wire.filters.append(
            lambda message: elsewhere(message) if message.receiver == "alice" else lost(message)
        )
        await attempt(wire, alice, bob)
        judge("no-remote-candidates", alice.trace, tmp_path)
        assert alice.trace.diagnose()[0].sentence.startswith("bob has received none")


async def test_candidates_that_were_not_needed_are_not_missed(tmp_path: Path) -> None:
    async with peers() as (alice, bob):
        alice.createDataChannel("chat")
        wire = rtcnb.Wire(alice, bob)
        rtcnb.faults.make(wire, "wrong-fingerprint")
        wire.filters.append(
            lambda message: (
                []
                if message.receiver == "alice" and isinstance(message.content, rtcnb.Candidate)
                else [message]
            )
        )
        await attempt(wire, alice, bob)
        judge("wrong-fingerprint", alice.trace, tmp_path)
        assert "no-remote-candidates" not in {f.rule for f in alice.trace.diagnose()}, (
            "one was peer-reflexive"
        )


def lost(message: Any) -> list[Any]:
    return [] if isinstance(message.content, rtcnb.Candidate) else elsewhere(message)


async def test_the_trace_of_one_end_alone(tmp_path: Path) -> None:
    alice, bob = (rtcnb.KernelPeer(name, trace=rtcnb.Trace()) for name in ("alice", "bob"))
    try:
        alice.createDataChannel("chat")
        wire = rtcnb.Wire(alice, bob)
        wire.filters.append(elsewhere)
        await attempt(wire, alice, bob)
        judge("no-reply", alice.trace, tmp_path)
    finally:
        await alice.close()
        await bob.close()


async def test_a_wrong_pwd_in_the_end(tmp_path: Path, monkeypatch: Any) -> None:
    """The side that was told wrong fails after its retries; the other, whose checks are right, waits for DTLS."""
    monkeypatch.setattr(aioice.stun, "RETRY_MAX", 1)
    async with peers() as (alice, bob):
        alice.createDataChannel("chat")
        wire = rtcnb.Wire(alice, bob)
        faults.wrong_pwd(wire, to="bob")
        await attempt(wire, alice, bob, timeout=1)
        async with asyncio.timeout(40):
            while bob.connectionState == "connecting":
                await asyncio.sleep(0.05)
        assert (alice.connectionState, bob.connectionState) == ("connecting", "failed")
        judge("wrong-pwd", alice.trace, tmp_path)


async def test_a_peer_that_vanished(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(aioice.ice, "CONSENT_INTERVAL", 0.2)
    async with peers() as (alice, bob):
        alice.createDataChannel("chat")
        await rtcnb.connect(alice, bob)

        def silence() -> None:
            for transport, _ in bob._pc._transports():
                for protocol in transport._connection._protocols:
                    protocol.transport.close()

        rtcnb.runtime.loop.call(silence)  # type: ignore[attr-defined]
        async with asyncio.timeout(60):
            while alice.connectionState == "connected":
                await asyncio.sleep(0.1)
        judge("peer-vanished", alice.trace, tmp_path)


# -- media


async def test_a_function_that_is_slower_than_its_pictures(tmp_path: Path) -> None:
    async with peers() as (alice, bob):
        alice.addTrack(rtcnb.TestPattern(width=64, height=48, frameRate=30).video)
        slow = rtcnb.process(bob.track("video"))(lambda image: time.sleep(0.2) or image)
        await rtcnb.connect(alice, bob)
        async with asyncio.timeout(40):
            while not alice.trace.diagnose():
                await asyncio.sleep(0.2)
        judge("frames-dropped", alice.trace, tmp_path)
        slow.track.stop()
