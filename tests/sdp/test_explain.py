"""Explanations: made of this line's own values, in both languages, for every line of the grammar."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtcnb import language
from rtcnb.errors import RtcnbError
from rtcnb.sdp import Document, explain, parse, parse_candidate
from rtcnb.sdp.grammar import ATTRIBUTE_ROWS, LINE_ROWS

OFFER = parse((Path(__file__).parents[2] / "docs" / "lint" / "offer.sdp").read_bytes())
KEYS = {"key_params", "data"}  # what is secret is not repeated
VIDEO = (
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:v\r\n"
    "a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
)


def raw(spoken: str) -> dict[str, Any]:
    return tomllib.loads(files("rtcnb.sdp").joinpath("catalogue", f"{spoken}.toml").read_text("utf-8"))


def explained(text: str, start: str, document: Document = OFFER) -> str:
    if text:
        document = parse(text)
    return str(explain(next(line for line in document.lines if line.text.startswith(start)), "en"))


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_every_row_of_the_grammar_has_an_entry(spoken: str) -> None:
    names = {*LINE_ROWS, *(f"a={name}" for name in ATTRIBUTE_ROWS)}
    assert names <= set(raw(spoken))
    assert set(raw(spoken)) - names == {"unknown line", "unknown attribute", "broken line"}


def test_both_languages_say_the_same_things() -> None:
    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: shape(inner) for key, inner in value.items() if key != "agent"}
        if isinstance(value, list):
            return [shape(inner) for inner in value]
        return sorted({name for _, name, _, _ in Formatter().parse(value) if name})

    english, chinese = raw("en"), raw("zh")
    for name, entry in english.items():
        assert shape(entry) == shape(chinese[name]), name
    lines = [[quirk["line"] for quirk in entry.get("quirks", ())] for entry in english.values()]
    assert lines == [[quirk["line"] for quirk in chinese[name].get("quirks", ())] for name in english]


@pytest.mark.parametrize("spoken", language.LANGUAGES)
@pytest.mark.parametrize("name", [*LINE_ROWS, *(f"a={name}" for name in ATTRIBUTE_ROWS)])
def test_the_sample_of_every_row_is_explained(name: str, spoken: language.Language) -> None:
    row = ATTRIBUTE_ROWS[name[2:]] if name.startswith("a=") else LINE_ROWS[name]
    section = "" if row.level == "session" else "m=audio 9 UDP/TLS/RTP/SAVPF 111 96 97\r\n"
    line = parse(section + row.sample).lines[-1]
    assert line.error is None
    told = explain(line, spoken)
    assert told.specific and told.title and told.text
    assert told.reference == row.reference
    assert "{" not in told.title + told.text
    # Some value of the line is in what is said, where it has one that a reader would miss.
    if line.fields:
        assert any(
            str(part) in str(told)
            for value in line.fields.values()
            for part in ([value] if isinstance(value, (str, int)) else value)
        )
    listed = {field.name.replace(" ", "_") for field in told.fields}
    assert listed >= {name for name, value in line.fields.items() if not isinstance(value, dict)} - KEYS


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("a=rtpmap:96 ", ["Payload type 96 is VP8", "90000", "first in the m= line", "payload type 97"]),
        ("a=fmtp:97", ["repeats lost packets of 96, VP8"]),
        ("a=fmtp:108", ["42e01f", "Constrained Baseline", "level 3.1", "packetization-mode 1"]),
        ("a=fmtp:111", ["opus", "coarse copy"]),
        ("a=rtcp-fb:108 nack pli", ["H264", "key frame"]),
        ("a=setup:actpass", ["The other side chooses", "active", "passive"]),
        ("a=candidate:3560160608", ["126·2²⁴", "32286·2⁸", "192.0.2.2:44070", "host"]),
        ("a=candidate:2868666360", ["tcptype active", "recommends 126"]),
        ("a=group:BUNDLE", ["3 sections", "first, 0, is the tagged one"]),
        ("a=mid:1", ["bundled", "transport of section 0", "sdpMLineIndex 1"]),
        ("a=ssrc:356955326 cname", ["retransmissions for 3682195832"]),
        ("a=ssrc-group:FID", ["356955326 repeats the lost packets of 3682195832"]),
        ("a=extmap:4 ", ["a=mid of the section"]),
        ("a=max-message-size", ["256 KiB", "Chrome"]),
        ("a=fingerprint", ["256 bits", "sha-256", "C5:2A:88:B4"]),
        ("m=application", ["data channels", "Section 3 of 3"]),
        ("o=", ["5337471665184857449", "placeholder"]),
        ("a=sendrecv", ["section 0", "audio"]),
    ],
)
def test_sentences_are_made_of_this_lines_values(start: str, words: list[str]) -> None:
    told = explained("", start)
    for word in words:
        assert word in told, told


def test_a_line_means_what_the_rest_of_the_description_makes_of_it() -> None:
    other = VIDEO.replace("VP8", "AV1").replace("96 97", "97 96")
    assert "of 96, AV1" in explained(other, "a=fmtp:97")
    assert "number 2 of 2" in explained(other, "a=rtpmap:96")
    assert "does not list 98" in explained(VIDEO + "a=rtpmap:98 VP9/90000\r\n", "a=rtpmap:98")
    assert "transport of its own" in explained(VIDEO, "a=mid")
    assert "Port 0 means" in explained(VIDEO.replace("video 9", "video 0"), "m=")
    assert "bundle-only does not mean refused" in explained(
        VIDEO.replace("video 9", "video 0") + "a=bundle-only\r\n", "m="
    )


def test_a_broken_line_says_what_is_wrong_and_how_it_is_written() -> None:
    told = explain(parse("m=video 9 RTP/SAVPF 96\r\na=rtpmap:96 VP8\r\n").lines[1], "en")
    assert "clock rate is missing" in told.text
    assert "<payload type> <encoding name>/<clock rate>" in told.text


def test_what_is_not_known_is_not_specific() -> None:
    for text in ("a=x-mine:1", "q=1", "nonsense", ""):
        told = explain(text, "en")
        assert not told.specific
        assert told.text
    assert "x-mine" in explain("a=x-mine:1", "en").title


def test_a_string_and_a_candidate_are_explained_too() -> None:
    assert "active" in explain("a=setup:active", "en").text
    candidate = parse_candidate(
        "candidate:1 1 udp 1686052607 203.0.113.7 5000 typ srflx raddr 10.0.0.1 rport 5000"
    )
    told = explain(candidate, "en")
    assert "STUN server saw" in told.text
    assert "10.0.0.1" in told.text


def test_the_language_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    line = "a=rtcp-mux"
    assert explain(line, "zh").text != explain(line, "en").text
    monkeypatch.setattr(language, "_chosen", None)
    monkeypatch.setenv(language.VARIABLE, "zh_CN.UTF-8")
    assert explain(line) == explain(line, "zh")
    language.use("en")
    assert explain(line) == explain(line, "en")
    with pytest.raises(RtcnbError, match="en and zh"):
        language.use("fr")  # type: ignore[arg-type]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([*ATTRIBUTE_ROWS]), st.text(max_size=40))
def test_no_value_makes_explain_raise(name: str, value: str) -> None:
    text = f"m=video 9 UDP/TLS/RTP/SAVPF 96\r\na={name}:{value}\r\n"
    for line in parse(text).lines:
        for spoken in language.LANGUAGES:
            told = explain(line, spoken)
            str(told)
            told._repr_html_().encode()


def test_the_corpus_is_explained(corpus: Path) -> None:
    """At least 99 % of the lines that Chromium accepted have an entry of their own, in both languages."""
    rows = [row.split("\t") for row in (corpus / "sdp/manifest.tsv").read_text().splitlines()]
    verdict = rows[0].index("chromium156_setRemote_offer")
    lines = [
        line
        for row in rows[1:]
        if row[verdict] == "ok"
        for line in parse((corpus / "sdp" / row[0]).read_bytes()).lines
        if line.text
    ]
    assert len(lines) > 5000
    for spoken in language.LANGUAGES:
        generic = [
            line.text for line in lines if not (told := explain(line, spoken)).specific or not told.text
        ]
        print(
            f"\n{spoken}: {len(lines) - len(generic)} of {len(lines)} lines explained; not: {sorted(set(generic))}"
        )
        assert len(generic) <= 0.01 * len(lines)
