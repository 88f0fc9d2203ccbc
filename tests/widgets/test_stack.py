"""The stack says of each part what the trace holds of it, or that it is not used."""

from __future__ import annotations

from typing import Any

import pytest

from rtcnb.sdp import Candidate, SessionDescription, parse_candidate
from rtcnb.trace import (
    ApiCall,
    CandidateEvent,
    ChannelEvent,
    DescriptionSet,
    DtlsEvent,
    PeerEvent,
    SelectedPair,
    StateChange,
    StatisticsEvent,
    Trace,
)
from rtcnb.widgets.live import static_html
from rtcnb.widgets.stack import StackView
from rtcnb.widgets.stack_figures import BY_PART
from rtcnb.widgets.stack_parts import LAYERS

from .figures_of import EVIL, Drawn, drawn

SDP = "\r\n".join(
    (
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0 1",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "c=IN IP4 0.0.0.0",
        "a=mid:0",
        "a=rtcp-mux",
        "a=rtpmap:96 VP8/90000",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        "a=mid:1",
        "",
    )
)
HOST = "candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host"
Report = dict[str, dict[str, Any]]


def report(second: int) -> Report:
    return {
        "O": {
            "type": "outbound-rtp",
            "kind": "video",
            "mid": "0",
            "codecId": "C",
            "mediaSourceId": "S",
            "bytesSent": 125_000 * second,
            "framesPerSecond": 20,
            "framesEncoded": 20 * second,
            "totalEncodeTime": 0.04 * second,
            "frameWidth": 80 * second,
            "frameHeight": 240,
            "qualityLimitationReason": "bandwidth",
            "encoderImplementation": "libvpx",
        },
        "S": {"type": "media-source", "kind": "video", "width": 640, "height": 480, "framesPerSecond": 30},
        "C": {"type": "codec", "mimeType": "video/VP8", "payloadType": 96, "sdpFmtpLine": "max-fr=30"},
        "T": {
            "type": "transport",
            "dtlsState": "connected",
            "dtlsRole": "client",
            "tlsVersion": "FEFD",
            "dtlsCipher": "TLS_A",
            "srtpCipher": "SRTP_B",
            "iceRole": "controlling",
            "selectedCandidatePairId": "P",
            "bytesSent": 1000 * second,
        },
        "P": {"type": "candidate-pair", "localCandidateId": "L", "currentRoundTripTime": 0.012},
        "L": {"type": "local-candidate", "candidateType": "host", "protocol": "udp"},
        "D": {
            "type": "data-channel",
            "label": "chat",
            "state": "open",
            "messagesSent": second,
            "messagesReceived": 3,
        },
    }


def call(place: str = "page", statistics: bool = True) -> list[Any]:
    sides = {"local": "offer", "remote": "answer"}
    events: list[Any] = [
        PeerEvent(
            time=0, peer="alice", place=place, configuration={"bundlePolicy": "balanced", "iceServers": []}
        ),
        ApiCall(time=0.1, peer="alice", method="addTrack"),
        *[
            DescriptionSet(
                time=1, peer="alice", side=side, description=SessionDescription(type=type, sdp=SDP)
            )
            for side, type in sides.items()
        ],
        StateChange(time=1, peer="alice", state="signalingState", new="have-local-offer"),
        StateChange(time=1.1, peer="alice", state="signalingState", new="stable"),
        CandidateEvent(time=1.2, peer="alice", action="gathered", candidate=parse_candidate(HOST)),
        StateChange(time=2, peer="alice", state="iceConnectionState", new="connected"),
        SelectedPair(
            time=2,
            peer="alice",
            local="192.0.2.1:5000",
            remote="[::1]:6",
            local_type="host",
            remote_type="relay",
        ),
        DtlsEvent(time=2, peer="alice", state="connecting", role="client"),
        ChannelEvent(time=2.5, peer="alice", label="chat", action="open"),
        ChannelEvent(time=2.6, peer="alice", label="chat", action="sent", size_bytes=3),
    ]
    if statistics:
        events += [StatisticsEvent(time=float(t), peer="alice", report=report(t)) for t in (3, 4)]
    return events


def part(page: Drawn, key: str) -> tuple[str, bool]:
    """Return what a part says, and whether it is used."""
    found = page.with_attribute("data-part", key)
    assert len(found) == 1
    return found[0][1], found[0][0]["data-used"] == "true"


def test_figures_are_those_of_the_trace() -> None:
    page = drawn(StackView(Trace.of(call())))
    shown = {name: found[0][0] for name, found in page.figures().items()}
    assert shown == {
        "connectionState": "new",
        "iceServers": "0",
        "bundlePolicy": "balanced",
        "source": "video",
        "source_size": "640x480",
        "source_frames_per_second": "30",
        "local_description": "offer",
        "remote_description": "answer",
        "signalingState": "stable",
        "codec": "video/VP8",
        "payload_type": "96",
        "fmtp": "max-fr=30",
        "frame_size": "320x240",
        "frames_per_second": "20",
        "bitrate_bps": "1000000",
        "encode_ms": "2",
        "encoderImplementation": "libvpx",
        "quality_limitation_reason": "bandwidth",
        "srtp_cipher": "SRTP_B",
        "channel_state": "open",
        "messages_sent": "4",
        "messages_received": "3",
        "dtls_state": "connected",
        "dtls_role": "client",
        "tls_version": "FEFD",
        "dtls_cipher": "TLS_A",
        "bundle": "0 1",
        "iceConnectionState": "connected",
        "ice_role": "controlling",
        "path": "host ↔ relay",
        "local_address": "192.0.2.1:5000",
        "remote_address": "[::1]:6",
        "protocol": "udp",
        "sent_bitrate_bps": "8000",
        "round_trip_ms": "12",
    }
    assert "640×480 given, 320×240 sent" in part(page, "image-enhancements")[0]
    assert "DTLS 1.2" in part(page, "dtls")[0] and "through TURN" in part(page, "ice")[0]
    assert "2 of 2 sections" in part(page, "multiplexing")[0]


def test_parts_that_the_call_lacks_are_not_used() -> None:
    page = drawn(StackView(Trace.of(call())))
    unused = {str(a["data-part"]) for a, _ in page.with_attribute("data-used", "false")}
    assert unused == {"audio-codec", "audio-jitter-buffer", "echo-cancellation", "video-jitter-buffer"}
    for key in unused:
        assert "not used: " in part(page, key)[0]
    page = drawn(StackView(Trace.of(call("kernel"))))
    assert part(page, "image-enhancements") == (
        part(page, "image-enhancements")[0],
        False,
    )
    assert "aiortc has no such part" in part(page, "image-enhancements")[0]


def test_a_kernel_end_names_what_does_the_work() -> None:
    page = drawn(StackView(Trace.of(call("kernel"))))
    by = {"ice": "aioice", "dtls": "OpenSSL", "video-codec": "libvpx", "srtp": "libsrtp", "sctp": "aiortc"}
    for key, who in by.items():
        assert f"by {who}" in part(page, key)[0]
    assert "by aioice" not in drawn(StackView(Trace.of(call("page")))).text


def test_what_is_only_offered_is_no_part_of_the_call_yet() -> None:
    events = [e for e in call(statistics=False) if getattr(e, "side", "") != "remote" and e.time < 1.15]
    page = drawn(StackView(Trace.of(events)))
    for key in ("video-codec", "srtp", "sctp"):
        assert part(page, key)[0].endswith("not used: offered, and no answer yet")
    assert part(page, "audio-codec")[0].endswith("not used: no sound in this call")


def test_without_statistics_the_rest_of_the_trace_tells() -> None:
    page = drawn(StackView(Trace.of(call(statistics=False))))
    assert "No statistics yet" in page.text
    assert "agreed on VP8; nothing sent yet" in part(page, "video-codec")[0]
    assert "connecting as client" in part(page, "dtls")[0]
    assert "chat open, 1 sent, 0 received" in part(page, "sctp")[0]
    assert "found 1 host candidate" in part(page, "ice")[0] and part(page, "udp")[1]


def test_a_moment_shows_nothing_that_came_later() -> None:
    view = StackView(Trace.of(call()))
    view.until = 1.05
    page = drawn(view)
    assert "have-local-offer" in part(page, "signaling")[0]
    for key in ("dtls", "ice", "udp"):
        assert not part(page, key)[1]
    view.until = 0.95
    assert not part(drawn(view), "sdp")[1]
    view.until = 3.5
    page = drawn(view)
    assert "bitrate_bps" not in page.figures(), "one snapshot tells no rate"
    assert page.figures()["frame_size"] == [("240x240", "240×240")]
    assert page.figures()["messages_sent"] == [("3", "3")]


def test_every_part_has_a_sentence_and_a_source() -> None:
    parts = [part for layer in LAYERS for part in layer.parts]
    assert {part.key for part in parts} == set(BY_PART)
    assert len(BY_PART) == len(parts)
    text = drawn(StackView(Trace.of(call()))).text
    for each in parts:
        assert each.sentence.endswith(".") and each.sentence in text and each.reference in text


def test_a_trace_of_nothing() -> None:
    assert "No peer has been made yet." in drawn(StackView(Trace())).text
    page = drawn(StackView(Trace.of([PeerEvent(time=0, peer="alice")])))
    used = {str(a["data-part"]) for a, _ in page.with_attribute("data-used", "true")}
    assert used == {"peer-connection", "signaling"}


@pytest.mark.parametrize("evil", [EVIL, ["x"], {"a": 1}, 10**300, -1, True])
def test_whatever_a_trace_holds_is_text(evil: Any) -> None:
    reports = [report(1), report(2)]
    for each in reports:
        each["A"] = {"type": "media-source", "kind": "audio", "echoReturnLoss": evil}
        each["I"] = {"type": "inbound-rtp", "kind": "audio", "bytesReceived": 5, "codecId": evil}
        for entry in each.values():
            entry |= {
                name: evil for name in entry if name not in ("type", "kind", "bytesSent", "bytesReceived")
            }
    bad = SessionDescription(
        type="offer", sdp=f"a=group:\r\nm={EVIL}\r\na=rtpmap:96 {EVIL}\r\n{SDP.replace('VP8', EVIL)}"
    )
    events = [
        PeerEvent(time=0, peer=EVIL, place="page", configuration={"iceServers": evil, "bundlePolicy": evil}),
        DescriptionSet(time=1, peer=EVIL, side="local", description=bad),
        DescriptionSet(time=1, peer=EVIL, side="remote", description=bad),
        StateChange(time=1, peer=EVIL, state="signalingState", new=EVIL),
        StateChange(time=1, peer=EVIL, state="iceConnectionState", new=EVIL),
        CandidateEvent(time=1, peer=EVIL, action="gathered", candidate=Candidate(candidate=EVIL)),
        SelectedPair(time=1, peer=EVIL, local=EVIL, remote=EVIL, local_type=EVIL, remote_type=EVIL),
        DtlsEvent(time=1, peer=EVIL, state=EVIL, role=EVIL),
        ChannelEvent(time=1, peer=EVIL, label=EVIL, action=EVIL),
        *[StatisticsEvent(time=float(t), peer=EVIL, report=r) for t, r in enumerate(reports, 2)],
    ]
    page = Drawn(static_html(StackView(Trace.of(events))))
    assert "img" not in page.names and EVIL in page.text
    assert all(len(text) < 3000 for _, text in page.with_attribute("data-part"))


def test_many_streams_are_counted_not_listed() -> None:
    streams = {f"O{n}": {"type": "outbound-rtp", "kind": "video", "bytesSent": 5} for n in range(30)}
    trace = Trace.of([StatisticsEvent(time=1, peer="alice", report=streams)])
    text = part(drawn(StackView(trace)), "video-codec")[0]
    assert text.count("sends") == 3 and "… and 27 more" in text
