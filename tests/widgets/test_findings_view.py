"""Findings as they are shown: newest first, with their evidence, at the moment; and in the Inspector."""

from __future__ import annotations

import threading
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from rtcnb import Inspector
from rtcnb.sdp import SessionDescription
from rtcnb.trace import (
    ApiCall,
    CandidateEvent,
    DescriptionSet,
    Event,
    MediaEvent,
    PacketEvent,
    PeerEvent,
    StateChange,
    Trace,
)
from rtcnb.widgets import findings_view
from rtcnb.widgets.findings_view import FindingsView, confidence_words
from rtcnb.widgets.live import static_html

EVIL = "<img src=x onerror=window.pwned=1>"
TEXT = (Path(__file__).parents[2] / "docs" / "lint" / "offer.sdp").read_bytes().decode()
OFFER = SessionDescription(type="offer", sdp=TEXT)
ANSWER = SessionDescription(
    type="answer", sdp=TEXT.replace("actpass", "active").replace("a=ice-ufrag:", "a=ice-ufrag:x")
)
GIVEN_TWICE = "Cannot handle answer in signaling state stable"


class Page(HTMLParser):
    """What a page would make of HTML: its elements and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, name: str) -> list[str | None]:
        return [attrs[name] for _, attrs in self.elements if name in attrs]


def made(*peers: str) -> list[Event]:
    return [PeerEvent(time=1.0, peer=peer, place="kernel") for peer in peers]


def described(time: float, peer: str, side: Any, description: SessionDescription) -> Event:
    return DescriptionSet(time=time, peer=peer, side=side, description=description)


def twice() -> list[Event]:
    """An answer applied twice, and an offer whose feedback is about no codec."""
    wrong = SessionDescription(type="offer", sdp=TEXT.replace("a=rtcp-fb:96 nack\r", "a=rtcp-fb:111 nack\r"))
    return [
        *made("alice", "bob"),
        described(1.5, "alice", "local", wrong),
        described(2.0, "alice", "remote", ANSWER),
        ApiCall(
            time=3.0,
            peer="alice",
            method="setRemoteDescription",
            arguments=("answer",),
            outcome="error",
            error=f"InvalidState: {GIVEN_TWICE}",
        ),
        StateChange(time=3.5, peer="alice", state="connectionState", new="connected"),
    ]


def html_of(view: FindingsView) -> str:
    return "".join(fragment.body for fragment in view.draw())


def test_the_newest_comes_first_each_with_remedy_confidence_reference_and_evidence() -> None:
    trace = Trace.of(twice())
    page = Page(html_of(FindingsView(trace)))
    rules = page.values("data-rule")
    assert rules[0] == "answer-twice" and "parameters-of-nothing" in rules
    finding = trace.diagnose()[0]
    for text in (finding.sentence, finding.remedy, finding.reference, "certain (100%)", "Error"):
        assert text in page.text
    assert "2000.0 ms" in page.text  # 3.0 s, when the trace begins at 1.0 s
    assert "line 71: a=rtcp-fb:111 nack" in page.text and "500.0 ms" in page.text


def test_only_the_trace_up_to_the_moment_counts() -> None:
    view = FindingsView(Trace.of(twice()))
    view.until = 2.5
    assert "answer-twice" not in html_of(view) and "parameters-of-nothing" in html_of(view)
    view.until = 1.2
    page = Page(html_of(view))
    assert "Nothing is wrong." in page.text and "2 events (2 peer) of alice and bob" in page.text
    view.until = None
    assert "answer-twice" in html_of(view)


def test_pressing_evidence_goes_to_it() -> None:
    view = FindingsView(Trace.of(twice()))
    gone: list[tuple[Event, int]] = []
    view.go = lambda event, line: gone.append((event, line))
    for value in Page(html_of(view)).values("data-value"):
        view.act("evidence", value)
    assert {(type(event), line) for event, line in gone} == {
        (ApiCall, 0),
        (DescriptionSet, 0),
        (DescriptionSet, 71),
    }
    for value in ("", "9.0", "0.9", "x.y", None, "-1.0"):  # a page may be behind
        view.act("evidence", value)
    assert len(gone) == len(Page(html_of(view)).values("data-value"))


def test_by_default_the_event_is_shown_below_without_passwords() -> None:
    view = FindingsView(Trace.of(twice()))
    view.current()
    view.act("evidence", Page(html_of(view)).values("data-value")[-1])
    shown = Page(html_of(view)).text
    assert "a=setup:actpass" in shown and "a=ice-pwd:••••" in shown
    assert str(OFFER.document.media[0].pwd) not in html_of(view)
    view.act("evidence-close", None)
    assert "a=setup:actpass" not in html_of(view)


def test_an_empty_trace_has_nothing_to_find() -> None:
    assert "Nothing has happened yet" in html_of(FindingsView(Trace()))


def test_what_the_trace_lacks_is_said() -> None:
    trace = Trace.of(made("alice"), missing=["checks", EVIL])
    page = Page(html_of(FindingsView(trace)))
    assert f"This trace lacks: checks, {EVIL}." in page.text and "img" not in {
        tag for tag, _ in page.elements
    }


def test_hostile_text_is_text_in_every_field() -> None:
    hostile = SessionDescription(
        type="offer", sdp="\r\n".join(f"{line}{EVIL}" for line in TEXT.split("\r\n"))
    )
    events = [
        *made(EVIL),
        described(1.5, EVIL, "local", hostile),
        ApiCall(
            time=3.0,
            peer=EVIL,
            method=EVIL,
            outcome="error",
            error=EVIL,
            given=f"v=0{EVIL}",
            arguments=(EVIL,),
        ),
        ApiCall(
            time=3.1, peer=EVIL, method="setRemoteDescription", outcome="error", error=f"{GIVEN_TWICE} {EVIL}"
        ),
        MediaEvent(time=3.2, peer=EVIL, action="failed", error="DeviceDenied", text=EVIL, device=EVIL),
        PacketEvent(
            time=3.3,
            peer=EVIL,
            direction="sent",
            protocol="stun",
            data=b"\x00\x01" + EVIL.encode(),
            size_bytes=36,
        ),
    ]
    view = FindingsView(Trace.of(events))
    html = html_of(view) + static_html(view) + static_html(Inspector(Trace.of(events)))
    for event in events:
        view.show_event(event)
        html += html_of(view)
    page = Page(html)
    assert "img" not in {tag for tag, _ in page.elements} and EVIL in page.text


@pytest.mark.parametrize(
    ("confidence", "words"),
    [(1.0, "certain"), (0.8, "very likely"), (0.6, "likely"), (0.1, "a guess"), (0.0, "a guess")],
)
def test_confidence_is_told_in_words(confidence: float, words: str) -> None:
    assert confidence_words(confidence) == words


def hanging(trace: Trace) -> None:
    """Both descriptions are set, no candidate ever comes, and it is silent for long."""
    now = time.monotonic() - 30
    trace.append(PeerEvent(time=now, peer="alice"))
    trace.append(PeerEvent(time=now, peer="bob"))
    plain = [x.without_candidates() for x in (OFFER, ANSWER)]
    for peer, sides in (("alice", ("local", "remote")), ("bob", ("remote", "local"))):
        for side, description in zip(sides, plain, strict=True):
            trace.append(described(now + 0.1, peer, side, description))
    for peer in ("alice", "bob"):
        found = OFFER.document.media[0].candidates[0]
        trace.append(CandidateEvent(time=now + 0.2, peer=peer, action="gathered", candidate=found))


def test_what_only_hangs_is_waiting_and_no_error_yet() -> None:
    trace = Trace()
    hanging(trace)
    page = Page(html_of(FindingsView(trace)))
    assert "no-candidates" in page.values("data-rule") and "Waiting" in page.text
    trace.append(StateChange(peer="alice", state="iceConnectionState", new="failed"))
    trace.append(StateChange(peer="bob", state="iceConnectionState", new="failed"))
    assert "Error" in Page(html_of(FindingsView(trace))).text


def test_a_live_trace_is_diagnosed_once_a_second_and_not_for_packets(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    asked: list[float] = []
    timers: list[float] = []
    monkeypatch.setattr(findings_view.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(FindingsView, "_look_again", lambda self, delay: timers.append(delay))
    monkeypatch.setattr(FindingsView, "_diagnosed", lambda self, moment: asked.append(now[0]) or [])
    trace = Trace()
    view = FindingsView(trace)

    def look(at: float, *events: Event) -> int:
        now[0] = at
        for event in events:
            trace.append(event)
        view.timeline.refresh()
        view.current()
        return len(asked)

    packet = PacketEvent(time=1, direction="sent", protocol="rtp", data=b"\x80", size_bytes=1)
    change = StateChange(time=1, peer="a", state="connectionState", new="connecting")
    assert look(1000, change) == 1
    assert look(1000.5, packet) == 1
    assert look(1000.6, change) == 1 and timers[-1] == pytest.approx(0.4)  # and again when the second is over
    assert look(1001.0) == 2
    assert look(1003.0, packet) == 2
    assert timers[-1] == findings_view.QUIET_AFTER  # silence is looked at, though nothing draws it
    assert look(1006.5) == 3
    assert look(1030.0) == 4 and len(timers) == 4  # after that nothing wakes it but events
    view.until = 5.0
    assert look(1030.1) == 5 and look(1060.0) == 5  # a moment in the past is diagnosed once
    view.until = None
    assert look(1060.1) == 6


def test_silence_is_told_though_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings_view, "QUIET_AFTER", 0.05)
    trace = Trace()
    view = FindingsView(trace)
    woken = threading.Event()
    end = view.watch(lambda: None)
    view.changed = woken.set
    trace.append(StateChange(peer="a", state="connectionState", new="connecting"))
    view.timeline.refresh()
    view.current()
    assert woken.wait(20)
    end()


# -- in the Inspector


def test_the_inspector_shows_the_first_as_a_banner_and_their_number_in_the_tab() -> None:
    trace = Trace.of(twice())
    inspector = Inspector(trace)
    drawn = {fragment.key: fragment.body for fragment in inspector.draw()}
    assert (
        trace.diagnose()[0].sentence in Page(drawn["finding"]).text and "Error" in Page(drawn["finding"]).text
    )
    number = len(inspector.findings.current())
    assert number > 1 and f"Findings {number}" in Page(drawn["tabs"]).text
    inspector.act("inspector-finding", None)
    assert inspector.tab == "findings"
    inspector.show_at(0.1)
    drawn = {fragment.key: fragment.body for fragment in inspector.draw()}
    assert Page(drawn["finding"]).text == "" and "Findings " not in Page(drawn["tabs"]).text


def test_evidence_moves_slider_and_tab_of_the_inspector() -> None:
    inspector = Inspector(Trace.of(twice()))
    inspector.act("inspector-tab", "findings")
    list(inspector.draw())
    found = inspector.findings.current()
    which = next(i for i, shown in enumerate(found) if shown.from_lint)
    inspector.act("evidence", f"{which}.0")
    assert inspector.tab == "descriptions" and inspector.until == 1.5
    drawn = {fragment.key: fragment for fragment in inspector.draw()}
    assert "line 71 of 102" in Page(str(drawn["descriptions/sdp"].below)).text


def test_the_same_line_of_two_peers_is_told_once() -> None:
    events = [
        *twice(),
        described(
            1.6,
            "bob",
            "remote",
            SessionDescription(type="offer", sdp=TEXT.replace("a=rtcp-fb:96 nack\r", "a=rtcp-fb:111 nack\r")),
        ),
    ]
    rules = Page(html_of(FindingsView(Trace.of(events)))).values("data-rule")
    assert rules.count("parameters-of-nothing") == 1


def test_a_view_of_one_peer_tells_nothing_of_others() -> None:
    trace = Trace.of([*twice(), *made("carol")])
    assert "answer-twice" not in html_of(FindingsView(trace, "carol"))
    assert "answer-twice" in html_of(FindingsView(trace, "alice"))
