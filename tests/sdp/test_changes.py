"""What was munged, in the words of sections."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtcnb.sdp import changes

OFFER = (Path(__file__).parents[2] / "docs" / "lint" / "offer.sdp").read_bytes().decode()
CANDIDATE = "a=candidate:9 1 udp 1686052607 203.0.113.7 5000 typ srflx raddr 0.0.0.0 rport 0\r\n"


@pytest.mark.parametrize(
    ("old", "new", "what", "words"),
    [
        ("SAVPF 111 0 110 126", "SAVPF 0 111 110 126", "codec-order", "codec order is now PCMU, opus"),
        (
            "SAVPF 96 97 108 109",
            "SAVPF 96 97",
            "codec-removed",
            "codec H264 (108) was removed with its RTX 109",
        ),
        ("SAVPF 111 0 110 126", "SAVPF 111 0 110 126 8", "codec-added", "codec PCMA (8) was added"),
        ("useinbandfec=1", "useinbandfec=1;stereo=1", "parameter-added", "opus (111): stereo=1 was added"),
        ("minptime=10;", "", "parameter-removed", "minptime=10 was removed"),
        ("minptime=10;", "minptime=20;", "parameter-changed", "minptime 10 → 20"),
        ("a=rtcp-fb:96 nack\r\n", "", "feedback-removed", "feedback nack was removed"),
        ("VP8/90000", "VP9/90000", "codec-changed", "96 VP8/90000 → 96 VP9/90000"),
        ("a=sendrecv", "a=recvonly", "direction", "direction sendrecv → recvonly"),
        ("a=setup:actpass", "a=setup:active", "setup", "DTLS role actpass → active"),
        ("a=ice-ufrag:FJEh", "a=ice-ufrag:other", "ice-ufrag", "FJEh → other"),
        ("a=ice-pwd:+rEY", "a=ice-pwd:xxxx", "ice-pwd", "the ICE password was changed"),
        ("C5:2A", "00:00", "fingerprint", "fingerprint was changed"),
        ("a=rtcp:9", "b=AS:500\r\na=rtcp:9", "bandwidth", "bandwidth AS none → 500"),
        ("a=mid:0\r\n", "a=mid:0\r\n" + CANDIDATE, "candidate-added", "srflx udp 203.0.113.7 5000"),
        ("a=mid:0\r\n", "a=mid:0\r\na=end-of-candidates\r\n", "end-of-candidates", "was added"),
        ("m=video 36782", "m=video 0", "rejected", "was rejected (port 0)"),
        ("m=video 36782", "m=video 9", "port", "port 36782 → 9"),
        ("BUNDLE 0 1 2", "BUNDLE 0 1", "bundle", "BUNDLE group 0 1 2 → 0 1"),
        ("a=extmap:14 urn:ietf:params:rtp-hdrext:toffset\r\n", "", "header-extension", "toffset was removed"),
        ("a=rtcp-rsize\r\n", "", "line-removed", "a=rtcp-rsize was removed"),
        ("a=rtcp-rsize\r\n", "a=rtcp-rsize\r\na=x-mine\r\n", "line-added", "a=x-mine was added"),
        ("\r\n", "\n", "layout", "only line ends"),
    ],
)
def test_a_change_has_its_name(old: str, new: str, what: str, words: str) -> None:
    assert old in OFFER
    found = changes(OFFER, OFFER.replace(old, new))
    assert what in [change.what for change in found]
    assert words in str(found)
    assert words.replace("→", "→") in found._repr_html_().replace("&gt;", ">")


def test_the_password_itself_is_not_repeated() -> None:
    found = changes(OFFER, OFFER.replace("+rEY1kuN0GbG8fyYw8jIxHMS", "secretsecretsecretsecret"))
    assert "secret" not in json.dumps(found.to_json())


def test_nothing_changed() -> None:
    assert changes(OFFER, OFFER) == ()
    assert str(changes(OFFER, OFFER)) == "nothing was changed"


def test_one_edit_is_told_once() -> None:
    found = changes(OFFER, OFFER.replace("SAVPF 96 97 108 109", "SAVPF 96 97"))
    assert [change.what for change in found] == ["codec-removed"]
    assert found[0].where == "video (mid 1)"


def test_sections_come_and_go() -> None:
    shorter = OFFER[: OFFER.index("m=application")]
    assert [x.what for x in changes(OFFER, shorter)] == ["section-removed"]
    assert [x.what for x in changes(shorter, OFFER)] == ["section-added"]
    start, video, data = (OFFER.index(f"m={kind}") for kind in ("audio", "video", "application"))
    swapped = OFFER[:start] + OFFER[video:data] + OFFER[start:video] + OFFER[data:]
    assert [x.what for x in changes(OFFER, swapped)] == ["section-order"]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60), st.integers(0, len(OFFER)), st.integers(0, 200))
def test_any_two_texts_have_changes(text: str, place: int, length: int) -> None:
    other = OFFER[:place] + text + OFFER[place + length :]
    for found in (changes(OFFER, other), changes(other, OFFER), changes(text, other)):
        str(found)
        found._repr_html_().encode()
        json.dumps(found.to_json())
    assert bool(changes(OFFER, other)) == (other != OFFER)
