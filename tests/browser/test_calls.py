"""The same call between any two ends, asserted by what is decoded at the far one."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

SETUP = """
import asyncio, rtcnb

PEERS = {"page": rtcnb.BrowserPeer, "kernel": rtcnb.KernelPeer}

async def pattern_for(peer):
    pattern = rtcnb.TestPattern(width=320, height=240, audio=True, place=peer.place)
    await pattern.start()
    return pattern

async def exchange(offerer, answerer, trickle):
    if trickle:
        return await rtcnb.connect(offerer, answerer)
    await offerer.setLocalDescription(await offerer.createOffer())
    await answerer.setRemoteDescription(await offerer.wait_gathered())
    await answerer.setLocalDescription(await answerer.createAnswer())
    await offerer.setRemoteDescription(await answerer.wait_gathered())
    await asyncio.gather(offerer.wait_connected(), answerer.wait_connected())

async def decoded(peer, kind):
    if peer.place == "kernel":
        return peer.track(kind).counters.frames
    stats = [s for s in (await peer.getStats()).values() if s["type"] == "inbound-rtp" and s["kind"] == kind]
    return sum(s["framesDecoded"] if kind == "video" else s["packetsReceived"] for s in stats)

async def until(condition, timeout=15):
    async with asyncio.timeout(timeout):
        while not await condition():
            await asyncio.sleep(0.05)
"""

CALL = """
offerer, answerer = PEERS[{offerer!r}]("offerer"), PEERS[{answerer!r}]("answerer")
pattern = await pattern_for(offerer)
offerer.addTrack(pattern.video)
offerer.addTrack(pattern.audio)
answerer.track("video"), answerer.track("audio")
await exchange(offerer, answerer, {trickle})
async def both():
    return await decoded(answerer, "video") > 10 and await decoded(answerer, "audio") > 25
await until(both)
print("video and audio arrived")
await offerer.close(); await answerer.close(); await pattern.stop()
"""

CHANNEL = """
offerer, answerer = PEERS[{offerer!r}]("offerer"), PEERS[{answerer!r}]("answerer")
theirs = asyncio.Queue()
opened = asyncio.Event()

def heard(event):
    event.channel.on("open", lambda event: opened.set())
    theirs.put_nowait(event.channel)

answerer.on("datachannel", heard)
ours = offerer.createDataChannel("chat", ordered=False, maxRetransmits=3)
await exchange(offerer, answerer, {trickle})
await ours.wait_open()
other = await asyncio.wait_for(theirs.get(), 5)
await asyncio.wait_for(opened.wait(), 5)
assert (other.label, other.ordered, other.maxRetransmits) == ("chat", False, 3), vars(other)
ours.send("text ✓"); ours.send(bytes(range(256)))
got = [await asyncio.wait_for(anext(other), 5) for _ in range(2)]
assert sorted(map(str, got)) == sorted(["text ✓", str(bytes(range(256)))]), got
other.send("back")
assert await asyncio.wait_for(anext(ours), 5) == "back"
assert ours.readyState == other.readyState == "open" and ours.bufferedAmount == 0
ended = asyncio.Event()
other.on("close", lambda event: ended.set())
ours.close()
await asyncio.wait_for(ended.wait(), 5)
print("messages arrived")
await offerer.close(); await answerer.close()
"""

PAIRS = [("page", "kernel"), ("kernel", "page"), ("page", "page"), ("kernel", "kernel")]


@pytest.mark.parametrize("pair", PAIRS, ids="-to-".join)
def test_every_pair_exchanges_media_and_messages(notebook: Any, pair: tuple[str, str]) -> None:
    nb = notebook()
    nb.run(SETUP)
    for trickle in (True, False):
        ends = {"offerer": pair[0], "answerer": pair[1], "trickle": trickle}
        assert nb.run(CALL.format(**ends), timeout=40).text.strip() == "video and audio arrived"
        assert nb.run(CHANNEL.format(**ends), timeout=40).text.strip() == "messages arrived"


ORDER = """
alice, bob = rtcnb.BrowserPeer("alice"), rtcnb.BrowserPeer("bob")
camera = rtcnb.Camera(width=320, height=240)
await camera.start()
pictures = camera.frames()
await anext(pictures)
link = pages.link()
page = await loop.run(link.active_page())
async with asyncio.timeout(10):
    while not (page.fast_lane and page.fast_lane.done() and page.fast_lane.result()):
        await asyncio.sleep(0.05)
theirs = asyncio.Queue()
bob.on("datachannel", lambda event: theirs.put_nowait(event.channel))
chat = alice.createDataChannel("chat")
await rtcnb.connect(alice, bob)
await chat.wait_open()
said = [part for i in range(50) for part in (str(i), bytes([i]))]
for each in said:
    chat.send(each)
other = await asyncio.wait_for(theirs.get(), 20)
heard = [await asyncio.wait_for(anext(other), 20) for _ in said]
await pictures.aclose(); await alice.close(); await bob.close(); await camera.stop()
print([each for each, wanted in zip(heard, said) if each != wanted])
"""


def test_a_channels_messages_keep_their_order_beside_pictures(notebook: Any) -> None:
    """Pictures have a way of their own; of a channel, text and bytes take the same."""
    nb = notebook(SETUP + "from rtcnb.runtime import loop\nfrom rtcnb.runtime import page as pages")
    nb.press_run(0)
    assert nb.run(ORDER).text.strip() == "[]"


MISTAKES = """
import rtcnb
alice = rtcnb.{kind}("alice")
bob = rtcnb.KernelPeer("bob")
bob.addTransceiver("audio"); bob.createDataChannel("chat")
offer = await bob.createOffer()

async def mistake(operation, *arguments):
    try:
        result = operation(*arguments)
        if hasattr(result, "__await__"):
            await result
        print("no error")
    except rtcnb.RtcnbError as error:
        print(type(error).__name__, "|", error)

broken = {{"type": "offer", "sdp": offer.sdp.replace("v=0\\r\\n", "v=0\\r\\nhello\\r\\n")}}
await mistake(alice.setRemoteDescription, broken)
await mistake(alice.setRemoteDescription, {{"type": "answer", "sdp": offer.sdp}})
await mistake(alice.addIceCandidate, {{"candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host", "sdpMid": "0"}})
await alice.setRemoteDescription(offer)
await mistake(alice.addIceCandidate, {{"candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host", "sdpMid": "x"}})
await mistake(alice.addTrack, {wrong})
await mistake(alice.addTrack, 7)
await alice.setLocalDescription(await alice.createAnswer())
print(alice.signalingState)
await alice.close()
await mistake(alice.close)
await mistake(alice.createOffer)
await bob.close()
"""


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [("BrowserPeer", "rtcnb.TestPattern().video"), ("KernelPeer", "rtcnb.Camera().video")],
)
def test_mistakes_have_the_same_errors_in_both_peers(notebook: Any, kind: str, wrong: str) -> None:
    lines = notebook().run(MISTAKES.format(kind=kind, wrong=wrong)).text.strip().splitlines()
    expected = [
        ("DescriptionError", "line 2"),
        ("InvalidState", "No offer is outstanding on this peer"),
        ("InvalidState", "no remote description yet"),
        ("CandidateError", "no section has the mid 'x'"),
        ("WrongTrack", "lives in the"),
        ("WrongTrack", "It got a int"),
        ("stable", ""),
        ("no error", ""),
        ("InvalidState", "alice is closed"),
    ]
    assert len(lines) == len(expected), lines
    for line, (name, sentence) in zip(lines, expected, strict=True):
        assert line.startswith(name) and sentence in line


def test_a_browser_can_roll_back_and_restart(notebook: Any) -> None:
    nb = notebook("import rtcnb\nalice = rtcnb.BrowserPeer('alice')")
    nb.press_run(0)
    nb.run("alice.createDataChannel('chat'); await alice.setLocalDescription()")
    assert nb.run("alice.signalingState").text == "'have-local-offer'"
    nb.run("await alice.setLocalDescription({'type': 'rollback', 'sdp': ''})")
    assert nb.run("alice.signalingState").text == "'stable'"
    nb.run("alice.restartIce(); await alice.close()")


def test_the_native_constructor_is_used_beside_ipywebrtc(page: Page, notebook: Any) -> None:
    nb = notebook()
    nb.run("import ipywebrtc\nipywebrtc.CameraStream(constraints={'video': True, 'audio': False})")
    nb.page.wait_for_selector(".jp-OutputArea video")
    # What ipywebrtc's adapter puts in the constructor's place keeps its prototype; this one may not be used.
    nb.page.evaluate(
        """() => {
            const wrapped = function () { throw new Error('the wrapped constructor') };
            wrapped.prototype = RTCPeerConnection.prototype;
            window.RTCPeerConnection = wrapped;
        }"""
    )
    nb.run(SETUP)
    code = """
stream = ipywebrtc.CameraStream(constraints={"video": True, "audio": False})
alice, bob = rtcnb.BrowserPeer("alice"), rtcnb.KernelPeer("bob")
alice.addTrack(stream)
bob.track("video")
await rtcnb.connect(alice, bob)
async def some():
    return await decoded(bob, "video") > 5
await until(some)
print("arrived")
"""
    assert nb.run(code).text.strip() == "arrived"


SILENCE = """
import time
alice, bob = rtcnb.BrowserPeer("alice"), rtcnb.KernelPeer("bob")
pattern = await pattern_for(alice)
alice.addTrack(pattern.video)
await alice.setLocalDescription(await alice.createOffer())
await bob.setRemoteDescription(alice.localDescription.without_candidates())
await bob.setLocalDescription(await bob.createAnswer())
await alice.setRemoteDescription(bob.localDescription.without_candidates())
for sender, receiver in ((alice, bob), (bob, alice)):
    async for candidate in sender.candidates():
        words = candidate.candidate.split(" ")
        if not candidate.is_end:
            words[4] = "192.0.2.1"  # nobody answers there
        await receiver.addIceCandidate(rtcnb.Candidate(" ".join(words), candidate.sdpMid, candidate.sdpMLineIndex))
begun = time.monotonic()
try:
    await {who}.wait_connected(timeout=20)
except rtcnb.errors.ConnectionFailed as error:
    print(error.findings[0].rule, time.monotonic() - begun < 5)
    print(error)
await alice.close(); await bob.close(); await pattern.stop()
"""


@pytest.mark.alone
@pytest.mark.parametrize("who", ["alice", "bob"])
def test_no_udp_between_page_and_kernel_is_said_within_5_seconds(notebook: Any, who: str) -> None:
    nb = notebook()
    nb.run(SETUP)
    told = nb.run(SILENCE.format(who=who), timeout=40).text
    assert told.startswith("no-udp True")
    assert "No UDP passes between the page and the kernel" in told
    assert "rtcnb.process(camera, f)" in told
