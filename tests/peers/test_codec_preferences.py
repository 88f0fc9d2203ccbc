"""setCodecPreferences and getTransceivers, at a kernel peer and, without a page, at a browser peer."""

from __future__ import annotations

from typing import Any

import pytest

import rtcnb
from rtcnb.errors import DescriptionError, NotSupported, PeerError
from rtcnb.peers.browser import BrowserPeer
from rtcnb.peers.codecs import capabilities, checked, chosen
from rtcnb.runtime import loop
from rtcnb.trace import ApiCall

H264 = {"mimeType": "video/H264", "clockRate": 90000, "sdpFmtpLine": "profile-level-id=42e01f"}
VP8 = {"mimeType": "video/VP8", "clockRate": 90000}
HAVE = [VP8, {"mimeType": "video/rtx", "clockRate": 90000}, {**H264, "sdpFmtpLine": "other"}, H264]


def test_a_name_means_every_codec_of_it_and_a_dict_what_it_says() -> None:
    wanted = checked(["video/h264", "video/VP8"], "video")
    assert chosen(wanted, HAVE, "bob") == [HAVE[2], HAVE[3], HAVE[0]]
    assert chosen(checked([H264], "video"), HAVE, "bob") == [HAVE[3]]
    assert chosen([], HAVE, "bob") == []


def test_a_codec_that_is_not_there_is_named() -> None:
    with pytest.raises(
        NotSupported, match="bob has no codec video/AV1. It has video/VP8, video/rtx, video/H2"
    ):
        chosen(checked(["video/AV1"], "video"), HAVE, "bob")


@pytest.mark.parametrize("wrong", ["VP8", "audio/opus", 8, {"clockRate": 90000}, None])
def test_what_is_no_codec_of_this_kind_is_refused(wrong: Any) -> None:
    with pytest.raises(PeerError, match='takes names such as "video/VP8"'):
        checked([wrong], "video")


async def codecs_offered(peer: rtcnb.KernelPeer) -> list[list[str]]:
    offer = await peer.createOffer()
    return [[codec.name for codec in media.codecs] for media in offer.document.media]


async def test_a_kernel_peer_offers_what_is_preferred_in_that_order() -> None:
    bob = rtcnb.KernelPeer("bob")
    transceiver = bob.addTransceiver("video")
    assert await codecs_offered(bob) == [["VP8", "rtx", "H264", "rtx", "H264", "rtx"]]
    transceiver.setCodecPreferences(["video/H264", "video/VP8"])
    assert await codecs_offered(bob) == [["H264", "H264", "VP8"]]
    transceiver.setCodecPreferences([])
    assert (await codecs_offered(bob))[0][0] == "VP8"
    with pytest.raises(NotSupported, match="bob has no codec video/AV1"):
        transceiver.setCodecPreferences(["video/AV1"])
    assert [c for c in await capabilities("kernel", "audio") if c["mimeType"] == "audio/opus"] == [
        {"mimeType": "audio/opus", "clockRate": 48000, "channels": 2}
    ]
    await bob.close()
    assert [e.outcome for e in bob.trace.select() if isinstance(e, ApiCall) and "Codec" in e.method][-2:] == [
        "ok",
        "ok",
    ]


async def test_the_answer_keeps_the_order_of_preference_too() -> None:
    alice, bob = rtcnb.KernelPeer("alice"), rtcnb.KernelPeer("bob")
    alice.addTransceiver("video")
    bob.addTrack(rtcnb.TestPattern())
    (transceiver,) = bob.getTransceivers()
    transceiver.setCodecPreferences(["video/H264", "video/VP8"])
    await bob.setRemoteDescription(await alice.createOffer())
    answer = await bob.createAnswer()
    assert answer.document.media[0].codecs[0].name == "H264"
    assert bob.getTransceivers() == [transceiver], "always the same one"
    assert (transceiver.mid, transceiver.made_by) == ("0", "addTrack")
    await alice.close()
    await bob.close()


async def test_getTransceivers_of_a_kernel_peer_tells_how_each_was_made() -> None:
    alice, bob = rtcnb.KernelPeer("alice"), rtcnb.KernelPeer("bob")
    pattern = rtcnb.TestPattern(audio=True)
    sender = bob.addTrack(pattern.video)
    made = bob.addTransceiver("audio", "recvonly")
    first, second = bob.getTransceivers()
    assert (first.sender, first.made_by) == (sender, "addTrack")
    assert second is made
    assert made.sender is not None
    assert made.sender.track is None
    assert bob.addTrack(pattern.audio) is made.sender, "the one that sent nothing takes it up"
    assert second.direction == "sendrecv"
    bob.removeTrack(sender)
    assert (sender.track, bob.getTransceivers()[0].direction) == (None, "recvonly")
    await alice.setRemoteDescription(await bob.createOffer())
    assert [t.made_by for t in alice.getTransceivers()] == ["setRemoteDescription"] * 2
    await alice.close()
    await bob.close()


async def test_an_offer_with_none_of_the_preferred_codecs_is_refused_in_a_sentence() -> None:
    alice, bob = rtcnb.KernelPeer("alice"), rtcnb.KernelPeer("bob")
    alice.addTransceiver("video").setCodecPreferences(["video/VP8"])
    bob.addTrack(rtcnb.TestPattern())
    bob.getTransceivers()[0].setCodecPreferences(["video/H264"])
    with pytest.raises(DescriptionError, match="offered VP8; this peer supports H264. Empty intersection"):
        await bob.setRemoteDescription(await alice.createOffer())
    await alice.close()
    await bob.close()


def test_a_browser_peer_tells_its_page(alice: BrowserPeer) -> None:
    pattern = rtcnb.TestPattern(place="page")
    reserved = alice.addTransceiver("audio", "recvonly")
    sender = alice.addTrack(pattern.video)
    assert [t.made_by for t in alice.getTransceivers()] == ["addTransceiver", "addTrack"]
    alice.getTransceivers()[1].setCodecPreferences(["video/VP9"])
    posted: Any = alice._page
    assert posted.posted[-1] == ("setCodecPreferences", sender.handle, [{"mimeType": "video/VP9"}])
    assert alice.getTransceivers()[1].preferred == ({"mimeType": "video/VP9"},)
    assert reserved.sender is not None


def test_a_track_takes_up_the_transceiver_that_the_other_side_brought(alice: BrowserPeer) -> None:
    pattern = rtcnb.TestPattern(place="page")
    told = {"track": "browser-1/video/0", "kind": "video", "streams": [], "mid": "0", "direction": "recvonly"}
    loop.call(alice._on_event, "track", {**told, "sender": "theirs-0"}, [])
    (brought,) = alice.getTransceivers()
    sender = alice.addTrack(pattern.video)
    assert alice.getTransceivers() == [brought]
    assert (brought.sender, brought.direction, brought.mid) == (sender, "sendrecv", "0")
    alice.removeTrack(sender)
    alice.addTrack(pattern.video)
    assert len(alice.getTransceivers()) == 2, "what has sent is not taken up again"


def test_the_page_tells_mids_and_what_the_other_sides_offer_made(alice: BrowserPeer) -> None:
    sender = alice.addTrack(rtcnb.TestPattern(place="page").video)
    told = [["video", "sendrecv", "0", sender.handle], ["audio", "inactive", "1", "theirs-1"]]
    offer = {"type": "offer", "sdp": "v=0\r\n"}
    loop.call(alice._mirror, {"number": 1, "states": {}, "remote": offer, "transceivers": told})
    assert [(t.kind, t.direction, t.mid, t.made_by) for t in alice.getTransceivers()] == [
        ("video", "sendrecv", "0", "addTrack"),
        ("audio", "inactive", "1", "setRemoteDescription"),
    ]


def test_what_the_browser_has_no_codec_for_is_not_supported(alice: BrowserPeer) -> None:
    from rtcnb.errors import PageRefused

    refused = PageRefused("NoSuchCodec", "this browser has no codec video/X. It has video/VP8.")
    error = alice._error("createOffer", refused)
    assert isinstance(error, NotSupported)
    assert str(error).startswith("alice.setCodecPreferences(): this browser has no codec video/X.")
