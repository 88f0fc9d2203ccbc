"""Small dumps of chrome://webrtc-internals, as each generation of Chrome writes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

BEGAN = datetime(2020, 10, 20, 19, 4, 5, tzinfo=UTC).timestamp()  # in New York it was 3:04:05 PM
LINE = "candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host generation 0 ufrag {0}"


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
