"""What each side of a call may do next, derived from the peers' states and from what waits on their wires."""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from ..errors import PeerError
from ..media.sources import TestPattern
from ..peers import refusals
from ..peers.allowed import created, negotiation_needed, rolls_back_by_itself, why_not
from ..peers.message import Message
from ..peers.peer import Peer
from ..peers.wire import Wire, wires_between
from ..runtime import loop
from ..sdp import Candidate, SessionDescription

ROLLBACK = SessionDescription(type="rollback", sdp="")
TYPES = ("offer", "answer", "pranswer")


@dataclass(frozen=True, eq=False)
class Step:
    """Something that may be done next, or may not.

    Attributes
    ----------
    key : str
        ``0:createOffer``: the number of the peer and the call; ``wire:deliver:7``: a message.
    label : str
        What stands on the button.
    code : str
        What a cell would run.
    run : callable
        Runs it, on the background loop.
    why_not : str
        The rule that forbids it; ``""`` where it may be done.
    note : str
        What will come of it, where that is not plain.
    binds : str
        The variable that the code gives a value.
    """

    key: str
    label: str
    code: str
    run: Callable[[], Awaitable[Any]]
    why_not: str = ""
    note: str = ""
    binds: str = ""


@dataclass(frozen=True)
class Position:
    """Where a call stands.

    Attributes
    ----------
    peers : tuple of Peer
        The two of them.
    names : tuple of str
        What a cell calls them.
    sides : tuple of list of Step
        For each of them.
    wire : list of Step
        What may become of the messages that wait.
    """

    peers: tuple[Peer, Peer]
    names: tuple[str, str]
    sides: tuple[list[Step], list[Step]]
    wire: list[Step]

    def step(self, key: str) -> Step | None:
        """Return the step of that key."""
        return next((s for s in (*self.sides[0], *self.sides[1], *self.wire) if s.key == key), None)

    def allowed(self, key: str) -> Step | None:
        """Return the step of that key if it may be done."""
        found = self.step(key)
        return found if found is not None and not found.why_not else None

    def needs(self, number: int) -> bool:
        """Whether a peer needs to negotiate."""
        return negotiation_needed(self.peers[number])


def position_of(peers: tuple[Peer, Peer], rollback: bool = False) -> Position:
    """Return what may be done next.

    Parameters
    ----------
    peers : tuple of Peer
    rollback : bool
        Whether taking an offer back, and setLocalDescription() without an argument, are among the steps.
    """
    names = _names(peers)
    first, second = (_side(number, peers, names, rollback) for number in (0, 1))
    return Position(peers, names, (first, second), _on_the_wire(peers, names))


def _names(peers: tuple[Peer, Peer]) -> tuple[str, str]:
    first, second = (
        peer.name if peer.name.isidentifier() else f"peer_{number}" for number, peer in enumerate(peers, 1)
    )
    return first, second


# -- what a peer does


def _side(number: int, peers: tuple[Peer, Peer], names: tuple[str, str], rollback: bool) -> list[Step]:
    peer, name = peers[number], names[number]
    steps = [
        _add_track(number, peer, name),
        _make(
            number,
            "createDataChannel",
            f'{name}.createDataChannel("chat")',
            _told(peer, "createDataChannel"),
            lambda: _now(lambda: peer.createDataChannel("chat")),
            label='createDataChannel("chat")',
            binds="channel",
        ),
        _make(
            number,
            "createOffer",
            f"await {name}.createOffer()",
            _told(peer, "createOffer"),
            peer.createOffer,
            binds="offer",
        ),
        _set_local(number, peer, name, "offer"),
        _make(
            number,
            "createAnswer",
            f"await {name}.createAnswer()",
            _told(peer, "createAnswer"),
            peer.createAnswer,
            binds="answer",
        ),
        _set_local(number, peer, name, "answer"),
    ]
    if rollback:
        steps += [_implicit(number, peer, name), _rollback(number, peer, name)]
    return steps


def _make(
    number: int,
    what: str,
    code: str,
    why: str,
    run: Callable[[], Awaitable[Any]],
    label: str = "",
    binds: str = "",
    note: str = "",
) -> Step:
    line = f"{binds} = {code}" if binds else code
    return Step(f"{number}:{what}", label or f"{what}()", line, run, why, note, binds)


def _told(peer: Peer, method: str, type: str = "") -> str:
    return _sentence(why_not(peer, method, type))


def _sentence(error: PeerError | None) -> str:
    """The rule without the call that it is about, which stands beside it."""
    return re.sub(r"^[^ ]+\.\w+\([^)]*\):? ?", "", str(error)) if error is not None else ""


async def _now(call: Callable[[], Any]) -> Any:
    return call()


def _add_track(number: int, peer: Peer, name: str) -> Step:
    in_page = peer.place == "page"
    code = f"{name}.addTrack(rtcnb.TestPattern())"
    if in_page:
        code = f'pattern = rtcnb.TestPattern(place="page"); await pattern.start(); {name}.addTrack(pattern)'

    async def run() -> Any:
        # On a thread: what makes its pictures is loaded with it, and that takes a while.
        make = functools.partial(TestPattern, place=peer.place)
        pattern = await loop.background().run_in_executor(None, make)
        if in_page:
            await pattern.start()
        peer.addTrack(pattern)
        stop_with(peer, pattern)
        return pattern

    return Step(f"{number}:addTrack", "addTrack(a test pattern)", code, run, _told(peer, "addTrack"))


def stop_with(peer: Peer, pattern: TestPattern) -> None:
    """Stop a test pattern when the peer that sends it is closed."""

    def look() -> None:
        if peer.signalingState == "closed":
            peer._observers.remove(look)
            loop.submit(pattern.stop())

    peer._observers.append(look)


def _set_local(number: int, peer: Peer, name: str, type: str) -> Step:
    made = created(peer)
    why = _told(peer, "setLocalDescription", type)
    if not why and (made is None or made.type != type):
        make = "createOffer" if type == "offer" else "createAnswer"
        why = f"there is no new {type}: {make}() makes one."

    async def run() -> None:
        await peer.setLocalDescription(made)

    code = f"await {name}.setLocalDescription({type})"
    what = f"setLocalDescription({type})"
    return _make(number, what, code, why, run, label=what)


def _implicit(number: int, peer: Peer, name: str) -> Step:
    type = "answer" if peer.signalingState == "have-remote-offer" else "offer"
    why = _told(peer, "setLocalDescription", type)
    code = f"await {name}.setLocalDescription()"
    note = f"makes the {type} by itself"
    return _make(number, "setLocalDescription", code, why, peer.setLocalDescription, note=note)


def _rollback(number: int, peer: Peer, name: str) -> Step:
    async def run() -> None:
        await peer.setLocalDescription(ROLLBACK)

    code = f'await {name}.setLocalDescription({{"type": "rollback"}})'
    why = _told(peer, "setLocalDescription", "rollback")
    return _make(number, "rollback", code, why, run, label="setLocalDescription(rollback)")


# -- what the signaling server does, which is the reader


def _on_the_wire(peers: tuple[Peer, Peer], names: tuple[str, str]) -> list[Step]:
    wires = wires_between(*peers)
    waiting = [(message, wire) for wire in wires for message in wire.pending]
    steps: list[Step] = []
    for sender, receiver in (peers, peers[::-1]):
        on_the_way = [(m, w) for m, w in waiting if m.sender == sender.name]
        told = [pair for pair in on_the_way if isinstance(pair[0].content, SessionDescription)]
        found = [pair for pair in on_the_way if isinstance(pair[0].content, Candidate)]
        for message, wire in (*told[:2], *found[:1]):
            more = len(found) - 1 if isinstance(message.content, Candidate) else 0
            steps += _of_message(message, wire, sender, receiver, more)
        if not told:
            steps += _by_hand(peers, names, sender, receiver)
    return steps


def _of_message(message: Message, wire: Wire, sender: Peer, receiver: Peer, more: int) -> list[Step]:
    place = wire.pending.index(message) if message in wire.pending else 0
    it = f"wire.pending[{place}]"
    what = _what(message.content)
    stale = _outdated(message, sender, receiver)
    why = "" if stale else _refused(message.content, receiver)
    note = stale or (f"{more} more behind it" if more else "")
    content = message.content
    if isinstance(content, SessionDescription) and rolls_back_by_itself(receiver, "remote", content.type):
        note = f"{receiver.name} takes its own offer back for it (implicit rollback, webrtc-pc 4.4.1.5)"

    async def deliver() -> None:
        await message.deliver()

    way = f"{sender.name} → {receiver.name}"
    steps = [
        Step(
            f"wire:deliver:{message.number}",
            f"Deliver {what} {way}",
            f"await {it}.deliver()",
            deliver,
            why,
            note,
        )
    ]
    if stale or why or note.startswith(receiver.name):
        drop = Step(
            f"wire:drop:{message.number}",
            f"Drop {what} {way}",
            f"{it}.drop()",
            lambda: _now(message.drop),
            "",
            stale,
        )
        steps.append(drop)
    return steps


def _what(content: SessionDescription | Candidate) -> str:
    if isinstance(content, SessionDescription):
        return f"the {content.type}"
    return "end-of-candidates" if content.is_end else f"candidate {content._words}"


def _refused(content: SessionDescription | Candidate, receiver: Peer) -> str:
    if isinstance(content, SessionDescription):
        return _told(receiver, "setRemoteDescription", content.type)
    if receiver.signalingState == "closed":
        return _sentence(refusals.closed(receiver.name, "addIceCandidate"))
    return _sentence(refusals.of_candidate(receiver.name, receiver.remoteDescription, content))


def _outdated(message: Message, sender: Peer, receiver: Peer) -> str:
    """Why a message that waits is of no use any more."""
    content = message.content
    if isinstance(content, SessionDescription):
        if content.type == "offer" and sender.signalingState != "have-local-offer":
            return f"{sender.name} is {sender.signalingState}: this offer was answered, or taken back"
        if content.type == "answer" and receiver.signalingState == "stable":
            return f"{receiver.name} is stable: this answer was applied, or its offer taken back"
        return ""
    remote = receiver.remoteDescription
    fragment = content.usernameFragment
    known = {media.ufrag for media in remote.document.media} if remote is not None else set()
    local = sender.localDescription
    current = {media.ufrag for media in local.document.media} if local is not None else set()
    if known and fragment and fragment not in known and fragment not in current:
        return (
            f"its ufrag {fragment} is of a description that was taken back (webrtc-pc 4.4.2, addIceCandidate)"
        )
    return ""


def _by_hand(peers: tuple[Peer, Peer], names: tuple[str, str], sender: Peer, receiver: Peer) -> list[Step]:
    """A description that no wire has any more, handed over as a cell would."""
    description = sender.localDescription
    asks = sender.signalingState == "have-local-offer" and receiver.signalingState == "stable"
    asks = asks and not _same(description, receiver.remoteDescription)
    answers = sender.signalingState == "stable" and receiver.signalingState == "have-local-offer"
    answers = answers and _same(receiver.localDescription, sender.remoteDescription)
    type = "offer" if asks else "answer"
    if description is None or not (asks or answers) or description.type != type:
        return []
    there, here = names[peers.index(receiver)], names[peers.index(sender)]

    async def run() -> None:
        await receiver.setRemoteDescription(sender.localDescription)

    label = f"Hand over the {type} {sender.name} → {receiver.name}"
    code = f"await {there}.setRemoteDescription({here}.localDescription)"
    note = "no wire has it: it was dropped, or set before there was one"
    return [Step(f"wire:hand:{type}:{sender.name}", label, code, run, "", note)]


def _same(given: SessionDescription | None, known: SessionDescription | None) -> bool:
    """Whether what one side set is what the other side has, by the session's id and version (RFC 8866 5.2)."""
    if given is None or known is None:
        return False
    ours, theirs = given.document.session.line("o"), known.document.session.line("o")
    return ours is not None and theirs is not None and ours.text == theirs.text
