"""Dumps of chrome://webrtc-internals: each generation is read."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from internals_dumps import BEGAN, LINE, connection, dump_of, local, modern, sdp, series

from rtcnb.trace import (
    ApiCall,
    CandidateEvent,
    ChannelEvent,
    DescriptionSet,
    MediaEvent,
    PeerEvent,
    SelectedPair,
    ServerEvent,
    StateChange,
    StatisticsEvent,
    Trace,
    TrackEvent,
)

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


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("transport", "iceLocalUsernameFragment"),
        ("local-candidate", "usernameFragment"),
        ("local-candidate", "foundation"),
        ("data-channel", "label"),
        ("data-channel", "protocol"),
        ("outbound-rtp", "rid"),
        ("codec", "sdpFmtpLine"),
        ("stream", "streamIdentifier"),
    ],
)
def test_a_text_that_is_all_digits_stays_a_text(kind: str, name: str) -> None:
    """As happened: one ufrag of some thousand has no letter, and Chrome wrote 9878 for "9878"."""
    stats = {f"X1-{name}": series([9878, "HxMZ"], BEGAN, kind=kind)}
    report = [
        e.report["X1"][name]
        for e in Trace.load(dump_of({"1-1": connection([], stats)})).select(kind=StatisticsEvent)
    ]
    assert report == ["9878", "HxMZ"]


@pytest.mark.parametrize(
    ("after_s", "told"),
    [
        # The first came while its poll was under way: so a dump of Chromium 156.
        ([0.002, 0.992], [0, 1]),
        ([-0.5, 1.002, 1.9, 2.9], [0, 1, 2, 3]),
        ([1.5, 1.5], [2, 3]),
        ([0.5, 0.5, 0.5, 0.5, 0.5, 3.5], [0, 0, 0, 1, 2, 3]),  # more than polls: the last are kept
    ],
)
def test_an_rtcp_report_is_told_by_one_poll(after_s: list[float], told: list[int]) -> None:
    polls = max(told) + 1
    stats = {
        "T01-bytesSent": series(list(range(polls)), BEGAN, kind="transport"),
        "T01-timestamp": series([(BEGAN + n) * 1000 for n in range(polls)], BEGAN, kind="transport"),
        "ROV1-packetsSent": series(list(range(len(after_s))), BEGAN, 1, "remote-outbound-rtp"),
        "ROV1-timestamp": series([(BEGAN + s) * 1000 for s in after_s], BEGAN, 1, "remote-outbound-rtp"),
    }
    trace = Trace.load(dump_of({"1-1": connection([], stats)}))
    reports = [e.report.get("ROV1", {}) for e in trace.select(kind=StatisticsEvent)]
    wanted: list[Any] = [None] * polls
    for number, poll in enumerate(told):
        wanted[poll] = number
    assert [report.get("packetsSent") for report in reports] == wanted


def test_reports_beside_an_entry_without_samples() -> None:
    stats = {
        "T01-timestamp": series(["x"], BEGAN, kind="transport"),
        "ROV1-packetsSent": series([3], BEGAN, 1, "remote-outbound-rtp"),
        "ROV1-timestamp": series([BEGAN * 1000], BEGAN, 1, "remote-outbound-rtp"),
    }
    trace = Trace.load(dump_of({"1-1": connection([], stats)}))
    assert [e.report["ROV1"]["packetsSent"] for e in trace.select(kind=StatisticsEvent)] == [3]


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
