"""Failures made for real, between two peers and real sockets, and what the diagnosis says of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from failures import attempt, healthy, judge, peers

import rtcnb
from rtcnb import faults
from rtcnb.errors import ConnectionFailed, RtcnbError
from rtcnb.trace import FaultEvent

# Fault, its options, the cause that is to be named, and the states that theory says: connectionState of both.
FAULTS: list[tuple[str, dict[str, Any], str, set[str], set[str]]] = [
    ("wrong-pwd", {}, "wrong-pwd", {"connecting"}, {"connecting"}),
    ("wrong-pwd", {"to": "bob"}, "wrong-pwd", {"connecting"}, {"connecting"}),
    ("wrong-fingerprint", {}, "wrong-fingerprint", {"failed"}, {"failed"}),
    ("wrong-fingerprint", {"to": "bob"}, "wrong-fingerprint", {"connected", "closed"}, {"failed"}),
    ("both-active", {}, "role-clash", {"failed"}, {"failed"}),
    ("sections-swapped", {}, "sections-differ", {"new"}, {"connecting", "new"}),
    ("codec-removed", {}, "no-common-codec", {"new"}, {"new"}),
    ("candidates-withheld", {}, "no-candidates", {"connecting"}, {"connecting"}),
    ("candidates-withheld", {"of": "alice"}, "peer-reflexive", {"connected"}, {"connected"}),
    ("candidate-first", {}, "candidate-first", {"new"}, {"new"}),
    ("answer-twice", {}, "answer-twice", {"connected"}, {"connected"}),
    ("stale-offer", {}, "stale-description", {"connecting"}, {"connecting"}),
    ("mdns-only", {}, "mdns-only", {"connecting"}, {"connecting"}),
    ("relay-only", {}, "relay-only", {"new"}, {"new"}),  # there is no pair to check
]


@pytest.mark.parametrize(("name", "options", "cause", "alice_is", "bob_is"), FAULTS)
async def test_each_fault_ends_as_theory_says_and_is_named(
    name: str, options: dict[str, Any], cause: str, alice_is: set[str], bob_is: set[str], tmp_path: Path
) -> None:
    async with peers() as (alice, bob):
        alice.addTrack(rtcnb.TestPattern(width=64, height=48).video)
        alice.createDataChannel("chat")
        wire = rtcnb.Wire(alice, bob)
        fault = faults.make(wire, name, **options)
        errors = await attempt(wire, alice, bob)
        assert alice.connectionState in alice_is and bob.connectionState in bob_is
        judge(cause, alice.trace, tmp_path)
        failed = [e for e in errors if isinstance(e, ConnectionFailed)]
        assert not failed or any(f.rule == cause for e in failed for f in e.findings)
        fault.undo()
        assert wire.filters == [] and alice.trace.select(kind=FaultEvent)[-1].action == "undone"  # type: ignore[attr-defined]


async def offered(alice: Any, bob: Any) -> None:
    await alice.setLocalDescription(await alice.createOffer())
    await bob.setRemoteDescription(alice.localDescription)


async def test_glare(tmp_path: Path) -> None:
    async with peers() as (alice, bob):
        for peer in (alice, bob):
            peer.createDataChannel("chat")
            await peer.setLocalDescription(await peer.createOffer())
        with pytest.raises(RtcnbError, match="glare"):
            await bob.setRemoteDescription(alice.localDescription)
        judge("glare", alice.trace, tmp_path)


async def test_an_offer_of_nothing(tmp_path: Path) -> None:
    async with peers() as (alice, _):
        try:
            await alice.setLocalDescription(await alice.createOffer())
        except RtcnbError:
            pytest.fail("an offer without media is one all the same")
        judge("no-media-sections", alice.trace, tmp_path)


async def test_a_channel_after_the_descriptions(tmp_path: Path) -> None:
    async with peers() as (alice, bob):
        alice.addTrack(rtcnb.TestPattern(width=64, height=48).video)
        await rtcnb.connect(alice, bob)
        alice.createDataChannel("late")
        judge("late-channel", alice.trace, tmp_path)


async def test_nobody_answered(tmp_path: Path) -> None:
    async with peers() as (alice, bob):
        alice.createDataChannel("chat")
        await offered(alice, bob)
        with pytest.raises(ConnectionFailed, match="not answered"):
            await alice.wait_connected(timeout=6)
        judge("negotiation-unfinished", alice.trace, tmp_path)


async def test_a_call_that_is_run_again_is_judged_anew(tmp_path: Path) -> None:
    """The peers of the first run are closed when the second makes its own; that says nothing of the second."""
    async with peers() as (older, older_bob):
        older.createDataChannel("chat")
        await rtcnb.connect(older, older_bob)
        async with peers(older.trace) as (alice, bob):
            alice.createDataChannel("chat")
            await offered(alice, bob)
            with pytest.raises(ConnectionFailed, match="not answered"):
                await alice.wait_connected(timeout=6)
            judge("negotiation-unfinished", alice.trace, tmp_path)


# -- healthy calls


def data_only(alice: Any, bob: Any) -> None:
    alice.createDataChannel("chat")


def one_way_video(alice: Any, bob: Any) -> None:
    alice.addTrack(rtcnb.TestPattern(width=64, height=48).video)


def both_ways(alice: Any, bob: Any) -> None:
    for peer in (alice, bob):
        peer.addTrack(rtcnb.TestPattern(width=64, height=48).video)


def answerer_sends(alice: Any, bob: Any) -> None:
    alice.addTransceiver("video", "recvonly")
    bob.addTrack(rtcnb.TestPattern(width=64, height=48).video)


def everything(alice: Any, bob: Any) -> None:
    both_ways(alice, bob)
    alice.addTransceiver("audio", "sendrecv")
    for label in ("a", "b"):
        alice.createDataChannel(label, ordered=False)


SHAPES: list[Callable[[Any, Any], None]] = [data_only, one_way_video, both_ways, answerer_sends, everything]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("manner", ["trickled", "complete", "closed", "renegotiated"])
async def test_a_healthy_call_gives_nothing_above_advice(
    shape: Callable[[Any, Any], None], manner: str, tmp_path: Path
) -> None:
    async with peers() as (alice, bob):
        shape(alice, bob)
        if manner == "complete":
            await alice.setLocalDescription(await alice.createOffer())
            await bob.setRemoteDescription(await alice.wait_gathered())
            await bob.setLocalDescription(await bob.createAnswer())
            await alice.setRemoteDescription(await bob.wait_gathered())
            await asyncio.gather(alice.wait_connected(), bob.wait_connected())
        else:
            await rtcnb.connect(alice, bob)
        if manner == "renegotiated":
            bob.addTrack(rtcnb.TestPattern(width=64, height=48).video)
            await rtcnb.connect(bob, alice)
        if manner == "closed":
            await alice.close()
            await bob.close()
        healthy(alice.trace, tmp_path)
