"""What became of one line: kept, lost and why; what the negotiation settles; what was munged; what stays hidden."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtcnb.sdp import SessionDescription, changed_lines, compare, explain, parse
from rtcnb.sdp.compare_view import codec_facts
from rtcnb.sdp.outcome import outcome_of, payloads_kept
from rtcnb.sdp.passwords import hidden_in, hide_lines
from rtcnb.sdp.static_view import description_html, explained, line_html

TEXT = (Path(__file__).parents[2] / "docs" / "lint" / "offer.sdp").read_bytes().decode()
OFFER = parse(TEXT)
ANSWER = parse(
    TEXT.replace("a=setup:actpass", "a=setup:active")
    .replace("SAVPF 96 97 108 109", "SAVPF 100 97")
    .replace("a=rtpmap:96 ", "a=rtpmap:100 ")
    .replace("a=rtcp-fb:96 ", "a=rtcp-fb:100 ")
    .replace("apt=96", "apt=100")
    .replace("a=extmap:14 urn:ietf:params:rtp-hdrext:toffset\r\n", "")
)
AGREED = compare(OFFER, ANSWER)


@pytest.mark.parametrize(
    ("line", "kept", "sentence"),
    [
        ("a=rtpmap:96 VP8/90000", True, "Kept: the answer has it too, as 100."),
        ("a=rtcp-fb:96 nack", True, "Kept: the answer has it too, as 100."),
        ("a=fmtp:97 apt=96", True, "Kept: the answer has it too, as 97."),
        ("a=rtpmap:108 H264/90000", False, "Lost: the answer does not have this codec."),
        ("a=fmtp:109 apt=108", False, "Lost: it repeats 108, which was lost."),
        ("a=extmap:14 urn:ietf:params:rtp-hdrext:toffset", False, "Lost: the answer does not have it."),
        ("a=extmap:13 urn:3gpp:video-orientation", True, "Kept: the answer has it too."),
        ("a=setup:actpass", None, "Settled: the answerer is the DTLS client and begins the handshake."),
        ("a=sendrecv", None, "Settled: offerer sendrecv, answerer sendrecv."),
    ],
)
def test_what_became_of_a_line_of_the_offer(line: str, kept: bool | None, sentence: str) -> None:
    found = next(x for x in OFFER.media[1].lines if x.text == line)
    assert outcome_of(found, AGREED.media[1], True) == (kept, sentence)


def test_what_became_of_a_line_of_the_answer() -> None:
    lines = {line.text: line for line in ANSWER.media[1].lines}
    kept = outcome_of(lines["a=rtpmap:100 VP8/90000"], AGREED.media[1], False)
    assert kept == (True, "Kept: the offer has it too, as 96.")
    assert outcome_of(lines["a=mid:1"], AGREED.media[1], False) is None
    assert payloads_kept(AGREED.media[1], True) == {"96", "97"}
    assert payloads_kept(AGREED.media[1], False) == {"100", "97"}


def test_codecs_in_a_few_words() -> None:
    assert codec_facts(AGREED.media[1]) == "VP8 kept, H264 lost"
    refused = compare(OFFER, TEXT.replace("m=video 36782", "m=video 0"))
    assert codec_facts(refused.media[1]) == "rejected by the answerer (port 0)"
    found = outcome_of(OFFER.media[1].line("rtpmap"), refused.media[1], True)  # type: ignore[arg-type]
    assert found == (False, "Lost: the section was rejected.")


def test_changed_lines_know_what_stood_there() -> None:
    after = (
        TEXT.replace("a=rtpmap:108 H264", "a=rtpmap:108 h264")
        .replace(
            "a=sendrecv\r\na=msid:b367db93-2d47-4d20-9dc2-937d2a6f1dd0 b6716",
            "a=recvonly\r\na=msid:b367db93-2d47-4d20-9dc2-937d2a6f1dd0 b6716",
        )
        .replace("a=mid:2\r\n", "a=mid:2\r\na=x-new\r\n")
    )
    lines = parse(after).lines
    changed = {lines[number - 1].text: was for number, was in changed_lines(TEXT, after).items()}
    assert changed == {
        "a=rtpmap:108 h264/90000": "a=rtpmap:108 H264/90000",
        "a=recvonly": "a=sendrecv",
        "a=x-new": None,
    }
    assert changed_lines(TEXT, TEXT) == {}


def test_a_section_that_came_is_new_and_one_that_moved_is_not() -> None:
    head, audio, video, data = TEXT.split("m=")
    moved = f"{head}m={video}m={audio}m={data}"
    assert changed_lines(TEXT, moved) == {}
    without = f"{head}m={audio}m={video}"
    come = changed_lines(without, TEXT)
    assert list(come) == [line.number for line in OFFER.media[2].lines] and set(come.values()) == {None}


def test_passwords_are_hidden_where_wanted_only() -> None:
    line = OFFER.media[0].line("ice-pwd")
    password = OFFER.media[0].pwd
    assert line is not None and password is not None
    assert password in line_html(line) and password in str(explain(line))
    assert password not in line_html(line, True) and password not in str(explained(line, True))
    assert password in hidden_in(OFFER) and password in description_html("offer", OFFER, None)
    json = SessionDescription(type="offer", sdp=TEXT).to_json()
    assert password in json and password not in hide_lines(json) and "a=setup:actpass" in hide_lines(json)
