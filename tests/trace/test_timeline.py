"""A trace by kind and time, kept up to date, and cut off at a moment."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from rtcnb.trace import ApiCall, Event, Note, PacketEvent, PeerEvent, StateChange, Trace
from rtcnb.trace.timeline import Timeline


def state(time: float, new: str, peer: str = "alice") -> StateChange:
    return StateChange(time=time, peer=peer, state="connectionState", new=new)


def packet(time: float, protocol: str = "rtp") -> PacketEvent:
    return PacketEvent(time=time, peer="alice", direction="sent", protocol=protocol, size_bytes=9)


def test_what_is_new_is_taken_and_sorted() -> None:
    trace = Trace()
    trace.append(state(2, "connecting"))
    timeline = Timeline(trace)
    assert not timeline.refresh()
    trace.append(state(1, "new"))  # dated to a call's beginning, written down at its end
    trace.append(Note(time=3, text="x"))
    assert timeline.refresh()
    assert [e.new for e in timeline.of(StateChange)] == ["new", "connecting"]
    assert timeline.begin == 1 and timeline.peers == ["alice"]


def test_a_trace_that_gave_events_up_is_read_anew() -> None:
    trace = Trace(max_events=100)
    timeline = Timeline(trace)
    for number in range(250):
        trace.append(packet(number))
        timeline.refresh()
    assert [e.time for e in timeline.of(PacketEvent)] == [e.time for e in trace.events]
    assert trace.thinned or trace.dropped


def test_a_moment_sees_nothing_that_came_later() -> None:
    trace = Trace.of(
        [
            PeerEvent(time=1, peer="alice"),
            state(2, "connecting"),
            PeerEvent(time=2.5, peer="bob"),
            state(3, "connected"),
        ]
    )
    timeline = Timeline(trace)
    moment = timeline.at(2)
    assert [e.new for e in moment.of(StateChange)] == ["connecting"], "what happens at a moment belongs to it"
    assert moment.peers == ["alice"] and moment.time == 2
    assert moment.last(StateChange, "alice") == state(2, "connecting")
    assert moment.last(StateChange, "bob") is None
    side = moment.side("alice")
    assert side is not None and side.state("connectionState") == "connecting"
    assert len(moment.as_trace()) == 2 and moment.as_trace().ended == 2


def test_no_moment_is_now() -> None:
    trace = Trace.of([state(1, "connecting"), state(3, "connected")])
    moment = Timeline(trace).at()
    assert moment.until == math.inf and moment.time == 3
    assert len(moment.as_trace()) == 2


def test_kinds_together_are_by_time() -> None:
    trace = Trace.of(
        [ApiCall(time=2, peer="alice", method="createOffer"), state(1, "new"), state(3, "closed")]
    )
    assert [e.time for e in Timeline(trace).at().of(ApiCall, StateChange)] == [1, 2, 3]


def test_sides_are_made_without_the_packets_of_media() -> None:
    trace = Trace.of([state(1, "new"), packet(2), packet(3, "stun")])
    (side,) = Timeline(trace).at().sides
    assert [e.time for e in side.of(PacketEvent)] == [3]


def test_a_peer_made_again_begins_anew() -> None:
    trace = Trace.of([PeerEvent(time=1, peer="alice"), PeerEvent(time=5, peer="alice"), state(6, "new")])
    assert Timeline(trace).at().made("alice") == 5
    assert Timeline(trace).at(4).made("alice") == 1


READ: dict[str, Callable[[Timeline], object]] = {
    "peers": lambda timeline: timeline.peers,
    "begin": lambda timeline: timeline.begin,
    "counts": lambda timeline: timeline.counts_by_kind(),
    "moment": lambda timeline: timeline.at(20).peers,
    "sides": lambda timeline: timeline.at().sides,
    "media": lambda timeline: timeline.at().first_media,
}


@pytest.mark.parametrize("read", READ.values(), ids=READ)
def test_it_may_be_read_while_another_thread_takes_what_is_new(
    read: Callable[[Timeline], object], beside: Callable[[Any], Any]
) -> None:
    """A view is drawn on one thread and pressed on another, and either keeps the timeline up to date."""
    kinds = [type(f"Event{number}", (Event,), {}) for number in range(30)]
    latest, numbers = [Timeline(Trace())], count()

    def take_news() -> None:
        number = next(numbers) % len(kinds)
        if number == 0:
            latest[0] = Timeline(Trace())
        of = f"peer {number}"
        latest[0].trace.append(kinds[number](time=number, peer=of))
        latest[0].trace.append(
            PacketEvent(time=number, peer=of, direction="sent", protocol="rtp", size_bytes=12, data=bytes(12))
        )
        latest[0].refresh()

    with beside(take_news):
        for _ in range(3000):
            read(latest[0])
