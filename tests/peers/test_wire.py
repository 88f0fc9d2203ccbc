"""The Wire: messages held, lost, doubled, moved, changed; and what peers do with such an exchange."""

from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

import rtcnb
from rtcnb.errors import ConnectionFailed, PeerError, RtcnbError
from rtcnb.trace import MessageEvent, StateChange, Trace

SEQUENCES = 500
# W3C webrtc-pc 4.4.1.5 without rollback and pranswer: what may follow what.
SIGNALING = {
    "stable": {"have-local-offer", "have-remote-offer", "closed"},
    "have-local-offer": {"stable", "closed"},
    "have-remote-offer": {"stable", "closed"},
    "closed": set(),
}


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


async def step(dice: random.Random, alice: Any, bob: Any, wire: rtcnb.Wire) -> None:
    """Do something at random that a person may do."""
    peer = dice.choice((alice, bob))
    pending = wire.pending
    message = dice.choice(pending) if pending else None
    does = dice.choice(["offer", "answer", "deliver", "deliver", "deliver", "drop", "double", "move", "edit"])
    if does == "offer":
        await peer.setLocalDescription(await peer.createOffer())
    elif does == "answer":
        await peer.setLocalDescription(await peer.createAnswer())
    elif message is None:
        return
    elif does == "deliver":
        await message.deliver()
    elif does == "drop":
        message.drop()
    elif does == "double":
        message.duplicate()
    elif does == "move":
        message.reorder(dice.randrange(len(pending)))
    else:
        line = dice.choice(["a=ice-pwd:", "a=mid:", "m=", "a=fingerprint:", "candidate:", "a=setup:"])
        message.edit(lambda text: text.replace(line, dice.choice(["", "a=x:", line * 2]), 1))


@pytest.mark.timeout(900)
async def test_whatever_is_done_to_messages_no_state_is_wrong() -> None:
    for seed in range(SEQUENCES):
        dice, trace = random.Random(seed), Trace()
        alice, bob = rtcnb.KernelPeer("alice", trace=trace), rtcnb.KernelPeer("bob", trace=trace)
        alice.createDataChannel("chat")
        bob.createDataChannel("talk")
        wire = rtcnb.Wire(alice, bob)
        try:
            for _ in range(dice.randrange(4, 16)):
                try:
                    await asyncio.wait_for(step(dice, alice, bob, wire), 10)
                except RtcnbError as error:
                    assert len(str(error)) > 30, f"seed {seed}: {error!r} says too little"
                except ValueError as error:  # an edit that leaves no description
                    assert str(error), f"seed {seed}"
        finally:
            wire.close()
            await alice.close()
            await bob.close()
        for event in trace.select(kind=StateChange):
            if event.state == "signalingState":  # type: ignore[attr-defined]
                assert event.new in SIGNALING[event.old], f"seed {seed}: {event}"  # type: ignore[attr-defined]
        trace.diagnose()


async def test_a_call_that_fails_at_both_ends_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
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
