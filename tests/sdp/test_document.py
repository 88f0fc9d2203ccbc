"""The parser keeps every byte, never raises unless asked to, and reads real descriptions."""

from __future__ import annotations

import contextlib
import json
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtcnb.errors import SdpError
from rtcnb.sdp import Document, Fingerprint, parse

OFFER = """v=0
o=- 1 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 data
a=fingerprint:sha-1 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33
a=recvonly
m=video 9 UDP/TLS/RTP/SAVPF 96 97 0
c=IN IP4 0.0.0.0
a=mid:0
a=ice-ufrag:abcd
a=ice-pwd:0123456789012345678901
a=setup:actpass
a=sendonly
a=msid:stream track
a=rtcp-mux
a=rtpmap:96 VP8/90000
a=rtpmap:97 opus/48000/2
a=fmtp:97 minptime=10;useinbandfec=1; flag
a=rtcp-fb:* nack
a=rtcp-fb:96 nack pli
a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host
a=candidate:broken
m=application 0 UDP/DTLS/SCTP webrtc-datachannel
a=mid:data
""".replace("\n", "\r\n")


MEDIA_PROPERTIES = (
    *("index", "kind", "port", "protocol", "formats", "mid", "direction", "rejected", "codecs"),
    *("candidates", "fingerprints", "ufrag", "pwd", "setup", "msid"),
)


def touch(document: Document) -> None:
    """Read everything there is to read; broken text must make none of it raise."""
    for media in document.media:
        for name in MEDIA_PROPERTIES:
            getattr(media, name)
        repr(media)
    assert all(isinstance(group, list) for group in document.bundle)
    repr(document)


def assert_consistent(document: Document) -> None:
    text = str(document)
    assert "".join(line.text + line.ending for line in document.lines) == text
    for number, line in enumerate(document.lines, 1):
        assert line.number == number
        assert text[line.start : line.end] == line.text
        assert (line.error is None) == (line.column == 0)
    counted = len(document.session.lines) + sum(len(media.lines) for media in document.media)
    assert counted == len(document.lines)


def test_lines() -> None:
    document = parse(OFFER)
    line = document.lines[9]
    assert (line.number, line.type, line.value, line.section) == (10, "a", "mid:0", 0)
    assert (line.attribute, line.attribute_value, line.error, line.ending) == ("mid", "0", None, "\r\n")
    assert OFFER[line.start : line.end] == "a=mid:0" == str(line)
    flag = document.media[0].line("rtcp-mux")
    assert flag is not None
    assert flag.attribute_value is None
    assert document.lines[0].section is None
    assert [line.text for line in document.errors] == ["a=candidate:broken"]
    assert len(document.media[0].lines_of("candidate")) == 2


def test_media() -> None:
    video, data = parse(OFFER).media
    assert (video.kind, video.port, video.protocol) == ("video", 9, "UDP/TLS/RTP/SAVPF")
    assert (video.formats, video.mid, video.direction) == (["96", "97", "0"], "0", "sendonly")
    assert (video.ufrag, video.pwd, video.setup) == ("abcd", "0123456789012345678901", "actpass")
    assert video.msid == "stream track"
    assert not video.rejected
    assert (data.kind, data.mid, data.formats, data.codecs) == (
        "application",
        "data",
        ["webrtc-datachannel"],
        [],
    )
    assert data.rejected
    assert data.index == 1
    assert parse(OFFER).bundle == [["0", "data"]]


def test_candidates_know_their_section() -> None:
    (candidate,) = parse(OFFER).media[0].candidates
    assert (candidate.sdpMid, candidate.sdpMLineIndex, candidate.usernameFragment) == ("0", 0, "abcd")
    assert candidate.address == "192.0.2.1"


def test_what_the_session_says_holds_for_every_section() -> None:
    video, data = parse(OFFER).media
    assert video.fingerprints == data.fingerprints
    assert isinstance(data.fingerprints[0], Fingerprint)
    assert data.fingerprints[0].algorithm == "sha-1"
    assert data.direction == "recvonly"
    assert data.setup is None
    session = "v=0\na=ice-ufrag:abcd\na=ice-pwd:secret\na=setup:active\na=mid:no\n"
    own, inherited = parse(f"{session}m=audio 9 RTP/AVP 0\na=setup:passive\nm=audio 9 RTP/AVP 0").media
    assert (own.ufrag, own.pwd, own.setup) == ("abcd", "secret", "passive")
    assert (inherited.ufrag, inherited.setup, inherited.mid) == ("abcd", "active", None)
    assert parse("m=audio 9 RTP/AVP 0").media[0].direction == "sendrecv"


def test_codecs() -> None:
    vp8, opus, pcmu = parse(OFFER).media[0].codecs
    assert (vp8.payload_type, vp8.name, vp8.clock_rate, vp8.channels) == (96, "VP8", 90000, None)
    assert vp8.feedback == ("nack", "nack pli")
    assert (opus.name, opus.clock_rate, opus.channels, opus.feedback) == ("opus", 48000, 2, ("nack",))
    assert opus.parameters == {"minptime": "10", "useinbandfec": "1", "flag": ""}
    assert (pcmu.payload_type, pcmu.name, pcmu.clock_rate) == (0, "PCMU", 8000)
    assert {vp8, opus, pcmu} == set(parse(OFFER).media[0].codecs)


@pytest.mark.parametrize(("payload", "name"), [("0", "PCMU"), ("8", "PCMA"), ("9", "G722"), ("96", "")])
def test_static_payload_types_need_no_rtpmap(payload: str, name: str) -> None:
    (codec,) = parse(f"m=audio 9 RTP/AVP {payload}").media[0].codecs
    assert codec.name == name


def test_what_is_no_payload_type_is_no_codec() -> None:
    media = parse("m=video 9 RTP/AVP ² ٣ -1 1e3 128 96 96").media[0]
    assert media.formats == ["²", "٣", "-1", "1e3", "128", "96", "96"]
    assert [codec.payload_type for codec in media.codecs] == [96]


def test_bundle_only_is_not_rejected() -> None:
    assert parse("m=audio 0 RTP/AVP 0").media[0].rejected
    assert not parse("m=audio 0 RTP/AVP 0\na=bundle-only").media[0].rejected


@pytest.mark.parametrize(
    "broken",
    [
        "m=",
        "m= ",
        "m=video",
        "m=video nine RTP/AVP x",
        "m=video " + "9" * 5000 + " RTP/AVP " + "9" * 5000,
        "m=v 9 RTP/AVP 96\na=rtpmap\na=rtpmap:\na=rtpmap:96\na=fmtp:96\na=rtcp-fb:",
        "m=v 9 RTP/AVP 96\na=mid\na=mid:\na=candidate",
        "a=group\na=group:\na=group: \na=group:BUNDLE\na=fingerprint:sha-256",
        "=\n==\na\na=\na=:\n\x00\n\ud800",
    ],
)
def test_broken_text_gives_none_and_empty_lists(broken: str) -> None:
    document = parse(broken)
    touch(document)
    assert str(document) == broken
    assert document.errors
    for media in document.media:
        assert media.port in (None, 9)
        assert media.mid is None


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("t=0", 4),
        ("o=- x 2 IN IP4 127.0.0.1", 5),
        ("m=audio 70000 RTP/AVP 0", 9),
        ("a=rtpmap:200 VP8/90000", 10),
        ("a=rtpmap:96 VP8", 16),
        ("a=setup:both", 9),
        ("a=candidate:1 1 udp many 192.0.2.1 5000 typ host", 21),
        ("a=fingerprint:sha-256 00:11", 23),
        ("nonsense", 1),
        ("", 1),
    ],
)
def test_strict_raises_for_the_first_broken_line(line: str, column: int) -> None:
    text = f"v=0\r\n{line}\r\ns=\r\n"
    with pytest.raises(SdpError) as caught:
        parse(text, strict=True)
    assert (caught.value.line_number, caught.value.line) == (2, line)
    assert caught.value.column == column
    assert caught.value.reason == parse(text).lines[1].error


def test_strict_wants_the_beginning_and_takes_what_is_right() -> None:
    for text in ("", "o=- 1 2 IN IP4 127.0.0.1\r\n"):
        with pytest.raises(SdpError, match="line 1"):
            parse(text, strict=True)
    good = OFFER.replace("a=candidate:broken\r\n", "")
    assert str(parse(good, strict=True)) == good


LINE_ENDS = st.sampled_from(["\r\n", "\n", "\r", "\n\r", ""])
LINES = st.sampled_from(OFFER.split("\r\n")) | st.text(max_size=30)
TEXTS = st.text() | st.lists(st.tuples(LINES, LINE_ENDS)).map(lambda rows: "".join(a + b for a, b in rows))


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_any_text_comes_back(text: str) -> None:
    document = parse(text)
    assert str(document) == text
    assert_consistent(document)
    touch(document)


@settings(max_examples=300, deadline=None)
@given(st.binary() | TEXTS.map(lambda text: text.encode("utf-16")))
def test_any_bytes_come_back(data: bytes) -> None:
    document = parse(data)
    assert bytes(document) == data
    assert_consistent(document)
    touch(document)


def test_a_mutated_description_never_raises() -> None:
    dice = random.Random(1)
    original = OFFER.encode()
    for _ in range(400):
        data = bytearray(original)
        for _ in range(dice.randint(1, 12)):
            place = dice.randrange(len(data))
            match dice.randrange(3):
                case 0:
                    data[place] = dice.randrange(256)
                case 1:
                    del data[place : place + dice.randint(1, 20)]
                case _:
                    data[place:place] = original[place : place + dice.randint(1, 40)]
        document = parse(bytes(data))
        assert bytes(document) == bytes(data)
        touch(document)
        with contextlib.suppress(SdpError):  # nothing else may come out
            parse(bytes(data), strict=True)


@pytest.mark.parametrize(
    "unit",
    [
        OFFER[OFFER.index("m=video") :],
        "a=rtcp-fb:* nack\r\n",
        "a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host\r\n",
        "a=mid:x",
        "\r",
        " 96",
    ],
)
def test_time_grows_with_the_length_not_with_its_square(unit: str, no_garbage_collection: None) -> None:
    """Twice the text takes about twice the time; a quadratic scan would take four times."""

    def seconds(size: int) -> float:
        text = "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n" + unit * (size // len(unit))
        best = float("inf")
        for _ in range(3):
            began = time.process_time()
            touch(parse(text))
            best = min(best, time.process_time() - began)
        return best

    size = 1_000_000 if len(unit) > 1 else 100_000  # a megabyte of empty lines is a million Lines
    # The floor keeps a quick unit, whose times are all noise, from failing; so do three tries on a busy machine.
    assert min(seconds(size) / max(seconds(size // 2), 0.01) for _ in range(3)) < 4


def test_the_corpus_comes_back_byte_for_byte(corpus: Path) -> None:
    files = sorted(corpus.glob("sdp/*/*.sdp"))
    assert files
    for file in files:
        data = file.read_bytes()
        document = parse(data)
        assert bytes(document) == data, file
        assert_consistent(document)
        touch(document)


def test_chromiums_answers_read_well(corpus: Path) -> None:
    pairs = [json.loads(row) for row in (corpus / "sdp/chromium-answers.jsonl").read_text().splitlines()]
    assert pairs
    for pair in pairs:
        answer = parse(pair["answer"], strict=True)
        offer = parse((corpus / "sdp" / pair["file"]).read_bytes())
        assert len(answer.media) == len(offer.media), pair["file"]
        for media in answer.media:
            assert media.mid is not None
            assert media.ufrag or media.rejected or len(answer.media) > 1
            if media.kind in ("audio", "video") and not media.rejected:
                assert media.codecs
                for codec in media.codecs:
                    assert codec.name, pair["file"]
                    assert 8000 <= (codec.clock_rate or 0) <= 192_000
