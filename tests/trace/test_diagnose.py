"""The diagnosis without sockets: its texts, its silence on nothing, and evidence that lacks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rtcnb import language
from rtcnb.sdp import SessionDescription
from rtcnb.trace import DescriptionSet, MediaEvent, StateChange, Trace
from rtcnb.trace.diagnose import catalogue
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


def test_findings_are_told_in_the_chosen_language() -> None:
    trace = Trace.of([MediaEvent(time=1.0, action="failed", error="DeviceDenied")])
    before = language.current()
    try:
        language.use("zh")
        assert "设备被拒绝" in trace.diagnose()[0].sentence
    finally:
        language.use(before)
