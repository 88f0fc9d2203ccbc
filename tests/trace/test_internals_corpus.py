"""Dumps of chrome://webrtc-internals: the corpus' own, one of an hour, of failed calls and of strangers."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from internals_dumps import BEGAN, LINE, connection, dump_of, iso, modern, sdp, stamped

from rtcnb.errors import TraceError
from rtcnb.trace import (
    CandidateEvent,
    ChannelEvent,
    DescriptionSet,
    MediaEvent,
    PairEvent,
    SelectedPair,
    StateChange,
    StatisticsEvent,
    Trace,
)


@pytest.fixture(scope="module")
def dumps() -> Path:
    default = Path(__file__).resolve().parents[3] / "shared" / "corpus"
    corpus = Path(os.environ.get("RTCNB_CORPUS", default))
    if not (corpus / "dumps").is_dir():
        pytest.skip(f"{corpus} is absent: clone the shared corpus beside this checkout, or set RTCNB_CORPUS")
    return corpus / "dumps"


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
