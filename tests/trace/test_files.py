"""Traces in files: everything comes back, nothing secret goes, and a stranger's file names its own fault."""

from __future__ import annotations

import dataclasses
import gzip
import itertools
import json
import re
from pathlib import Path

import pytest

from rtcnb.errors import TraceError
from rtcnb.sdp import Candidate, SessionDescription
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
    PairEvent,
    PeerEvent,
    SelectedPair,
    ServerEvent,
    StateChange,
    StatisticsEvent,
    Trace,
    TrackEvent,
    events,
)

PASSWORD = "asd88fgpdd777uzjYhagZg"
PRINT = ":".join(f"{n:02X}" for n in range(32))
SDP = (
    "v=0\r\no=jdoe 42 1 IN IP4 198.51.100.7\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
    f"a=ice-ufrag:8hhY\r\na=ice-pwd:{PASSWORD}\r\na=fingerprint:sha-256 {PRINT}\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20\r\n"
)
OFFER = SessionDescription(type="offer", sdp=SDP)
FOUND = Candidate("candidate:1 1 udp 2122260223 192.168.17.5 50000 typ host", "0", 0, "8hhY")
# A binding request with USERNAME "abcd:8hhY", XOR-MAPPED-ADDRESS 192.168.17.5 and a MESSAGE-INTEGRITY.
STUN = bytes.fromhex(
    "000100302112a442"
    + "00" * 12
    + "00060009616263643a38686859000000"
    + "002000080001c0de"
    + "e1bab547"
    + "0008"
    + "0014"
    + "11" * 20
)

EVERYTHING: list[Event] = [
    PeerEvent(peer="alice", place="page", configuration={"iceServers": [{"urls": "turn:turn.acme.com"}]}),
    ApiCall(peer="alice", method="createOffer", arguments=("a", "b"), outcome="error", error="no"),
    StateChange(peer="alice", state="signalingState", old="stable", new="have-local-offer"),
    DescriptionSet(peer="alice", side="local", description=OFFER, created=OFFER),
    CandidateEvent(peer="alice", action="gathered", candidate=FOUND),
    MessageEvent(peer="alice", action="sent", number=7, receiver="bob", candidate=FOUND),
    MessageEvent(peer="alice", action="dropped", number=8, receiver="bob", description=OFFER),
    FaultEvent(peer="bob", fault="wrong-pwd", action="made"),
    ServerEvent(peer="alice", url="stun:stun.acme.com:3478", error_code=701, text="no answer"),
    PairEvent(
        peer="bob", local="192.168.17.5:50000", remote="[2a00:1450::1]:7", state="failed", nominated=True
    ),
    SelectedPair(peer="bob", local="192.168.17.5:50000", remote="8.8.8.8:3478", local_type="host"),
    PacketEvent(peer="bob", direction="sent", protocol="stun", size_bytes=len(STUN), data=STUN),
    PacketEvent(
        peer="bob", direction="received", protocol="rtp", size_bytes=9, data=bytes(64), plain=bytes(48)
    ),
    DtlsEvent(peer="bob", state="failed", role="client", fingerprint=PRINT, expected=(PRINT,)),
    StatisticsEvent(
        peer="bob", report={"P1": {"type": "local-candidate", "address": "192.168.17.5", "n": None}}
    ),
    TrackEvent(peer="bob", action="added", track_kind="video", track_id="t"),
    ChannelEvent(peer="bob", label="chat", action="sent", size_bytes=3),
    MediaEvent(action="live", text="camera live: Jane's camera", device="Jane's camera", frames=2),
    PageEvent(action="gone", page="p"),
    PageEvent(action="clock", page="p", clock_error_ms=2.5),
    Note(text="look at 192.168.17.5"),
]


@pytest.fixture
def trace() -> Trace:
    made = Trace()
    for event in EVERYTHING:
        made.append(event)
    return made


def test_there_is_an_example_of_every_kind() -> None:
    assert {event.kind for event in EVERYTHING} == set(events.KINDS)


def test_everything_comes_back(trace: Trace, tmp_path: Path) -> None:
    trace.dropped, trace.thinned = 3, 5
    trace.save(tmp_path / "a.jsonl")
    loaded = Trace.load(tmp_path / "a.jsonl")
    assert loaded.events == trace.events
    assert (loaded.epoch, loaded.dropped, loaded.thinned) == (trace.epoch, 3, 5)
    assert Trace.load(gzip.compress((tmp_path / "a.jsonl").read_bytes())).events == trace.events
    assert [p.name for p in tmp_path.iterdir()] == ["a.jsonl"]


def test_a_saved_trace_ends_when_it_was_saved(tmp_path: Path) -> None:
    trace = Trace()
    trace.append(Note(time=1.0, text="long ago"))
    trace.save(tmp_path / "a")
    loaded = Trace.load(tmp_path / "a")
    assert loaded.ended is not None and loaded.ended > 1.0
    loaded.save(tmp_path / "b")
    assert Trace.load(tmp_path / "b").ended == loaded.ended


def test_events_that_came_late_are_saved_in_order(tmp_path: Path) -> None:
    trace = Trace()
    for time in (3.0, 1.0, 2.0):
        trace.append(Note(time=time, text=str(time)))
    trace.save(tmp_path / "a")
    assert [e.time for e in Trace.load(str(tmp_path / "a"))] == [1.0, 2.0, 3.0]


def test_no_key_and_no_login_gets_into_a_trace() -> None:
    servers = [{"urls": "turn:a", "username": "jane", "credential": "geheim"}]
    peer = PeerEvent(configuration={"iceServers": servers})
    text = repr(peer) + repr(DescriptionSet(side="local", description=OFFER, created=OFFER))
    text += repr(MessageEvent(action="sent", number=1, description=OFFER))
    sdp = DescriptionSet(side="local", description=OFFER).description.sdp
    assert "jane" not in text and "geheim" not in text and "d0RmdmcmVCsp" not in text + sdp
    assert "inline:hidden|2^20\r\n" in sdp and PASSWORD in sdp


def test_anonymised(trace: Trace, tmp_path: Path) -> None:
    trace.save(tmp_path / "a.jsonl", anonymise=True)
    text = (tmp_path / "a.jsonl").read_text()
    secrets = ["192.168", "198.51.100", "8.8.8.8", "2a00:1450", "acme", "jdoe", "Jane", "8hhY"]
    for secret in [*secrets, PASSWORD, PRINT]:
        assert secret not in text, secret
    loaded = Trace.load(tmp_path / "a.jsonl")
    assert [e.kind for e in loaded] == [e.kind for e in EVERYTHING]
    (packet, rtp) = (e for e in loaded if isinstance(e, PacketEvent))
    assert (
        b"8hhY" not in packet.data
        and bytes.fromhex("e1bab547") not in packet.data
        and b"\x11" * 8 not in packet.data
    )
    assert (
        len(packet.data) == 20 + int.from_bytes(packet.data[2:4], "big")
        and len(rtp.data) == len(rtp.plain) == 12
    )


def test_the_same_has_the_same_stand_in(trace: Trace, tmp_path: Path) -> None:
    trace.save(tmp_path / "a.jsonl", anonymise=True)
    loaded = Trace.load(tmp_path / "a.jsonl")
    by_kind = {e.kind: e for e in loaded}
    gathered, statistics = by_kind["candidate"], by_kind["statistics"]
    assert isinstance(gathered, CandidateEvent) and isinstance(statistics, StatisticsEvent)
    address = gathered.candidate.address
    assert address == "10.0.0.1", "private stays private"
    assert statistics.report["P1"]["address"] == address and address in str(by_kind["note"])
    described = next(e for e in loaded if isinstance(e, DescriptionSet)).description
    assert gathered.candidate.usernameFragment == described.document.media[0].ufrag == "ufrag001"
    dtls = by_kind["dtls"]
    assert isinstance(dtls, DtlsEvent) and dtls.fingerprint == dtls.expected[0]
    assert dtls.fingerprint in described.sdp and re.fullmatch("(00:){30}00:01", dtls.fingerprint)


GOOD = json.dumps({"rtcnb-trace": 1, "epoch": 1})
BAD = {
    "": "the file is empty",
    "{}": "rtcnb-trace",
    '{"rtcnb-trace": 2}': "line 1",
    '{"rtcnb-trace": 1, "epoch": "x"}': 'line 1, "epoch"',
    GOOD + "\n[1]": "line 2: an event is a JSON object",
    GOOD + "\n\n{": "line 3: no JSON",
    GOOD + '\n{"kind": "bomb"}': 'line 2, "kind": "bomb" is no kind',
    GOOD + '\n{"kind": ["note"]}': 'line 2, "kind"',
    GOOD + '\n{"kind": "note"}': "line 2: an event of kind note lacks text",
    GOOD + '\n{"kind": "note", "text": 5}': 'line 2, "text": 5 is no text',
    GOOD + '\n{"kind": "note", "text": "x", "time": NaN}': 'line 2, "time"',
    GOOD + '\n{"kind": "note", "text": "x", "time": true}': 'line 2, "time"',
    GOOD + '\n{"kind": "note", "text": "x", "__class__": "os"}': 'line 2, "__class__"',
    GOOD + '\n{"kind": "statistics", "report": {"a": 1}}': 'line 2, "report": "a" is no object',
    GOOD
    + '\n{"kind": "packet", "direction": "up", "protocol": "rtp", "size_bytes": 1}': 'line 2, "direction"',
    GOOD
    + '\n{"kind": "packet", "direction": "sent", "protocol": "rtp", "size_bytes": 1, "data": "@"}': '"data"',
    GOOD
    + '\n{"kind": "description", "side": "local", "description": {"type": "bid", "sdp": ""}}': '"description"',
    GOOD + '\n{"kind": "candidate", "action": "added", "candidate": {"candidate": 7}}': '"candidate"',
    GOOD + "\n" + "[" * 100_000: "line 2: it is nested too deep",
    GOOD
    + '\n{"kind": "statistics", "report": {"a": {"b": '
    + "[" * 60
    + "]" * 60
    + "}}}": '"report": nested deeper',
    GOOD + '\n{"kind": "note", "text": "' + "x" * 20_000_000 + '"}': "line 2: 20000",
}


@pytest.mark.parametrize(("text", "place"), BAD.items(), ids=[str(n) for n in range(len(BAD))])
def test_a_stranger_s_file_is_refused_with_the_place(text: str, place: str) -> None:
    with pytest.raises(TraceError) as caught:
        Trace.load(text.encode())
    assert place in str(caught.value) and len(str(caught.value)) < 500


def test_what_is_no_trace_at_all_says_what_can_be_read() -> None:
    for data in (b"\x89PNG\r\n", b"hello", b"\x1f\x8b damaged", b"[1, 2]", b"null"):
        with pytest.raises(TraceError):
            Trace.load(data)


def test_html_in_names_stays_text(tmp_path: Path) -> None:
    trace = Trace()
    for event in EVERYTHING:
        trace.append(dataclasses.replace(event, peer="<script>alert(1)</script>"))
    trace.save(tmp_path / "a")
    shown = Trace.load(tmp_path / "a")._repr_html_()
    assert "<script>" not in shown and "&lt;script&gt;" in shown


def test_a_format_that_does_not_exist(trace: Trace, tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="no format 'docx'; there are jsonl"):
        trace.save(tmp_path / "a", format="docx")
    assert list(tmp_path.iterdir()) == []


def test_to_pandas(trace: Trace) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    frame = trace.to_pandas()
    assert len(frame) == len(EVERYTHING) and set(frame.loc[frame.kind == "state", "new"]) == {
        "have-local-offer"
    }


def test_packets_and_statistics_thin_out_first() -> None:
    trace = Trace(max_events=1000)
    trace.append(Note(text="first"))
    for number in range(20_000):
        trace.append(
            PacketEvent(time=number, peer="bob", direction="sent", protocol="rtp", size_bytes=number)
            if number % 2
            else StatisticsEvent(time=number, peer="bob", report={})
        )
    assert len(trace) <= 1000 and trace.events[0] == Note(time=trace.events[0].time, text="first")
    assert trace.dropped == 0 and trace.thinned == 20_001 - len(trace) and "thinned out" in repr(trace)
    times = [e.time for e in trace.events[1:]]
    assert times == sorted(times) and times[-1] == 19_999 and times[0] < 10, "the past is thinner, not gone"
    assert max(b - a for a, b in itertools.pairwise(times)) < 400
    kinds = {e.kind for e in trace.events[1:500]}
    assert kinds == {"packet", "statistics"}


def test_the_media_of_a_relayed_call_thins_out_before_its_checks() -> None:
    trace = Trace(max_events=1000)
    rtp, check = b"\x80\x60" + bytes(10), b"\x00\x01" + bytes(2) + b"\x21\x12\xa4\x42" + bytes(12)
    for number in range(10_000):
        inner = check if number < 100 else rtp
        relayed = b"\x40\x00" + len(inner).to_bytes(2, "big") + inner  # RFC 8656 section 12.4
        protocols = [("turn-channel", relayed), ("stun" if inner is check else "rtp", inner)]
        for protocol, data in protocols:
            packet = PacketEvent(
                time=number, peer="bob", direction="sent", protocol=protocol, size_bytes=len(data), data=data
            )
            trace.append(packet)
    kept = [e.data for e in trace.events]  # type: ignore[attr-defined]
    assert trace.dropped == 0 and sum(data.endswith(check) for data in kept) == 200
    halves = sum(data == rtp for data in kept), sum(data[4:] == rtp for data in kept)
    assert min(halves) > 200, "neither goes for the other"
