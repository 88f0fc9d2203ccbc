"""Dumps of chrome://webrtc-internals: each generation read, and the corpus dump says what its own log says."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rtcnb.errors import TraceError
from rtcnb.trace import (
    ApiCall,
    CandidateEvent,
    ChannelEvent,
    DescriptionSet,
    MediaEvent,
    PairEvent,
    PeerEvent,
    SelectedPair,
    ServerEvent,
    StateChange,
    StatisticsEvent,
    Trace,
    TrackEvent,
)

BEGAN = datetime(2020, 10, 20, 19, 4, 5, tzinfo=UTC).timestamp()  # in New York it was 3:04:05 PM
LINE = "candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host generation 0 ufrag {0}"


@pytest.fixture(scope="module")
def dumps() -> Path:
    default = Path(__file__).resolve().parents[3] / "shared" / "corpus"
    corpus = Path(os.environ.get("RTCNB_CORPUS", default))
    if not (corpus / "dumps").is_dir():
        pytest.skip(f"{corpus} is absent: clone the shared corpus beside this checkout, or set RTCNB_CORPUS")
    return corpus / "dumps"


# -- small dumps, as each generation writes them


def sdp(ufrag: str, setup: str = "actpass", pwd: str = "p" * 24) -> str:
    return (
        "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n"
        f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\na=fingerprint:sha-256 {':'.join(['AB'] * 32)}\r\n"
        f"a=setup:{setup}\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
    )


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def series(values: list[Any], begin: float, step: float = 1.0, kind: str | None = None) -> dict[str, Any]:
    told = {
        "startTime": iso(begin),
        "endTime": iso(begin + step * (len(values) - 1)),
        "values": json.dumps(values),
    }
    return told | ({"statsType": kind} if kind else {})


def dump_of(connections: dict[str, Any], **members: Any) -> bytes:
    return json.dumps(
        {"getUserMedia": [], "PeerConnections": connections, "UserAgent": "x", **members}
    ).encode()


def connection(
    log: list[dict[str, Any]], stats: dict[str, Any] | None = None, **members: Any
) -> dict[str, Any]:
    return {
        "pid": 1,
        "rtcConfiguration": "{}",
        "url": "https://a/",
        "updateLog": log,
        "stats": stats or {},
        **members,
    }


def local(kind: str, value: str = "", text: str = "10/20/2020, 3:04:05 PM") -> dict[str, Any]:
    return {"time": text, "type": kind, "value": value}


def stamped(kind: str, value: Any = "", after: float = 0.0) -> dict[str, Any]:
    return {
        "timestamp": (BEGAN + after) * 1000,
        "type": kind,
        "value": value if isinstance(value, str) else json.dumps(value),
    }


CHROME_83 = dump_of(
    {
        "7-1": connection(
            [
                local("onRenegotiationNeeded"),
                local(
                    "transceiverAdded",
                    "Caused by: addTrack\n\ngetTransceivers()[0]:{\n  mid:null,\n  sender:{\n"
                    "    track:'t-1',\n    streams:['s'],\n  },\n  direction:'sendrecv',\n}",
                ),
                local("createLocalDataChannel", "label: chat, reliable: true"),
                local(
                    "createOffer",
                    "options: {offerToReceiveVideo: -1, offerToReceiveAudio: -1, "
                    "voiceActivityDetection: true, iceRestart: false}",
                ),
                local("createOfferOnSuccess", f"type: offer, sdp: {sdp('Aaaa')}"),
                local("setLocalDescription", f"type: offer, sdp: {sdp('Aaaa')}"),
                local("signalingStateChange", "SignalingStateHaveLocalOffer"),
                local("setLocalDescriptionOnSuccess"),
                local("iceGatheringStateChange", "gathering"),
                local("onIceCandidate", f"sdpMid: 0, sdpMLineIndex: 0, candidate: {LINE.format('Aaaa')}"),
                local(
                    "icecandidateerror",
                    "url: turn:t.example?transport=udp\naddress: 192.0.2.1\nport: 50001\n"
                    "host_candidate: 192.0.2.1:50001\nerror_text: Unauthorized\nerror_code: 401",
                ),
                local("setRemoteDescription", f"type: answer, sdp: {sdp('Bbbb', 'active')}"),
                local("setRemoteDescriptionOnSuccess"),
                local("signalingStateChange", "SignalingStateStable"),
                local("addIceCandidate", f"sdpMid: 0, sdpMLineIndex: 0, candidate: {LINE.format('Bbbb')}"),
                local("addIceCandidateFailed", "sdpMid: 9, sdpMLineIndex: 9, candidate: candidate:odd"),
                local("legacyIceConnectionStateChange", "checking"),
                local("iceConnectionStateChange", "checking"),
                local("connectionStateChange", "connecting"),
                local("iceConnectionStateChange", "connected", "10/20/2020, 3:04:06 PM"),
                local("connectionStateChange", "connected", "10/20/2020, 3:04:06 PM"),
                local("stop", "", "10/20/2020, 3:04:15 PM"),
            ],
            {
                "RTCTransport_0_1-selectedCandidatePairId": series(
                    ["RTCIceCandidatePair_a+b_c/d"] * 8, BEGAN + 2
                ),
                "RTCTransport_0_1-dtlsState": series(["connected"] * 8, BEGAN + 2),
                "RTCTransport_0_1-bytesSent": series([1000 * n for n in range(10)], BEGAN),
                "RTCTransport_0_1-[bytesSent_in_bits/s]": series([8000] * 9, BEGAN + 1),
                "RTCIceCandidatePair_a+b_c/d-state": series(["in-progress"] * 2 + ["succeeded"] * 8, BEGAN),
                "RTCIceCandidatePair_a+b_c/d-nominated": series([False] * 2 + [True] * 8, BEGAN),
                "RTCIceCandidatePair_a+b_c/d-localCandidateId": series(["RTCIceCandidate_a+b"] * 10, BEGAN),
                "RTCIceCandidatePair_a+b_c/d-remoteCandidateId": series(["RTCIceCandidate_c/d"] * 10, BEGAN),
                "RTCIceCandidate_a+b-ip": series(["192.0.2.1"] * 10, BEGAN),
                "RTCIceCandidate_a+b-port": series([50000] * 10, BEGAN),
                "RTCIceCandidate_a+b-candidateType": series(["host"] * 10, BEGAN),
                "RTCIceCandidate_a+b-isRemote": series([False] * 10, BEGAN),
                "RTCIceCandidate_c/d-ip": series(["192.0.2.2"] * 10, BEGAN),
                "RTCIceCandidate_c/d-port": series([50002] * 10, BEGAN),
                "RTCIceCandidate_c/d-candidateType": series(["srflx"] * 10, BEGAN),
                "RTCIceCandidate_c/d-isRemote": series([True] * 10, BEGAN),
                "RTCInboundRTPAudioStream_12-estimatedPlayoutTimestamp*": series([1] * 10, BEGAN),
                "ssrc_123_send-bytesSent": series([1, 2], BEGAN),
            },
            constraints="",
            rtcConfiguration="{ iceServers: [stun:s.example, turn:t.example?transport=udp], "
            "iceTransportPolicy: relay, bundlePolicy: balanced, rtcpMuxPolicy: require, "
            'iceCandidatePoolSize: 0, sdpSemantics: "unified-plan" }',
        )
    },
    getUserMedia=[{"origin": "https://a", "pid": 1, "rid": 7, "audio": "", "video": ""}],
)


def test_chrome_83_with_its_own_words_and_local_times() -> None:
    trace = Trace.load(CHROME_83)
    assert trace.peers == ["7-1"] and trace.source == "webrtc-internals"
    (made,) = trace.select(kind=PeerEvent)
    assert made.configuration == {
        "iceServers": [{"urls": ["stun:s.example"]}, {"urls": ["turn:t.example?transport=udp"]}],
        "iceTransportPolicy": "relay",
        "bundlePolicy": "balanced",
        "rtcpMuxPolicy": "require",
        "iceCandidatePoolSize": "0",
        "sdpSemantics": "unified-plan",
    }
    states = [(e.state, e.old, e.new) for e in trace.select(kind=StateChange)]
    assert ("signalingState", "stable", "have-local-offer") in states
    assert ("signalingState", "have-local-offer", "stable") in states
    assert ("iceConnectionState", "checking", "connected") in states
    assert states[-1] == ("signalingState", "stable", "closed"), "stop is close()"
    local_, remote = trace.select(kind=DescriptionSet)
    assert (local_.side, local_.description.type, local_.created) == ("local", "offer", None)
    assert remote.description.sdp == sdp("Bbbb", "active") and local_.description.sdp == sdp("Aaaa")
    gathered, added = trace.select(kind=CandidateEvent)
    assert (gathered.action, gathered.candidate.type, gathered.candidate.usernameFragment) == (
        "gathered",
        "host",
        "Aaaa",
    )
    assert (added.action, added.candidate.sdpMid) == ("added", "0")
    (server,) = trace.select(kind=ServerEvent)
    assert (server.url, server.error_code, server.text) == (
        "turn:t.example?transport=udp",
        401,
        "Unauthorized",
    )
    (refused,) = [e for e in trace.select(kind=ApiCall) if e.outcome == "error"]
    assert (refused.method, refused.given) == ("addIceCandidate", "candidate:odd")
    methods = [e.method for e in trace.select(kind=ApiCall)]
    assert methods[:3] == ["addTrack", "createDataChannel", "createOffer"] and methods[-1] == "close"
    (track,) = trace.select(kind=TrackEvent)
    assert (track.action, track.track_id) == ("added", "t-1")
    (pair,) = trace.select(kind=SelectedPair)
    assert (pair.local, pair.remote) == ("192.0.2.1:50000", "192.0.2.2:50002")
    assert (pair.local_type, pair.remote_type) == ("host", "srflx")


def test_chrome_83_s_times() -> None:
    trace = Trace.load(CHROME_83)
    connected = next(e for e in trace.select(kind=StateChange) if e.new == "connected")
    assert 0 <= trace.epoch + connected.time - (BEGAN + 1) < 1, (
        "3:04:06 PM in New York, from the statistics' UTC"
    )
    order = [e.method for e in trace.select(kind=ApiCall)]
    assert (
        order.index("createOffer") < order.index("setLocalDescription") < order.index("setRemoteDescription")
    )
    snapshots = trace.select(kind=StatisticsEvent)
    assert [round(trace.epoch + s.time - BEGAN, 3) for s in snapshots] == [float(n) for n in range(10)]
    transport = "RTCTransport_0_1"
    assert [s.report[transport].get("dtlsState") for s in snapshots][:4] == [
        None,
        None,
        "connected",
        "connected",
    ]
    assert [s.report[transport]["bytesSent"] for s in snapshots] == [1000 * n for n in range(10)]
    assert snapshots[0].report[transport]["type"] == "transport"
    assert snapshots[0].report["RTCIceCandidate_c/d"]["type"] == "remote-candidate"
    assert snapshots[0].report["RTCInboundRTPAudioStream_12"]["estimatedPlayoutTimestamp"] == 1
    assert not any("ssrc" in id for id in snapshots[0].report)
    lacks = " ".join(trace.missing)
    for what in ("exact times", "old getStats", "single statistics", "times of getUserMedia", "packets"):
        assert what in lacks and what in repr(trace)
    assert "time zone" not in lacks


GERMAN = [f"20.10.2020, 21:04:0{second}" for second in (5, 6, 7)]
CHROME_92 = dump_of(
    {
        "3-1": connection(
            [
                local("signalingstatechange", "have-remote-offer", GERMAN[0]),
                local("setRemoteDescription", f"type: offer, sdp: {sdp('Aaaa')}", GERMAN[0]),
                local("transceiverAdded", "Caused by: setRemoteDescription\n\ngetTransceivers()[0]:{\n  mid:'0',\n"
                      "  kind:'audio',\n  sender:{\n    track:null,\n  },\n  receiver:{\n    track:'r-1',\n  },\n"
                      "  currentDirection:null,\n}", GERMAN[0]),
                local("setRemoteDescriptionOnSuccess", "", GERMAN[0]),
                local("datachannel", "label: chat, reliable: true", GERMAN[0]),
                local("setLocalDescription", "", GERMAN[1]),
                local("setLocalDescriptionOnSuccess", f"type: answer, sdp: {sdp('Bbbb', 'active')}", GERMAN[1]),
                local("signalingstatechange", "stable", GERMAN[1]),
                local("iceconnectionstatechange (legacy)", "failed", GERMAN[1]),
                local("iceconnectionstatechange", "checking", GERMAN[1]),
                local("icecandidate", f"sdpMid: 0, sdpMLineIndex: 0, candidate: {LINE.format('Bbbb')}", GERMAN[1]),
                local("setRemoteDescription", f"type: answer, sdp: {sdp('Cccc')}", GERMAN[2]),
                local("setRemoteDescriptionOnFailure",
                      "Failed to set remote answer sdp: Called in wrong state: stable", GERMAN[2]),
            ],
            {"RTCPeerConnection-dataChannelsOpened": series([0, 1], BEGAN + 0.6, kind="peer-connection")},
        )
    }
)  # fmt: skip


def test_chrome_92_with_the_standard_s_names_in_german() -> None:
    trace = Trace.load(CHROME_92)
    remote, local_ = trace.select(kind=DescriptionSet)
    assert (remote.side, local_.side, local_.description.type) == ("remote", "local", "answer")
    calls = [(e.method, e.arguments, e.outcome) for e in trace.select(kind=ApiCall)]
    assert ("setLocalDescription", (), "ok") in calls, "it was left to the browser"
    assert calls[-1] == ("setRemoteDescription", ("answer",), "error")
    assert not any(e.new == "failed" for e in trace.select(kind=StateChange)), (
        "libwebrtc's own state is no state"
    )
    (track,) = trace.select(kind=TrackEvent)
    assert (track.action, track.track_kind, track.track_id) == ("received", "audio", "r-1")
    (channel,) = trace.select(kind=ChannelEvent)
    assert (channel.label, channel.action) == ("chat", "arrived")
    assert 0 <= trace.epoch + remote.time - BEGAN < 1, "CEST is two hours ahead"
    assert trace.diagnose()[0].rule == "answer-twice"


REPORT, SECOND = "remote-inbound-rtp", BEGAN * 1000 + 2000.123
CHROME_117 = dump_of(
    {
        "5-2": connection(
            [local("createOffer", "options: {iceRestart: true}", "20/10/2020, 20:04:05")],
            {
                # What begins late, ends early or has gaps lies where its own times say.
                "T01-timestamp": series([(BEGAN + n) * 1000 + 0.123 for n in range(6)], BEGAN, kind="transport"),
                "T01-bytesSent": series([0, 100, 200, 300, 400, 500], BEGAN, kind="transport"),
                "T01-dtlsState": series(["connecting", "connected", "connected"], BEGAN + 3, kind="transport"),
                "T01-iceRole": series(["controlling", "controlling"], BEGAN, kind="transport"),
                "T01-[bytesSent_in_bits/s]": series([800] * 5, BEGAN + 1, kind="transport"),
                # RTCP reports arrive between polls, and stay until the next.
                "RIA1-timestamp": series([BEGAN * 1000 + n for n in (1500, 1500, 3500)], BEGAN + 1.5, 1, REPORT),
                "RIA1-roundTripTime": series([0.1, 0.1, 0.2], BEGAN + 1.5, 1, REPORT),
                "COT01_102_profile-level-id=42e01f-payloadType": series([102], BEGAN + 2, kind="codec"),
                "COT01_102_profile-level-id=42e01f-timestamp": series([SECOND], BEGAN + 2, kind="codec"),
                "IT01A1-mid": series([0], BEGAN + 2, kind="inbound-rtp"),
                "IT01A1-[a-b-c]": series([7], BEGAN + 2, kind="inbound-rtp"),
                "IT01A1-qualityLimitationDurations": series([{"cpu": 1}], BEGAN + 2, kind="inbound-rtp"),
                "IT01A1-timestamp": series([(BEGAN + 2) * 1000 + 0.123], BEGAN + 2, kind="inbound-rtp"),
            },
        )
    },
    getUserMedia=[
        {"pid": 1, "rid": 5, "request_id": 0, "request_type": "getUserMedia", "origin": "https://a", "audio": "",
         "timestamp": (BEGAN - 3) * 1000},
        {"pid": 1, "rid": 5, "request_id": 0, "request_type": "getUserMedia", "stream_id": "s",
         "audio_track_info": "id:a1 label:Built-in Microphone", "video_track_info": "",
         "timestamp": (BEGAN - 2) * 1000},
        {"pid": 1, "rid": 5, "request_id": 1, "request_type": "getUserMedia", "origin": "https://a", "video": "",
         "timestamp": (BEGAN - 2) * 1000},
        {"pid": 1, "rid": 5, "request_id": 1, "request_type": "getUserMedia", "error": "NotAllowedError",
         "error_message": "Permission denied", "timestamp": (BEGAN - 1) * 1000},
    ],
)  # fmt: skip


def test_chrome_117_aligns_statistics_by_their_times() -> None:
    trace = Trace.load(CHROME_117)
    snapshots = trace.select(kind=StatisticsEvent)
    assert [round(trace.epoch + s.time - BEGAN, 6) for s in snapshots] == [n + 0.000123 for n in range(6)]
    transport = [s.report["T01"] for s in snapshots]
    assert [t["bytesSent"] for t in transport] == [0, 100, 200, 300, 400, 500]
    assert [t.get("dtlsState") for t in transport] == [None] * 3 + ["connecting", "connected", "connected"]
    assert [t.get("iceRole") for t in transport] == ["controlling"] * 2 + [None] * 4
    reports = [s.report.get("RIA1", {}).get("roundTripTime") for s in snapshots]
    assert reports == [None, None, 0.1, 0.1, 0.2, None]
    third = snapshots[2].report
    assert third["COT01_102_profile-level-id=42e01f"] == {"type": "codec", "payloadType": 102}
    assert third["IT01A1"] == {"type": "inbound-rtp", "mid": "0", "qualityLimitationDurations": {"cpu": 1}}
    assert third["RIA1"]["timestamp"] == (BEGAN + 1.5) * 1000
    assert trace.select(kind=ApiCall)[0].arguments == ("iceRestart: true",)


def test_devices_that_opened_and_one_that_was_denied() -> None:
    trace = Trace.load(CHROME_117)
    found = [(e.action, e.text.partition(":")[0], e.error, e.device) for e in trace.select(kind=MediaEvent)]
    assert found == [
        ("starting", "microphone starting", "", ""),
        ("live", "microphone live", "", "Built-in Microphone"),
        ("starting", "camera starting", "", ""),
        ("failed", "camera failed", "DeviceDenied", ""),
    ]
    assert [f.rule for f in trace.diagnose()] == ["device-denied"]


def modern(kind_of_state: Callable[[str], str], **members: Any) -> bytes:
    """A dump of Chrome 142 to 147 and later: JSON throughout, times in milliseconds."""
    log = [
        stamped("addTrack", {"kind": "video", "id": "t-1", "streams": ["s"]}),
        stamped("createOffer", {"offerToReceiveAudio": True, "voiceActivityDetection": True}, 0.1),
        stamped("createOfferOnSuccess", {"type": "offer", "sdp": sdp("Aaaa")}, 0.2),
        stamped("setLocalDescription", {"type": "offer", "sdp": sdp("Aaaa") + "b=AS:500\r\n"}, 0.3),
        stamped("setLocalDescriptionOnSuccess", "", 0.4),
        stamped("onsignalingstatechange", kind_of_state("have-local-offer"), 0.4),
        stamped("onicecandidate", {"sdpMid": "0", "sdpMLineIndex": 0, "candidate": LINE.format("Aaaa")}, 0.5),
        stamped("onicecandidateerror", {"url": "stun:s.example", "address": "[0:0:x]", "port": 9,
                "host_candidate": "[0:0:x]:9", "error_text": "STUN host lookup received error.",
                "error_code": 701}, 0.6),
        stamped("ontrack", {"kind": "video", "id": "r-1", "label": "r", "streams": []}, 0.6),
        stamped("ondatachannel", {"label": "<b>", "ordered": True}, 0.6),
        stamped("onconnectionstatechange", kind_of_state("connected"), 0.7),
        stamped("somethingNew", {"deep": [1, {"token": "SECRET", "shown": 2}]}, 0.8),
    ]  # fmt: skip
    configuration = {"iceServers": [{"urls": ["turn:t.example"], "username": "joe", "credential": "SECRET"}]}
    one = connection(log, {"D2-timestamp": series([(BEGAN + 1) * 1000], BEGAN + 1, kind="data-channel"),
                           "D2-state": series(["open"], BEGAN + 1, kind="data-channel"),
                           "D2-label": series([7], BEGAN + 1, kind="data-channel")},
                     rtcConfiguration=json.dumps(configuration))  # fmt: skip
    return dump_of({"8-2": one}, **members)


@pytest.mark.parametrize(
    ("state", "members"),
    [
        (lambda s: s, {"UserAgentData": [{"brand": "Chromium", "version": "138"}]}),
        (json.dumps, {"UserAgentData": {"brands": []}}),
        (json.dumps, {"deviceMemory": 16, "timestamp": (BEGAN + 60) * 1000}),
    ],
    ids=["bare states", "quoted states, 144", "with the device, 147"],
)
def test_chrome_138_to_156(state: Callable[[str], str], members: dict[str, Any]) -> None:
    data = modern(state, **members)
    trace = Trace.load(gzip.compress(data))
    (description,) = trace.select(kind=DescriptionSet)
    assert description.created is not None and description.created.sdp == sdp("Aaaa"), "it was munged"
    assert trace.epoch + description.time == pytest.approx(BEGAN + 0.3, abs=1e-5)
    assert [e.new for e in trace.select(kind=StateChange)] == ["have-local-offer", "connected"]
    assert [(e.action, e.track_id) for e in trace.select(kind=TrackEvent)] == [
        ("added", "t-1"),
        ("received", "r-1"),
    ]
    assert [(e.label, e.action) for e in trace.select(kind=ChannelEvent)] == [
        ("<b>", "arrived"),
        ("7", "open"),
    ]
    assert (trace.select(kind=ServerEvent)[0].error_code, trace.missing) == (701, Trace.load(data).missing)
    assert not [what for what in trace.missing if "times" in what]
    assert any("somethingNew" in str(e) and '"shown":2' in str(e) for e in trace)
    assert "SECRET" not in "".join(map(repr, trace)) and "joe" not in "".join(map(repr, trace))
    assert trace.ended is not None and (trace.ended > 50) == ("timestamp" in members)
    assert "<b>" not in trace._repr_html_()


# -- what goes wrong in a dump is found


def two_ends(pwd: str) -> bytes:
    def setting(side: str, kind: str, text: str, at: float) -> list[dict[str, Any]]:
        method = f"set{side}Description"
        return [stamped(method, {"type": kind, "sdp": text}, at), stamped(f"{method}OnSuccess", "", at + 0.1)]

    def end(ours: str, theirs: str, offers: bool) -> dict[str, Any]:
        own = sdp(ours, "actpass" if offers else "active")
        other = sdp(theirs, "active" if offers else "actpass", pwd if offers else "p" * 24)
        set_own = setting("Local", "offer" if offers else "answer", own, 0 if offers else 2)
        set_other = setting("Remote", "answer" if offers else "offer", other, 3 if offers else 1)
        late = [
            stamped("addIceCandidate", {"sdpMid": "0", "candidate": LINE.format(theirs)}, 3.5),
            stamped("oniceconnectionstatechange", '"checking"', 3.6),
            stamped("oniceconnectionstatechange", '"failed"', 20),
            stamped("onconnectionstatechange", '"failed"', 20),
        ]
        return connection([*(set_own + set_other if offers else set_other + set_own), *late])

    return dump_of({"8-1": end("Aaaa", "Bbbb", True), "8-2": end("Bbbb", "Aaaa", False)})


def test_both_ends_of_a_call_in_one_dump_are_joined_by_their_credentials() -> None:
    findings = Trace.load(two_ends("q" * 24)).diagnose()
    assert findings[0].rule == "wrong-pwd"
    assert "wrong-pwd" not in {f.rule for f in Trace.load(two_ends("p" * 24)).diagnose()}


def test_two_connections_that_lead_elsewhere_are_not_taken_for_the_ends_of_one() -> None:
    data = json.loads(two_ends("p" * 24))
    for name in ("8-1", "8-2"):
        for entry in data["PeerConnections"][name]["updateLog"]:
            if entry["type"] == "setRemoteDescription":
                entry["value"] = entry["value"].replace("ice-ufrag:", f"ice-ufrag:far{name[-1]}")
    rules = {f.rule for f in Trace.load(json.dumps(data).encode()).diagnose()}
    assert "stale-description" not in rules and rules


def test_cannot_tell_names_what_the_format_lacks() -> None:
    log = [stamped("onconnectionstatechange", '"failed"', 1)]
    (finding,) = Trace.load(dump_of({"8-1": connection(log)})).diagnose()
    assert finding.rule == "cannot-tell" and "packets" in finding.sentence


# -- the corpus


def test_the_corpus_dump_says_what_its_own_log_says(dumps: Path) -> None:
    trace = Trace.load(dumps / "webrtc-internals-chromium156-loopback-call.gz")
    assert trace.peers == ["8-2"] and trace.diagnose() == []
    assert {e.state: e.new for e in trace.select(kind=StateChange)} == {
        "signalingState": "stable",
        "iceGatheringState": "complete",
        "iceConnectionState": "connected",
        "connectionState": "connected",
    }
    (selected,) = trace.select(kind=SelectedPair)
    assert (selected.local, selected.remote) == ("[fd00::2]:52006", "[fd00::2]:43562")
    assert (selected.local_type, selected.remote_type) == ("host", "host")
    pairs = {(e.local, e.remote, e.state) for e in trace.select(kind=PairEvent)}
    assert pairs == {
        ("[fd00::2]:52006", "[fd00::2]:43562", "succeeded"),
        ("192.0.2.2:36636", "192.0.2.2:48968", "succeeded"),
    }
    candidates = [e.action for e in trace.select(kind=CandidateEvent)]
    assert (candidates.count("added"), candidates.count("gathered")) == (6, 2)
    assert [(e.side, e.description.type) for e in trace.select(kind=DescriptionSet)] == [
        ("remote", "offer"),
        ("local", "answer"),
    ]
    last = trace.select(kind=StatisticsEvent)[-1].report
    codecs = {e["mimeType"] for e in last.values() if e["type"] == "codec"}
    assert codecs == {"audio/opus", "video/VP8"}
    assert last["OT01V1204430509"]["framesEncoded"] == 240 and last["OT01V1204430509"]["mid"] == "1"
    assert [(e.label, e.action) for e in trace.select(kind=ChannelEvent)] == [
        ("chat", "arrived"),
        ("chat", "open"),
    ]
    assert [(e.action, e.device) for e in trace.select(kind=MediaEvent)][1:] == [
        ("live", "fake_device_0"),
        ("live", "Fake Default Audio Input"),
    ]


def test_the_corpus_dump_s_bitrates_are_those_that_the_page_drew(dumps: Path) -> None:
    path = dumps / "webrtc-internals-chromium156-loopback-call.gz"
    stats = json.loads(gzip.decompress(path.read_bytes()))["PeerConnections"]["8-2"]["stats"]
    snapshots = Trace.load(path).select(kind=StatisticsEvent)
    compared = 0
    for name, drawn in stats.items():
        if not name.endswith("_in_bits/s]"):
            continue
        id, _, member = name.partition("-[")
        member = member.removesuffix("_in_bits/s]")
        points = [(s.time, s.report[id][member]) for s in snapshots if member in s.report.get(id, {})]
        rates = [8 * (y - x) / (b - a) for (a, x), (b, y) in itertools.pairwise(points)]
        assert rates == pytest.approx(json.loads(drawn["values"]), abs=1.5), name
        compared += 1
    assert compared == 20


def test_the_corpus_dump_with_a_camera_alone(dumps: Path) -> None:
    trace = Trace.load(dumps / "webrtc-internals-chrome142-gumonly.gz")
    starting, live = trace.select()
    assert (starting.action, live.action, live.device) == ("starting", "live", "Logitech BRIO (046d:085e)")
    assert live.time - starting.time == pytest.approx(4.660648, abs=1e-5)


# -- an hour


def an_hour() -> bytes:
    """A dump of a call of an hour with 130 entries: the last 1000 samples of 2100 series, 28 MB."""
    begin = BEGAN + 2600
    stamps = json.dumps([round((begin + n) * 1000 + 0.25, 3) for n in range(1000)])
    rising = json.dumps(list(range(0, 3_000_000, 3000)))
    still = json.dumps(["0123456789"] * 1000)
    stats = {}
    for n in range(130):
        told = {"startTime": iso(begin), "endTime": iso(begin + 999), "statsType": "inbound-rtp"}
        stats[f"IT{n}-timestamp"] = told | {"values": stamps}
        stats |= {f"IT{n}-member{m}": told | {"values": rising if m % 5 else still} for m in range(15)}
    return dump_of({"8-2": connection([stamped("createOffer"), stamped("close", "", 3600)], stats)})


def test_a_dump_of_an_hour_loads_in_seconds() -> None:
    data = an_hour()
    assert len(data) > 15e6
    begun = time.process_time()
    trace = Trace.load(data)
    spent = time.process_time() - begun
    print(f"\n{len(data) / 1e6:.0f} MB loaded in {spent:.1f} s of CPU")
    assert len(trace.select(kind=StatisticsEvent)) == 1000
    assert any("last 1000" in what for what in trace.missing)
    assert spent < 8


# -- strangers

ODD: dict[str, tuple[Any, str]] = {
    "PeerConnections": ([], "PeerConnections"),
    'PeerConnections["8-2"]': ("x", 'PeerConnections["8-2"]'),
    'PeerConnections["8-2"].updateLog': ({"a": 1}, 'PeerConnections["8-2"].updateLog'),
    'PeerConnections["8-2"].updateLog[3]': (7, 'PeerConnections["8-2"].updateLog[3]'),
    'PeerConnections["8-2"].updateLog[3].type': (None, 'PeerConnections["8-2"].updateLog[3].type'),
    'PeerConnections["8-2"].updateLog[3].value': ("[" * 100_000, 'PeerConnections["8-2"].updateLog[3].value'),
    'PeerConnections["8-2"].stats': ("", 'PeerConnections["8-2"].stats'),
    'PeerConnections["8-2"].stats["D2-state"]': ([1], 'PeerConnections["8-2"].stats["D2-state"]'),
    'PeerConnections["8-2"].stats["D2-state"].values': ("{}", 'stats["D2-state"].values'),
    "getUserMedia": ("x", "getUserMedia"),
    "getUserMedia[0]": ("x", "getUserMedia[0]"),
}


@pytest.mark.parametrize("where", ODD)
def test_what_is_of_the_wrong_type_is_named(where: str) -> None:
    odd, place = ODD[where]
    data = json.loads(modern(json.dumps))
    data["getUserMedia"] = [{}]
    node: Any = data
    *path, last = (
        where.replace('["', "\0")
        .replace('"]', "")
        .replace("[", "\0#")
        .replace("]", "")
        .replace(".", "\0")
        .split("\0")
    )
    for step in path:
        node = node[int(step[1:]) if step.startswith("#") else step]
    node[int(last[1:]) if last.startswith("#") else last] = odd
    with pytest.raises(TraceError) as caught:
        Trace.load(json.dumps(data).encode())
    assert place in str(caught.value) and place in caught.value.place and len(str(caught.value)) < 400


def test_a_text_of_a_hundred_megabytes_is_refused_with_its_place() -> None:
    data = dump_of({"8-2": connection([stamped("createOffer", "x" * 100_000_000)])})
    with pytest.raises(
        TraceError, match=r'PeerConnections\["8-2"\].updateLog\[0\].value: 100000000 characters'
    ):
        Trace.load(data)


def test_a_bomb_of_samples_is_refused() -> None:
    bomb = {f"A{n}-m": {"values": json.dumps([1] * 1_000_000)} for n in range(5)}
    with pytest.raises(TraceError, match="samples"):
        Trace.load(dump_of({"8-2": connection([], bomb)}))
