"""Descriptions: what they are made from, how they travel, and that no stranger's text becomes HTML."""

from __future__ import annotations

import base64
import html
import json
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtcnb.errors import CandidateError, DescriptionError
from rtcnb.sdp import Candidate, SessionDescription, explain, lint, parse_candidate, paste, problem_of
from rtcnb.sdp.pasted import mended

SDP = """v=0
o=- 1 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=ice-options:trickle
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=mid:0
a=ice-pwd:0123456789012345678901
a=rtpmap:96 VP8/90000
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
a=mid:1
""".replace("\n", "\r\n")
OFFER = SessionDescription(type="offer", sdp=SDP)
HOST = "candidate:1 1 udp 2130706431 192.168.1.7 50000 typ host"
SRFLX = "candidate:2 1 udp 1694498815 203.0.113.9 50000 typ srflx raddr 192.168.1.7 rport 50000"
END = "a=end-of-candidates"
PAYLOADS = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "</textarea></style></details><b>",
    "&lt;&amp;",
)


def test_made_with_keywords_and_frozen() -> None:
    with pytest.raises(TypeError):
        SessionDescription("offer", SDP)  # type: ignore[misc]
    with pytest.raises(AttributeError):
        OFFER.sdp = ""  # type: ignore[misc]
    assert SessionDescription(type="offer", sdp=SDP) == OFFER
    assert str(OFFER) == SDP
    assert OFFER.document is OFFER.document
    assert repr(OFFER) == "SessionDescription(type='offer', 2 sections: video application)"
    assert SessionDescription(type="rollback").sdp == ""


@pytest.mark.parametrize("kind", ["", "Offer", "request", None, 5, ["offer"]])
def test_the_type_is_one_of_four(kind: object) -> None:
    with pytest.raises(DescriptionError, match="'offer', 'answer', 'pranswer' or 'rollback'"):
        SessionDescription(type=kind, sdp=SDP)  # type: ignore[arg-type]
    with pytest.raises(DescriptionError, match="string, not bytes"):
        SessionDescription(type="offer", sdp=b"v=0")  # type: ignore[arg-type]


def test_from_any() -> None:
    assert SessionDescription.from_any(OFFER) is OFFER
    assert SessionDescription.from_any(SimpleNamespace(type="offer", sdp=SDP)) == OFFER
    assert SessionDescription.from_any({"type": "offer", "sdp": SDP, "more": 1}) == OFFER
    assert SessionDescription.from_any(OFFER.to_json()) == OFFER
    assert SessionDescription.from_any({"type": "rollback"}) == SessionDescription(type="rollback")


async def forgotten() -> SessionDescription:
    return OFFER


@pytest.mark.parametrize(
    ("given_value", "words"),
    [
        (None, "NoneType, not a description"),
        (5, "int, not a description"),
        ({}, "'type' is missing"),
        ({"type": "offer"}, "'sdp' is missing"),
        ({"sdp": SDP}, "'type' is missing"),
        ({"type": "ask", "sdp": SDP}, "not 'ask'"),
        ({"type": "offer", "sdp": 5}, "a string, not int"),
        ({"type": "offer", "sdp": ""}, "empty"),
        (SimpleNamespace(type="offer", sdp="{}"), "JSON, not SDP"),
        ("{", "broken JSON"),
        ('{"type": "offer"}', "'sdp' is missing"),
        (SDP, "whether it is an offer or an answer"),
        (HOST, "parse_candidate"),
    ],
)
def test_from_any_says_what_was_given(given_value: object, words: str) -> None:
    with pytest.raises(DescriptionError, match=words):
        SessionDescription.from_any(given_value)


def test_a_forgotten_await_is_named() -> None:
    coroutine = forgotten()
    with pytest.raises(DescriptionError, match="await"):
        SessionDescription.from_any(coroutine)
    coroutine.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "This is empty"),
        (" \r\n\t", "This is empty"),
        (json.dumps(SDP)[1:-1], "This is JSON-escaped SDP: decode it first."),
        (SDP.replace("\r\n", "\\n"), "This is JSON-escaped SDP: decode it first."),
        (json.dumps(SDP), "quotation marks"),
        (OFFER.to_json(), "This is JSON"),
        (SDP.replace("\r\n", "<br>"), "HTML-escaped"),
        (SDP.replace("\r\n", "&#13;&#10;"), "HTML-escaped"),
        (html.escape(SDP + 'a=x:"<'), "HTML-escaped"),
        ("<pre>" + SDP, "HTML"),
        (SDP.removeprefix("v=0\r\n"), "does not begin with v=0"),
        ("\n    " + SDP, "dedent"),
        (HOST, "ICE candidate"),
        (base64.b64encode(OFFER.to_json().encode()).decode(), "base64"),
        ("\ufeff" + SDP, "byte order mark"),
    ],
)
def test_bad_pastes_are_named(text: str, words: str) -> None:
    assert words in str(problem_of(text))


def test_good_text_has_no_problem() -> None:
    assert problem_of(SDP) is None
    assert problem_of(SDP.replace("s=-", "s=AT&amp;T <br>")) is None


def test_json_is_one_line_that_survives_a_python_cell() -> None:
    evil = SessionDescription(type="offer", sdp=SDP + "s='''); evil('\r\n\udc80\u2028")
    line = evil.to_json()
    assert line.isascii()
    assert line.splitlines() == [line]
    assert "'" not in line
    assert json.loads(line) == {"type": "offer", "sdp": evil.sdp}
    assert paste(eval(f"r'''{line}'''")) == evil
    assert paste(eval(f"'''{OFFER.to_json()}'''")) == OFFER  # the r forgotten: real line ends inside the JSON


def test_paste() -> None:
    candidate = parse_candidate(HOST, "0", 0)
    row = json.dumps(candidate.to_json())
    assert paste(OFFER.to_json() + "\n") == OFFER
    assert paste(row) == candidate
    assert paste(f"a={HOST}") == parse_candidate(HOST)
    assert paste("null") == Candidate()
    assert paste(f"[{OFFER.to_json()}, {row}, null]") == [OFFER, candidate, Candidate()]
    assert paste(f"{OFFER.to_json()}\n{row}\r\n\n") == [OFFER, candidate]
    assert paste(f"{HOST}\n{SRFLX}\n{END}") == [parse_candidate(HOST), parse_candidate(SRFLX), Candidate()]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SDP, "whether it is an offer or an answer"),
        ("", "empty"),
        ("hello", "does not begin with v=0"),
        ("5", "does not begin"),
        ("[5]", "int, not a description"),
        ("{", "broken JSON"),
        ("[" * 100_000, "broken JSON"),
        ('{"type": 5, "sdp": "v=0"}', "The type"),
    ],
)
def test_paste_refuses(text: str, words: str) -> None:
    with pytest.raises(DescriptionError, match=words):
        paste(text)


def test_candidates_go_to_the_end_of_their_section() -> None:
    found = [
        parse_candidate(SRFLX, sdpMid="1", sdpMLineIndex=0),  # the mid counts, not the index
        parse_candidate(HOST, sdpMLineIndex=0),
        {"candidate": HOST, "sdpMid": "0"},  # the same one again
    ]
    lines = OFFER.with_candidates(found, complete=False).sdp.split("\r\n")
    video = lines.index("a=rtpmap:96 VP8/90000")
    assert lines[video + 1 : video + 3] == [f"a={HOST}", SDP.split("\r\n")[11]]
    assert lines[-2:] == [f"a={SRFLX}", ""]
    assert END not in lines
    complete = OFFER.with_candidates(found, complete=True)
    assert complete.sdp.count(END) == 2
    assert [len(media.candidates) for media in complete.document.media] == [1, 1]
    assert complete.sdp.endswith(f"a={SRFLX}\r\n{END}\r\n")
    assert complete.with_candidates(found, complete=True) == complete
    assert complete.without_candidates() == OFFER
    assert not OFFER.document.media[0].candidates


def test_the_end_stays_last_and_rejected_sections_get_none() -> None:
    ended = OFFER.with_candidates([Candidate("", "0")], complete=False)
    assert ended.sdp.count(END) == 1
    later = ended.with_candidates([parse_candidate(HOST, "0")], complete=False)
    assert f"a={HOST}\r\n{END}\r\n" in later.sdp
    assert later.sdp.count(END) == 1
    assert OFFER.with_candidates([None], complete=False).sdp.count(END) == 2
    rejected = SessionDescription(type="answer", sdp=SDP.replace("m=application 9", "m=application 0"))
    assert rejected.with_candidates([], complete=True).sdp.count(END) == 1


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("tail", ["", "E", "EE"])
def test_line_ends_are_kept(ending: str, tail: str) -> None:
    core = SDP.removesuffix("\r\n").replace("\r\n", ending)
    offer = SessionDescription(type="offer", sdp=core + tail.replace("E", ending))
    result = offer.with_candidates([parse_candidate(HOST, "1")], complete=False).sdp
    # Empty lines after the end of a pasted description stay behind the candidate.
    assert result == f"{core}{ending}a={HOST}{ending}" + tail.replace("E", ending)[len(ending) :]


@pytest.mark.parametrize(
    "candidate",
    [parse_candidate(HOST), parse_candidate(HOST, "video"), parse_candidate(HOST, None, 2), {"sdpMid": "0"}],
)
def test_a_candidate_without_a_section_is_refused(candidate: object) -> None:
    with pytest.raises(CandidateError):
        OFFER.with_candidates([candidate], complete=False)


class Tags(HTMLParser):
    """Which elements there are, with which attributes, and all the text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def read_html(description: SessionDescription) -> Tags:
    tags = Tags()
    tags.feed(description._repr_html_())
    return tags


CLEAN = read_html(OFFER)
ALLOWED_TAGS = {"div", "span", "style", "details", "summary", "b", "code", "p", "textarea"}


def test_html_says_what_matters() -> None:
    answer = SessionDescription(type="answer", sdp=OFFER.with_candidates([Candidate(HOST, "0")], True).sdp)
    text = read_html(answer).text
    assert "answer 2 sections · 16 lines · BUNDLE 0 1" in text
    assert "m=video · mid 0 · sendrecv · 1 codec · 1 candidate" in text
    assert "m=application · mid 1 · data channel · 0 candidates" in text
    assert "session · trickle · 6 lines" in text
    assert "10 a=ice-pwd:0123456789012345678901" in text
    assert "✕ 3 errors ▲ 1 warning" in text
    assert {"details", "summary", "style", "textarea"} <= CLEAN.tags
    assert not {"script", "img", "iframe", "link"} & CLEAN.tags


def test_html_marks_broken_lines() -> None:
    shown = SessionDescription(type="offer", sdp=SDP + "a=setup:both\r\n")._repr_html_()
    assert "a=setup:both is no DTLS role." in shown
    assert "setup is one of" in shown
    assert shown.count('<details class="section" open>') == 2


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("place", range(len(SDP.split("\r\n"))))
def test_html_escapes_every_position(payload: str, place: int) -> None:
    rows = SDP.split("\r\n")
    line = rows[place]
    for changed in (
        payload,
        line + payload,
        line[:2] + payload,
        line.replace(":", f":{payload}"),
        f"a={payload}:1",
    ):
        evil = SessionDescription(type="offer", sdp="\r\n".join([*rows[:place], changed, *rows[place + 1 :]]))
        found = read_html(evil)
        assert found.tags <= ALLOWED_TAGS
        assert found.attributes - {"open"} <= CLEAN.attributes
        assert changed in found.text


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("<>&\"'=/:av \r\nm\x00\x1b\ud800\udcff-!]"), max_size=60))
def test_html_is_always_harmless_and_can_be_sent(text: str) -> None:
    evil = SessionDescription(type="offer", sdp=f"v=0\r\n{text}\r\nm={text}\r\na=mid:{text}")
    evil._repr_html_().encode("utf-8")
    found = read_html(evil)
    assert found.tags <= ALLOWED_TAGS
    assert found.attributes - {"open"} <= CLEAN.attributes


def test_html_of_next_to_nothing() -> None:
    assert "0 sections" in SessionDescription(type="rollback")._repr_html_()
    assert "0 sections" in SessionDescription(type="offer", sdp="v=0")._repr_html_()


def test_the_corpus_shows_and_travels(corpus: Path) -> None:
    candidate = parse_candidate(HOST, None, 0)
    for file in sorted(corpus.glob("sdp/*/*.sdp")):
        text = file.read_bytes().decode("utf-8", "surrogateescape")
        description = SessionDescription(type="offer", sdp=text)
        description._repr_html_().encode()
        assert json.loads(description.to_json())["sdp"] == text
        assert str(description.without_candidates().without_candidates()) == str(
            description.without_candidates()
        )
        if description.document.media:
            fuller = description.with_candidates([candidate], complete=True)
            assert fuller.document.media[0].candidates[-1].candidate == HOST, file
            assert len(fuller.document.media) == len(description.document.media)


def test_no_description_that_chromium_takes_is_called_a_bad_paste(corpus: Path) -> None:
    rows = [row.split("\t") for row in (corpus / "sdp/manifest.tsv").read_text().splitlines()]
    verdict = rows[0].index("chromium156_setRemote_offer")
    accepted = [row[0] for row in rows[1:] if row[verdict].startswith("ok")]
    assert len(accepted) > 200
    for name in accepted:
        assert problem_of((corpus / "sdp" / name).read_bytes().decode("utf-8", "surrogateescape")) is None, (
            name
        )


class Printer:
    """As much of IPython's as is needed."""

    def __init__(self) -> None:
        self.printed = ""

    def text(self, text: str) -> None:
        self.printed += text


def test_in_a_terminal_it_is_text() -> None:
    broken = SessionDescription(type="offer", sdp=SDP + "a=setup:both\r\na=tool:\x1b[2J\r\n")
    for shown in (broken, broken.document):
        printer = Printer()
        shown._repr_pretty_(printer, False)
        assert "2 sections" in printer.printed
        assert "m=video · mid 0" in printer.printed
        assert "a=setup:both is no DTLS role." in printer.printed
        assert "\x1b" not in printer.printed


def test_findings_and_explanations_print_themselves() -> None:
    for shown, words in (
        (lint("x"), "✕ error"),
        (lint(SDP)[0], "✕ error"),
        (explain("a=rtcp-mux", "en"), "share a port"),
    ):
        printer = Printer()
        shown._repr_pretty_(printer, False)
        assert words in printer.printed
    assert str(lint(SDP)).count("\n") == len(lint(SDP)) - 1
    assert lint(SDP)._repr_html_().count("rtcnb-finding") == len(lint(SDP))


@pytest.mark.parametrize(
    "spoilt",
    [
        "<pre>v=0<br>s=- &amp; more<br/>\n</pre>",
        "v=0<br>\ns=- &amp; more<br>",
        base64.b64encode(b'{"type": "offer", "sdp": "v=0\\r\\ns=- & more\\r\\n"}').decode(),
    ],
)
def test_html_and_base64_are_mended(spoilt: str) -> None:
    assert mended(spoilt) == "v=0\r\ns=- & more\r\n"


@pytest.mark.parametrize("spoilt", ["<p>no SDP</p>", "eyJ%%%", "<" * 100_000])
def test_what_cannot_be_mended_stays(spoilt: str) -> None:
    assert mended(spoilt).strip() == spoilt
