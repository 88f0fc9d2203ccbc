"""rtcstats: version 3 read and written, jitsi's lines and older ones read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

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
)
from rtcnb.trace.formats.json_lines import to_row

T0 = 1_758_602_115_670
SECTIONS = (
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:Aaaa\r\na=mid:0\r\n",
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:Aaaa\r\na=mid:1\r\n",
)
OFFER = "".join(SECTIONS)
MUNGED = SECTIONS[0] + SECTIONS[1] + SECTIONS[2] + "b=AS:500\r\n"
LINE = "candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host ufrag Aaaa"


@pytest.fixture(scope="module")
def dumps() -> Path:
    default = Path(__file__).resolve().parents[3] / "shared" / "corpus"
    corpus = Path(os.environ.get("RTCNB_CORPUS", default))
    if not (corpus / "dumps").is_dir():
        pytest.skip(f"{corpus} is absent: clone the shared corpus beside this checkout, or set RTCNB_CORPUS")
    return corpus / "dumps"


def v3(*rows: list[Any], **header: Any) -> bytes:
    first, *rest = rows
    lines = ["RTCStatsDump", json.dumps({"fileFormat": 3, **header}), json.dumps([*first, T0])]
    return "\n".join([*lines, *(json.dumps([*row, 10]) for row in rest), ""]).encode()


def shape(event: Event, **members: Any) -> str:
    """An event without its time, which is that of the file to the microsecond; the order of members is not told."""
    row = {name: value for name, value in to_row(event).items() if name != "time"}
    return json.dumps(row | members, sort_keys=True)


# -- version 3


def test_numbers_stand_for_methods_members_and_types() -> None:
    data = v3(
        [39, "PC_0", {"iceServers": [{"urls": "turn:t.example", "username": "joe"}]}],
        [30, "PC_0", ["audio", "t-1", "Microphone", "s-1"]],
        [31, "PC_0", None, "r-1"],
        [2, "PC_0", {"iceRestart": True}, "2-0"],
        [3, "PC_0", {"type": "offer", "sdp": OFFER}, "2-0"],
        [6, "PC_0", {"type": "offer", "sdp": "v=\r\nm=\r\n" + MUNGED.removeprefix("".join(SECTIONS[:2]))}, "6-0"],
        [23, "PC_0", "have-local-offer"],
        [7, "PC_0", None, "6-0"],
        [20, "PC_0", {"candidate": LINE, "sdpMid": "0", "sdpMLineIndex": 0}],
        [20, "PC_0", {"candidate": "", "sdpMid": "0", "sdpMLineIndex": 0}],
        [20, "PC_0", None],
        [21, "PC_0", {"url": "turn:t.example", "errorCode": 401, "errorText": "Unauthorized"}],
        [8, "PC_0", {"type": "answer", "sdp": OFFER}, "8-0"],
        [9, "PC_0", None, "8-0"],
        [8, "PC_0", {"type": "answer", "sdp": "v=\r\nm=\r\nm=\r\n"}, "8-1"],
        [15, "PC_0", "InvalidStateError: stable", "8-1"],
        [10, "PC_0", {"candidate": LINE, "sdpMid": "0", "sdpMLineIndex": 0}, "10-0"],
        [11, "PC_0", None, "10-0"],
        [22, "PC_0", ["video", "r-2", "", "s-2"]],
        [28, "PC_0", [1, "chat"]],
        ["g", "PC_0", {"0": {"type": 5, "123": "connected", "125": "1"},
                       "1": {"type": 6, "118": "succeeded", "150": True},
                       "2": {"type": 3, "t": T0 - 500, "75": 0.25}, "t": T0 + 200}],
        ["g", "PC_0", {"0": {"80": 17}, "2": {"t": T0 + 500, "75": 0.5}, "t": T0 + 210}],
        [1, "PC_0", {"1": None, "t": T0 + 220}],
        [36, "PC_0", None],
    )  # fmt: skip
    trace = Trace.load(data)
    assert trace.source == "rtcstats" and trace.epoch == T0 // 1000
    (made,) = trace.select(kind=PeerEvent)
    assert (made.peer, made.place, made.configuration) == (
        "PC_0",
        "page",
        {"iceServers": [{"urls": "turn:t.example"}]},
    )
    local, remote = trace.select(kind=DescriptionSet)
    assert local.description.sdp == MUNGED and local.created is not None and local.created.sdp == OFFER
    assert (remote.side, remote.description.sdp) == ("remote", OFFER)
    refused = next(e for e in trace.select(kind=ApiCall) if e.outcome == "error")
    assert (refused.arguments, refused.given, refused.error) == (
        ("answer",),
        OFFER,
        "InvalidStateError: stable",
    )
    assert [(e.action, e.candidate.is_end) for e in trace.select(kind=CandidateEvent)] == [
        ("gathered", False),
        ("gathered", True),
        ("added", False),
    ]
    added, call = trace.select(kind=CandidateEvent)[-1], trace.select(kind=ApiCall)[-2]
    assert call.method == "addIceCandidate"
    assert call.time - added.time == pytest.approx(0.01), "it is dated to when the call began"
    assert [(e.action, e.track_kind, e.track_id) for e in trace.select(kind=TrackEvent)] == [
        ("added", "audio", "t-1"),
        ("received", "video", "r-2"),
    ]
    assert trace.select(kind=ServerEvent)[0].error_code == 401
    first, second, third = (e.report for e in trace.select(kind=StatisticsEvent))
    assert first["0"] == {"type": "transport", "dtlsState": "connected", "selectedCandidatePairId": "1"}
    assert first["2"] == {"type": "remote-inbound-rtp", "timestamp": T0 - 500, "roundTripTime": 0.25}
    assert second["0"]["bytesSent"] == 17 and second["2"]["roundTripTime"] == 0.5
    assert "1" in second and "1" not in third
    assert [e.state for e in trace.select(kind=DtlsEvent)] == ["connected"]
    assert trace.select(kind=StateChange)[-1].new == "closed"
    assert "joe" not in "".join(map(repr, trace))


def test_chrome_s_own_writer_quotes_states() -> None:
    trace = Trace.load(v3(["create", "18-4", {}], ["oniceconnectionstatechange", "18-4", '"checking"']))
    assert [e.new for e in trace.select(kind=StateChange)] == ["checking"]


def test_devices_of_version_3(dumps: Path) -> None:
    starting, live = Trace.load(dumps / "rtcstats-v3-gumonly.jsonl").select()
    assert (starting.action, live.action, live.device) == (
        "starting",
        "live",
        "3352be13-e025-45ea-90d3-1e02a1aacd9b",
    )
    assert live.time - starting.time == pytest.approx(1.040)
    denied = Trace.load(
        v3([60, None, {"video": True}, "60-0"], [65, None, "NotAllowedError: Permission denied", "60-0"])
    )
    assert [f.rule for f in denied.diagnose()] == ["device-denied"]


def test_an_application_s_own_line_is_kept_as_a_note_without_what_is_secret() -> None:
    trace = Trace.load(
        v3([":userRating", None, {"stars": 5, "authToken": "SECRET"}], ["identity", None, {"a": "SECRET"}])
    )
    (note,) = trace.select(kind=Note)
    assert note.text == ':userRating: {"stars":5}'


def test_a_section_that_is_left_out_of_nothing_known_makes_no_description() -> None:
    trace = Trace.load(v3([8, "PC_0", {"type": "offer", "sdp": "v=\r\nm=\r\n"}, "a"], [9, "PC_0", None, "a"]))
    assert not trace.select(kind=DescriptionSet)
    assert any("descriptions" in what for what in trace.missing)


def test_a_file_that_was_cut_is_read_up_to_there() -> None:
    data = v3([39, "PC_0", {}], [23, "PC_0", "have-local-offer"])
    trace = Trace.load(data + b'[24, "PC_0", "chec')
    assert len(trace.select(kind=StateChange)) == 1 and any("cut" in what for what in trace.missing)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"RTCStatsDump\n[]", "line 2"),
        (b"RTCStatsDump\nno", "line 2"),
        (v3([39, "PC_0", {}]) + b'["a", "b", "c", "d"]\n[1,2,3]', "line 4"),
        (v3([39, "PC_0", {}]) + b"[" * 100_000, "line 4"),
        (v3([39, "PC_0", {}]) + b'["x", "' + b"y" * 20_000_000 + b'"]', "line 4"),
        (v3([39, "PC_0", {}]) + b"{broken\n[36, null, null, 1]", "line 4"),
        (v3([":rtcnb", "a", {"kind": "note"}]), "line 3"),
        (v3([":rtcnb", "a", 7]), "line 3"),
    ],
)
def test_what_cannot_be_read_is_named(data: bytes, place: str) -> None:
    with pytest.raises(TraceError) as caught:
        Trace.load(data)
    assert place in caught.value.place and len(str(caught.value)) < 300


def test_few_bytes_that_ask_for_endless_copies_are_refused() -> None:
    many = {str(n): {"type": 5} for n in range(100_000)}
    with pytest.raises(TraceError, match="entries of statistics"):
        Trace.load(v3(["g", "PC_0", many], *[["g", "PC_0", {}]] * 100))


# -- jitsi, and before version 3


def test_jitsi_s_lines() -> None:
    rows = [
        ["connectionInfo", None, {"userAgent": "x"}, T0 + 99_000],
        ["identity", None, {"jwt": "SECRET"}, T0],
        ["e2eRtt", None, {"rtt": 223}],
        ["setLocalDescription", None, "", T0],
        ["create", "PC_0", {"iceServers": [], "browserType": "webkit"}, T0 + 1],
        ["addTrack", "PC_0", "audio:t-1 stream:s", T0 + 2],
        ["createDataChannel", "PC_0", {"0": "chat", "1": {"ordered": False}}, T0 + 2],
        ["setRemoteDescription", "PC_0", "", T0 + 3],
        ["setRemoteDescriptionOnSuccess", "PC_0", None, T0 + 4],
        ["addIceCandidate", "PC_0", "", T0 + 4],
        ["addIceCandidateOnSuccess", "PC_0", None, T0 + 4],
        ["ontrack", "PC_0", "video:r-1 stream:s", T0 + 5],
        ["ondtlsstatechange", "PC_0", "connecting", T0 + 5],
        ["onicecandidate", "PC_0", {"candidate": "candidate:1 1 udp 1 x.x.x.x 5 typ host", "sdpMid": "0"}, T0 + 6],
        ["getstats", "PC_0", {"timestamp": T0 + 7, "RTCTransport_0": {"timestamp": 0, "type": "transport",
                              "bytesSent": 5}, "A": {"timestamp": 0, "type": "codec"}}, T0 + 8],
        ["getstats", "PC_0", {"timestamp": T0 + 1007, "RTCTransport_0": {"timestamp": 0, "bytesSent": 9}},
         T0 + 1008],
    ]  # fmt: skip
    trace = Trace.load("\n".join(map(json.dumps, rows)).encode())
    assert trace.peers == ["PC_0"] and trace.epoch == T0 // 1000
    calls = [(e.method, e.arguments) for e in trace.select(kind=ApiCall)]
    assert calls == [
        ("addTrack", ("audio",)),
        ("createDataChannel", ("chat",)),
        ("setRemoteDescription", ()),
        ("addIceCandidate", ()),
    ]
    first, second = (e.report for e in trace.select(kind=StatisticsEvent))
    assert set(first) == {"RTCTransport_0", "A"} and second == {
        "RTCTransport_0": {"type": "transport", "bytesSent": 9}
    }
    (candidate,) = trace.select(kind=CandidateEvent)
    assert "x.x.x.x" in candidate.candidate.candidate
    assert [e.state for e in trace.select(kind=DtlsEvent)] == ["connecting"]
    assert any("descriptions" in what for what in trace.missing)
    assert "SECRET" not in "".join(map(repr, trace))


def test_lines_before_version_3_with_an_object_first() -> None:
    rows = [
        {"path": "/", "userAgent": "x", "fileFormat": 2},
        ["create", "PC_0", {}, T0],
        ["createOffer", "PC_0", None, T0 + 1],
        ["createOfferOnSuccess", "PC_0", {"type": "offer", "sdp": OFFER}, T0 + 2],
        ["setLocalDescription", "PC_0", {"type": "offer", "sdp": OFFER}, T0 + 3],
        ["setLocalDescriptionOnSuccess", "PC_0", None, T0 + 4],
        ["getstats", "PC_0", {"timestamp": T0, "ssrc_1_send": {"type": "ssrc", "bytesSent": "5"}}, T0 + 5],
    ]  # fmt: skip
    trace = Trace.load("\n".join(map(json.dumps, rows)).encode())
    (description,) = trace.select(kind=DescriptionSet)
    assert description.description.sdp == OFFER and description.created is None
    assert trace.select(kind=StatisticsEvent)[0].report == {}
    assert any("old getStats" in what for what in trace.missing)


def test_jitsi_s_servers_write_of_no_peer() -> None:
    line = json.dumps({"statsSessionId": "x", "type": "stats-entry", "data": '{"endpoints": {}}'})
    with pytest.raises(TraceError, match="no line of this has a time"):
        Trace.load(f"{line}\n{line}\n".encode())


# -- written by rtcnb

FOUND = Candidate(LINE, "0", 0, "Aaaa")
DESCRIBED = SessionDescription(type="offer", sdp=OFFER)
CHANGED = SessionDescription(type="offer", sdp=MUNGED)
ANSWERED = SessionDescription(type="answer", sdp=OFFER)
REPORT = {"T01": {"type": "transport", "bytesSent": 1, "dtlsState": "new"}, "X": {"type": "codec"}}


def a_call() -> list[Event]:
    """One event of every kind, as live peers write them."""
    b = {"peer": "bob"}
    a = {"peer": "alice"}
    return [
        PeerEvent(time=0.5, place="kernel", configuration={"iceServers": [{"urls": "stun:s.example"}]}, **a),
        PeerEvent(time=0.6, place="page", **b),
        ApiCall(time=0.7, method="addTrack", outcome="pending", **a),
        TrackEvent(time=0.700001, action="added", track_kind="video", track_id="t-1", **a),
        ApiCall(time=0.8, method="createDataChannel", outcome="pending", **a),
        ApiCall(time=1.0, method="createOffer", **a),
        DescriptionSet(time=1.1, side="local", description=CHANGED, created=DESCRIBED, **a),
        StateChange(time=1.15, state="signalingState", old="stable", new="have-local-offer", **a),
        ApiCall(time=1.2, method="setLocalDescription", arguments=("offer",), **a),
        CandidateEvent(time=1.3, action="gathered", candidate=FOUND, **a),
        CandidateEvent(time=1.4, action="gathered", candidate=Candidate(), **a),
        ServerEvent(time=1.5, url="turn:t.example", error_code=401, text="Unauthorized", **a),
        MessageEvent(time=1.6, action="sent", number=1, receiver="bob", candidate=FOUND, **a),
        DescriptionSet(time=2.0, side="remote", description=DESCRIBED, **b),
        ApiCall(time=2.1, method="setRemoteDescription", arguments=("offer",), **b),
        CandidateEvent(time=2.15, action="added", candidate=FOUND, **b),
        ApiCall(time=2.2, method="addIceCandidate", arguments=(LINE,), **b),
        ApiCall(time=2.3, method="addIceCandidate", arguments=("",), **b),
        CandidateEvent(time=2.3, action="added", candidate=Candidate(), **b),
        DescriptionSet(time=2.4, side="local", description=ANSWERED, **b),
        ApiCall(time=2.5, method="setLocalDescription", **b),
        ApiCall(time=2.6, method="setRemoteDescription", arguments=("answer",), outcome="error", error="no",
                given=OFFER, **b),
        TrackEvent(time=2.7, action="received", track_kind="video", track_id="r-1", **b),
        PairEvent(time=3.0, local="192.0.2.1:1", remote="192.0.2.2:2", state="succeeded", nominated=True, **a),
        SelectedPair(time=3.0, local="192.0.2.1:1", remote="192.0.2.2:2", **a),
        DtlsEvent(time=3.1, state="connected", role="client", fingerprint="AB", expected=("AB",), **a),
        StatisticsEvent(time=3.2, report=REPORT, **a),
        StatisticsEvent(time=3.3, report={"T01": {"type": "transport", "bytesSent": 2}}, **a),
        ChannelEvent(time=3.4, label="<b>", action="open", **a),
        MediaEvent(time=3.5, action="live", text="camera live", device="Brio"),
        MediaEvent(time=3.6, action="function-error", text="x"),
        FaultEvent(time=3.7, fault="wrong-pwd", action="made", **a),
        PageEvent(time=3.8, action="gone", page="p"),
        Note(time=3.9, text="here", **a),
        StateChange(time=4.0, state="sctpState", new="connected", **a),
        ApiCall(time=4.1, method="setRemoteDescription", arguments=("answer",), outcome="pending", **a),
        ApiCall(time=4.2, method="getStats", **a),
    ]  # fmt: skip


def test_every_kind_of_event_comes_back_from_rtcstats(tmp_path: Path) -> None:
    trace = Trace.of(
        [*a_call(), PacketEvent(peer="alice", time=3.0, direction="sent", protocol="rtp", size_bytes=9)]
    )
    trace.epoch, trace.ended = 1_700_000_000.25, 9.0
    trace.save(tmp_path / "call.rtcstats")
    back = Trace.load(tmp_path / "call.rtcstats")
    expected = Trace.of(a_call()).select()
    adds = {"arguments": ["video"]}  # the row of the call has its track
    left = [shape(e, **(adds if getattr(e, "method", "") == "addTrack" else {})) for e in expected]
    assert sorted(map(shape, back.select())) == sorted(left)
    times = [e.time + back.epoch for e in back.select()]
    assert times == pytest.approx([e.time + trace.epoch for e in expected], abs=2e-6)
    assert back.missing == ("packets",) and back.ended is not None
    assert back.ended + back.epoch == pytest.approx(trace.ended + trace.epoch)


def test_a_member_that_an_object_has_no_more_stays_away(tmp_path: Path) -> None:
    reports = [{"R": {"type": "inbound-rtp", "x": x}} for x in ({"cpu": 1, "none": 2}, {"cpu": 1}, {})]
    trace = Trace.of(
        StatisticsEvent(time=float(n), peer="alice", report=report) for n, report in enumerate(reports)
    )
    trace.save(tmp_path / "x", format="rtcstats")
    assert [e.report for e in Trace.load(tmp_path / "x").select(kind=StatisticsEvent)] == reports


def test_what_is_written_is_rtcstats(tmp_path: Path) -> None:
    trace = Trace.of(a_call())
    trace.epoch = 1_700_000_000.0
    trace.save(tmp_path / "x", format="rtcstats")
    mark, header, *rows = (tmp_path / "x").read_text().splitlines()
    assert mark == "RTCStatsDump" and json.loads(header)["fileFormat"] == 3
    lines = [json.loads(row) for row in rows]
    assert all(isinstance(line[0], str) and isinstance(line[-1], float) for line in lines)
    assert lines[0] == [
        "create",
        "alice",
        {"iceServers": [{"urls": "stun:s.example"}]},
        {"place": "kernel"},
        1_700_000_000_500.0,
    ]
    snapshots = [line[2] for line in lines if line[0] == "getStats"]
    assert snapshots[1] == {"t": 1_700_000_003_300.0, "T01": {"bytesSent": 2, "dtlsState": None}, "X": None}
    methods = [line[0] for line in lines if line[1] == "bob"]
    assert methods[:3] == ["create", "setRemoteDescription", "setRemoteDescriptionOnSuccess"]
    assert "navigator.mediaDevices.getUserMediaOnSuccess" in [line[0] for line in lines]


@pytest.mark.parametrize("form", ["jsonl", "rtcstats"])
@pytest.mark.parametrize(
    "name", ["rtcstats-v3-gumonly.jsonl", "webrtc-internals-chromium156-loopback-call.gz"]
)
def test_an_imported_trace_is_saved_and_loaded_without_change(
    dumps: Path, tmp_path: Path, name: str, form: str
) -> None:
    trace = Trace.load(dumps / name)
    first, second = tmp_path / "first", tmp_path / "second"
    trace.save(first, format=form)
    back = Trace.load(first)
    back.save(second, format=form)
    assert second.read_bytes() == first.read_bytes()
    assert sorted(map(shape, back)) == sorted(map(shape, trace))
    assert back.missing == trace.missing and [f.rule for f in back.diagnose()] == [
        f.rule for f in trace.diagnose()
    ]


def test_anonymised_rtcstats_names_no_address(dumps: Path, tmp_path: Path) -> None:
    trace = Trace.load(dumps / "webrtc-internals-chromium156-loopback-call.gz")
    trace.save(tmp_path / "x.rtcstats", anonymise=True)
    text = (tmp_path / "x.rtcstats").read_text()
    for secret in ("192.0.2.2", "fd00::2", "JLyq", "fake_device_0"):
        assert secret not in text
    assert len(Trace.load(tmp_path / "x.rtcstats")) == len(trace)
