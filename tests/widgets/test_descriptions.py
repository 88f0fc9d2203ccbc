"""Descriptions as they are shown: annotated, cut off at a moment, against each other, with no password in sight."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from rtcnb.sdp import SessionDescription, compare, lint
from rtcnb.trace import CandidateEvent, DescriptionSet, Event, PeerEvent, Trace
from rtcnb.widgets.descriptions import DescriptionsView
from rtcnb.widgets.live import static_html
from rtcnb.widgets.view import Fragment, Rows

EVIL = "<img src=x onerror=window.pwned=1>"
TEXT = (Path(__file__).parents[2] / "docs" / "lint" / "offer.sdp").read_bytes().decode()
OFFER = SessionDescription(type="offer", sdp=TEXT)
PASSWORD = str(OFFER.document.media[0].pwd)
ANSWER = SessionDescription(
    type="answer",
    sdp=TEXT.replace("a=setup:actpass", "a=setup:active")
    .replace("SAVPF 96 97 108 109", "SAVPF 96 97")
    .replace("a=ice-ufrag:", "a=ice-ufrag:x")
    .replace(PASSWORD, "y" * 24),
)


def exchange(**created: Any) -> Trace:
    def at(time: float, peer: str, side: Any, description: SessionDescription, **more: Any) -> Event:
        return DescriptionSet(time=time, peer=peer, side=side, description=description, **more)

    events = [
        PeerEvent(time=1.0, peer="alice", place="kernel"),
        PeerEvent(time=1.0, peer="bob", place="kernel"),
        at(1.1, "alice", "local", OFFER, **created),
        at(1.2, "bob", "remote", OFFER),
        at(1.3, "bob", "local", ANSWER),
        at(1.4, "alice", "remote", ANSWER),
    ]
    return Trace.of(events)


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

    def having(self, **wanted: str) -> list[dict[str, str | None]]:
        names = {key.replace("_", "-"): value for key, value in wanted.items()}
        return [attrs for _, attrs in self.elements if names.items() <= attrs.items()]


def fragments(view: DescriptionsView) -> dict[str, Fragment]:
    return {fragment.key: fragment for fragment in view.draw()}


def rows(view: DescriptionsView) -> list[str]:
    found = fragments(view)["sdp"].rows
    assert isinstance(found, Rows)
    return [Page(row).text for row in found.draw(0, found.count)]


def told(view: DescriptionsView) -> str:
    return Page(str(fragments(view)["sdp"].below)).text


def go_to(view: DescriptionsView, text: str) -> str:
    """Choose the row that has this text, and return its explanation."""
    view.act("sdp-line", next(i for i, row in enumerate(rows(view)) if text in row))
    return told(view)


def test_every_line_is_shown_with_its_number_and_explained() -> None:
    view = DescriptionsView(exchange())
    assert "sdp" in fragments(view)
    view.act("sdp-all", "unfold")
    shown = rows(view)
    for line in OFFER.document.lines:
        if line.attribute != "ice-pwd":
            assert any(row.endswith(line.text) and row.startswith(str(line.number)) for row in shown), line
    assert len(shown) == len(OFFER.document.lines) + 4  # a heading for the session and each section
    assert "VP8" in go_to(view, "a=rtpmap:96")
    assert "line" in told(view) and "of 102" in told(view)


def test_headings_say_what_was_kept_and_what_was_lost() -> None:
    view = DescriptionsView(exchange())
    heading = next(row for row in rows(view) if "m=video" in row and "mid 1" in row)
    assert "VP8 kept, H264 lost" in heading
    view.act("sdp-all", "unfold")
    assert "Lost: the answer does not have this codec." in go_to(view, "a=rtpmap:108")
    assert "Lost: it repeats 108, which was lost." in go_to(view, "a=rtpmap:109")
    assert "Kept: the answer has it too, as 96." in go_to(view, "a=rtpmap:96")
    assert "Settled: the answerer is the DTLS client" in go_to(view, "a=setup:")


def test_sections_fold_by_button_and_by_enter() -> None:
    view = DescriptionsView(exchange())
    before = len(rows(view))
    heading = next(i for i, row in enumerate(rows(view)) if "m=video" in row)
    view.act("sdp-enter", heading)
    assert len(rows(view)) == before + len(OFFER.document.media[1].lines)
    assert "lost: not answered" in told(view)  # the heading's explanation is what became of the section
    view.act("sdp-fold", "1")
    assert len(rows(view)) == before
    view.act("sdp-all", "fold")
    assert len(rows(view)) == 4


def test_offer_against_answer_is_what_compare_says() -> None:
    shown = Page(fragments(DescriptionsView(exchange()))["agreed"].body).text
    negotiation = compare(OFFER, ANSWER)
    assert "offerer: alice · answerer: bob" in shown
    for media in negotiation.media:
        assert f"{media.kind} · mid {media.mid} · accepted" in shown
    assert "offerer server, answerer client" in shown and "lost: not answered" in shown


def test_without_an_answer_it_says_so() -> None:
    view = DescriptionsView(exchange())
    view.until = 1.25
    found = fragments(view)
    assert "No answer to this offer yet." in found["agreed"].body
    assert "remote answer" not in found["choose"].body
    assert "VP8 kept" not in "".join(rows(view))


def test_nothing_later_than_the_moment_is_shown() -> None:
    view = DescriptionsView(exchange())
    view.until = 1.05
    assert "No description has been set yet." in fragments(view)["none"].body
    view.until = 1.15
    assert [x["data-value"] for x in Page(fragments(view)["choose"].body).having(role="tab")] == [
        "alice local"
    ]
    view.act("description-of", "alice remote")  # not there yet
    assert "offer" in Page(fragments(view)["sdp"].body).text
    view.until = None
    assert "answer" in Page(fragments(view)["sdp"].body).text


def test_earlier_descriptions_can_be_chosen() -> None:
    second = SessionDescription(type="offer", sdp=TEXT.replace("s=-", "s=second"))
    trace = Trace.of(
        [*exchange().events, DescriptionSet(time=2.0, peer="alice", side="local", description=second)]
    )
    view = DescriptionsView(trace)
    view.act("sdp-all", "unfold")
    fragments(view)
    view.act("sdp-all", "unfold")
    assert any(row.endswith("s=second") for row in rows(view))
    options = [
        x["value"] or "" for tag, x in Page(fragments(view)["choose"].body).elements if tag == "option"
    ]
    assert len(options) == 6  # the five that were set, and the one in force
    view.act("description-at", next(x for x in options if x.startswith("1.100000 local")))
    fragments(view)
    view.act("sdp-all", "unfold")
    assert any(row.endswith("s=-") for row in rows(view))
    assert "VP8 kept" in "".join(rows(view))  # of its own answer


def test_passwords_are_dots_until_the_reader_asks() -> None:
    view = DescriptionsView(exchange())
    fragments(view)
    view.act("sdp-all", "unfold")

    def everything() -> str:
        return "".join(rows(view)) + go_to(view, "a=ice-pwd") + "".join(f.body for f in view.draw())

    assert PASSWORD not in everything()
    assert "a=ice-pwd:••••" in everything()
    view.act("sdp-reveal", None)
    assert PASSWORD in everything()
    assert PASSWORD not in static_html(view)  # nobody can ask there, and it is saved


@pytest.mark.parametrize("broken", ["sh0rt", "zw3i w0rte", f"{'q' * 200} x", "p4ss<w0rd>1234567890123"])
def test_a_broken_password_is_hidden_too(broken: str) -> None:
    offer = SessionDescription(type="offer", sdp=TEXT.replace(PASSWORD, broken))
    assert any("ice-pwd" in finding.sentence for finding in lint(offer))
    view = DescriptionsView(Trace.of([DescriptionSet(time=1, peer="a", side="local", description=offer)]))
    fragments(view)
    view.act("sdp-all", "unfold")
    shown = "".join(rows(view)) + go_to(view, "a=ice-pwd") + Page(static_html(view)).text
    for word in broken.split():
        assert len(word) < 4 or word[:59] not in shown


def test_keys_of_crypto_lines_are_never_there() -> None:
    text = TEXT.replace("a=mid:0\r\n", "a=mid:0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:SECRETKEY\r\n")
    offer = SessionDescription(type="offer", sdp=text)
    view = DescriptionsView(Trace.of([DescriptionSet(time=1, peer="a", side="local", description=offer)]))
    fragments(view)
    view.act("sdp-reveal", None)
    assert "SECRETKEY" not in "".join(rows(view)) + static_html(view)


def test_munged_lines_are_marked_with_what_they_were() -> None:
    munged = SessionDescription(
        type="offer",
        sdp=TEXT.replace("SAVPF 96 97 108 109", "SAVPF 108 109 96 97").replace("a=rtcp-rsize\r\n", ""),
    )
    events = [e for e in exchange().events if not (e.peer == "alice" and isinstance(e, DescriptionSet))]
    events.append(DescriptionSet(time=1.15, peer="alice", side="local", description=munged, created=OFFER))
    view = DescriptionsView(Trace.of(events))
    marked = [row for row in rows(view) if "≠" in row]
    assert len(marked) == 1 and "m=video" in marked[0]
    assert "createOffer had: m=video 36782 UDP/TLS/RTP/SAVPF 96 97 108 109" in told(view)  # chosen by itself
    shown = Page(fragments(view)["munged"].body).text
    assert "codec order is now H264, VP8" in shown and "a=rtcp-rsize was removed" in shown
    assert "createOffer had" in Page(static_html(view)).text


def test_an_edit_on_the_way_is_told_at_the_receiver() -> None:
    edited = SessionDescription(type="offer", sdp=TEXT.replace("a=rtcp-xr:rcvr-rtt=all", "a=rtcp-xr:none"))
    events = [e for e in exchange().events if not (e.peer == "bob" and getattr(e, "side", "") == "remote")]
    view = DescriptionsView(
        Trace.of([*events, DescriptionSet(time=1.2, peer="bob", side="remote", description=edited)])
    )
    view.act("description-of", "bob remote")
    assert "Edited on the way from alice to bob" in fragments(view)["munged"].body
    assert "alice had: a=rtcp-xr:rcvr-rtt=all" in told(view)


def test_candidates_that_a_browser_adds_to_its_own_description_are_no_edit() -> None:
    gathered = OFFER.with_candidates([], True).sdp.replace("m=audio 44070", "m=audio 40000")
    late = SessionDescription(type="offer", sdp=gathered.replace("c=IN IP4 192.0.2.2", "c=IN IP4 192.0.2.9"))
    events = [e for e in exchange().events if not (e.peer == "bob" and getattr(e, "side", "") == "remote")]
    view = DescriptionsView(
        Trace.of([*events, DescriptionSet(time=1.2, peer="bob", side="remote", description=late)])
    )
    view.act("description-of", "bob remote")
    assert "munged" not in fragments(view)
    assert not any("≠" in row for row in rows(view))


def test_findings_stand_beside_their_lines() -> None:
    wrong = SessionDescription(type="offer", sdp=TEXT.replace("a=rtcp-fb:96 nack\r", "a=rtcp-fb:111 nack\r"))
    view = DescriptionsView(Trace.of([DescriptionSet(time=1, peer="a", side="local", description=wrong)]))
    marked = [row for row in rows(view) if "✕" in row and "a=rtcp-fb:111 nack" in row]
    assert len(marked) == 1
    assert "no a=rtpmap says" in told(view)  # the worst line is chosen by itself
    view.act("sdp-line", 0)
    go = Page(str(fragments(view)["sdp"].below)).having(data_press="sdp-go")
    assert go
    view.act("sdp-go", go[0]["data-value"])
    assert "no a=rtpmap says" in told(view)


def test_focus_shows_a_line_of_a_description_of_the_trace() -> None:
    trace = exchange()
    view = DescriptionsView(trace)
    event = next(
        e for e in trace.events if isinstance(e, DescriptionSet) and e.peer == "bob" and e.side == "local"
    )
    view.focus(event, 72)
    assert "line 72 of" in told(view) and "answer" in Page(fragments(view)["sdp"].body).text


def test_hostile_text_is_text_in_every_field() -> None:
    lines = [line + EVIL for line in TEXT.split("\r\n")[:-1]]
    hostile = SessionDescription(type="offer", sdp="\r\n".join([*lines, ""]))
    answer = SessionDescription(type="answer", sdp=hostile.sdp.replace("actpass", "active"))
    events = [
        DescriptionSet(time=1.0, peer=EVIL, side="local", description=hostile, created=OFFER),
        DescriptionSet(time=1.1, peer=EVIL, side="remote", description=answer),
        DescriptionSet(time=1.2, peer="bob", side="remote", description=hostile),
    ]
    view = DescriptionsView(Trace.of(events))
    fragments(view)
    view.act("sdp-all", "unfold")
    count = len(rows(view))
    assert any(EVIL in row for row in rows(view))
    for row in range(count):
        view.act("sdp-line", row)
        found = fragments(view)["sdp"].below
        assert "img" not in {tag for tag, _ in Page(str(found)).elements}
    found = fragments(view)["sdp"].rows
    assert found is not None
    html = "".join([*(f.body for f in view.draw()), *found.draw(0, count), static_html(view)])
    assert "img" not in {tag for tag, _ in Page(html).elements}
    assert EVIL in Page(html).text


def test_the_static_form_has_every_description_in_force_once() -> None:
    page = Page(static_html(DescriptionsView(exchange())))
    assert (
        page.text.count("a=rtpmap:96 VP8/90000") == 2
    )  # the offer, and the answer; their other ends are the same
    assert page.text.count("the same text as that of") == 2
    assert (
        "VP8 kept, H264 lost" in page.text
        and "No description" in Page(static_html(DescriptionsView(Trace()))).text
    )


def test_candidates_that_came_later_are_counted_up_to_the_moment() -> None:
    candidate = OFFER.document.media[0].candidates[0]
    late = [CandidateEvent(time=t, peer="alice", action="gathered", candidate=candidate) for t in (1.5, 1.6)]
    view = DescriptionsView(Trace.of([*exchange().events, *late]))
    assert "2 candidates came after it" in Page(fragments(view)["sdp"].body).text
    view.until = 1.55
    assert "1 candidate came after it" in Page(fragments(view)["sdp"].body).text


def test_a_very_long_description_stays_usable() -> None:
    head, *media = TEXT.split("m=")
    text = head + "".join(f"m={m}".replace("a=mid:", f"a=mid:{i}") for i in range(50) for m in media)
    view = DescriptionsView(
        Trace.of(
            [
                DescriptionSet(
                    time=1, peer="a", side="local", description=SessionDescription(type="offer", sdp=text)
                )
            ]
        )
    )
    fragments(view)
    view.act("sdp-all", "unfold")
    found = fragments(view)["sdp"]
    assert found.rows is not None and found.rows.count > 4700
    assert len(found.body) + len(str(found.below)) < 50_000  # the lines are drawn on request
    assert len(found.rows.draw(4000, 4100)) == 100
