"""Offer against answer: what is kept, what is lost and why, and every way to be no answer at all."""

from __future__ import annotations

import json
from string import Formatter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtcnb import language
from rtcnb.sdp import Negotiation, SessionDescription, compare, parse
from rtcnb.sdp.compare_rules import VIOLATIONS
from rtcnb.sdp.lint_texts import load_texts

HASH = ":".join(["AB"] * 32)
MID = "urn:ietf:params:rtp-hdrext:sdes:mid"


def transport(ufrag: str, setup: str) -> str:
    return (
        f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:{ufrag * 6}\r\na=ice-options:trickle\r\n"
        f"a=fingerprint:sha-256 {HASH}\r\na=setup:{setup}\r\n"
    )


def session(ufrag: str, setup: str) -> str:
    return f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2\r\n{transport(ufrag, setup)}"


OFFER = session("aaaa", "actpass") + (
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 0 110\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\n"
    f"a=extmap:1 {MID}\r\na=extmap:2 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
    "a=rtpmap:111 opus/48000/2\r\na=rtpmap:110 telephone-event/48000\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 100 101\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=sendonly\r\na=rtcp-mux\r\n"
    "a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
    "a=rtpmap:98 H264/90000\r\na=fmtp:98 packetization-mode=1;profile-level-id=640c1f\r\n"
    "a=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\n"
    "a=rtpmap:100 H264/90000\r\na=fmtp:100 packetization-mode=1;profile-level-id=42e01f\r\n"
    "a=rtpmap:101 VP9/90000\r\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\n"
    "a=sctp-port:5000\r\na=max-message-size:262144\r\n"
)
ANSWER = session("bbbb", "active") + (
    "m=audio 9 UDP/TLS/RTP/SAVPF 0 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\n"
    f"a=extmap:1 {MID}\r\na=rtpmap:111 opus/48000/2\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97 100\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=recvonly\r\na=rtcp-mux\r\n"
    "a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
    "a=rtpmap:100 H264/90000\r\na=fmtp:100 packetization-mode=1;profile-level-id=42e034\r\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\na=sctp-port:5000\r\n"
)


def test_what_was_agreed() -> None:
    negotiation = compare(OFFER, ANSWER)
    assert negotiation.violations == []
    assert negotiation.ok
    audio, video, data = negotiation.media
    assert [str(codec) for codec in audio.codecs] == ["0 PCMU/8000", "111 opus/48000/2"]
    assert [(x.codec.name, x.reason) for x in audio.lost] == [("telephone-event", "not answered")]
    assert (audio.offered_direction, audio.answered_direction) == ("sendrecv", "recvonly")
    assert (audio.offerer_direction, audio.answerer_direction) == ("sendonly", "recvonly")
    assert [codec.answered.payload_type for codec in video.codecs] == [96, 97, 100]
    assert [(x.codec.payload_type, x.reason) for x in video.lost] == [
        (98, "no common profile"),
        (99, "lost with"),
        (101, "not answered"),
    ]
    assert video.lost[0].detail == "Constrained Baseline, packetization-mode 1"
    assert {(media.offerer_role, media.answerer_role) for media in negotiation.media} == {
        ("server", "client")
    }
    assert [media.transport for media in negotiation.media] == ["0", "0", "0"]
    assert negotiation.bundle == (("0", "1", "2"),)
    assert (data.offerer_takes_bytes, data.answerer_takes_bytes) == (262144, 65536)
    assert [x.id for x in audio.header_extensions] == [1]
    assert [x.id for x in audio.lost_extensions] == [2]
    assert audio.rtcp_mux
    assert negotiation.ice.trickle
    assert negotiation.ice.controlling == "offerer"


def test_a_rejected_section() -> None:
    negotiation = compare(
        OFFER, ANSWER.replace("m=video 9", "m=video 0").replace("BUNDLE 0 1 2", "BUNDLE 0 2")
    )
    video = negotiation.media[1]
    assert (video.accepted, video.rejected_by, video.answerer_direction) == (False, "answerer", None)
    assert {lost.reason for lost in video.lost} == {"rejected"}
    assert negotiation.bundle == (("0", "2"),)
    assert negotiation.ok


def test_payload_types_may_be_remapped() -> None:
    renumbered = ANSWER.replace(" 96 97 100", " 120 121 100").replace("rtpmap:96", "rtpmap:120")
    renumbered = renumbered.replace("rtpmap:97", "rtpmap:121").replace("fmtp:97 apt=96", "fmtp:121 apt=120")
    negotiation = compare(OFFER, renumbered)
    first, rtx, same = negotiation.media[1].codecs
    assert (first.offered.payload_type, first.answered.payload_type, first.remapped) == (96, 120, True)
    assert (rtx.offered.payload_type, rtx.answered.payload_type) == (97, 121)
    assert not same.remapped
    assert {finding.rule for finding in negotiation.violations} == {"payload-type-changed"}
    assert negotiation.ok  # a warning


@pytest.mark.parametrize(
    ("offered", "answered", "offerer", "answerer"),
    [
        ("sendrecv", "sendrecv", "sendrecv", "sendrecv"),
        ("sendrecv", "sendonly", "recvonly", "sendonly"),
        ("sendonly", "recvonly", "sendonly", "recvonly"),
        ("recvonly", "sendonly", "recvonly", "sendonly"),
        ("sendonly", "inactive", "inactive", "inactive"),
        ("sendonly", "sendonly", "inactive", "inactive"),
    ],
)
def test_directions(offered: str, answered: str, offerer: str, answerer: str) -> None:
    media = compare(
        OFFER.replace("a=sendrecv", f"a={offered}"), ANSWER.replace("a=recvonly", f"a={answered}", 1)
    ).media[0]
    assert (media.offerer_direction, media.answerer_direction) == (offerer, answerer)


def test_a_lite_agent_does_not_control() -> None:
    lite = OFFER.replace("t=0 0", "t=0 0\r\na=ice-lite")
    assert compare(lite, ANSWER).ice.controlling == "answerer"
    assert compare(lite, ANSWER.replace("t=0 0", "t=0 0\r\na=ice-lite")).ice.controlling == "offerer"


def swapped(text: str) -> str:
    head, audio, rest = (
        text[: text.index("m=audio")],
        text[text.index("m=audio") : text.index("m=video")],
        text,
    )
    video, data = (
        rest[rest.index("m=video") : rest.index("m=application")],
        rest[rest.index("m=application") :],
    )
    return head + video + audio + data


BROKEN: dict[str, tuple[str, str]] = {
    "section-count": (OFFER, ANSWER[: ANSWER.index("m=application")].replace("BUNDLE 0 1 2", "BUNDLE 0 1")),
    "section-order": (OFFER, swapped(ANSWER)),
    "media-type-changed": (OFFER, ANSWER.replace("m=audio", "m=video").replace("opus/48000/2", "VP8/90000")),
    "mid-changed": (OFFER, ANSWER.replace("a=mid:0", "a=mid:sound")),
    "protocol-changed": (OFFER, ANSWER.replace("UDP/TLS/RTP/SAVPF", "RTP/SAVPF")),
    "rejected-section-answered": (OFFER.replace("m=video 9", "m=video 0"), ANSWER),
    "codec-not-offered": (OFFER, ANSWER.replace("SAVPF 0 111", "SAVPF 0 111 9")),
    "no-common-codec": (OFFER.replace("m=audio 9 UDP/TLS/RTP/SAVPF 111 0", "m=audio 9 UDP/TLS/RTP/SAVPF 8"), ANSWER),
    "payload-type-changed": (OFFER, ANSWER.replace("0 111", "0 112").replace("rtpmap:111", "rtpmap:112")),
    "direction-not-allowed": (OFFER, ANSWER.replace("a=mid:1\r\na=recvonly", "a=mid:1\r\na=sendrecv")),
    "answer-says-actpass": (OFFER, ANSWER.replace("setup:active", "setup:actpass")),
    "dtls-roles-clash": (OFFER.replace("actpass", "active"), ANSWER),
    "bundle-not-offered": (OFFER.replace("BUNDLE 0 1 2", "BUNDLE 0 1"), ANSWER),
    "extension-not-offered": (OFFER, ANSWER.replace("extmap:1 ", "extmap:7 ")),
    "rtcp-mux-not-offered": (OFFER.replace("a=rtcp-mux\r\n", ""), ANSWER),
    "rtcp-mux-refused": (OFFER.replace("a=rtcp-mux\r\n", "a=rtcp-mux\r\na=rtcp-mux-only\r\n"), ANSWER.replace("a=rtcp-mux\r\n", "")),
    "no-fingerprint-in-answer": (OFFER, ANSWER.replace(f"a=fingerprint:sha-256 {HASH}\r\n", "")),
    "simulcast-not-mirrored": (
        OFFER.replace("a=sendonly", "a=sendonly\r\na=rid:hi send\r\na=simulcast:send hi"),
        ANSWER.replace("a=mid:1", "a=mid:1\r\na=rid:hi send\r\na=simulcast:send hi"),
    ),
    "same-ice-credentials": (OFFER, ANSWER.replace("bbbb", "aaaa")),
}  # fmt: skip


def test_every_violation_has_an_example_and_texts() -> None:
    assert set(BROKEN) == set(VIOLATIONS)
    for spoken in language.LANGUAGES:
        assert set(load_texts(spoken, "compare")) == set(VIOLATIONS)
    english, chinese = load_texts("en", "compare"), load_texts("zh", "compare")
    for rule in VIOLATIONS:
        for one, other in zip(english[rule], chinese[rule], strict=True):
            assert [{x[1] for x in Formatter().parse(text) if x[1]} for text in (one,)] == [
                {x[1] for x in Formatter().parse(text) if x[1]} for text in (other,)
            ], rule


@pytest.mark.parametrize("rule", list(VIOLATIONS))
def test_a_violation_is_found(rule: str) -> None:
    negotiation = compare(*BROKEN[rule])
    finding = next(finding for finding in negotiation.violations if finding.rule == rule)
    assert finding.severity == VIOLATIONS[rule][0]
    assert finding.sentence and finding.remedy and finding.reference
    assert "{" not in finding.sentence
    assert negotiation.ok == all(x.severity != "error" for x in negotiation.violations)
    assert finding.sentence in str(negotiation)


def test_the_evidence_is_the_lines_of_both() -> None:
    finding = compare(*BROKEN["dtls-roles-clash"]).violations[0]
    assert [line.text for line in finding.evidence] == ["a=setup:active", "a=setup:active"]
    assert finding.evidence[0].document != finding.evidence[1].document


def test_the_sentence_of_swapped_sections() -> None:
    (finding,) = compare(*BROKEN["section-order"]).violations
    assert finding.sentence.startswith("Offer: audio, video, application. Answer: video, audio, application.")


def test_everything_that_holds_a_description_is_taken() -> None:
    for offer in (OFFER, parse(OFFER), SessionDescription(type="offer", sdp=OFFER)):
        for answer in (ANSWER, parse(ANSWER), SessionDescription(type="answer", sdp=ANSWER)):
            assert compare(offer, answer).ok


def test_displays() -> None:
    negotiation = compare(OFFER, ANSWER)
    text = str(negotiation)
    for words in (
        "video · mid 1 · accepted",
        "98 H264 (Constrained High, packetization-mode 1; RTX 99)",
        "Answered: Constrained Baseline, packetization-mode 1",
        "96 VP8 (RTX 97) · 100 H264",
        "offerer sendonly, answerer recvonly",
        "that of 0, RTCP on the same port",
        "the offerer takes 262144 bytes, the answerer 65536 bytes",
        "offerer server, answerer client",
    ):
        assert words in text
        assert words in negotiation._repr_html_()
    told = json.loads(json.dumps(negotiation.to_json()))
    assert told["media"][0]["codecs"][0]["answered"]["name"] == "PCMU"
    assert repr(negotiation) == "Negotiation(3 of 3 sections accepted, 0 violations)"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_two_texts_compare(data: st.DataObject) -> None:
    def spoilt(text: str) -> str:
        lines = text.split("\r\n")
        for _ in range(data.draw(st.integers(0, 6))):
            place = data.draw(st.integers(0, len(lines) - 1))
            change = data.draw(
                st.sampled_from(
                    ["", "a=", "m=", "m=audio", "a=mid:<i>", "a=group:BUNDLE x", lines[place][:9]]
                )
            )
            lines[place] = change
        return "\r\n".join(lines)

    negotiation = compare(spoilt(OFFER), spoilt(ANSWER))
    assert isinstance(negotiation, Negotiation)
    json.dumps(negotiation.to_json())
    assert str(negotiation)
    assert "<i>" not in negotiation._repr_html_()
