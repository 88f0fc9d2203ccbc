"""Firefox's about:webrtc: the saved page, and the report that its buttons copy."""

from __future__ import annotations

import html
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtcnb.errors import TraceError
from rtcnb.trace import (
    ApiCall,
    CandidateEvent,
    ChannelEvent,
    DescriptionSet,
    DtlsEvent,
    PairEvent,
    PeerEvent,
    SelectedPair,
    StateChange,
    StatisticsEvent,
    Trace,
)
from rtcnb.trace.formats.firefox_page import parsed

AT = 1_795_570_005_187
ID = "{07a98eb7-ef1c-416b-8e1a-69460c6712a8} 1795570004908400 (id=17179869185 url=https://a.example/)"
OFFER = (
    "v=0\r\no=mozilla 1 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 109\r\na=setup:actpass\r\n"
)
ANSWER = OFFER.replace("actpass", "active")
HIDDEN = "c0df8977-8778-4240-a8cf-ea9b5a20c7b1.local"
REMOTE = "candidate:0 1 UDP 2122187007 192.0.2.2 44650 typ host"


def told(id: str, **arguments: Any) -> str:
    """The attributes of a text in the reader's language."""
    attributes = f' data-l10n-id="{id}"'
    return (f' data-l10n-args="{html.escape(json.dumps(arguments))}"' if arguments else "") + attributes


def row(*cells: Any) -> str:
    return "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells) + "</tr>"


def page(state: str = "open", heading: str = "Estado de ICE", extra: str = "") -> str:
    """A page as Firefox saves it, in a language whose words nobody here knows."""
    described = "".join(
        f"<h4{told(f'about-webrtc-{side}-sdp-heading')}>?</h4>"
        f"<h5{told('about-webrtc-sdp-set-timestamp', timestamp=at, **{'relative-timestamp': 0})}>?</h5>"
        f"<pre>{html.escape(sdp).replace(chr(13), '')}</pre>"
        for side, at, sdp in (("local", AT, OFFER), ("remote", AT + 3353, ANSWER))
    )
    return (
        f'<div id="content"><div class="section-heading"><h3{told("about-webrtc-log-heading")}>?</h3></div>'
        f'<div class="peer-connection"><div id="pc-tools: {ID}"><div id="pc-heading: {ID}"><h3>'
        f"<span{told(f'about-webrtc-connection-{state}', now='2026-11-25T01:26:59.488Z')}>?</span></h3></div></div>"
        f'<div class="peer-connection-config">RTCConfiguration<br>bundlePolicy: balanced<br>iceTransportPolicy: all'
        f'<br>iceServers: <div>urls: ["stun:s.example"]<br>credential(<i>?</i>)</div></div>'
        f'<div id="rtp-stats: {ID}" class="rtp-stats"><div><h5>audio/opus - SSRC 233224817</h5><div><h6>inbound-rtp'
        f"</h6><svg><path d='M0 0'></svg></div><div><span>?</span><span>: </span>"
        f"<span>01:26:59 GMT inbound-rtp</span>"
        f"<span{told('about-webrtc-received-label', packets=132)}>?</span><span> (20.91 Kb , 1.7 KBps)</span>"
        f"<span{told('about-webrtc-lost-label', packets=3)}>?</span>"
        f"<span{told('about-webrtc-jitter-label', jitter=0.126)}>?</span></div>"
        f"<div><span>01:26:55 GMT remote-outbound-rtp</span><span{told('about-webrtc-sent-label', packets=98)}>?"
        f"</span><span> (15.56 Kb)</span></div></div></div>"
        f'<div id="ice-stats: {ID}"><table><tr><th>{heading}</th></tr>'
        + row("succeeded", "true", "true", f"{HIDDEN}:43738/udp(host) [non-proxied]",
              "192.0.2.2:44650/udp(prflx)", 1, 9, 92491, 95068)
        + row("failed", "false", "false", "[fd00::2]:9/tcp(host) []", "[fd00::3]:8/tcp(relay-tls)", 1, 9, 0, 0)
        + f'</table></div><table class="raw-candidate">{row(REMOTE)}</table>{extra}'
        f'<div class="sdp-history"><div>{described}</div></div></div></div>'
    )  # fmt: skip


def test_the_saved_page_in_any_language() -> None:
    trace = Trace.load(page().encode())
    assert trace.source == "about:webrtc" and trace.peers == ["07a98eb7"]
    (made,) = trace.select(kind=PeerEvent)
    assert made.configuration == {
        "iceServers": [{"urls": ["stun:s.example"]}],
        "bundlePolicy": "balanced",
        "iceTransportPolicy": "all",
    }
    local, remote = trace.select(kind=DescriptionSet)
    assert (local.side, local.description.type, local.description.sdp) == ("local", "offer", OFFER)
    assert (remote.side, remote.description.type, remote.description.sdp) == ("remote", "answer", ANSWER)
    assert trace.epoch + local.time == pytest.approx(AT / 1000) and remote.time - local.time == pytest.approx(
        3.353
    )
    selected = trace.select(kind=SelectedPair)[0]
    assert (selected.local, selected.remote) == (f"{HIDDEN}:43738", "192.0.2.2:44650")
    assert (selected.local_type, selected.remote_type) == ("host", "prflx")
    pairs = [(e.local, e.remote, e.remote_type, e.state, e.nominated) for e in trace.select(kind=PairEvent)]
    assert pairs[1] == ("[fd00::2]:9", "[fd00::3]:8", "relay", "failed", False)
    assert [(e.state, e.new) for e in trace.select(kind=StateChange)] == [
        ("signalingState", "have-local-offer"),
        ("signalingState", "stable"),
        ("iceConnectionState", "connected"),
        ("connectionState", "connected"),
    ]
    (report,) = (e.report for e in trace.select(kind=StatisticsEvent))
    assert report["codec audio/opus"] == {"type": "codec", "mimeType": "audio/opus"}
    received = report["inbound-rtp 233224817"]
    assert (received["packetsReceived"], received["packetsLost"], received["jitter"]) == (132, 3, 0.126)
    assert received["bytesReceived"] == round(20.91 * 1024)
    assert report["remote-outbound-rtp 233224817"]["packetsSent"] == 98
    (candidate,) = trace.select(kind=CandidateEvent)
    assert (candidate.action, candidate.candidate.address) == ("added", "192.0.2.2")
    assert trace.diagnose() == []
    assert "calls" in trace.missing and not trace.select(kind=ApiCall)


def test_a_closed_connection_and_html_in_names() -> None:
    trace = Trace.load(page("closed", heading="<script>alert(1)</script>").encode())
    assert trace.select(kind=StateChange)[-1].new == "closed"
    assert "<script>" not in trace._repr_html_()


def test_a_page_of_an_older_firefox_has_descriptions_and_pairs() -> None:
    """No names of translations, other columns, and the two descriptions one after the other."""
    text = (
        '<html><body><div id="content"><div class="peer-connection"><h3>[ 11 ] a.example</h3><div><span '
        'class="info-body">1577475416937 (id=15 url=https://a/)</span></div><table>'
        + row(
            "192.0.2.1:5000/udp(host)", "192.0.2.2:44650/udp(srflx)", "succeeded", 9, "true", "true", 17, 18
        )
        + f"</table><h4>SDP</h4><pre>{OFFER}</pre><h5>x</h5><pre>{ANSWER}</pre></div></div></body></html>"
    )
    trace = Trace.load(text.encode())
    assert trace.peers == ["15774754"]
    assert [(e.side, e.description.type) for e in trace.select(kind=DescriptionSet)] == [
        ("local", "offer"),
        ("remote", "answer"),
    ]


def report(**members: Any) -> dict[str, Any]:
    entries: dict[str, list[dict[str, Any]]] = {
        "transportStats": [{"type": "transport", "id": "t", "iceState": "connected", "dtlsState": "connected",
                            "dtlsRole": "server", "selectedCandidatePairId": "p"}],
        "iceCandidatePairStats": [{"type": "candidate-pair", "id": "p", "state": "succeeded", "nominated": True,
                                   "localCandidateId": "l", "remoteCandidateId": "r"}],
        "iceCandidateStats": [
            {"type": "local-candidate", "id": "l", "address": "192.0.2.1", "port": 5, "protocol": "udp",
             "candidateType": "host", "foundation": "0", "priority": 9},
            {"type": "remote-candidate", "id": "r", "address": "192.0.2.2", "port": 6, "protocol": "udp",
             "candidateType": "srflx", "foundation": "0", "priority": 9}],
        "dataChannelStats": [{"type": "data-channel", "id": "d", "label": "chat", "state": "open"}],
        "remoteInboundRtpStreamStats": [{"type": "remote-inbound-rtp", "id": "ri", "timestamp": AT - 4000,
                                         "jitter": 1}],
        "rtpContributingSourceStats": [{"odd": 1}],
    }  # fmt: skip
    return {
        "pcid": ID,
        "timestamp": AT + 9000,
        "offerer": True,
        "closed": False,
        "configuration": {"iceServers": [{"urls": ["stun:s.example"], "credentialProvided": True}]},
        "sdpHistory": [
            {"isLocal": True, "timestamp": AT, "sdp": OFFER, "errors": []},
            {"isLocal": False, "timestamp": AT + 500, "sdp": ANSWER, "errors": []},
        ],
        "rawLocalCandidates": ["host(IP4:192.0.2.1:5/UDP)"],
        "rawRemoteCandidates": [REMOTE],
        **entries,
        **members,
    }


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda r: r,
        lambda r: [r],
        lambda r: {
            "reports": [{**r, "sdpHistory": []}],
            "sdpHistories": [{"pcid": ID, "sdpHistory": r["sdpHistory"]}],
        },
    ],
    ids=["a report", "a list", "a history"],
)
def test_the_copied_report(wrapped: Any) -> None:
    trace = Trace.load(json.dumps(wrapped(report()), indent=2).encode())
    (selected,) = trace.select(kind=SelectedPair)
    assert (selected.local, selected.remote, selected.remote_type) == ("192.0.2.1:5", "192.0.2.2:6", "srflx")
    assert [(e.state, e.role) for e in trace.select(kind=DtlsEvent)] == [("connected", "server")]
    assert [(e.label, e.action) for e in trace.select(kind=ChannelEvent)] == [("chat", "open")]
    assert [e.new for e in trace.select(kind=StateChange)][-2:] == ["connected", "connected"]
    assert [(e.action, e.candidate.address) for e in trace.select(kind=CandidateEvent)] == [
        ("added", "192.0.2.2"),
        ("gathered", "192.0.2.1"),
    ]
    entry = trace.select(kind=StatisticsEvent)[0].report["ri"]
    assert entry == {"type": "remote-inbound-rtp", "timestamp": AT - 4000, "jitter": 1}
    assert len(trace.select(kind=DescriptionSet)) == 2 and trace.diagnose() == []


def test_a_failed_call_of_firefox_is_told_from_its_pairs() -> None:
    pair = report()["iceCandidatePairStats"][0] | {"state": "failed", "nominated": False}
    given = report(transportStats=[], iceCandidatePairStats=[pair])
    rules = [f.rule for f in Trace.load(json.dumps(given).encode()).diagnose()]
    assert rules[0] == "unreachable"


@pytest.mark.parametrize(
    ("member", "odd", "place"),
    [
        ("pcid", 7, "pcid"),
        ("sdpHistory", "x", "sdpHistory"),
        ("sdpHistory", [7], "sdpHistory[0]"),
        ("transportStats", {}, "transportStats"),
        ("transportStats", [7], "transportStats[0]"),
        ("rawRemoteCandidates", 5, "rawRemoteCandidates"),
    ],
)
def test_what_is_of_the_wrong_type_is_named(member: str, odd: Any, place: str) -> None:
    with pytest.raises(TraceError) as caught:
        Trace.load(json.dumps([report(), report(**{member: odd})]).encode())
    assert caught.value.place == f"[1].{place}"


def test_a_page_without_a_connection_is_refused() -> None:
    with pytest.raises(TraceError, match="no peer connection"):
        Trace.load(b'<div id="content" data-l10n-id="about-webrtc-x"></div>')


# -- strangers

PIECES = [
    "<",
    ">",
    "</",
    "<div",
    "<!--",
    "-->",
    '"',
    "'",
    "=",
    "&",
    "&lt;",
    "&#x;",
    "<td>",
    "</td>",
    "<pre>",
    "div>",
    "\n",
]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=60), st.integers(0, 3000))
@settings(deadline=None)
def test_any_page_is_taken_or_refused(pieces: list[str], at: int) -> None:
    text = page()
    at %= len(text)
    try:
        trace = Trace.load((text[:at] + "".join(pieces) + text[at:]).encode("utf-8", "replace"))
    except TraceError:
        return
    repr(trace), trace.diagnose()


@pytest.mark.parametrize(
    "piece", ["<", "<a ", '<a "', "<!--", "<div>", "</div>", "&", '<a b="', "<a" + "b" * 50 + " "]
)
def test_no_page_is_slow(piece: str) -> None:
    text = page(extra=piece * (3_000_000 // len(piece)))
    begun = time.process_time()
    node = parsed(text)
    assert time.process_time() - begun < 20
    assert node.children


def test_saved_and_loaded_without_change(tmp_path: Path) -> None:
    for form in ("jsonl", "rtcstats"):
        trace = Trace.load(page().encode())
        trace.save(tmp_path / "1", format=form)
        Trace.load(tmp_path / "1").save(tmp_path / "2", format=form)
        assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
