"""Five hundred random exchanges over a Wire: nothing hangs or crashes, no state is wrong, refusals say why."""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import random
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

import rtcnb
from rtcnb.errors import CandidateError, DescriptionError, InvalidState, NotSupported, RtcnbError
from rtcnb.peers.message import Message
from rtcnb.peers.refusals import ALLOWED
from rtcnb.sdp import Candidate, SessionDescription
from rtcnb.trace import ApiCall, DescriptionSet, DtlsEvent, MessageEvent, StateChange, Trace

SEQUENCES = 500
PATIENCE = 30.0  # seconds for a step: what takes longer hangs, on any machine

# What may follow what. W3C webrtc-pc 4.4.1.5 without rollback and pranswer; 5.6.3 and the tables of 4.3.3.
FOLLOWS: dict[str, dict[str, set[str]]] = {
    "signalingState": {
        "stable": {"have-local-offer", "have-remote-offer", "closed"},
        "have-local-offer": {"stable", "closed"},
        "have-remote-offer": {"stable", "closed"},
    },
    "iceGatheringState": {
        "new": {"gathering", "complete"},
        "gathering": {"complete", "new"},
        "complete": {"gathering", "new"},
    },
    "iceConnectionState": {
        "new": {"checking", "closed"},
        "checking": {"connected", "completed", "disconnected", "failed", "closed"},
        "connected": {"completed", "disconnected", "failed", "checking", "closed"},
        "completed": {"disconnected", "failed", "checking", "closed"},
        "disconnected": {"connected", "completed", "checking", "failed", "closed"},
        "failed": {"checking", "closed"},
    },
    "connectionState": {
        "new": {"connecting", "closed"},
        "connecting": {"connected", "disconnected", "failed", "closed"},
        "connected": {"connecting", "disconnected", "failed", "closed"},
        "disconnected": {"connected", "connecting", "failed", "closed"},
        "failed": {"connecting", "closed"},
    },
    "dtls": {
        "new": {"connecting", "closed", "failed"},
        "connecting": {"connected", "closed", "failed"},
        "connected": {"closed", "failed"},
        "failed": {"closed"},
    },
}

# -- what may be done to a message


def _lines(change: Callable[[random.Random, list[str]], object]) -> Callable[[random.Random, str], str]:
    def changed(dice: random.Random, text: str) -> str:
        lines = text.splitlines(keepends=True) or [""]
        change(dice, lines)
        return "".join(lines)

    return changed


def _swap(dice: random.Random, lines: list[str]) -> None:
    a, b = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]


def _value(dice: random.Random, text: str) -> str:
    """Another value for one attribute that the two ends must agree on."""
    name = dice.choice(
        ["ice-ufrag", "ice-pwd", "fingerprint", "setup", "mid", "group", "sctp-port", "candidate"]
    )
    value = dice.choice(
        ["", "x", "0", "1", "active", "passive", "holdconn", "BUNDLE 0 9", "sha-256 AA:BB", "-" * 300]
    )
    return re.sub(rf"(?m)^a={name}:.*?(?=\r?$)", f"a={name}:{value}", text)


def _turned(begin: str, *sections: str) -> str:
    return begin + "".join(reversed(sections))


def _section(dice: random.Random, text: str) -> str:
    kind = dice.choice(["audio", "video", "application", "image", ""])
    port = dice.choice(["0", "9", "99999", "-1", "x"])
    return re.sub(r"(?m)^m=\S+ \S+", f"m={kind} {port}", text)


DESCRIPTION_EDITS: dict[str, Callable[[random.Random, str], str]] = {
    "line lost": _lines(lambda dice, lines: lines.pop(dice.randrange(len(lines)))),
    "line twice": _lines(lambda dice, lines: lines.insert(dice.randrange(len(lines)), dice.choice(lines))),
    "lines swapped": _lines(_swap),
    "junk": _lines(
        lambda dice, lines: lines.insert(dice.randrange(len(lines)), dice.choice(["a=\r\n", "\r\n", "ü"]))
    ),
    "value": _value,
    "section": _section,
    "cut": lambda dice, text: text[: dice.randrange(len(text) + 1)],
    "sections turned": lambda dice, text: _turned(*re.split(r"(?m)^(?=m=)", text)),
    "nothing": lambda dice, text: "",
    "harmless": lambda dice, text: text.replace("s=-", "s=edited"),
}
CANDIDATE_EDITS: dict[str, Callable[[random.Random, str], str]] = {
    "field": lambda dice, text: _field(
        dice, text, dice.choice(["", "x", "-1", "99999999999", "::1", "host", "tcp"])
    ),
    "fields swapped": lambda dice, text: " ".join(dice.sample(text.split(), len(text.split()))),
    "cut": lambda dice, text: text[: dice.randrange(len(text) + 1)],
    "nothing": lambda dice, text: "",
    "elsewhere": lambda dice, text: _field(dice, text, "192.0.2.99", 4),
}


def _field(dice: random.Random, text: str, value: str, place: int | None = None) -> str:
    fields = text.split() or [""]
    fields[min(place, len(fields) - 1) if place is not None else dice.randrange(len(fields))] = value
    return " ".join(fields)


def edit(dice: random.Random, message: Message) -> str:
    """Change a message by one of all ways, and return which it was."""
    content = message.content
    if isinstance(content, SessionDescription):
        if dice.random() < 0.1:
            other = {"offer": "answer", "answer": "offer"}[content.type]
            message.edit(SessionDescription(type=other, sdp=content.sdp))
            return "type"
        name = dice.choice(list(DESCRIPTION_EDITS))
        message.edit(lambda text: DESCRIPTION_EDITS[name](dice, text))
        return name
    if dice.random() < 0.3:
        mid, index = dice.choice([("0", 0), ("7", None), (None, 7), (None, -1), (None, None), ("", 0)])
        message.edit(
            Candidate(content.candidate, mid, index, dice.choice([None, "other", content.usernameFragment]))
        )
        return "section"
    name = dice.choice(list(CANDIDATE_EDITS))
    message.edit(lambda text: CANDIDATE_EDITS[name](dice, text))
    return name


# -- one exchange


class Exchange:
    """Two peers and a wire; each step is something that a person may do."""

    def __init__(self, seed: int, done: Counter[tuple[str, str, str, str]]) -> None:
        self.seed, self.dice, self.done, self.trace = seed, random.Random(seed), done, Trace()
        self.alice = rtcnb.KernelPeer("alice", trace=self.trace)
        self.bob = rtcnb.KernelPeer("bob", trace=self.trace)
        self.peers = {peer.name: peer for peer in (self.alice, self.bob)}
        self.alice.createDataChannel("chat")
        self.bob.createDataChannel("talk")
        self.wire = rtcnb.Wire(self.alice, self.bob)
        self.edited: dict[Message, str] = {}
        self.tainted = False  # an edited message was taken: what follows from it is nobody's mistake
        if seed % 4 == 3:
            self.alice.addTransceiver("video", "recvonly")
            self.tainted = True  # an answerer cannot have it: see refusals.unasked

    async def step(self) -> None:
        does, peer = self.dice.choice(STEPS), self.dice.choice((self.alice, self.bob))
        if does in ("offer", "answer", "either"):
            asked = [p for p in self.peers.values() if p.signalingState == "have-remote-offer"]
            await self.describe(self.dice.choice(asked) if asked and does != "offer" else peer, does)
        elif pending := self.wire.pending:
            # Descriptions are few beside candidates.
            few = [m for m in pending if isinstance(m.content, SessionDescription)]
            await self.handle(self.dice.choice(few if few and self.dice.random() < 0.6 else pending), does)

    async def describe(self, peer: Any, does: str) -> None:
        kind = (
            does if does != "either" else "answer" if peer.signalingState == "have-remote-offer" else "offer"
        )

        async def set_local() -> None:
            create = {"offer": peer.createOffer, "answer": peer.createAnswer}
            await peer.setLocalDescription(None if does == "either" else await create[does]())

        await self.attempt(peer, does, kind, set_local, "local", kind, None)
        async with asyncio.timeout(PATIENCE):  # so that a seed always means the same
            while peer.iceGatheringState == "gathering":
                await asyncio.sleep(0.002)

    async def handle(self, message: Message, does: str) -> None:
        what = word(message)
        if does in ("deliver", "delay"):
            receiver = self.peers[message.receiver]
            work = message.deliver if does == "deliver" else lambda: message.delay(0.005)
            kind = what if what in ("offer", "answer") else ""
            await self.attempt(receiver, does, what, work, "remote", kind, self.edited.get(message))
            with pytest.raises(rtcnb.errors.PeerError, match="waits no more"):
                message.drop()
            return
        if does == "drop":
            message.drop()
        elif does == "double":
            copy = message.duplicate()
            if message in self.edited:
                self.edited[copy] = self.edited[message]
        elif does == "move":
            message.reorder(self.dice.randrange(len(self.wire.pending)))
        else:
            try:
                self.edited[message] = edit(self.dice, message)
            except CandidateError as error:
                assert "more than one line" in str(error)
        self.done[does, what, message.sender, ""] += 1

    async def attempt(
        self,
        peer: Any,
        does: str,
        what: str,
        work: Callable[[], Any],
        side: Any,
        kind: str,
        changed: str | None,
    ) -> None:
        """Do it; it must succeed or be refused as the standard says."""
        before = peer.signalingState
        allowed = before in ALLOWED[side, kind] if kind else peer.remoteDescription is not None
        where = f"seed {self.seed}: {does} {what} at {peer.name} in {before}, edited: {changed}{self.story()}"
        try:
            await asyncio.wait_for(work(), PATIENCE)
        except RtcnbError as error:
            outcome, said = "refused", f"{where}: {error!r}"
            assert peer.signalingState == before, f"{said}: refused, and yet something happened"
            if not allowed and not changed:
                assert isinstance(error, InvalidState), said
                assert f"signalingState {before!r}" in str(error) or "no remote description yet" in str(
                    error
                ), said
            else:
                assert changed or self.tainted, f"{said}: nothing was wrong with it"
            assert peer.name in str(error) and names_the_rule(error), said
        else:
            outcome = "taken"
            assert allowed, f"{where}: the standard forbids it"
            if kind:
                now = {"offer": f"have-{side}-offer", "answer": "stable"}[kind]
                assert peer.signalingState == now, where
            self.tainted |= bool(changed)
        self.done[does, what, peer.name, outcome] += 1
        if changed:
            self.done["edited", changed, what, outcome] += 1

    def story(self) -> str:
        last = self.trace.select(kind=(ApiCall, DescriptionSet, MessageEvent, StateChange))[-20:]
        return "".join(f"\n    {event.time:.4f} {event.peer} {event}" for event in last)

    async def close(self) -> None:
        self.wire.close()
        for peer in self.peers.values():
            await asyncio.wait_for(peer.close(), PATIENCE)

    def check(self) -> None:
        """Every state follows from the one before it, by what the standard allows."""
        states: dict[tuple[str, str], str] = {}
        for event in self.trace.select(kind=(StateChange, DtlsEvent)):
            if isinstance(event, DtlsEvent):
                name, new, old = "dtls", event.state, None
            else:
                assert isinstance(event, StateChange)
                name, new, old = event.state, event.new, event.old
            start = "stable" if name == "signalingState" else "new"
            before = states.get((event.peer, name), start)
            where = f"seed {self.seed}, {event.peer}: {name} {before} → {new}"
            assert old in (None, before) and new in FOLLOWS[name].get(before, ()), where
            states[event.peer, name] = new
        assert {states[name, "signalingState"] for name in self.peers} == {"closed"}
        assert all(str(finding) for finding in self.trace.diagnose())


STEPS = ["offer", "answer", "answer", "either", *["deliver"] * 6, "delay", "delay"]
STEPS += ["drop", "double", "double", "move", "edit", "edit"]


def word(message: Message) -> str:
    content = message.content
    if isinstance(content, SessionDescription):
        return content.type
    return "end" if content.is_end else "candidate"


def names_the_rule(error: RtcnbError) -> bool:
    """Whether it says which rule was broken, and not only that aiortc failed."""
    text = str(error)
    return isinstance(error, InvalidState | DescriptionError | CandidateError | NotSupported) and bool(
        len(text) > 40 and "aiortc cannot use this" not in text
    )


@pytest.mark.timeout(1800)
async def test_whatever_is_done_to_messages_no_state_is_wrong(caplog: pytest.LogCaptureFixture) -> None:
    done: Counter[tuple[str, str, str, str]] = Counter()
    gc.collect()  # what the tests before have left behind is not this one's
    caplog.clear()
    with caplog.at_level(logging.ERROR):
        for seed in range(SEQUENCES):
            exchange = Exchange(seed, done)
            try:
                for _ in range(exchange.dice.randrange(8, 40)):
                    await exchange.step()
            finally:
                await exchange.close()
            exchange.check()
            assert not caplog.records, f"seed {seed}: {caplog.text}"
    for key, count in sorted(done.items()):
        print(count, *key)
    ends, contents = ("alice", "bob"), ("offer", "answer", "candidate")
    for does in ("drop", "double", "move", "edit"):
        assert not [x for x in itertools.product([does], contents, ends, [""]) if done[x] < 3]
    for x in itertools.product(["deliver", "delay"], contents, ends, ["taken", "refused"]):
        assert done[x] >= 3, x
    for name in (*DESCRIPTION_EDITS, *CANDIDATE_EDITS, "type", "section"):
        assert (
            sum(count for (does, how, *_), count in done.items() if (does, how) == ("edited", name)) >= 3
        ), name
