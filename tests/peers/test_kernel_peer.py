"""One kernel peer: what it refuses and how it says so, its events, its names."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest

import rtcnb
from rtcnb.errors import (
    CandidateError,
    ChannelError,
    DescriptionError,
    InvalidState,
    NotSupported,
    PeerError,
    WrongTrack,
)
from rtcnb.media.track import PageTrack
from rtcnb.trace import PeerEvent, StateChange

HOST = "candidate:1 1 udp 2130706431 127.0.0.1 9 typ host"


@pytest.fixture
async def alice() -> AsyncIterator[rtcnb.KernelPeer]:
    peer = rtcnb.KernelPeer("alice")
    yield peer
    await peer.close()


async def an_offer() -> rtcnb.SessionDescription:
    other = rtcnb.KernelPeer("other")
    other.addTransceiver("video")
    other.createDataChannel("chat")
    offer = await other.createOffer()
    await other.close()
    return offer


def edited(offer: rtcnb.SessionDescription, old: str, new: str) -> dict[str, str]:
    assert old in offer.sdp
    return {"type": offer.type, "sdp": offer.sdp.replace(old, new)}


# -- descriptions


async def test_an_answer_in_the_wrong_state_leaves_the_peer_usable(alice: rtcnb.KernelPeer) -> None:
    offer = await an_offer()
    with pytest.raises(InvalidState, match="No offer is outstanding on this peer"):
        await alice.setRemoteDescription({"type": "answer", "sdp": offer.sdp})
    with pytest.raises(InvalidState, match="there is no offer to answer"):
        await alice.createAnswer()
    await alice.setRemoteDescription(offer)
    answer = await alice.createAnswer()
    await alice.setLocalDescription(answer)
    assert alice.signalingState == "stable"


async def test_glare_is_named(alice: rtcnb.KernelPeer) -> None:
    alice.createDataChannel("chat")
    await alice.setLocalDescription(await alice.createOffer())
    with pytest.raises(InvalidState, match="Both sides offered"):
        await alice.setRemoteDescription(await an_offer())
    assert alice.signalingState == "have-local-offer"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("v=0\r\n", "v=0\r\nhello\r\n", "line 2"),
        ("a=ice-pwd", "a=ice-pwb", "has no a=ice-pwd"),
        ("a=fingerprint", "a=fingerprent", "has no a=fingerprint"),
        ("v=0", "", "v=0"),
        ("\r\n", "\\r\\n", "JSON-escaped"),
        ("VP8", "XYZ", "Empty intersection"),
    ],
)
async def test_a_malformed_description_is_refused_and_the_peer_stays_usable(
    alice: rtcnb.KernelPeer, old: str, new: str, sentence: str
) -> None:
    offer = await an_offer()
    broken = edited(offer, old, new)
    if new == "XYZ":
        broken["sdp"] = broken["sdp"].replace("H264", "XYZ")
    with pytest.raises(DescriptionError, match=sentence):
        await alice.setRemoteDescription(broken)
    assert alice.signalingState == "stable" and alice.remoteDescription is None
    await alice.setRemoteDescription(offer)
    assert alice.signalingState == "have-remote-offer"


async def test_a_line_of_no_consequence_may_be_broken(alice: rtcnb.KernelPeer) -> None:
    await alice.setRemoteDescription(edited(await an_offer(), "o=- ", "o=- 0x"))
    assert alice.signalingState == "have-remote-offer"


async def test_nothing_that_aiortc_trips_over_reaches_the_user_bare(alice: rtcnb.KernelPeer) -> None:
    offer = await an_offer()
    lines = offer.sdp.split("\r\n")
    for number in range(len(lines)):
        for broken in (
            lines[:number] + lines[number + 1 :],
            [*lines[:number], lines[number][:5], *lines[number + 1 :]],
        ):
            peer = rtcnb.KernelPeer("alice")
            try:
                await peer.setRemoteDescription({"type": "offer", "sdp": "\r\n".join(broken)})
                await peer.createAnswer()
            except PeerError as error:
                assert len(str(error)) > 30
            await peer.close()


@pytest.mark.parametrize(
    "given", [None, 7, {}, {"type": "offer"}, "not json", {"type": "wish", "sdp": "v=0"}]
)
async def test_what_is_no_description_is_said(alice: rtcnb.KernelPeer, given: Any) -> None:
    with pytest.raises(DescriptionError):
        await alice.setRemoteDescription(given)


async def test_swapped_sections_are_named(alice: rtcnb.KernelPeer) -> None:
    alice.addTransceiver("audio")
    alice.addTransceiver("video")
    bob = rtcnb.KernelPeer("bob")
    await alice.setLocalDescription(await alice.createOffer())
    await bob.setRemoteDescription(alice.localDescription)
    answer = await bob.createAnswer()
    head, audio, video = answer.sdp.split("m=")
    with pytest.raises(DescriptionError, match=r"Offer: audio, video\. Answer: video, audio\."):
        await alice.setRemoteDescription({"type": "answer", "sdp": f"{head}m={video}m={audio}"})
    await alice.setRemoteDescription(answer)
    await bob.close()


async def test_setters_take_every_form_of_a_description() -> None:
    offer = await an_offer()
    from aiortc import RTCSessionDescription

    forms = [
        offer,
        {"type": "offer", "sdp": offer.sdp},
        offer.to_json(),
        RTCSessionDescription(offer.sdp, "offer"),
    ]
    for form in forms:
        peer = rtcnb.KernelPeer("taker")
        await peer.setRemoteDescription(form)
        assert peer.remoteDescription is not None and peer.remoteDescription.sdp == offer.sdp
        await peer.close()


# -- candidates


async def test_a_candidate_before_the_description_is_refused(alice: rtcnb.KernelPeer) -> None:
    with pytest.raises(InvalidState, match="no remote description yet"):
        await alice.addIceCandidate({"candidate": HOST, "sdpMid": "0"})


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"candidate": HOST, "sdpMid": "nobody"}, "no section has the mid 'nobody'"),
        ({"candidate": HOST, "sdpMLineIndex": 7}, "no section number 7"),
        ({"candidate": HOST}, "neither sdpMid nor sdpMLineIndex"),
        ({"candidate": "candidate:1 1 udp x 127.0.0.1 9 typ host", "sdpMid": "0"}, "priority"),
        ("candidate", "candidate"),
        (7, "candidate"),
    ],
)
async def test_a_wrong_candidate_is_refused_and_the_peer_stays_usable(
    alice: rtcnb.KernelPeer, given: Any, sentence: str
) -> None:
    await alice.setRemoteDescription(await an_offer())
    with pytest.raises(CandidateError, match=sentence):
        await alice.addIceCandidate(given)
    await alice.addIceCandidate({"candidate": HOST, "sdpMid": "0"})
    assert len(alice.remoteDescription.document.media[0].candidates) == 1


# -- closing


async def test_a_second_close_does_nothing_and_calls_say_closed(alice: rtcnb.KernelPeer) -> None:
    await alice.close()
    await alice.close()
    assert "closed already" in str(alice.trace.select(peer="alice")[-1])
    assert alice.signalingState == alice.connectionState == "closed"
    for call in (alice.createOffer, alice.createAnswer, alice.setLocalDescription, alice.getStats):
        with pytest.raises(InvalidState, match="alice is closed"):
            await call()
    with pytest.raises(InvalidState, match="alice is closed"):
        alice.createDataChannel("late")


async def until_closed(peer: rtcnb.KernelPeer) -> None:
    async with asyncio.timeout(5):
        while peer.signalingState != "closed":
            await asyncio.sleep(0.01)


async def test_a_peer_made_again_under_a_name_closes_the_older() -> None:
    older = rtcnb.KernelPeer("twice")
    newer = rtcnb.KernelPeer("twice")
    await until_closed(older)
    assert newer.signalingState == "stable"
    await newer.close()


async def test_the_end_of_a_replaced_peer_is_not_that_of_the_new_one() -> None:
    trace = rtcnb.Trace()
    older = rtcnb.KernelPeer("twice", trace=trace)
    older.createDataChannel("chat")
    await older.setLocalDescription(await older.createOffer())
    newer = rtcnb.KernelPeer("twice", trace=trace)
    await until_closed(older)
    with pytest.raises(InvalidState):
        await older.createOffer()
    made = max(i for i, event in enumerate(trace.events) if isinstance(event, PeerEvent))
    assert trace.events[made + 1 :] == ()
    await newer.close()
    assert [e.new for e in trace.events[made + 1 :] if isinstance(e, StateChange)] == ["closed"] * 3


async def test_a_replaced_peer_says_its_end_in_a_trace_of_its_own() -> None:
    trace = rtcnb.Trace()
    older = rtcnb.KernelPeer("twice", trace=trace)
    newer = rtcnb.KernelPeer("twice", trace=rtcnb.Trace())
    async with asyncio.timeout(5):
        while "signalingState" not in [
            e.state for e in trace.events if isinstance(e, StateChange) and e.new == "closed"
        ]:
            await asyncio.sleep(0.01)
    assert older.signalingState == "closed" and newer.signalingState == "stable"
    await newer.close()


async def test_a_peer_that_could_not_be_made_closes_nothing(alice: rtcnb.KernelPeer) -> None:
    for options in ({"iceServers": "http://x"}, {"bundlePolicy": "x"}, {"iceTransportPolicy": "x"}):
        with pytest.raises(PeerError):
            rtcnb.KernelPeer("alice", **options)
    await asyncio.sleep(0.05)
    assert alice.signalingState == "stable"


# -- tracks


async def test_a_track_of_your_own_outlives_the_peer(alice: rtcnb.KernelPeer) -> None:
    from aiortc import VideoStreamTrack

    mine, pattern = VideoStreamTrack(), rtcnb.TestPattern(width=64, height=48)
    alice.addTrack(mine)
    sender = alice.addTrack(pattern.video)
    assert len(pattern.video._readers) == 1
    alice.removeTrack(sender)
    assert pattern.video._readers == []
    alice.addTrack(pattern.video)
    await alice.close()
    assert mine.readyState == "live" and pattern.video._readers == []
    with pytest.raises(InvalidState, match="alice is closed"):
        alice.addTrack(pattern.video)
    assert pattern.video._readers == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (PageTrack("camera-1/video", "video", "camera"), "lives in the browser page"),
        (np.zeros((4, 4, 3), np.uint8), "It got an image of shape"),
        (None, "It got a NoneType"),
        ("video", "It got a str"),
    ],
)
async def test_a_wrong_kind_of_track_says_what_to_use(
    alice: rtcnb.KernelPeer, given: Any, sentence: str
) -> None:
    with pytest.raises(WrongTrack, match=sentence):
        alice.addTrack(given)
    alice.addTransceiver("video")
    assert (await alice.createOffer()).document.media[0].kind == "video"


async def test_a_track_that_aiortc_already_sends_is_refused(alice: rtcnb.KernelPeer) -> None:
    from aiortc import VideoStreamTrack

    track = VideoStreamTrack()
    alice.addTrack(track)
    with pytest.raises(WrongTrack, match="already being sent"):
        alice.addTrack(track)


# -- what aiortc cannot do


async def test_what_only_a_browser_can_do_is_said(alice: rtcnb.KernelPeer) -> None:
    with pytest.raises(NotSupported, match="A BrowserPeer can"):
        alice.restartIce()
    with pytest.raises(NotSupported, match="A BrowserPeer can"):
        await alice.createOffer(iceRestart=True)
    with pytest.raises(NotSupported, match="cannot roll back"):
        await alice.setLocalDescription({"type": "rollback", "sdp": ""})
    assert alice.signalingState == "stable"


async def test_servers_that_aiortc_would_drop_are_said() -> None:
    servers = [{"urls": ["stun:127.0.0.1:1", "stun:127.0.0.1:2", "stuns:127.0.0.1:3"]}]
    with pytest.warns(UserWarning) as warned:
        peer = rtcnb.KernelPeer("warned", iceServers=servers)
    assert "aiortc does not use stun:127.0.0.1:2" in str(warned[0].message)
    assert any("stuns:127.0.0.1:3" in str(event) for event in peer.trace.select(peer="warned"))
    await peer.close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await rtcnb.KernelPeer("warned", iceServers=[{"urls": "stun:127.0.0.1:1"}]).close()


@pytest.mark.parametrize(
    "servers", ["http://x", {"urls": "stun://x"}, {"url": "stun:x"}, {"urls": "turn:x"}, [7]]
)
def test_a_server_that_is_none_is_refused(servers: Any) -> None:
    with pytest.raises(PeerError, match="iceServers"):
        rtcnb.KernelPeer("wrong", iceServers=servers)


async def test_a_server_that_gives_nothing_is_said() -> None:
    peer = rtcnb.KernelPeer("stunned", iceServers="stun:name.invalid")
    errors: list[tuple[str, int, str]] = []
    peer.on("icecandidateerror", lambda event: errors.append((event.url, event.errorCode, event.errorText)))
    peer.createDataChannel("chat")
    await peer.setLocalDescription(await peer.createOffer())
    kinds = [candidate.type async for candidate in peer.candidates()]
    assert kinds[0] == "host"
    assert set(errors) == {("stun:name.invalid:3478", 701, "the name does not resolve")}
    await peer.close()


def test_a_credential_is_never_shown() -> None:
    servers = [{"urls": "turn:127.0.0.1", "username": "me", "credential": "s3cret"}]
    peer = rtcnb.KernelPeer("quiet", iceServers=servers)
    shown = repr(peer) + "".join(str(event) for event in peer.trace) + str(peer._repr_mimebundle_())
    assert "s3cret" not in shown


# -- events


async def test_negotiationneeded_fires_once_for_what_is_added_together(alice: rtcnb.KernelPeer) -> None:
    fired: list[str] = []
    alice.on("negotiationneeded", lambda event: fired.append(event.type))
    alice.addTransceiver("video")
    alice.createDataChannel("chat")
    await asyncio.sleep(0.1)
    assert fired == ["negotiationneeded"]


async def test_handlers_run_here_and_what_they_raise_is_shown(
    alice: rtcnb.KernelPeer, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[bool] = []
    home = asyncio.get_running_loop()

    @alice.on("signalingstatechange")
    async def handler(event: Any) -> None:
        seen.append(asyncio.get_running_loop() is home)
        raise RuntimeError("in the handler")

    alice.createDataChannel("chat")
    await alice.setLocalDescription(await alice.createOffer())
    await asyncio.sleep(0.05)
    assert seen == [True]
    assert "in the handler" in capsys.readouterr().err
    assert alice.signalingState == "have-local-offer"


def test_an_event_that_does_not_exist_is_refused(alice: rtcnb.KernelPeer) -> None:
    with pytest.raises(ValueError, match="icecandidate, "):
        alice.on("icecandidates", print)


# -- channels


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"reliable": True}, "no option reliable"),
        ({"maxRetransmits": 1, "maxPacketLifeTime": 1}, "not both"),
        ({"negotiated": True}, "needs the same id"),
    ],
)
async def test_channel_options_are_checked(alice: rtcnb.KernelPeer, options: Any, sentence: str) -> None:
    with pytest.raises(ChannelError, match=sentence):
        alice.createDataChannel("chat", **options)


async def test_sending_too_early_or_the_wrong_thing_is_said(alice: rtcnb.KernelPeer) -> None:
    channel = alice.createDataChannel("chat")
    with pytest.raises(InvalidState, match="the channel is connecting"):
        channel.send("early")
    with pytest.raises(ChannelError, match="json.dumps"):
        channel.send({"a": 1})
    with pytest.raises(ChannelError, match="opens once the peers are connected"):
        await channel.wait_open(timeout=0.1)
