"""SdpInspector: what is pasted is explained, checked, mended, compared and handed back."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

import rtcnb
from rtcnb.errors import CandidateError, DescriptionError, PageTimeout
from rtcnb.sdp import Candidate, SessionDescription, compare, lint, parse
from rtcnb.widgets.live import Live, static_html
from rtcnb.widgets.sdp_inspector import SdpInspector

EVIL = "<img src=x onerror=window.pwned=1>"
TEXT = (Path(__file__).parents[2] / "docs" / "lint" / "offer.sdp").read_bytes().decode()
OFFER = SessionDescription(type="offer", sdp=TEXT)
ANSWER = SessionDescription(
    type="answer", sdp=TEXT.replace("a=setup:actpass", "a=setup:active").replace("96 97 108 109", "96 97")
)
PASSWORD = str(OFFER.document.media[0].pwd)
CANDIDATE = "candidate:842163049 1 udp 1677729535 203.0.113.9 46154 typ srflx raddr 10.0.0.5 rport 46154"


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


def drawn(inspector: SdpInspector) -> dict[str, str]:
    """Return every part as the page gets it, the rows of the lines too."""
    parts = {}
    for fragment in inspector.draw():
        rows = "".join(fragment.rows.draw(0, fragment.rows.count)) if fragment.rows else ""
        parts[fragment.key] = f"{fragment.body}{rows}{fragment.below or ''}"
    return parts


def text_of(inspector: SdpInspector, part: str) -> str:
    return Page(drawn(inspector)[part]).text


def rules(inspector: SdpInspector) -> set[tuple[str, int]]:
    """What was found, as rule and line."""
    found = inspector._annotated(0).findings
    return {(f.rule, f.evidence[0].number if f.evidence else 0) for f in found}


def type_in(inspector: SdpInspector, text: str, box: str = "first") -> None:
    """Edit a box as a page does: its textarea has line feeds only."""
    inspector.act(f"sdp-text-{box}", text.replace("\r\n", "\n"))


# -- what is given


@pytest.mark.parametrize(
    "given",
    [
        OFFER,
        TEXT,
        TEXT.encode(),
        OFFER.to_json(),
        {"type": "offer", "sdp": TEXT},
        parse(TEXT),
    ],
)
def test_whatever_holds_a_description_is_taken(given: object) -> None:
    inspector = rtcnb.SdpInspector(given)
    assert inspector.text == TEXT
    assert inspector.description == OFFER  # a=setup:actpass makes it one where nobody says it
    assert "102 lines" in text_of(inspector, "sdp")


def test_nothing_is_a_box_to_paste_into() -> None:
    inspector = rtcnb.SdpInspector()
    page = Page(drawn(inspector)["boxes"])
    area = next(attrs for tag, attrs in page.elements if tag == "textarea")
    assert area["data-input"] == "sdp-text-first" and area["aria-label"]
    assert inspector.text == "" and "Nothing was pasted yet." in Page(static_html(inspector)).text
    with pytest.raises(DescriptionError, match="paste or type"):
        _ = inspector.description


def test_what_holds_no_description_is_refused() -> None:
    with pytest.raises(DescriptionError, match="int, not a description"):
        rtcnb.SdpInspector(3)
    with pytest.raises(DescriptionError, match="1,000,000"):
        rtcnb.SdpInspector("a" * 1_000_001)
    inspector = rtcnb.SdpInspector(TEXT)
    with pytest.raises(DescriptionError, match="1,000,000"):
        inspector.act("sdp-text-first", "a" * 1_000_001)
    assert inspector.text == TEXT


# -- editing


def test_a_field_that_is_only_touched_changes_no_byte() -> None:
    for text in (TEXT, TEXT.replace("\r\n", "\n")):
        inspector = rtcnb.SdpInspector(text)
        type_in(inspector, text)
        assert inspector.text == text


def test_edited_text_comes_back_with_the_line_ends_of_sdp() -> None:
    inspector = rtcnb.SdpInspector(TEXT)
    type_in(inspector, TEXT.replace("s=-", "s=mine"))
    assert inspector.text == TEXT.replace("s=-", "s=mine")
    assert inspector.description.sdp == inspector.text


EDITS = [
    ("a=rtcp-fb:96 nack\r", "a=rtcp-fb:111 nack\r", {"parameters-of-nothing", "payload-type-not-listed"}),
    ("a=mid:2\r\n", "a=mid:1\r\n", None),
    ("a=setup:actpass", "a=setup:actpas", None),
    ("t=0 0\r\n", "", None),
    (f"a=ice-pwd:{PASSWORD}", "a=ice-pwd:short", {"bad-ice-credentials"}),
    ("c=IN IP4 192.0.2.2", "c=IN IP4 ", None),
]


@pytest.mark.parametrize(("old", "new", "expected"), EDITS)
def test_editing_one_line_changes_exactly_its_finding(old: str, new: str, expected: set[str] | None) -> None:
    inspector = rtcnb.SdpInspector(TEXT)
    clean = rules(inspector)
    broken = TEXT.replace(old, new, 1)
    type_in(inspector, broken)
    found = rules(inspector)
    want = {(f.rule, f.evidence[0].number if f.evidence else 0) for f in lint(broken, "offer")}
    assert found == want and found != clean
    if expected is not None:
        at = next(line.number for line in parse(broken).lines if line.text == new.strip())
        assert found - clean == {(rule, at) for rule in expected}
        rows = next(f.rows for f in inspector.draw() if f.rows)
        marked = [row for row in rows.draw(0, rows.count) if 'aria-label="error"' in row]
        assert [Page(row).text.lstrip("0123456789✕") for row in marked] == [new.strip()] or "ice-pwd" in new
    type_in(inspector, TEXT)
    assert rules(inspector) == clean


def test_the_chosen_line_stays_chosen_when_lines_come_before_it() -> None:
    inspector = rtcnb.SdpInspector(TEXT)
    text_of(inspector, "sdp")
    inspector.act("sdp-go", "60")
    before = text_of(inspector, "sdp")
    line = OFFER.document.lines[59].text
    assert "line 60 of 102" in before
    type_in(inspector, TEXT.replace("t=0 0\r\n", "t=0 0\r\na=x-one\r\na=x-two\r\n"))
    after = Page(drawn(inspector)["sdp"])
    assert "line 62 of 104" in after.text and after.text.count(line) >= 2


def test_the_type_can_be_said() -> None:
    inspector = rtcnb.SdpInspector(TEXT)
    inspector.act("sdp-kind-first", "answer")
    assert inspector.description.type == "answer" and rules(inspector) != set()
    inspector.act("sdp-kind-first", "<b>")
    assert inspector.description.type == "offer"
    plain = "".join(line for line in TEXT.splitlines(keepends=True) if "setup" not in line)
    with pytest.raises(DescriptionError, match="choose it above the text"):
        _ = rtcnb.SdpInspector(plain).description


# -- damage


DAMAGED = {
    "paste-json-escaped": TEXT.replace("\r\n", "\\r\\n"),
    "paste-json": json.dumps({"type": "offer", "sdp": TEXT}, indent=1),
    "paste-quoted": json.dumps(TEXT),
    "paste-html-escaped": TEXT.replace("\r\n", "&#13;\n"),
    "paste-html": "<pre>" + TEXT.replace("\r\n", "<br>") + "</pre>",
    "paste-base64": base64.b64encode(OFFER.to_json().encode()).decode(),
    "paste-indented": TEXT.replace("\r\n", "\r\n> ").removesuffix("> ").replace("v=0", "> v=0", 1),
}


@pytest.mark.parametrize("rule", DAMAGED)
def test_damage_is_said_and_mended_by_a_button(rule: str) -> None:
    inspector = rtcnb.SdpInspector()
    type_in(inspector, DAMAGED[rule])
    page = Page(drawn(inspector)["damage"])
    assert rule in [attrs.get("data-rule") for _, attrs in page.elements]
    assert "sdp-mend-first" in [attrs.get("data-press") for _, attrs in page.elements]
    assert "a=rtpmap:96 VP8/90000" in Page(inspector._annotated(0).still()).text  # as it will be
    with pytest.raises(DescriptionError, match="Press Mend"):
        _ = inspector.description
    inspector.act("sdp-mend-first", None)
    assert inspector.text == TEXT and inspector.description == OFFER
    assert Page(drawn(inspector)["damage"]).text == ""


def test_what_cannot_be_mended_is_said_without_a_button() -> None:
    inspector = rtcnb.SdpInspector()
    for text in ('{"type": "offer", "sdp": "v=0', "eyJ%%%", "<p>nothing here</p>"):
        type_in(inspector, text)
        page = Page(drawn(inspector)["damage"])
        assert "Damaged" in page.text and "sdp-mend-first" not in [
            a.get("data-press") for _, a in page.elements
        ]
        inspector.act("sdp-mend-first", None)
        assert inspector.text == text


def test_any_text_at_all_can_be_drawn() -> None:
    texts = [
        "x",
        "=",
        "\n\n\n",
        "m=",
        "v=0",
        "a=candidate:",
        "null",
        "[]",
        '{"candidate": 3}',
        "\ud800",
        "\0" * 9,
        "a" * 5000,
    ]
    for text in texts:
        inspector = rtcnb.SdpInspector()
        inspector.act("sdp-text-first", text)
        assert drawn(inspector) and static_html(inspector) and repr(inspector)


# -- candidates


@pytest.mark.parametrize(
    "text", [CANDIDATE, f"a={CANDIDATE}", json.dumps({"candidate": CANDIDATE, "sdpMid": "0"})]
)
def test_a_candidate_is_explained_field_by_field_with_its_priority(text: str) -> None:
    inspector = rtcnb.SdpInspector()
    type_in(inspector, text)
    shown = text_of(inspector, "sdp")
    assert "1677729535 = 100·2²⁴ + 30·2⁸ + 255" in shown
    for field in ("foundation 842163049", "component 1", "address 203.0.113.9", "relatedAddress 10.0.0.5"):
        assert field in shown
    if not text.startswith("{"):
        assert inspector.candidate.address == "203.0.113.9"
        with pytest.raises(DescriptionError, match=r"inspector\.candidate"):
            _ = inspector.description


def test_a_broken_candidate_names_its_field() -> None:
    inspector = rtcnb.SdpInspector(CANDIDATE.replace("46154 typ", "99999 typ"))
    assert rules(inspector) == {("bad-candidate", 1)}
    assert "port" in text_of(inspector, "sdp")
    with pytest.raises(CandidateError, match="port"):
        _ = inspector.candidate
    assert isinstance(rtcnb.SdpInspector(Candidate(CANDIDATE)).candidate, Candidate)


# -- two boxes


def test_two_boxes_compare() -> None:
    inspector = rtcnb.SdpInspector(OFFER)
    assert "agreed" not in drawn(inspector) and inspector.negotiation is None and inspector.answer is None
    inspector.act("sdp-compare", None)
    assert inspector.answer_text == ""
    type_in(inspector, ANSWER.sdp, "second")
    assert inspector.answer == ANSWER
    negotiation = inspector.negotiation
    assert negotiation is not None and negotiation.to_json() == compare(OFFER, ANSWER).to_json()
    parts = drawn(inspector)
    assert "lost: not answered" in Page(parts["agreed"]).text
    assert "answer" in Page(parts["sdp"]).text  # the box that was edited last is explained
    inspector.act("sdp-box-first", None)
    assert "VP8 kept, H264 lost" in text_of(inspector, "sdp")
    inspector.act("sdp-compare", None)
    assert "agreed" not in drawn(inspector) and "choice" not in drawn(inspector)


def test_boxes_in_the_other_order_compare_too() -> None:
    inspector = rtcnb.SdpInspector(ANSWER, OFFER)
    assert inspector.negotiation is not None and inspector.negotiation.offer == OFFER.document
    assert "VP8 kept, H264 lost" in Page(static_html(inspector)).text
    inspector.answer_text = None
    assert inspector.negotiation is None


# -- back to the cell


async def test_the_cell_gets_what_was_edited() -> None:
    inspector = rtcnb.SdpInspector(OFFER)
    waiting = asyncio.ensure_future(inspector.edited(timeout=60))
    while not inspector._waiting:
        await asyncio.sleep(0.01)
    type_in(inspector, TEXT.replace("s=-", "s=mine"))
    assert not inspector.over
    from rtcnb.runtime import loop

    loop.call(inspector.act, "sdp-use-first", None)
    assert (await waiting).sdp == TEXT.replace("s=-", "s=mine")
    assert inspector.over and not inspector._waiting
    assert "Handed to the notebook: SessionDescription" in text_of(inspector, "said")


async def test_what_is_no_description_is_not_handed_over() -> None:
    inspector = rtcnb.SdpInspector("v=0\r\n")
    waiting = asyncio.ensure_future(inspector.edited(timeout=0.5))
    while not inspector._waiting:
        await asyncio.sleep(0.01)
    with pytest.raises(DescriptionError):
        inspector.act("sdp-use-first", None)
    with pytest.raises(PageTimeout, match="Nobody pressed"):
        await waiting
    assert not inspector._waiting


def test_a_cell_can_set_the_text() -> None:
    inspector = rtcnb.SdpInspector()
    told: list[bool] = []
    inspector.changed = lambda: told.append(True)
    inspector.text = OFFER.to_json()
    assert inspector.text == TEXT and told
    assert TEXT.splitlines()[0] in Page(drawn(inspector)["boxes"]).text


# -- what is kept


def test_no_trait_and_no_static_form_holds_secrets() -> None:
    key = "inline:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo"
    crypto = f"a=mid:0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 {key}\r\n"
    plain = TEXT.replace("a=mid:0\r\n", crypto, 1)
    texts = [
        plain,
        json.dumps({"type": "offer", "sdp": plain}),
        plain.replace("\r\n", "\\r\\n"),
        '{"sdp":"' + plain.replace("\r\n", "\\r\\n"),
    ]
    for text in texts:
        inspector = rtcnb.SdpInspector(text)
        live = Live(inspector)
        kept = json.dumps({name: str(live.trait_values()[name]) for name in live.keys}) + str(live._bundle())
        live.close()
        assert PASSWORD not in kept and key not in kept and "QUJDREVG" not in repr(inspector)
        parts = drawn(inspector)
        parts.pop("boxes")  # the reader's own text
        assert key not in "".join(parts.values()) and PASSWORD not in "".join(parts.values())
    assert key in rtcnb.SdpInspector(plain).text


def test_hostile_text_is_text_in_every_field() -> None:
    lines = "".join(f"{line}{EVIL}\r\n" for line in TEXT.splitlines())
    texts = [
        lines,
        EVIL,
        f"v=0\r\n{EVIL}",
        f"{CANDIDATE} {EVIL} {EVIL}",
        json.dumps({"type": "offer", "sdp": lines}),
    ]
    texts += ["</textarea>" + EVIL, lines.replace("\r\n", "\\r\\n"), f"a=candidate:{EVIL}", f"eyJ{EVIL}"]
    for text in texts:
        inspector = rtcnb.SdpInspector(text, lines)
        inspector.act("sdp-box-first", None)
        inspector.act("sdp-all", "unfold")
        html = "".join(drawn(inspector).values()) + static_html(inspector)
        for row in range(0, 104, 9):
            inspector.act("sdp-line", row)
            html += drawn(inspector)["sdp"]
        page = Page(html)
        assert "img" not in {tag for tag, _ in page.elements}
        assert EVIL in page.text


def test_editing_a_very_long_description_is_quick() -> None:
    head, *media = TEXT.split("m=")
    text = head + "".join(f"m={m}".replace("a=mid:", f"a=mid:{i}") for i in range(50) for m in media)
    inspector = rtcnb.SdpInspector(text)
    drawn(inspector)
    type_in(inspector, text.replace("a=sendrecv", "a=sendrexv", 1))
    begun = time.process_time()
    list(inspector.draw())
    assert time.process_time() - begun < 0.4  # 0.09 s on the machine that it was written on


def test_a_text_that_begins_with_an_empty_line_keeps_it() -> None:
    # A page drops the first line end inside a textarea.
    assert ">\n\nv=0" in drawn(rtcnb.SdpInspector("\nv=0"))["boxes"]
