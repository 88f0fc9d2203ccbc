"""The trace keeps order, drops the oldest, and survives threads and bad subscribers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

import pytest

from rtcnb import trace as trace_module
from rtcnb.sdp import Candidate, SessionDescription
from rtcnb.trace import (
    ApiCall,
    CandidateEvent,
    ChannelEvent,
    DescriptionSet,
    Event,
    MediaEvent,
    Note,
    PageEvent,
    StateChange,
    Trace,
    TrackEvent,
    current,
    use,
)

OFFER = SessionDescription(type="offer", sdp="v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n")

EVENTS: list[tuple[Event, str, str]] = [
    (ApiCall(method="createOffer"), "call", "createOffer()"),
    (
        ApiCall(method="addIceCandidate", arguments=("host",), outcome="error", error="InvalidState: no"),
        "call",
        "addIceCandidate(host) ✕ InvalidState: no",
    ),
    (ApiCall(method="getStats", outcome="pending"), "call", "getStats() …"),
    (
        StateChange(state="signalingState", old="stable", new="have-local-offer"),
        "state",
        "signalingState: stable → have-local-offer",
    ),
    (DescriptionSet(side="local", description=OFFER), "description", "local description: offer (video)"),
    (
        CandidateEvent(action="gathered", candidate=Candidate()),
        "candidate",
        "candidate gathered: Candidate(end-of-candidates)",
    ),
    (TrackEvent(action="added", track_kind="video", track_id="7"), "track", "video track added 7"),
    (ChannelEvent(label="chat", action="sent", size_bytes=5), "channel", "channel 'chat': sent, 5 bytes"),
    (ChannelEvent(label="chat", action="open"), "channel", "channel 'chat': open"),
    (MediaEvent(action="started", text="camera"), "media", "media started: camera"),
    (PageEvent(action="came", page="p1"), "page", "page p1 came"),
    (Note(text="two\nlines"), "note", "two lines"),
]


@pytest.fixture
def _put_back() -> Iterator[None]:
    before = current()
    yield
    use(before)


@pytest.mark.parametrize(("event", "kind", "text"), EVENTS)
def test_events_read_as_one_line(event: Event, kind: str, text: str) -> None:
    assert event.kind == kind == type(event).kind
    assert str(event) == text


def test_events_are_frozen_keyword_only_and_on_the_monotonic_clock() -> None:
    before = time.monotonic()
    note = Note(text="x")
    assert before <= note.time <= time.monotonic()
    assert note.peer == ""
    assert Note(time=1.0, peer="alice", text="x") == Note(time=1.0, peer="alice", text="x")
    with pytest.raises(AttributeError):
        note.text = "y"  # type: ignore[misc]
    with pytest.raises(TypeError):
        Note("x")  # type: ignore[misc]


def test_append_keeps_order_and_snapshots() -> None:
    trace = Trace()
    assert trace
    assert len(trace) == 0
    for number in range(3):
        trace.append(Note(text=str(number)))
    before = trace.events
    trace.append(Note(text="3"))
    assert [str(event) for event in before] == ["0", "1", "2"]
    assert [str(event) for event in trace] == ["0", "1", "2", "3"]
    assert (len(trace), trace.dropped) == (4, 0)


def test_the_oldest_go_first_and_are_counted() -> None:
    trace = Trace(max_events=2)
    for number in range(5):
        trace.append(Note(text=str(number)))
    assert [str(event) for event in trace] == ["3", "4"]
    assert (trace.dropped, trace.max_events) == (3, 2)
    assert "3 dropped" in repr(trace)
    with pytest.raises(ValueError, match="max_events"):
        Trace(max_events=0)


def test_select() -> None:
    trace = Trace()
    a = StateChange(time=1.0, peer="alice", state="connectionState", new="new")
    b = StateChange(time=2.0, peer="bob", state="connectionState", new="new")
    c = Note(time=3.0, peer="alice", text="x")
    for event in (a, b, c):
        trace.append(event)
    assert trace.select() == (a, b, c)
    assert trace.select(peer="alice") == (a, c)
    assert trace.select(kind="state") == trace.select(kind=StateChange) == (a, b)
    assert trace.select(since=2.0) == (b, c)
    assert trace.select(peer="alice", kind="state", since=1.5) == ()
    assert trace.select(kind=Event) == (a, b, c)


def test_subscribers_hear_until_they_unsubscribe() -> None:
    trace = Trace()
    heard: list[Event] = []
    threads: list[int] = []

    def listen(event: Event) -> None:
        heard.append(event)
        threads.append(threading.get_ident())

    first = trace.subscribe(listen)
    second = trace.subscribe(listen)
    trace.append(Note(text="x"))
    assert len(heard) == 2
    assert set(threads) == {threading.get_ident()}
    first()
    first()
    trace.append(Note(text="y"))
    assert len(heard) == 3
    second()
    trace.append(Note(text="z"))
    assert len(heard) == 3


def test_a_bad_subscriber_is_logged_and_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    trace = Trace()
    heard: list[Event] = []

    def bad(event: Event) -> None:
        raise RuntimeError("boom")

    trace.subscribe(bad)
    trace.subscribe(heard.append)
    with caplog.at_level(logging.ERROR, logger="rtcnb"):
        trace.append(Note(text="x"))
    assert len(trace) == len(heard) == 1
    assert "boom" in caplog.text


def test_a_subscriber_may_append_and_unsubscribe() -> None:
    trace = Trace()

    def once(event: Event) -> None:
        stop()
        trace.append(Note(text="again"))

    stop = trace.subscribe(once)
    trace.append(Note(text="x"))
    assert [str(event) for event in trace] == ["x", "again"]


def test_many_threads() -> None:
    trace = Trace(max_events=1000)
    heard: list[Event] = []
    trace.subscribe(heard.append)
    start = threading.Barrier(8)

    def work(name: str) -> None:
        start.wait()
        for number in range(500):
            trace.append(Note(peer=name, text=str(number)))
            if number % 100 == 0:
                assert len(trace.events) <= 1000
                list(trace)

    threads = [threading.Thread(target=work, args=(str(i),)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(trace) + trace.dropped, len(heard)) == (4000, 4000) and 950 <= len(trace) <= 1000
    for i in range(8):
        numbers = [int(str(event)) for event in trace.select(peer=str(i))]
        assert numbers == sorted(numbers)


def test_html_is_escaped_and_short() -> None:
    trace = Trace()
    for number in range(300):
        trace.append(Note(time=10 + number / 1000, peer="<b>al", text=f"<script>{number}</script>"))
    shown = trace._repr_html_()
    assert "<script>" not in shown
    assert "<b>al" not in shown
    assert "&lt;script&gt;299&lt;" in shown
    assert "&lt;script&gt;99&lt;" not in shown
    assert shown.count("<tr>") == 201
    assert ">299.0<" in shown
    assert "the last 200 shown" in shown
    assert "0 events" in Trace()._repr_html_()
    assert repr(trace) == "Trace(300 events of <b>al)"


@pytest.mark.usefixtures("_put_back")
def test_current_and_use() -> None:
    before = current()
    mine = Trace()
    assert use(mine) is before
    assert current() is mine
    assert trace_module.current() is mine
    assert use(before) is mine
