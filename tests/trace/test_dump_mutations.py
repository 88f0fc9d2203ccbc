"""Dumps with any JSON in any place: read, or refused with a TraceError; what was read can be seen and saved."""

from __future__ import annotations

import copy
import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rtcnb.errors import TraceError
from rtcnb.trace import Trace
from rtcnb.widgets.inspector import Inspector

T0 = 1_795_342_627_015
SDP = (
    "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:Aaaa\r\n"
)
LINE = "candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host"


def described(kind: str) -> str:
    return json.dumps({"type": kind, "sdp": SDP})


def told(values: list[Any], kind: str = "transport") -> dict[str, Any]:
    told = {"startTime": "2026-11-22T10:17:07.015Z", "endTime": "2026-11-22T10:17:08.015Z", "statsType": kind}
    return told | {"values": json.dumps(values)}


INTERNALS: dict[str, Any] = {
    "timestamp": T0 + 9000,
    "getUserMedia": [
        {"pid": 1, "rid": 8, "request_id": 0, "audio": "", "timestamp": T0 - 100},
        {"pid": 1, "rid": 8, "request_id": 0, "audio_track_info": '{"id":"a","label":"b"}', "stream_id": "s"},
    ],
    "PeerConnections": {
        "8-2": {
            "rtcConfiguration": '{"iceServers":[{"urls":["stun:127.0.0.1:3478"]}]}',
            "updateLog": [
                {"type": "createOffer", "value": "{}", "timestamp": T0},
                {"type": "createOfferOnSuccess", "value": described("offer"), "timestamp": T0},
                {"type": "setLocalDescription", "value": f"type: offer, sdp: {SDP}x", "timestamp": T0 + 1},
                {"type": "setLocalDescriptionOnSuccess", "value": "", "timestamp": T0 + 2},
                {
                    "type": "signalingstatechange",
                    "value": "have-local-offer",
                    "time": "11/22/2026, 10:17:07 AM",
                },
                {"type": "setRemoteDescription", "value": described("answer"), "timestamp": T0 + 3},
                {"type": "setRemoteDescriptionOnFailure", "value": "no", "timestamp": T0 + 4},
                {"type": "addIceCandidate", "value": f"sdpMid: 0, sdpMLineIndex: 0, candidate: {LINE}"},
                {"type": "onicecandidate", "value": json.dumps({"candidate": LINE, "sdpMid": "0"})},
                {"type": "icecandidateerror", "value": "url: stun:s\nerror_text: no\nerror_code: 701"},
                {
                    "type": "transceiverAdded",
                    "value": '{"reason":"addTrack","kind":"audio","sender":{"track":"t"}}',
                },
                {"type": "oniceconnectionstatechange", "value": '"failed"', "timestamp": T0 + 5},
            ],
            "stats": {
                "T01-dtlsState": told(["new", "connected"]),
                "T01-selectedCandidatePairId": told(["CP1", "CP1"]),
                "T01-timestamp": told([T0 + 0.5, T0 + 1000.5]),
                "CP1-state": told(["succeeded", "failed"], "candidate-pair"),
                "CP1-requestsSent": told([1, 2], "candidate-pair"),
                "RIA1-roundTripTime": told([0.1], "remote-inbound-rtp"),
                "RIA1-timestamp": told([T0], "remote-inbound-rtp"),
                "D1-label": told(["chat"], "data-channel"),
                "D1-state": told(["open"], "data-channel"),
                "ssrc_1-bytes": told([1], "ssrc"),
            },
        }
    },
}
RTCSTATS: list[Any] = [
    {"fileFormat": 3},
    [39, "PC_0", {"iceServers": [{"urls": "stun:s"}]}, T0],
    [2, "PC_0", None, "2-0", 1],
    [3, "PC_0", {"type": "offer", "sdp": SDP}, "2-0", 1],
    [6, "PC_0", {"type": "offer", "sdp": "v=\r\nm=\r\n"}, "6-0", 1],
    [7, "PC_0", None, "6-0", 1],
    [10, "PC_0", {"candidate": LINE, "sdpMid": "0"}, "10-0", 1],
    [16, "PC_0", "no", "10-0", 1],
    [23, "PC_0", "have-local-offer", 1],
    [30, "PC_0", ["audio", "t", "l", "s"], 1],
    ["g", "PC_0", {"0": {"type": 5, "123": "connected", "125": "1"}, "1": {"type": 6}, "t": T0 + 20}, 10],
    ["g", "PC_0", {"1": None, "2": {"type": 3, "t": T0}, "t": T0 + 30}, 10],
    [60, None, {"video": True}, "60-0", 1],
    [65, None, "NotAllowedError: x", "60-0", 1],
    [":rtcnb", "PC_0", {"kind": "note", "text": "x"}, 1],
]
FIREFOX: dict[str, Any] = {
    "pcid": "{0a} 1 (id=2 url=https://a/)",
    "timestamp": T0,
    "configuration": {"iceServers": [{"urls": ["stun:s"]}]},
    "sdpHistory": [{"isLocal": True, "timestamp": T0 - 10, "sdp": SDP}],
    "transportStats": [
        {"id": "t", "type": "transport", "iceState": "connected", "selectedCandidatePairId": "p"}
    ],
    "iceCandidatePairStats": [{"id": "p", "type": "candidate-pair", "state": "succeeded", "nominated": True}],
    "rawRemoteCandidates": [LINE],
}

TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["<b>&\"'", "\ud800", "null", "[1, 2", '{"a":', '"q"', "[" * 3000, "[null, 1, {}]", "x\ny", LINE,
         SDP, "type: offer, sdp: "]
    ),
)  # fmt: skip
NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.sampled_from([10**400, -1, 0, T0, 1e308, float("nan"), float("inf")]),
)
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
JSON = st.recursive(
    LEAVES, lambda x: st.one_of(st.lists(x, max_size=3), st.dictionaries(TEXTS, x, max_size=3)), max_leaves=6
)
DEEP = st.integers(1, 400).map(lambda depth: _deep(depth))


def _deep(depth: int) -> Any:
    value: Any = {}
    for _ in range(depth):
        value = {"a": [value]}
    return value


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*path, key))


def changed(base: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    value = copy.deepcopy(base)
    node = value
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = odd
    return value


def use(data: bytes, folder: Path) -> None:
    try:
        trace = Trace.load(data)
    except TraceError as error:
        assert len(str(error)) < 1000
        return
    repr(trace), trace._repr_html_(), [str(e) for e in trace], [str(f) for f in trace.diagnose()]
    str(Inspector(trace).still())
    for form in ("jsonl", "rtcstats"):
        trace.save(folder / "1", format=form)
        back = Trace.load(folder / "1")
        back.diagnose()
        back.save(folder / "2", format=form)
        one, two = ((folder / name).read_bytes().split(b"\n", 1)[1] for name in "12")
        assert one == two
    trace.save(folder / "3", anonymise=True)


MANY = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
BASES = {"webrtc-internals": INTERNALS, "rtcstats": RTCSTATS, "about:webrtc": FIREFOX}


@pytest.mark.parametrize("name", BASES)
@given(data=st.data())
@MANY
def test_any_json_in_any_place(tmp_path: Path, name: str, data: st.DataObject) -> None:
    base = BASES[name]
    value = changed(base, data.draw(st.sampled_from(list(places(base)))), data.draw(st.one_of(JSON, DEEP)))
    if name == "rtcstats" and isinstance(value, list):
        text = "RTCStatsDump\n" + "\n".join(json.dumps(row) for row in value)
    else:
        text = json.dumps(value)
    use(text.encode(), tmp_path)


@given(data=st.data())
@settings(MANY, max_examples=25)
def test_any_json_in_any_place_of_the_corpus_dump(tmp_path: Path, data: st.DataObject) -> None:
    default = Path(__file__).resolve().parents[3] / "shared" / "corpus"
    corpus = Path(os.environ.get("RTCNB_CORPUS", default))
    path = corpus / "dumps" / "webrtc-internals-chromium156-loopback-call.gz"
    if not path.exists():
        pytest.skip(f"{corpus} is absent: clone the shared corpus beside this checkout, or set RTCNB_CORPUS")
    base = json.loads(gzip.decompress(path.read_bytes()))
    value = changed(base, data.draw(st.sampled_from(list(places(base)))), data.draw(JSON))
    use(json.dumps(value).encode(), tmp_path)


def test_html_in_any_place_is_shown_as_text() -> None:
    shown = 0
    for base in (INTERNALS, FIREFOX):
        for path in places(base):
            try:
                trace = Trace.load(json.dumps(changed(base, path, "<i>odd</i>")).encode())
            except TraceError:
                continue
            seen = str(Inspector(trace).still()) + trace._repr_html_()
            assert "<i>odd" not in seen, path
            shown += "&lt;i&gt;odd" in seen
    assert shown > 15


def test_what_was_made_for_this_is_read() -> None:
    assert len(Trace.load(json.dumps(INTERNALS).encode())) > 20
    assert len(Trace.load(("RTCStatsDump\n" + "\n".join(map(json.dumps, RTCSTATS))).encode())) > 8
    assert len(Trace.load(json.dumps(FIREFOX).encode())) > 5
