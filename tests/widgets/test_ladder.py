"""The ladder: its rows against the trace, what it leaves out, and what its buttons do."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any

import pytest

import rtcnb
from rtcnb.errors import PeerError
from rtcnb.sdp import Candidate
from rtcnb.trace import (
    ApiCall,
    CandidateEvent,
    ChannelEvent,
    DescriptionSet,
    DtlsEvent,
    Event,
    FaultEvent,
    MediaEvent,
    MessageEvent,
    Note,
    PacketEvent,
    PageEvent,
    PeerEvent,
    SelectedPair,
    ServerEvent,
    StateChange,
    StatisticsEvent,
    Trace,
    TrackEvent,
)
from rtcnb.widgets.ladder_row import OTHER, SERVER, WIRE
from rtcnb.widgets.ladder_words import words_of
from rtcnb.widgets.live import static_html

HOSTILE = "<img src=x onerror=alert(1)>&\"'"
MEDIA = (
    "m=video 9 UDP/TLS/RTP/SAVPF {types}\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\n"
    "a=ice-ufrag:{setup}\r\na=ice-pwd:0123456789012345678{setup}\r\n"
    "a=fingerprint:sha-256 {fingerprint}\r\na=setup:{setup}\r\n{codecs}"
)
CODECS = {96: "VP8", 98: "VP9", 45: "AV1"}


def description(kind: str, types: tuple[int, ...], setup: str) -> rtcnb.SessionDescription:
    codecs = "".join(f"a=rtpmap:{t} {CODECS[t]}/90000\r\n" for t in types)
    media = MEDIA.format(
        types=" ".join(map(str, types)), codecs=codecs, setup=setup, fingerprint=":".join(["AB"] * 32)
    )
    return rtcnb.SessionDescription(
        type=kind, sdp=f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n{media}"
    )


OFFER, ANSWER = description("offer", (96, 98, 45), "actpass"), description("answer", (96,), "active")
HOST = Candidate("candidate:1 1 udp 2130706431 192.0.2.7 5000 typ host", "0", 0)


def made(*events: Event) -> Trace:
    peers = [PeerEvent(time=0.0, peer=name, place="kernel") for name in ("alice", "bob")]
    return Trace.of([*peers, *events])


def said(trace: Trace, **options: Any) -> list[tuple[str, str, str, str]]:
    """Each row as its lanes, its words and how it ends; without the making of the peers."""
    ladder = rtcnb.Ladder(trace)
    ladder.unfolded = bool(options.get("unfolded"))
    ladder.until = options.get("until")
    rows = [row for row in ladder.rows() if row.kind != "peer"]
    moment = ladder.moment()
    return [(row.at, row.to, " ".join(x for x in words_of(row, moment) if x), row.end) for row in rows]


def stun(kind: int, transaction: bytes, attributes: bytes = b"") -> bytes:
    return (
        kind.to_bytes(2, "big")
        + len(attributes).to_bytes(2, "big")
        + b"\x21\x12\xa4\x42"
        + transaction
        + attributes
    )


USERNAME = b"\x00\x06\x00\x04abcd"


def packet(at: float, peer: str, direction: Any, data: bytes, protocol: str = "stun") -> PacketEvent:
    ends = {"local": "192.0.2.1:1", "remote": "192.0.2.2:2"}
    return PacketEvent(
        time=at, peer=peer, direction=direction, protocol=protocol, data=data, size_bytes=len(data), **ends
    )


def check(
    at: float, sender: str, receiver: str, *, arrives: bool = True, answered: bool = True
) -> list[Event]:
    transaction = secrets.token_bytes(12)
    request, answer = stun(1, transaction, USERNAME), stun(0x101, transaction)
    events: list[Event] = [packet(at, sender, "sent", request)]
    events += [packet(at + 0.001, receiver, "received", request)] if arrives else []
    if arrives and answered:
        events += [
            packet(at + 0.002, receiver, "sent", answer),
            packet(at + 0.003, sender, "received", answer),
        ]
    return events


def message(
    at: float, action: str, number: int, content: Any, sender: str = "alice", receiver: str = "bob"
) -> Event:
    what = "candidate" if isinstance(content, Candidate) else "description"
    return MessageEvent(
        time=at, peer=sender, receiver=receiver, action=action, number=number, **{what: content}
    )


# -- what went between them


def test_a_description_is_an_arrow_and_a_call() -> None:
    trace = made(
        DescriptionSet(time=1, peer="alice", side="local", description=OFFER),
        StateChange(time=1.1, peer="alice", state="signalingState", old="stable", new="have-local-offer"),
        ApiCall(time=1.2, peer="alice", method="setLocalDescription", arguments=("offer",)),
        DescriptionSet(time=2, peer="bob", side="remote", description=OFFER),
        DescriptionSet(time=3, peer="alice", side="remote", description=ANSWER),
    )
    assert said(trace) == [
        ("alice", "", "setLocalDescription(offer) have-local-offer", ""),
        ("alice", "bob", "offer video · 3 codecs · no candidates", ""),
        ("bob", "", "setRemoteDescription(offer)", ""),
        ("bob", "alice", "answer VP8 kept, 2 codecs lost · active", ""),
        ("alice", "", "setRemoteDescription(answer)", ""),
    ]


def test_what_a_wire_carried_is_drawn_once() -> None:
    trace = made(
        message(1, "sent", 1, OFFER),
        message(1.01, "received", 1, OFFER),
        DescriptionSet(time=1.02, peer="bob", side="remote", description=OFFER),
        CandidateEvent(time=2, peer="alice", action="gathered", candidate=HOST),
        message(2, "sent", 2, HOST),
        message(2.01, "received", 2, HOST),
        CandidateEvent(time=2.02, peer="bob", action="added", candidate=HOST),
    )
    arrows = [row for row in said(trace) if row[1]]
    assert arrows == [
        ("alice", "bob", "offer video · 3 codecs · no candidates", ""),
        ("alice", "bob", "candidate host udp 192.0.2.7:5000", ""),
    ]


def test_a_message_that_waited_is_two_halves_and_one_that_waits_ends_at_the_wire() -> None:
    trace = made(
        message(1, "sent", 1, HOST), message(5, "received", 1, HOST), message(6, "sent", 2, Candidate())
    )
    assert said(trace) == [
        ("alice", WIRE, "candidate host udp 192.0.2.7:5000", "waited"),
        (WIRE, "bob", "candidate host udp 192.0.2.7:5000", ""),
        ("alice", WIRE, "end-of-candidates", "waits"),
    ]
    assert said(trace, until=4.0)[0][3] == "waits", "nothing that came later is seen"


def test_what_is_done_to_a_message_is_told() -> None:
    other = Candidate("candidate:1 1 udp 2130706431 198.51.100.9 5000 typ host", "0", 0)
    trace = made(
        message(1, "sent", 1, HOST),
        message(2, "edited", 1, other),
        message(3, "reordered", 1, other),
        message(4, "dropped", 1, other),
        message(5, "duplicated", 2, HOST),
        message(5.01, "received", 2, other),
        message(5.02, "refused", 2, other),
    )
    rows = said(trace)
    assert [row[0] for row in rows] == ["alice", WIRE, WIRE, WIRE, "alice"]
    assert [row[2].split()[0] for row in rows[1:4]] == ["edited", "reordered", "dropped"]
    assert rows[4][2:] == (
        "candidate host udp 198.51.100.9:5000 · changed on the wire · ✕ refused",
        "refused",
    )


def test_without_the_other_end_what_arrives_comes_from_the_other_side() -> None:
    trace = Trace.of(
        [
            PeerEvent(time=0, peer="tab", place="page"),
            CandidateEvent(time=1, peer="tab", action="added", candidate=HOST),
            CandidateEvent(time=2, peer="tab", action="gathered", candidate=HOST),
        ]
    )
    assert said(trace) == [
        (OTHER, "tab", "candidate host udp 192.0.2.7:5000", ""),
        ("tab", "", "icecandidate host udp 192.0.2.7:5000", ""),
    ]


def test_an_error_is_told_once_and_without_what_stands_before_it() -> None:
    trace = made(
        ApiCall(
            time=1,
            peer="bob",
            method="createAnswer",
            outcome="error",
            error="bob.createAnswer() in signalingState 'stable': there is no offer to answer.",
        )
    )
    assert said(trace) == [
        ("bob", "", "createAnswer() in signalingState 'stable': there is no offer to answer.", "refused")
    ]


# -- packets


def test_a_burst_of_checks_is_one_row_and_unfolds_into_one_arrow_a_packet() -> None:
    events = [e for i in range(3) for e in check(1 + i / 10, "alice", "bob")]
    trace = made(*events)
    assert said(trace) == [("alice", "bob", "3 STUN checks answered", "")]
    unfolded = said(trace, unfolded=True)
    assert [row[:2] for row in unfolded] == [("alice", "bob"), ("bob", "alice")] * 3
    assert unfolded[0][2].startswith("STUN Binding request")


def test_bursts_end_where_something_else_happened() -> None:
    trace = made(
        *check(1, "alice", "bob"),
        *check(10, "alice", "bob"),
        Note(time=15, text="x"),
        *check(20, "alice", "bob"),
    )
    assert [row[2] for row in said(trace) if row[1]] == [
        "2 STUN checks answered, in 9 s",
        "1 STUN check answered",
    ]


@pytest.mark.parametrize(
    ("arrives", "words", "end"),
    [(False, "1 STUN check ✕ never arrived", "lost"), (True, "1 STUN check ✕ no answer", "unanswered")],
)
def test_a_check_without_an_answer_ends_in_a_cross(arrives: bool, words: str, end: str) -> None:
    trace = made(*check(1, "bob", "alice"), *check(2, "alice", "bob", arrives=arrives, answered=False))
    assert said(trace)[1:] == [("alice", "bob", words, end)]
    assert said(trace, unfolded=True)[-1][3] == end


def test_an_answer_may_still_come() -> None:
    trace = made(*check(1, "bob", "alice"))
    trace.ended = None
    now = time.monotonic()
    for event in check(now, "alice", "bob", answered=False):
        trace.append(event)
    assert said(trace)[-1][2:] == ("1 STUN check … no answer yet", "soon")
    assert said(trace, until=now + 5)[-1][3] == "unanswered"


def test_what_goes_to_a_server_is_no_check() -> None:
    transaction = secrets.token_bytes(12)
    trace = made(packet(1, "alice", "sent", stun(1, transaction)))
    assert said(trace) == [("alice", SERVER, "1 STUN request ✕ no answer", "unanswered")]


def test_media_and_statistics_stay_out_but_for_the_first() -> None:
    rtp = bytes((0x80, 96)) + bytes(10)
    events = [
        packet(3 + i / 100, peer, way, rtp, "rtp")
        for i in range(50)
        for peer, way in (("alice", "sent"), ("bob", "received"))
    ]
    report = {"a": {"type": "inbound-rtp", "kind": "audio", "packetsReceived": 4}}
    trace = made(
        DescriptionSet(time=1, peer="bob", side="local", description=ANSWER),
        *events,
        StatisticsEvent(time=5, peer="alice", report=report),
        StatisticsEvent(time=6, peer="bob", report=report),
    )
    assert [row for row in said(trace) if row[1]] == [
        ("alice", "bob", "first video packet VP8, payload type 96", ""),
    ]
    page = Trace.of([e for e in trace.events if e.peer != "alice" or e.kind != "packet"])
    assert ("bob", "alice", "first audio as its statistics say", "") in said(page)


def test_a_full_set_of_steps() -> None:
    trace = made(
        TrackEvent(time=1, peer="alice", action="added", track_kind="video"),
        ApiCall(time=1, peer="alice", method="addTrack"),
        ServerEvent(time=2, peer="alice", url="stun:x", error_code=701, text="no answer"),
        SelectedPair(time=3, peer="alice", local="a:1", remote="b:2", local_type="host", remote_type="relay"),
        DtlsEvent(time=4, peer="alice", state="connecting", role="client"),
        DtlsEvent(time=5, peer="alice", state="failed", role="client", fingerprint="A", expected=("B",)),
        ChannelEvent(time=6, peer="alice", label="chat", action="open"),
        ChannelEvent(time=7, peer="alice", label="chat", action="sent", size_bytes=4),
        FaultEvent(time=8, fault="wrong-pwd", action="made"),
        PageEvent(time=9, action="gone", page="p"),
        MediaEvent(time=10, peer="alice", action="function-error", text="ValueError"),
        MediaEvent(time=11, peer="alice", action="dropped", text="3 frames"),
        StateChange(time=12, peer="alice", state="connectionState", new="failed"),
        StateChange(time=12.01, peer="alice", state="iceConnectionState", new="failed"),
    )
    assert [row[2] for row in said(trace)] == [
        "addTrack(video)",
        "stun:x gave no candidate: 701 no answer",
        "selected pair host ↔ relay · a:1 → b:2",
        "DTLS connecting as client",
        "DTLS failed as client: the certificate is not the one of a=fingerprint",
        "data channel 'chat' open",
        "fault wrong-pwd made",
        "page p gone",
        "media function-error: ValueError",
        "connectionState failed · iceConnectionState failed",
    ]


# -- how it looks


class Elements(HTMLParser):
    """Every element, and every attribute that could run something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.bad: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.bad += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


def everything_hostile() -> Trace:
    evil = rtcnb.SessionDescription(
        type="offer",
        sdp=f"v=0\r\ns={HOSTILE}\r\nm={HOSTILE} 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:{HOSTILE}\r\n"
        f"a=rtpmap:96 {HOSTILE}/90000\r\n",
    )
    line = Candidate(f"candidate:{HOSTILE}", HOSTILE, None, HOSTILE)
    names: dict[str, Any] = {"peer": HOSTILE}
    events: list[Event] = [
        PeerEvent(time=0, place=HOSTILE, **names),
        PeerEvent(time=0, peer="bob"),
        ApiCall(
            time=1,
            method=HOSTILE,
            arguments=(HOSTILE,),
            outcome="error",
            error=HOSTILE,
            given=HOSTILE,
            **names,
        ),
        StateChange(time=2, state=HOSTILE, new=HOSTILE, **names),
        DescriptionSet(time=3, side="local", description=evil, **names),
        DescriptionSet(time=3, side="remote", description=evil, **names),
        CandidateEvent(time=4, action="gathered", candidate=line, **names),
        message(5, "sent", 1, line, HOSTILE),
        message(6, "edited", 1, line, HOSTILE),
        message(7, "sent", 2, evil, HOSTILE),
        FaultEvent(time=8, fault=HOSTILE, action=HOSTILE),
        ServerEvent(time=9, url=HOSTILE, text=HOSTILE, **names),
        SelectedPair(time=10, local=HOSTILE, remote=HOSTILE, local_type=HOSTILE, **names),
        packet(11, HOSTILE, "sent", stun(1, bytes(12), b"\x00\x06\x00\x1c<img src=x onerror=alert(1)>")),
        DtlsEvent(time=12, state=HOSTILE, role=HOSTILE, **names),
        TrackEvent(time=13, action=HOSTILE, track_kind=HOSTILE, **names),
        ChannelEvent(time=14, label=HOSTILE, action="open", **names),
        MediaEvent(time=15, action="failed", text=HOSTILE, **names),
        PageEvent(time=16, action="gone", page=HOSTILE),
        Note(time=17, text=HOSTILE, **names),
    ]
    trace = Trace.of(events)
    trace.missing = (HOSTILE,)
    return trace


@pytest.mark.parametrize("unfolded", [False, True])
def test_what_strangers_wrote_is_text(unfolded: bool) -> None:
    ladder = rtcnb.Ladder(everything_hostile())
    ladder.unfolded = unfolded
    kinds = set()
    for number, row in enumerate(ladder.rows()):
        ladder.act("ladder-choose", number)
        elements = Elements()
        elements.feed(static_html(ladder))
        assert "img" not in elements.tags and not elements.bad, row
        assert "onerror" in elements.text
        kinds.add(row.kind)
    assert len(kinds) >= 14, "every kind of row was among them"


def test_nothing_yet_and_one_peer() -> None:
    assert "Nothing has happened yet" in static_html(rtcnb.Ladder(Trace.of([])))
    alone = rtcnb.Ladder(Trace.of([PeerEvent(time=0, peer="alice", place="page")]))
    assert "made in the page" in static_html(alone)


def test_as_the_tour_asks_for_it_and_as_text() -> None:
    trace = made(
        ApiCall(time=0.25, peer="bob", method="createOffer"), ApiCall(time=1, peer="carol", method="x")
    )
    ladder = rtcnb.Ladder(trace, peers=["alice", "bob"])
    assert re.search(r"250 ms +bob +createOffer\(\)", str(ladder))
    assert "carol" not in str(ladder)
    text = Elements()
    text.feed(static_html(ladder))
    assert re.search(r"250\s+bob: createOffer\(\)", text.text), "it reads without style"


def test_a_row_shows_what_it_holds() -> None:
    trace = made(
        message(1, "sent", 1, OFFER),
        message(2, "sent", 2, HOST),
        *check(3, "alice", "bob"),
        ApiCall(
            time=4, peer="bob", method="createAnswer", outcome="error", error="long error", given="v=0 given"
        ),
    )
    ladder = rtcnb.Ladder(trace)
    shown = {}
    for number, row in enumerate(ladder.rows()):
        ladder.act("ladder-choose", number)
        shown[row.kind, row.number] = static_html(ladder).rpartition("rtcnb-content")[2]
    assert "a=rtpmap" in shown["message", 1].replace("</span>", "") or "rtpmap" in shown["message", 1]
    assert "2130706431 = 126·2²⁴ + 65535·2⁸ + 255" in shown["message", 2]
    assert "STUN Binding request" in shown["checks", 0]
    assert "long error" in shown["call", 0] and "v=0 given" in shown["call", 0]
    ladder.act("ladder-choose", "")
    assert not any(f.key == "content" for f in ladder.draw())


def test_the_chosen_row_stays_chosen_when_others_come_before_it() -> None:
    trace = made(Note(time=5, text="mine"))
    trace.ended = None
    ladder = rtcnb.Ladder(trace)
    ladder.act("ladder-choose", len(ladder.rows()) - 1)
    trace.append(Note(time=4, text="earlier"))
    rows = ladder.rows()
    drawn = next(f.rows for f in ladder.draw() if f.rows)
    assert rows[drawn.focused].events[0].text == "mine"  # type: ignore[attr-defined]


def test_to_scale_leaves_lines_free_and_says_what_is_cut() -> None:
    trace = made(*(Note(time=t, text="x") for t in (0.01, 0.02, 0.05, 30.0)))
    ladder = rtcnb.Ladder(trace)
    plain = len(ladder.rows())
    ladder.act("ladder-scale", None)
    rows = ladder.rows()
    gaps = [row for row in rows if row.kind == "gap"]
    assert len(rows) == plain + len(gaps) and len(gaps) > 5
    assert any("29.95 s, cut short" in row.detail for row in gaps)
    assert "cut short" in static_html(ladder)


# -- the wire in the hand


@pytest.fixture
async def stopped() -> AsyncIterator[tuple[Any, Any, rtcnb.Wire, rtcnb.Ladder]]:
    """A call stopped in the middle: the offer waits on the wire, with all candidates."""
    trace = Trace()
    alice, bob = rtcnb.KernelPeer("alice", trace=trace), rtcnb.KernelPeer("bob", trace=trace)
    alice.createDataChannel("chat")
    wire = rtcnb.Wire(alice, bob)
    ladder = rtcnb.Ladder(alice, bob)
    await alice.setLocalDescription(await alice.createOffer())
    await alice.wait_gathered()
    async with asyncio.timeout(10):
        while not getattr(wire.pending[-1].content, "is_end", False):
            await asyncio.sleep(0.01)
    yield alice, bob, wire, ladder
    await alice.close()
    await bob.close()


def buttons(ladder: rtcnb.Ladder) -> set[str]:
    ladder.rows()
    return set(re.findall(r'data-press="(ladder-[a-z]+)" data-value="\d+"', static_html(ladder)))


async def test_deliver_drop_duplicate(stopped: Any) -> None:
    _, bob, wire, ladder = stopped
    assert buttons(ladder) == {f"ladder-{x}" for x in ("deliver", "drop", "duplicate", "edit", "delay")}
    offer, candidate = wire.pending[:2]
    ladder.act("ladder-duplicate", str(candidate.number))
    assert wire.pending[2].content == candidate.content
    ladder.act("ladder-drop", str(candidate.number))
    assert candidate not in wire.pending
    await ladder.act("ladder-deliver", str(offer.number))
    assert bob.signalingState == "have-remote-offer"
    with pytest.raises(PeerError, match="waits no more"):
        ladder.act("ladder-deliver", str(offer.number))


async def test_edit_puts_the_line_ends_back(stopped: Any) -> None:
    _, _, wire, ladder = stopped
    offer = wire.pending[0]
    before = offer.content.sdp
    ladder.rows()
    ladder.act("ladder-edit", str(offer.number))
    assert "The text of message" in static_html(ladder)
    ladder.act("ladder-put", str(offer.number))
    assert offer.content.sdp == before, "nothing was typed"
    ladder.act("ladder-edit", str(offer.number))
    ladder.act("ladder-text", before.replace("\r\n", "\n").replace("s=-", "s=mine"))
    ladder.act("ladder-put", str(offer.number))
    assert offer.content.sdp == before.replace("s=-", "s=mine")
    assert "The text of message" not in static_html(ladder)


async def test_later(stopped: Any) -> None:
    _, bob, wire, ladder = stopped
    offer = wire.pending[0]
    ladder.rows()
    ladder.act("ladder-delay", str(offer.number))
    ladder.act("ladder-seconds", "soon")
    with pytest.raises(PeerError, match="number of seconds"):
        ladder.act("ladder-wait", str(offer.number))
    ladder.act("ladder-seconds", "0.2")
    ladder.act("ladder-wait", str(offer.number))
    assert offer not in wire.pending
    async with asyncio.timeout(20):
        while bob.signalingState != "have-remote-offer":
            await asyncio.sleep(0.02)


async def test_no_buttons_in_the_past_in_a_file_and_without_a_wire(stopped: Any, tmp_path: Any) -> None:
    alice, _, wire, ladder = stopped
    ladder.until = time.monotonic()
    assert not buttons(ladder)
    with pytest.raises(PeerError, match="past moment"):
        ladder.act("ladder-drop", str(wire.pending[0].number))
    alice.trace.save(tmp_path / "x.jsonl")
    assert not buttons(rtcnb.Ladder(tmp_path / "x.jsonl"))
    ladder.until = None
    assert buttons(ladder)
    wire.close()
    assert not buttons(ladder)


async def test_rows_get_another_version_when_what_stood_there_has_changed(stopped: Any) -> None:
    _, _, wire, ladder = stopped

    def version() -> Any:
        ladder.timeline.refresh()
        return next(f.rows for f in ladder.draw() if f.rows).version

    before = version()
    ladder.trace.append(Note(text="only one more"))
    assert version() == before
    wire.pending[1].drop()
    assert version() != before


async def test_withheld_candidates_are_dropped_on_the_wire() -> None:
    trace = Trace()
    alice, bob = rtcnb.KernelPeer("alice", trace=trace), rtcnb.KernelPeer("bob", trace=trace)
    alice.createDataChannel("chat")
    wire = rtcnb.Wire(alice, bob)
    rtcnb.faults.candidates_withheld(wire)
    await alice.setLocalDescription(await alice.createOffer())
    await alice.wait_gathered()
    ends = {row.end for row in rtcnb.Ladder(alice, bob).rows() if row.kind == "message"}
    assert ends == {"waits", "dropped"}
    await alice.close()
    await bob.close()


# -- long traces


@pytest.mark.parametrize("kind", ["media", "checks", "messages"])
def test_a_long_trace_is_drawn_quickly(kind: str, no_garbage_collection: None) -> None:
    rtp = bytes((0x80, 96)) + bytes(10)
    events: list[Event] = [*check(1, "alice", "bob")]
    while len(events) < 100_000:
        at = 2 + len(events) / 1000
        if kind == "media":
            events.append(packet(at, "bob" if len(events) % 2 else "alice", "received", rtp, "rtp"))
        elif kind == "checks":
            events += check(at, "alice", "bob")
        else:
            events.append(ChannelEvent(time=at, peer="alice", label="chat", action="sent", size_bytes=1))
    ladder = rtcnb.Ladder(made(*events))
    begun = time.process_time()
    list(ladder.draw())
    cold = time.process_time() - begun
    begun = time.process_time()
    drawn = list(ladder.draw())
    assert time.process_time() - begun < 0.05
    assert cold < (2.0 if kind == "checks" else 0.3)
    rows = next(f.rows for f in drawn if f.rows)
    assert rows.count < 20
