"""The stepper: an exchange by its buttons alone, mixed with cells at every point, and what it forbids."""

from __future__ import annotations

import ast
import asyncio
import types
from collections.abc import AsyncIterator, Iterator
from html.parser import HTMLParser
from typing import Any

import IPython
import pytest

import rtcnb
from rtcnb.errors import ConnectionFailed, InvalidState, PeerError
from rtcnb.peers.peer import Peer
from rtcnb.sdp import Candidate
from rtcnb.trace import ApiCall, Trace
from rtcnb.widgets.live import static_html
from rtcnb.widgets.stepper_presets import PRESETS
from rtcnb.widgets.stepper_steps import position_of

PATIENCE = 30.0
AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The variables of a notebook."""
    shell = types.SimpleNamespace(user_ns={"rtcnb": rtcnb})
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    yield shell.user_ns


@pytest.fixture
async def pair(variables: dict[str, Any]) -> AsyncIterator[tuple[Any, Any]]:
    trace = Trace()
    alice, bob = rtcnb.KernelPeer("alice", trace=trace), rtcnb.KernelPeer("bob", trace=trace)
    variables |= {"alice": alice, "bob": bob}
    yield alice, bob
    await alice.close()
    await bob.close()


def drawn(stepper: rtcnb.Stepper) -> str:
    return static_html(stepper)


async def connected(*peers: Any) -> None:
    await asyncio.gather(*(peer.wait_connected(PATIENCE) for peer in peers))


async def press_until_nothing_is_left(stepper: rtcnb.Stepper, cell: Any = None) -> list[str]:
    """Press the next step again and again; every other one is run as a cell where `cell` is given."""
    keys: list[str] = []
    async with asyncio.timeout(2 * PATIENCE):
        while True:
            step = stepper.next_step()
            if step is None:
                await asyncio.sleep(0.05)  # candidates may be on their way
                if (
                    all(peer.connectionState == "connected" for peer in stepper.ends)
                    and not stepper.next_step()
                ):
                    return keys
                continue
            keys.append(step.key)
            if cell is not None and cell(len(keys)):
                await run_cell(step.code)
            else:
                await stepper.act("stepper-step", step.key)


async def run_cell(code: str) -> None:
    shell = IPython.get_ipython()  # type: ignore[no-untyped-call]
    result = eval(compile(code, "cell", "exec", AWAIT), shell.user_ns)
    if result is not None:
        await result


# -- buttons alone


async def test_the_six_steps_by_buttons(pair: Any, variables: dict[str, Any]) -> None:
    stepper = rtcnb.Stepper(*pair)
    keys = await press_until_nothing_is_left(stepper)
    assert [key for key in keys if not key.startswith("wire")] == [
        "0:addTrack",
        "0:createOffer",
        "0:setLocalDescription(offer)",
        "1:addTrack",
        "1:createAnswer",
        "1:setLocalDescription(answer)",
    ]
    assert all(peer.connectionState == "connected" for peer in pair)
    assert stepper.code[:4] == [
        "wire = rtcnb.Wire(alice, bob)",
        "alice.addTrack(rtcnb.TestPattern())",
        "offer = await alice.createOffer()",
        "await alice.setLocalDescription(offer)",
    ]
    assert variables["offer"].type == "offer" and variables["wire"] is stepper.wire
    calls = [c.method for c in stepper.trace.select(kind=ApiCall) if c.outcome == "ok"]
    assert calls.count("createOffer") == 1 and calls.count("setRemoteDescription") == 2
    words = str(stepper.ladder)
    assert "createOffer()" in words and "answer VP8, H264 kept" in words


async def test_tracks_after_the_offer_need_another_exchange(pair: Any) -> None:
    stepper = rtcnb.Stepper(*pair)
    stepper.act("stepper-preset", "tracks-later")
    keys = await press_until_nothing_is_left(stepper)
    first = keys.index("0:createOffer")
    assert "0:createDataChannel" in keys[:first] and "0:addTrack" not in keys[:first]
    assert keys.count("0:createOffer") == 2 and keys.count("1:createAnswer") == 2
    assert "video" in [m.kind for m in pair[0].localDescription.document.media]


async def test_do_the_rest(pair: Any) -> None:
    stepper = rtcnb.Stepper(*pair)
    await stepper.act("stepper-rest", None)
    assert all(peer.connectionState == "connected" for peer in pair)
    assert "await alice.wait_connected()" in stepper.code
    with pytest.raises(InvalidState, match="Nothing is left to do"):
        stepper.act("stepper-next", None)
    assert "Nothing is left to do" in drawn(stepper)


# -- cells and buttons


@pytest.mark.parametrize("odd", [0, 1])
async def test_each_line_runs_as_a_cell_in_the_place_of_its_button(pair: Any, odd: int) -> None:
    stepper = rtcnb.Stepper(*pair)
    keys = await press_until_nothing_is_left(stepper, lambda number: number % 2 == odd)
    assert len(keys) >= 10
    assert all(peer.connectionState == "connected" for peer in pair)


@pytest.mark.parametrize("point", range(7))
async def test_after_cells_up_to_any_point_the_buttons_finish(pair: Any, point: int) -> None:
    alice, bob = pair
    stepper = rtcnb.Stepper(alice, bob)
    alice.createDataChannel("mine")

    async def deliver(kind: str) -> None:
        await next(m for m in stepper.wire.pending if getattr(m.content, "type", "") == kind).deliver()

    made: dict[str, Any] = {}
    if point > 0:
        made["offer"] = await alice.createOffer()
    if point > 1:
        await alice.setLocalDescription(made["offer"])
    if point > 2:
        await deliver("offer")
    if point > 3:
        made["answer"] = await bob.createAnswer()
    if point > 4:
        await bob.setLocalDescription(made["answer"])
    if point > 5:
        await deliver("answer")
    await stepper.act("stepper-rest", None)
    assert all(peer.connectionState == "connected" for peer in pair)
    calls = [c.method for c in stepper.trace.select(kind=ApiCall) if c.outcome == "ok"]
    assert calls.count("createOffer") == calls.count("createAnswer") == 1


async def test_without_a_message_the_description_is_handed_over(pair: Any) -> None:
    alice, bob = pair
    stepper = rtcnb.Stepper(alice, bob)
    alice.createDataChannel("chat")
    await alice.setLocalDescription(await alice.createOffer())
    stepper.wire.drop()
    step = stepper.next_step()
    assert step is not None and step.code == "await bob.setRemoteDescription(alice.localDescription)"
    await stepper.act("stepper-rest", None)
    assert alice.connectionState == "connected"


async def test_a_call_made_by_connect_leaves_nothing_useful_to_press(pair: Any) -> None:
    alice, bob = pair
    stepper = rtcnb.Stepper(alice, bob)
    alice.createDataChannel("chat")
    await rtcnb.connect(alice, bob)
    stale = [
        s for s in stepper.position().wire if s.key.startswith("wire:deliver") and "the offer" in s.label
    ]
    assert "answered, or taken back" in stale[0].note
    await press_until_nothing_is_left(stepper)
    assert alice.connectionState == bob.connectionState == "connected"


async def test_the_ladder_below_has_its_buttons(pair: Any) -> None:
    alice, bob = pair
    stepper = rtcnb.Stepper(alice, bob)
    alice.createDataChannel("chat")
    await alice.setLocalDescription(await alice.createOffer())
    number = stepper.wire.pending[0].number
    assert f'data-press="ladder-deliver" data-value="{number}"' in drawn(stepper)
    await stepper.act("ladder-deliver", str(number))
    assert bob.signalingState == "have-remote-offer"


async def test_a_second_stepper_takes_the_wire_that_is_there(pair: Any) -> None:
    wire = rtcnb.Wire(*pair)
    stepper = rtcnb.Stepper(*pair)
    assert stepper.wire is wire and stepper.code == []
    wire.close()
    assert stepper.wire is not wire


# -- what is forbidden


async def test_a_refused_step_says_why(pair: Any) -> None:
    alice, bob = pair
    stepper = rtcnb.Stepper(alice, bob)
    alice.createDataChannel("chat")
    before = len(stepper.trace)
    for key, why in [
        ("0:createAnswer", "there is no offer to answer"),
        ("0:setLocalDescription(answer)", "There is no offer to answer"),
        ("0:setLocalDescription(offer)", "createOffer\\(\\) makes one"),
    ]:
        with pytest.raises(InvalidState, match=why):
            stepper.act("stepper-step", key)
    assert len(stepper.trace) == before, "nothing was called"
    await alice.setLocalDescription(await alice.createOffer())
    await alice.wait_gathered()
    candidate = next(s for s in stepper.position().wire if "candidate" in s.label or "end-of" in s.label)
    assert "no remote description yet" in candidate.why_not
    await stepper.wire.pending[0].deliver()
    with pytest.raises(InvalidState, match="call createAnswer\\(\\) instead"):
        stepper.act("stepper-step", "1:createOffer")
    with pytest.raises(InvalidState, match="no longer there"):
        stepper.act("stepper-step", "wire:deliver:999999")


async def test_what_is_forbidden_is_what_the_peer_refuses(pair: Any) -> None:
    """In every state that a call goes through, each step that is barred raises, and the others do not."""
    alice, bob = pair
    stepper = rtcnb.Stepper(alice, bob)
    alice.createDataChannel("chat")
    seen = set()
    async with asyncio.timeout(PATIENCE):
        while (step := stepper.next_step()) is not None and len(seen) < 4:
            for peer, side in zip(pair, stepper.position().sides, strict=True):
                barred = next(s for s in side if s.key.endswith("createAnswer")).why_not
                if barred:
                    with pytest.raises(InvalidState) as refused:
                        await peer.createAnswer()
                    assert barred in str(refused.value)
                seen.add((peer.name, peer.signalingState))
            await stepper.act("stepper-step", step.key)
    assert len(seen) >= 4


async def test_what_the_offer_has_no_section_for_bars_the_answer_of_a_kernel_peer(pair: Any) -> None:
    alice, bob = pair
    stepper = rtcnb.Stepper(alice, bob)
    alice.createDataChannel("chat")
    await alice.setLocalDescription(await alice.createOffer())
    await stepper.wire.pending[0].deliver()
    bob.addTrack(rtcnb.TestPattern())
    barred = stepper.position().step("1:createAnswer")
    assert barred is not None and "the offer has no section for it" in barred.why_not
    with pytest.raises(InvalidState, match="No step leads on"):
        await stepper.act("stepper-rest", None)


async def test_a_closed_peer_offers_nothing(pair: Any) -> None:
    alice, _ = pair
    stepper = rtcnb.Stepper(*pair)
    await alice.close()
    assert all("closed" in step.why_not for step in stepper.position().sides[0])
    assert stepper.next_step() is None


async def test_what_kernel_peers_cannot_is_barred_with_the_reason(pair: Any) -> None:
    stepper = rtcnb.Stepper(*pair)
    with pytest.raises(PeerError, match="aiortc has no rollback"):
        stepper.act("stepper-preset", "rollback")
    with pytest.raises(PeerError, match="There is no preset"):
        stepper.act("stepper-preset", "<img src=x>")
    assert "aiortc has no rollback" in drawn(stepper)
    position = position_of(pair, rollback=True)
    rollback = position.step("0:rollback")
    assert rollback is not None and "aiortc cannot roll back" in rollback.why_not


async def test_a_failing_call_ends_with_its_findings(pair: Any) -> None:
    stepper = rtcnb.Stepper(*pair)
    rtcnb.faults.wrong_fingerprint(stepper.wire)
    pair[0].createDataChannel("chat")
    with pytest.raises(ConnectionFailed, match="certificate"):
        await stepper.act("stepper-rest", None)
    assert "certificate" in drawn(stepper)


def test_two_peers_are_asked_for() -> None:
    with pytest.raises(PeerError, match="takes two peers"):
        rtcnb.Stepper("alice", "bob")  # type: ignore[arg-type]


async def test_names_are_text_and_barred_buttons_say_so(variables: dict[str, Any]) -> None:
    trace = Trace()
    evil = "<img src=x onerror=alert(1)>"
    alice, bob = rtcnb.KernelPeer(evil, trace=trace), rtcnb.KernelPeer("bob", trace=trace)
    stepper = rtcnb.Stepper(alice, bob)
    alice.createDataChannel(evil)
    await alice.setLocalDescription(await alice.createOffer())
    tags: list[str] = []
    disabled: list[str] = []

    class Elements(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)
            told = dict(attrs)
            if told.get("aria-disabled") == "true":
                disabled.append(told.get("title") or "")

    Elements().feed(drawn(stepper))
    assert "img" not in tags
    assert disabled and all(disabled)
    assert stepper.next_step().code.startswith("await wire")  # type: ignore[union-attr]
    assert stepper.code[0] == "wire = rtcnb.Wire(peer_1, bob)"
    await alice.close()
    await bob.close()


# -- glare, with peers that can roll back


class PagePeer(Peer):
    """A peer that does what a browser does with descriptions, and nothing else (webrtc-pc 4.4.1.5)."""

    place = "page"

    def __init__(self, name: str, trace: Trace) -> None:
        super().__init__(name, trace)
        self._made({})
        self.generation = 0
        self.stable: tuple[Any, Any] = (None, None)
        self.wants = False

    def text(self) -> str:
        fingerprint = ":".join(["AB"] * 32)
        return (
            f"v=0\r\no=- {abs(hash(self.name))} {self.generation} IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
            "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\n"
            f"a=ice-ufrag:{self.name}{self.generation}\r\na=ice-pwd:0123456789012345678901\r\n"
            f"a=fingerprint:sha-256 {fingerprint}\r\na=setup:actpass\r\na=rtpmap:96 VP8/90000\r\n"
        )

    def addTrack(self, track: Any) -> Any:
        self._record(rtcnb.trace.TrackEvent, action="added", track_kind="video")
        self.wants = True
        self._needs_negotiation()

    def getTransceivers(self) -> list[Any]:
        return []

    def _gather_by(self, policy: str) -> None:
        pass

    async def create(self, type: str) -> rtcnb.SessionDescription:
        self.generation += 1
        self._created = rtcnb.SessionDescription(type=type, sdp=self.text())
        self._record(ApiCall, method=f"create{type.capitalize()}")
        return self._created

    async def createOffer(self, **options: Any) -> rtcnb.SessionDescription:
        return await self.create("offer")

    async def createAnswer(self) -> rtcnb.SessionDescription:
        return await self.create("answer")

    async def setLocalDescription(self, description: Any = None) -> None:
        if description is None:
            description = await self.create(
                "answer" if self.signalingState == "have-remote-offer" else "offer"
            )
        self._record(ApiCall, method="setLocalDescription", arguments=(description.type,))
        self.apply("local", description)
        if description.type != "rollback":
            self._record_set("local", description, 0.0)
            fragment = f"{self.name}{self.generation}"
            self._gathered(Candidate("candidate:1 1 udp 1 192.0.2.1 5000 typ host", "0", 0, fragment))

    async def setRemoteDescription(self, description: Any) -> None:
        if description.type == "offer" and self.signalingState == "have-local-offer":
            self.roll_back()
        self._record(ApiCall, method="setRemoteDescription", arguments=(description.type,))
        self.apply("remote", description)
        self._record_set("remote", description, 0.0)

    def roll_back(self) -> None:
        self._local, self._remote = self.stable
        self._set_state("signalingState", "stable")

    def apply(self, side: str, description: Any) -> None:
        if description.type == "rollback":
            self.roll_back()
            if self.wants:
                self._needs_negotiation()
            return
        setattr(self, f"_{side}", description)
        if description.type == "offer":
            self._set_state("signalingState", f"have-{side}-offer")
            return
        self.stable = (self._local, self._remote)
        self.wants = False
        self._set_state("signalingState", "stable")

    async def addIceCandidate(self, candidate: Any = None) -> None:
        known = {media.ufrag for media in self._remote.document.media} if self._remote else set()
        if candidate.usernameFragment not in known:
            raise PeerError("OperationError: no such ufrag")
        self._record(rtcnb.trace.CandidateEvent, action="added", candidate=candidate)
        self._set_state("connectionState", "connected")

    def _nothing(self, *arguments: Any, **options: Any) -> Any:
        raise NotImplementedError

    _new_track = addTransceiver = removeTrack = createDataChannel = restartIce = getStats = _nothing  # type: ignore[assignment]

    async def _close(self) -> None:
        self._set_state("signalingState", "closed")


class Pattern:
    """What needs no page."""

    def __init__(self, place: str = "page") -> None:
        self.place = place

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@pytest.mark.parametrize("preset", ["perfect", "rollback", "tracks-first"])
async def test_glare_is_resolved(
    preset: str, variables: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rtcnb.widgets.stepper_steps.TestPattern", Pattern)
    trace = Trace()
    stepper = rtcnb.Stepper(PagePeer("alice", trace), PagePeer("bob", trace))
    stepper.act("stepper-preset", preset)
    codes: list[str] = []
    async with asyncio.timeout(PATIENCE):
        while (step := stepper.next_step()) is not None:
            codes.append(step.code)
            assert len(codes) < 40, codes
            await stepper.act("stepper-step", step.key)
    assert all(peer.connectionState == "connected" for peer in stepper.ends), codes
    assert all(peer.signalingState == "stable" for peer in stepper.ends)
    assert not stepper.wire.pending
    offers = sum("createOffer" in c or c == "await alice.setLocalDescription()" for c in codes)
    if preset == "perfect":
        assert codes.count("await bob.setLocalDescription()") == 2, "its offer, then the answer"
        assert any(c.endswith(".drop()") for c in codes), "the impolite one ignores the offer"
        assert 'await bob.setLocalDescription({"type": "rollback"})' not in codes
    elif preset == "rollback":
        assert codes.count('await bob.setLocalDescription({"type": "rollback"})') == 1
        assert offers == 2
    else:
        assert offers == 1


def test_every_preset_is_told() -> None:
    assert all(preset.says.endswith(".") and preset.title for preset in PRESETS.values())
