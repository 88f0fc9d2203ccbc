"""The exercises: right answers are taken, wrong ones get a hint, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import rtcnb
from rtcnb import check, language
from rtcnb.check.verdict import catalogue, judge
from rtcnb.errors import RtcnbError
from rtcnb.trace import ApiCall, DescriptionSet, Trace

DUMP = Path(__file__).resolve().parents[2] / "notebooks" / "dumps" / "a_call_that_failed.gz"


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    language.use("en")
    yield
    language.use("en")


@pytest.fixture
async def call() -> Any:
    """A call of two kernel peers, and what was said."""
    trace = Trace()
    alice, bob = (rtcnb.KernelPeer(name, trace=trace) for name in ("alice", "bob"))
    alice.createDataChannel("chat")
    offer = await alice.createOffer()
    await alice.setLocalDescription(offer)
    await bob.setRemoteDescription(offer)
    half = check.six_steps.states(("have-local-offer", "have-remote-offer"), alice, bob)
    wrong = [
        check.six_steps.states(x, alice, bob)
        for x in (("have-remote-offer", "have-local-offer"), ("stable", "stable"), None)
    ]
    answer = await bob.createAnswer()
    await bob.setLocalDescription(answer)
    await alice.setRemoteDescription(answer)
    for one, other in ((alice, bob), (bob, alice)):
        async for candidate in one.candidates():
            await other.addIceCandidate(candidate)
    await alice.wait_connected()
    await bob.wait_connected()
    yield {"trace": trace, "offer": offer, "answer": answer, "half": half, "wrong": wrong}
    await alice.close()
    await bob.close()


async def test_the_six_steps(call: Any) -> None:
    assert call["half"] and "outstanding" in str(call["half"])
    swapped, wrong, missing = call["wrong"]
    assert "not whose they are" in str(swapped) and str(wrong).startswith("✕")
    assert missing.right is None and not missing
    assert check.six_steps.sections(1, call["offer"])
    assert "port 0" in str(check.six_steps.sections(0, call["offer"]))
    assert check.six_steps.sections(7, call["offer"]).right is False
    assert check.six_steps.role("Bob", call["answer"]) and not check.six_steps.role("alice", call["answer"])
    assert check.six_steps.pair(("host", "host"), call["trace"], "alice")
    assert not check.six_steps.pair(("relay", "host"), call["trace"], "alice")
    assert check.six_steps.pair(None, Trace(), "alice").right is None


async def test_reading_a_trace(call: Any) -> None:
    trace = call["trace"]
    assert check.traces.controlling("alice", trace) and not check.traces.controlling("bob", trace)
    assert check.traces.controlling("bob", Trace()).right is None
    took = re.search(r"(\d+) ms", _right_ms(trace))
    assert took
    ms = int(took[1])
    assert check.traces.ice_ms(ms, trace, "alice")
    assert "milliseconds are asked for" in str(check.traces.ice_ms(ms / 1000, trace, "alice"))
    assert not check.traces.ice_ms(ms * 3 + 9, trace, "alice")
    sent = sum(e.data[:2] == b"\x00\x01" and e.direction == "sent" for e in trace.select("alice", "packet"))
    stun = sum(e.protocol == "stun" for e in trace.select("alice", "packet"))
    assert check.traces.checks(sent, trace, "alice")
    assert "every STUN packet" in str(check.traces.checks(stun, trace, "alice"))
    assert check.traces.checks("many", trace, "alice").right is False


def _right_ms(trace: Trace) -> str:
    verdicts = (str(check.traces.ice_ms(guess, trace, "alice")) for guess in range(5000))
    return next(v for v in verdicts if v.startswith("✓"))


async def test_a_mystery_does_not_tell_and_is_found() -> None:
    trace = Trace()
    alice, bob = (rtcnb.KernelPeer(name, trace=trace) for name in ("alice", "bob"))
    wire = rtcnb.Wire(alice, bob)
    found = []
    for number in range(1, 19):
        mystery = check.faults.Mystery(wire, number)
        (right,) = [name for name in check.faults.names() if mystery.is_(name)]
        told = [*map(str, trace.select(kind="fault")), repr(mystery), repr(mystery._fault)]
        assert not [text for text in told if right in text], "neither the trace nor the display says it"
        for name in check.faults.names():
            hint = str(mystery.is_(name))
            assert name == right or (hint.startswith("✕") and right not in hint)
        assert "There is no such fault" in str(mystery.is_("gremlins"))
        assert mystery.is_(None).right is None
        mystery.undo()
        found.append(right)
    assert sorted(found[:9]) == check.faults.names() and found[:9] == found[9:]
    assert wire.filters == []
    await alice.close()
    await bob.close()


def test_what_a_fault_does_in_a_sentence() -> None:
    assert "ice-pwd" in check.faults.explain("wrong-pwd")
    with pytest.raises(RtcnbError, match="There is no fault"):
        check.faults.explain("gremlins")


def test_glare_and_post_mortem() -> None:
    offer = rtcnb.SessionDescription(type="answer", sdp="v=0\r\n")
    trace = Trace.of([DescriptionSet(time=1, peer="alice", side="remote", description=offer)])
    assert check.glare.survivor("alice", trace) and not check.glare.survivor("bob", trace)
    assert check.glare.survivor("alice", Trace()).right is None
    rolled_back = ApiCall(peer="bob", method="setLocalDescription", arguments=("rollback",))
    given_up = Trace.of([rolled_back])
    assert check.glare.polite("bob", given_up) and not check.glare.polite("alice", given_up)
    assert check.glare.polite("bob", Trace()).right is None
    assert check.post_mortem.cause("nothing", Trace.of([]))
    assert check.post_mortem.candidates(set(), trace, "alice")
    assert not check.post_mortem.candidates({"relay"}, trace, "alice")


async def test_a_description_is_read() -> None:
    carol = rtcnb.KernelPeer("carol")
    carol.addTransceiver("audio", direction="sendonly")
    carol.addTransceiver("video")
    offer = await carol.createOffer()
    await carol.close()
    vp8 = next(c for c in offer.document.media[1].codecs if c.name == "VP8")
    assert check.descriptions.payload_type(vp8.payload_type, offer, "vp8")
    assert "retransmission" in str(check.descriptions.payload_type(vp8.rtx, offer, "VP8"))
    assert check.descriptions.payload_type(1, offer, "gremlin").right is None
    assert check.descriptions.direction("recvonly", offer, "audio")
    assert "offer's own word" in str(check.descriptions.direction("sendonly", offer, "audio"))
    assert "offer's own word" not in str(check.descriptions.direction("inactive", offer, "audio"))
    assert check.descriptions.direction("recvonly", offer, "text").right is None
    first = rtcnb.sdp.lint(check.descriptions.damaged(offer), "offer")[0]
    assert first.rule == "no-ice-credentials"
    assert check.descriptions.missing("a=ice-pwd") and not check.descriptions.missing("mid")


def test_a_camera_is_asked() -> None:
    assert check.camera.may_fail({"min", "max", "exact"}) and check.camera.may_fail(["exact", "min", "max"])
    assert "not they alone" in str(check.camera.may_fail({"exact"}))
    assert check.camera.may_fail({"ideal"}).right is False and check.camera.may_fail(None).right is None
    camera = rtcnb.Camera()
    assert check.camera.widest(640, camera).right is None
    camera.obtained = {
        "video": {"settings": {"width": 640}, "capabilities": {"width": {"min": 1, "max": 1920}}}
    }
    assert check.camera.widest(1920, camera)
    assert "what it gives now" in str(check.camera.widest(640, camera))
    assert check.camera.first_channel("Blue") and not check.camera.first_channel("red")


def test_a_word_of_the_catalogue_is_no_answer() -> None:
    assert "turn-login" not in str(check.post_mortem.cause("right", Trace.load(DUMP)))


def test_both_languages_have_the_same_texts_with_the_same_places() -> None:
    en, zh = catalogue("en"), catalogue("zh")
    assert {k: list(v) for k, v in en.items()} == {k: list(v) for k, v in zh.items()}
    for lesson, exercises in en.items():
        for exercise, texts in exercises.items():
            other = zh[lesson][exercise]
            assert list(texts) == list(other), exercise
            for hint, text in texts.items():
                assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", other[hint])), (
                    exercise,
                    hint,
                )
                assert hint == "right" or "{right}" not in text, "a hint is not the answer"


def test_a_stranger_answer_is_text() -> None:
    verdict = judge("glare.survivor", "<img src=x onerror=alert(1)>", "alice")
    assert "<img" not in verdict._repr_html_() and "&lt;img" in verdict._repr_html_()
