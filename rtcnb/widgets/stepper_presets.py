"""The presets of the stepper: which of the steps that are allowed comes next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..peers.peer import Peer
from .stepper_steps import Position, Step

NO_ROLLBACK = "needs two peers in the page: aiortc has no rollback"
Suggest = Callable[[Position, "Past"], Iterator[str]]


@dataclass(frozen=True)
class Past:
    """What the states alone do not tell.

    Attributes
    ----------
    tracks : tuple of bool
        Whether it sends a track.
    anything : tuple of bool
        Whether it has a track, a transceiver or a channel.
    rolled_back : bool
        Whether an offer was taken back.
    """

    tracks: tuple[bool, bool]
    anything: tuple[bool, bool]
    rolled_back: bool = False


@dataclass(frozen=True)
class Preset:
    """A way through an exchange.

    Attributes
    ----------
    name, title : str
    says : str
        What it shows, in a sentence.
    order : callable
        Gives the keys of steps; the first that is allowed comes next.
    rollback : bool
        Whether it rolls back, which aiortc cannot.
    """

    name: str
    title: str
    says: str
    order: Suggest
    rollback: bool = False

    def why_not(self, peers: tuple[Peer, Peer]) -> str:
        """Return why it is not for these peers; ``""`` where it is."""
        return NO_ROLLBACK if self.rollback and any(peer.place != "page" for peer in peers) else ""

    def next_step(self, position: Position, past: Past) -> Step | None:
        """Return what comes next; None where nothing is left to do."""
        if any(peer.signalingState == "closed" for peer in position.peers):
            return None
        found = (position.allowed(key) for key in self.order(position, past))
        return next((step for step in found if step is not None), None)


def _useless(position: Position) -> Iterator[str]:
    yield from (step.key for step in position.wire if step.key.startswith("wire:drop") and step.note)


def _descriptions(position: Position) -> Iterator[str]:
    useless = {key.rpartition(":")[2] for key in _useless(position)}
    for step in position.wire:
        number = step.key.rpartition(":")[2]
        if step.label.startswith("Deliver the ") and number not in useless:
            yield step.key
    yield from (step.key for step in position.wire if step.key.startswith("wire:hand"))


def _candidates(position: Position) -> Iterator[str]:
    yield from (s.key for s in position.wire if s.label.startswith(("Deliver candidate", "Deliver end")))


def _answering(position: Position, past: Past, tracks: bool) -> Iterator[str]:
    """What the callee does with an offer; with `tracks` it sends too what the offer has a section for."""
    for number in (0, 1):
        yield f"{number}:setLocalDescription(answer)"
    for number, peer in enumerate(position.peers):
        offer = peer.remoteDescription
        media = offer.document.media if offer is not None else []
        asked = [m for m in media if m.kind == "video" and m.direction in ("sendrecv", "recvonly")]
        answers = position.allowed(f"{number}:createAnswer") is not None
        if answers and tracks and asked and not past.tracks[number]:
            yield f"{number}:addTrack"
        yield f"{number}:createAnswer"


def _exchange(position: Position, past: Past, tracks: bool) -> Iterator[str]:
    """Whatever is under way, to its end."""
    yield from _useless(position)
    yield from _answering(position, past, tracks)
    yield from _descriptions(position)
    for number in (0, 1):
        # An offer of one's own would meet the other's: that one comes first.
        if position.peers[1 - number].signalingState == "stable":
            yield f"{number}:setLocalDescription(offer)"
    yield from _candidates(position)


def _offering(position: Position, past: Past) -> Iterator[str]:
    if any(peer.signalingState != "stable" for peer in position.peers):
        return
    fresh = all(peer.localDescription is None for peer in position.peers)
    for number in (0, 1):
        # The page tells a moment later that it needs an offer.
        if position.needs(number) or (fresh and past.anything[number]):
            yield f"{number}:createOffer"


def _tracks_first(position: Position, past: Past) -> Iterator[str]:
    yield from _exchange(position, past, tracks=True)
    yield from _offering(position, past)
    if not any(past.anything):
        yield "0:addTrack"


def _tracks_later(position: Position, past: Past) -> Iterator[str]:
    second_round = all(peer.connectionState == "connected" for peer in position.peers)
    yield from _exchange(position, past, tracks=second_round)
    yield from _offering(position, past)
    if not any(past.anything):
        yield "0:createDataChannel"
    if second_round and not any(past.tracks):
        yield "0:addTrack"


def _both_offer(position: Position, past: Past, offer: tuple[str, str]) -> Iterator[str]:
    """Both add and offer before either has heard of the other: glare."""
    if past.rolled_back or any(peer.remoteDescription is not None for peer in position.peers):
        return
    for number in (0, 1):
        if not past.anything[number]:
            yield f"{number}:addTrack"
    for number in (0, 1):
        if (
            position.peers[number].signalingState == "stable"
            and position.peers[number].localDescription is None
        ):
            yield from (f"{number}:{step}" for step in reversed(offer))


def _perfect(position: Position, past: Past) -> Iterator[str]:
    yield from _both_offer(position, past, ("setLocalDescription", "setLocalDescription"))
    yield from _useless(position)
    glare = all(peer.signalingState == "have-local-offer" for peer in position.peers)
    polite = position.peers[1].name
    if (
        glare
    ):  # the second peer is polite and takes its own offer back; the first ignores the one that meets its own
        yield from (
            s.key for s in position.wire if s.label.startswith("Drop the offer") and f"{polite} →" in s.label
        )
    for number, peer in enumerate(position.peers):
        if peer.signalingState == "have-remote-offer":
            yield f"{number}:setLocalDescription"
    yield from _descriptions(position)
    yield from _candidates(position)
    if not glare and all(peer.signalingState == "stable" for peer in position.peers):
        yield from (f"{number}:setLocalDescription" for number in (0, 1) if position.needs(number))


def _rolled_back(position: Position, past: Past) -> Iterator[str]:
    yield from _both_offer(position, past, ("createOffer", "setLocalDescription(offer)"))
    if all(peer.signalingState == "have-local-offer" for peer in position.peers):
        yield "1:rollback"
    yield from _exchange(position, past, tracks=False)
    yield from _offering(position, past)


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            "tracks-first",
            "Six steps, tracks before the offer",
            "The caller adds what it sends and offers; the callee adds its own and answers; candidates follow.",
            _tracks_first,
        ),
        Preset(
            "tracks-later",
            "Six steps, tracks after the offer",
            "First a channel alone is negotiated; a track that is added later needs another offer and answer.",
            _tracks_later,
        ),
        Preset(
            "perfect",
            "Perfect negotiation",
            "Both offer at once. The second peer is polite and takes its offer back by itself; the first ignores "
            "the offer that meets its own.",
            _perfect,
            rollback=True,
        ),
        Preset(
            "rollback",
            "Glare and rollback",
            "Both offer at once, and the second peer takes its offer back in so many words.",
            _rolled_back,
            rollback=True,
        ),
    )
}
