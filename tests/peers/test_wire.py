"""The Wire: messages held, lost, doubled, moved, changed. test_wire_random.py does all of that at random."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

import rtcnb
from rtcnb.errors import ConnectionFailed, PeerError
from rtcnb.peers.wire import LAST_CANDIDATES
from rtcnb.trace import MessageEvent, Trace


@pytest.fixture
async def pair() -> AsyncIterator[tuple[Any, Any, rtcnb.Wire]]:
    trace = Trace()
    alice, bob = rtcnb.KernelPeer("alice", trace=trace), rtcnb.KernelPeer("bob", trace=trace)
    alice.createDataChannel("chat")
    wire = rtcnb.Wire(alice, bob)
    yield alice, bob, wire
    await alice.close()
    await bob.close()


async def gathered(wire: rtcnb.Wire, sender: str) -> None:
    async with asyncio.timeout(5):
        while not any(m.sender == sender and getattr(m.content, "is_end", False) for m in wire.pending):
            await asyncio.sleep(0.01)


def taken(trace: Trace, sender: str) -> list[Any]:
    """What the other side has begun to take of a sender's descriptions and candidates, in that order."""
    events = trace.select(sender, MessageEvent)
    return [e.description or e.candidate for e in events if e.action == "received"]  # type: ignore[attr-defined]


async def test_a_call_message_by_message(pair: Any) -> None:
    alice, bob, wire = pair
    await alice.setLocalDescription(await alice.createOffer())
    assert "offer (application)" in repr(wire.pending[0]) and wire.pending[0].receiver == "bob"
    await gathered(wire, "alice")
    assert bob.signalingState == "stable"
    await wire.deliver()
    assert bob.signalingState == "have-remote-offer"
    wire.drop()
    await bob.setLocalDescription(await bob.createAnswer())
    answer = next(m for m in wire.pending if m.sender == "bob")
    await answer.deliver()
    assert alice.signalingState == "stable"
    wire.auto = True
    await asyncio.gather(alice.wait_connected(), bob.wait_connected())
    assert wire.errors == [] and wire.pending == []
    actions = [e.action for e in alice.trace.select(kind=MessageEvent)]
    assert actions.count("dropped") == 1 and actions.count("received") == actions.count("sent") - 1


async def test_a_slow_delivery_is_not_taken_for_silence(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer waits behind candidates that a busy page takes its time over."""
    for name, seconds in {
        "rtcnb.peers.waiting.ASK_AFTER": (0.3, 0.6),
        "rtcnb.peers.waiting.BUSY_WITHIN": 0.1,
        "rtcnb.trace.evidence.SILENCE_AFTER": 0.2,
    }.items():
        monkeypatch.setattr(name, seconds)
    alice, bob, wire = pair
    await alice.setLocalDescription(await alice.createOffer())
    await gathered(wire, "alice")
    await wire.deliver()
    await bob.setLocalDescription(await bob.createAnswer())
    add = bob.addIceCandidate

    async def add_slowly(candidate: Any) -> None:
        await asyncio.sleep(0.8)
        await add(candidate)

    bob.addIceCandidate = add_slowly
    wire.auto = True
    await alice.wait_connected()
    assert wire.errors == []


async def test_messages_are_moved_doubled_delayed_and_changed(pair: Any) -> None:
    alice, bob, wire = pair
    await alice.setLocalDescription(await alice.createOffer())
    await gathered(wire, "alice")
    offer, *rest = wire.pending
    wire.reorder()
    assert wire.pending == [*rest, offer]
    offer.reorder(0)
    copy = wire.duplicate()
    assert wire.pending[:2] == [offer, copy] and copy.content == offer.content
    copy.edit(lambda sdp: sdp.replace("s=-", "s=edited"))
    assert "s=edited" in copy.content.sdp and "s=-" in offer.content.sdp
    offer.drop()
    await copy.delay(0.05)
    assert "s=edited" in bob.remoteDescription.sdp
    with pytest.raises(PeerError, match="waits no more"):
        offer.deliver()


async def test_what_cannot_be_said(pair: Any) -> None:
    alice, _, wire = pair
    with pytest.raises(PeerError, match="no message waits"):
        wire.deliver()
    with pytest.raises(PeerError, match="both ends are alice"):
        rtcnb.Wire(alice, alice)
    with pytest.raises(PeerError, match="two peers"):
        rtcnb.Wire(alice, "bob")  # type: ignore[arg-type]


async def test_a_message_is_pasted_in_another_notebook() -> None:
    here, there = Trace(), Trace()
    alice, bob = rtcnb.KernelPeer("alice", trace=here), rtcnb.KernelPeer("bob", trace=there)
    try:
        alice.createDataChannel("chat")
        ours, theirs = rtcnb.Wire(alice), rtcnb.Wire(bob)
        await alice.setLocalDescription(await alice.createOffer())
        await gathered(ours, "alice")
        lines = "\n".join(m.to_json() for m in ours.pending)
        assert len(lines.splitlines()) == len(ours.pending)
        await theirs.paste(lines)
        await bob.setLocalDescription(await bob.createAnswer())
        await gathered(theirs, "bob")
        with pytest.raises(PeerError, match="in another notebook"):
            await ours.deliver()
        await ours.paste("\n".join(m.to_json() for m in theirs.pending))
        await asyncio.gather(alice.wait_connected(), bob.wait_connected())
    finally:
        await alice.close()
        await bob.close()


async def test_connect_leaves_no_wire_behind(pair: Any) -> None:
    alice, bob, wire = pair
    wire.close()
    await rtcnb.connect(alice, bob)
    assert alice._outlets == bob._outlets == []


async def test_connect_loses_nothing_that_a_slow_end_still_takes(pair: Any) -> None:
    """A busy page takes candidates slower than the call connects."""
    alice, bob, wire = pair
    wire.close()
    add = alice.addIceCandidate

    async def add_slowly(candidate: Any) -> None:
        await asyncio.sleep(LAST_CANDIDATES)
        await add(candidate)

    alice.addIceCandidate = add_slowly
    await rtcnb.connect(alice, bob)
    actions = Counter(e.action for e in alice.trace.select(kind=MessageEvent))
    assert actions["received"] == actions["sent"] and not actions["dropped"]


async def test_connect_does_not_wait_for_ever_for_an_end_that_takes_nothing(
    pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rtcnb.peers.wire.LAST_DELIVERIES", LAST_CANDIDATES)
    alice, bob, wire = pair
    wire.close()
    let_go = asyncio.Event()

    async def add_never(candidate: Any) -> None:
        await let_go.wait()

    alice.addIceCandidate = add_never
    async with asyncio.timeout(5):
        await rtcnb.connect(alice, bob)
    assert [e.action for e in alice.trace.select("bob", MessageEvent)].count("dropped") >= 1
    let_go.set()


async def test_what_goes_one_way_does_not_wait_for_the_other(pair: Any) -> None:
    alice, bob, wire = pair
    await alice.setLocalDescription(await alice.createOffer())
    await gathered(wire, "alice")
    await wire.deliver()
    await bob.setLocalDescription(await bob.createAnswer())
    await gathered(wire, "bob")
    for message in [m for m in wire.pending if m.sender == "alice"]:
        message.reorder()
    sent = {peer.name: [m.content for m in wire.pending if m.sender == peer.name] for peer in (alice, bob)}
    assert wire.pending[0].sender == "bob"
    set_remote, let_go = alice.setRemoteDescription, asyncio.Event()

    async def set_later(description: Any) -> None:
        await let_go.wait()
        await set_remote(description)

    alice.setRemoteDescription = set_later
    wire.auto = True

    async def arrived(sender: str) -> None:
        async with asyncio.timeout(5):
            while len(received := taken(alice.trace, sender)) < len(sent[sender]):
                await asyncio.sleep(0.01)
        assert received[-len(sent[sender]) :] == sent[sender], "in their order"

    await arrived("alice")
    assert len(taken(alice.trace, "bob")) == 1 and alice.signalingState == "have-local-offer"
    let_go.set()
    await arrived("bob")
    await asyncio.gather(alice.wait_connected(), bob.wait_connected())
    assert wire.errors == []


async def test_a_call_that_fails_at_both_ends_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    gc.collect()  # what the tests before have left behind is not this one's
    caplog.clear()
    trace = Trace()
    alice, bob = (
        rtcnb.KernelPeer(name, iceTransportPolicy="relay", trace=trace) for name in ("alice", "bob")
    )
    try:
        alice.createDataChannel("chat")
        with pytest.raises(ConnectionFailed, match="relay"):
            await rtcnb.connect(alice, bob, timeout=0.2)
    finally:
        await alice.close()
        await bob.close()
    gc.collect()
    await asyncio.sleep(0.1)
    assert "never retrieved" not in caplog.text


async def test_connect_carries_everything_to_the_last_candidate() -> None:
    trace = Trace()
    alice, bob = (rtcnb.KernelPeer(name, trace=trace) for name in ("alice", "bob"))
    alice.createDataChannel("chat")
    await rtcnb.connect(alice, bob)
    messages = [e for e in trace.select(kind="message") if isinstance(e, MessageEvent)]
    assert "dropped" not in {e.action for e in messages}
    ends = {e.receiver for e in messages if e.action == "received" and e.candidate and e.candidate.is_end}
    assert ends == {"alice", "bob"}
    await alice.close()
    await bob.close()
