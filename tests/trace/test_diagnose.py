"""The diagnosis without sockets: its texts, its silence on nothing, and evidence that lacks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rtcnb import language
from rtcnb.sdp import Candidate, SessionDescription
from rtcnb.trace import (
    CandidateEvent,
    DescriptionSet,
    MediaEvent,
    PeerEvent,
    ServerEvent,
    StateChange,
    StatisticsEvent,
    Trace,
)
from rtcnb.trace.diagnose import catalogue
from rtcnb.trace.evidence import Side
from rtcnb.trace.rules import RULES

ROOT = Path(__file__).parents[2]


def test_every_rule_has_its_texts_in_both_languages() -> None:
    english, chinese = catalogue("en"), catalogue("zh")
    assert set(english) == set(chinese) == {rule.name for rule in RULES} | {"cannot-tell"}
    for name, texts in english.items():
        assert set(texts) == set(chinese[name])
        assert {"sentence", "remedy"} <= set(texts)
        for key in texts:
            assert places(english[name][key]) == places(chinese[name][key]), (name, key)


def test_the_page_of_the_diagnosis_names_every_rule_and_tests_that_exist() -> None:
    page = (ROOT / "docs" / "diagnosis.md").read_text(encoding="utf-8")
    assert {rule.name for rule in RULES} <= set(re.findall(r"`([\w-]+)`", page))
    tests = re.findall(r"`([\w/]+\.py)::(\w+)`", page)
    assert len(tests) > 30
    for path, name in tests:
        assert f"def {name}(" in (ROOT / "tests" / path).read_text(encoding="utf-8"), f"{path}::{name}"


def places(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)", text))


def test_nothing_is_said_of_nothing() -> None:
    assert Trace().diagnose() == []
    assert Trace.of([]).diagnose() == []


def test_a_failure_without_evidence_says_what_lacks() -> None:
    trace = Trace.of([StateChange(time=1.0, peer="pc", state="connectionState", new="failed")])
    (finding,) = trace.diagnose()
    assert finding.rule == "cannot-tell" and "descriptions, candidates, checks" in finding.sentence
    assert "the other end's own trace" in finding.sentence


@pytest.mark.parametrize(
    ("error", "rule"), [("InsecurePage", "insecure-page"), ("DeviceDenied", "device-denied")]
)
def test_a_device_that_does_not_open(error: str, rule: str) -> None:
    failed = MediaEvent(time=1.0, action="failed", text="camera failed: no", error=error)
    assert [f.rule for f in Trace.of([failed]).diagnose()] == [rule]
    assert Trace.of([failed, MediaEvent(time=2.0, action="live")]).diagnose() == []


def test_nothing_to_send() -> None:
    session = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
    offer = session + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=recvonly\r\n"
    described = [
        DescriptionSet(
            time=1.0, peer="a", side="local", description=SessionDescription(type="offer", sdp=offer)
        ),
        DescriptionSet(
            time=2.0,
            peer="a",
            side="remote",
            description=SessionDescription(type="answer", sdp=offer.replace("recvonly", "inactive")),
        ),
    ]
    assert [f.rule for f in Trace.of(described).diagnose()] == ["nothing-to-send"]


def server(time: float, url: str, code: int, text: str) -> ServerEvent:
    return ServerEvent(time=time, peer="a", url=url, error_code=code, text=text)


FAILED = [
    PeerEvent(time=0.0, peer="a", configuration={"iceTransportPolicy": "relay"}),
    StateChange(time=9.0, peer="a", state="iceGatheringState", new="complete"),
]


def test_a_server_s_own_answer_is_told_before_silence_over_another_socket() -> None:
    turn = "turn:192.0.2.1:3478?transport=udp"
    said = [server(1.0, turn, 701, "address is incompatible"), server(2.0, turn, 401, "Unauthorized"),
            server(3.0, turn, 701, "timed out")]  # fmt: skip
    rules = [f.rule for f in Trace.of([*FAILED, *said]).diagnose()]
    assert rules == ["turn-login", "relay-only"], "each server once"


def test_a_server_that_gave_something_is_not_blamed() -> None:
    stun, turn = server(2.0, "stun:192.0.2.1:3478", 701, "timed out"), server(2.0, "turn:x", 701, "timed out")
    host = "candidate:1 1 udp 1 192.0.2.7 9 typ host"
    described = DescriptionSet(
        time=1.0, peer="a", side="local", description=SessionDescription(type="offer", sdp="v=0\r\nm=audio")
    )
    connected = StateChange(time=3.0, peer="a", state="connectionState", new="connected")
    for kind in ("host", "srflx", "relay"):
        found = CandidateEvent(
            time=1.5, peer="a", action="gathered", candidate=Candidate(host.replace("host", kind), "0", 0)
        )
        rules = {f.rule for f in Trace.of([described, found, stun, turn, connected]).diagnose()}
        assert rules == {"srflx": {"turn-lost"}, "relay": {"dead-stun"}}.get(kind, {"dead-stun", "turn-lost"})
    entry = {"type": "local-candidate", "candidateType": "relay", "url": "turn:x"}
    report = StatisticsEvent(time=4.0, peer="a", report={"I1": entry})
    assert [f.rule for f in Trace.of([described, stun, turn, connected, report]).diagnose()] == ["dead-stun"]


def test_a_stun_server_that_nobody_gave_is_not_told() -> None:
    given = PeerEvent(time=0.0, peer="a", configuration={"iceServers": [{"urls": ["turn:name.example"]}]})
    described = DescriptionSet(
        time=1.0, peer="a", side="local", description=SessionDescription(type="offer", sdp="v=0\r\nm=audio")
    )
    said = server(2.0, "stun:name.example:3478", 701, "STUN host lookup received error.")
    assert Trace.of([given, described, said]).diagnose() == []
    asked = PeerEvent(time=0.0, peer="a", configuration={"iceServers": [{"urls": ["stun:name.example"]}]})
    assert [f.rule for f in Trace.of([asked, described, said]).diagnose()] == ["dead-stun"]


def test_findings_are_told_in_the_chosen_language() -> None:
    trace = Trace.of([MediaEvent(time=1.0, action="failed", error="DeviceDenied")])
    before = language.current()
    try:
        language.use("zh")
        assert "设备被拒绝" in trace.diagnose()[0].sentence
    finally:
        language.use(before)


def test_a_description_that_was_taken_back_does_not_stand() -> None:
    def described(side: str, *types: str) -> list[DescriptionSet]:
        return [
            DescriptionSet(
                peer="a", side=side, description=SessionDescription(type=type, sdp=f"v=0\r\ns={n}\r\n")
            )  # type: ignore[arg-type]
            for n, type in enumerate(types)
        ]

    def standing(side: str, *types: str) -> str | None:
        event = Side("a", list(described(side, *types)), 1.0).set_last(side)
        return event and event.description.sdp[5:8]

    assert standing("local", "offer", "rollback") is None
    assert standing("local", "offer", "offer", "rollback") == "s=0"
    assert standing("local", "answer", "rollback") == "s=0", "what was taken back was the other side's offer"
    assert standing("local", "offer", "rollback", "answer") == "s=2"
    assert standing("remote", "offer", "pranswer", "answer") == "s=2"
