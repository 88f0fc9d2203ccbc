"""The ICE view: what it draws agrees with the trace, up to its moment."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ice_events import (
    CONTROLLED,
    CONTROLLING,
    ERROR,
    EVIL,
    HOST,
    PRIORITY,
    REQUEST,
    USE_CANDIDATE,
    A,
    B,
    candidate,
    check,
    drawn,
    made,
    packet,
    pair,
    stun,
    told,
    trace_of,
)

from rtcnb.sdp import Candidate, SessionDescription
from rtcnb.trace import (
    DescriptionSet,
    Event,
    MessageEvent,
    PairEvent,
    SelectedPair,
    ServerEvent,
    StateChange,
    StatisticsEvent,
    Trace,
)
from rtcnb.trace.timeline import Timeline
from rtcnb.widgets.ice_checks import CheckIndex
from rtcnb.widgets.ice_pairs import Perspective, pair_priority, perspective
from rtcnb.widgets.ice_view import IceView
from rtcnb.widgets.live import static_html

OFFER = (
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n"
)
CANDIDATE = candidate("192.0.2.9", 6000)


def call() -> list[Event]:
    """A call of one pair: nominated at 450 ms, selected at 460 ms."""
    return [
        *made("alice", "bob"),
        DescriptionSet(
            time=100.0, peer="alice", side="local", description=SessionDescription(type="offer", sdp=OFFER)
        ),
        told(100.1, "alice", "gathered", candidate("192.0.2.1", 5000)),
        told(100.2, "bob", "added", candidate("192.0.2.1", 5000)),
        told(100.3, "bob", "gathered", candidate("192.0.2.9", 6000, HOST - 256)),
        told(100.4, "alice", "added", candidate("192.0.2.9", 6000, HOST - 256)),
        pair(100.41, "alice", "in-progress"),
        *check(100.42, 1, CONTROLLING),
        pair(100.43, "alice", "succeeded"),
        *check(100.45, 2, CONTROLLING, USE_CANDIDATE),
        SelectedPair(time=100.46, peer="alice", local=A, remote=B, local_type="host", remote_type="host"),
        pair(100.43, "bob", "succeeded"),
        SelectedPair(time=100.455, peer="bob", local=B, remote=A),
    ]


def report_of(local: Any, remote: Any, pair: Any) -> dict[str, dict[str, Any]]:
    """What getStats says of two candidates and their pair."""
    return {
        "L": {"type": "local-candidate", **local},
        "R": {"type": "remote-candidate", **remote},
        "P": {"type": "candidate-pair", "localCandidateId": "L", "remoteCandidateId": "R", **pair},
    }


def seen(trace: Trace, peer: str = "alice", other: str = "bob", until: float | None = None) -> Perspective:
    checks = CheckIndex(trace)
    checks.refresh()
    return perspective(peer, other, Timeline(trace).at(until), checks)


def test_a_pair_with_its_checks_nomination_and_selection() -> None:
    found = seen(trace_of(call()))
    (only,) = found.pairs
    assert [state for _, state in only.states] == ["in-progress", "succeeded"]
    assert only.tally() == {
        "sent request": 2,
        "received response": 2,
        "received request": 0,
        "sent response": 0,
    }
    assert only.nominated == pytest.approx(100.45)
    assert only.selected
    assert found.role == "controlling"
    assert only.round_trip_ms() == pytest.approx(4.0)
    assert only.priority == pair_priority(HOST, HOST - 256) == 2**32 * (HOST - 256) + 2 * HOST + 1
    theirs = seen(trace_of(call()), "bob", "alice")
    assert theirs.pairs[0].tally()["received request"] == 2
    assert theirs.pairs[0].priority == only.priority  # both ends know the same number


def test_it_says_why_the_pair_won() -> None:
    shown = drawn(IceView(trace_of(call())))
    (why,) = shown.find(class_="rtcnb-ice-why")
    assert "alice is controlling" in why
    assert "ICE-CONTROLLING" in why
    assert "Nominated at 450.0 ms" in why
    assert "Selected at 460.0 ms" in why
    assert "no other pair" in why
    assert f"{2**32 * (HOST - 256) + 2 * HOST + 1} = 2³²·min(G, D)" in shown.text
    assert f"{HOST} = 126·2²⁴ + 65535·2⁸ + 255" in shown.text
    assert "2 sent, 2 answered" in shown.text


@pytest.mark.parametrize(
    ("until", "shown", "not_shown"),
    [
        (100.05, "alice has no candidates yet", "192.0.2"),
        (100.15, "gathered 100 ms", "192.0.2.9"),
        (100.35, "bob has 1", "in progress"),
        (100.415, "◐ in progress", "succeeded"),
        (100.44, "✓ succeeded", "selected"),
        (100.47, "✓ succeeded · selected", "in progress · "),
    ],
)
def test_it_shows_the_trace_up_to_its_moment(until: float, shown: str, not_shown: str) -> None:
    events = [e for e in call() if not isinstance(e, DescriptionSet)]
    view = IceView(trace_of(events))
    view.until = until
    text = drawn(view).text.replace("bob has no candidates: it looks for them", "")
    text = text.replace("alice has no candidates: it looks", "alice has no candidates yet: it looks")
    assert shown in text
    assert not_shown not in text


def test_after_each_candidate_it_shows_what_changed() -> None:
    view = IceView(trace_of(call()))
    view.until = 100.2
    first = drawn(view)
    assert "Last change at 200 ms: bob was given host udp 192.0.2.1:5000" in first.text
    view.until = 100.435
    second = drawn(view)
    assert "Last change at 400 ms: alice was given host udp 192.0.2.9:6000" in second.text
    assert "1 pair in progress" in second.text
    cells = second.find(class_="rtcnb-ice-cell")
    assert [cell for cell in cells if "new" in cell] == cells
    (row,) = [r for r in second.find(data_candidate=A) if "gathered" in r]
    assert "new" not in row


def test_nothing_is_new_in_a_call_that_has_long_settled() -> None:
    settled = [
        StateChange(time=100.5, peer=p, state="connectionState", new="connected") for p in ("alice", "bob")
    ]
    late = StateChange(time=107.0, peer="alice", state="x", new="y")
    view = IceView(trace_of(call(), settled, late))
    assert drawn(view).find(class_="rtcnb-new") == []


def test_a_candidate_that_has_not_arrived_is_missed_in_words() -> None:
    waiting = MessageEvent(
        time=100.31,
        peer="bob",
        action="sent",
        number=7,
        receiver="alice",
        candidate=candidate("192.0.2.9", 6000),
    )
    events = [e for e in call() if e.time <= 100.3]
    text = drawn(IceView(trace_of(events, waiting))).text
    assert "No candidate of bob has reached alice: bob has 1 (1 on the wire)." in text
    assert "– not arrived" in text
    gone = MessageEvent(
        time=100.32,
        peer="bob",
        action="dropped",
        number=7,
        receiver="alice",
        candidate=candidate("192.0.2.9", 6000),
    )
    assert "(1 dropped)" in drawn(IceView(trace_of(events, waiting, gone))).text


def test_what_can_never_be_paired_is_not_awaited() -> None:
    tcp = Candidate("candidate:1 1 tcp 1518214911 192.0.2.1 9 typ host tcptype active", "0", 0)
    waiting = (
        told(100.105, "alice", "gathered", tcp),
        told(100.31, "bob", "gathered", candidate("192.0.2.9", 6000)),
    )
    events = [e for e in call() if e.time <= 100.3]
    table = drawn(IceView(trace_of(events, *waiting)))
    assert not any("192.0.2.1:9" in matrix for matrix in table.find(class_="rtcnb-ice-matrix"))
    assert "1 of a protocol or family that the other side has none of" in table.text


def test_gathering_and_servers_are_told() -> None:
    gathering = StateChange(time=100.0, peer="alice", state="iceGatheringState", new="gathering")
    text = drawn(IceView(trace_of(call(), gathering))).text
    assert "alice still gathers. aioice checks nothing by itself before that is over." in text
    assert "relay: none, no TURN server given." in text
    turn = {"iceServers": [{"urls": ["turn:192.0.2.7:3478"]}]}
    events = [e for e in call() if e.kind != "peer"]
    refused = ServerEvent(
        time=100.1, peer="alice", url="turn:192.0.2.7:3478", error_code=401, text="Unauthorized"
    )
    text = drawn(IceView(trace_of(made("alice", "bob", configuration=turn), events, refused))).text
    assert "relay: none, turn:192.0.2.7:3478 gave nothing: 401 Unauthorized." in text


def test_a_relay_names_its_server_where_there_is_but_one() -> None:
    servers = {"iceServers": [{"urls": ["stun:192.0.2.7:3478", "turn:192.0.2.8:3478"]}]}
    relay = told(100.1, "alice", "gathered", candidate("192.0.2.8", 7000, 16777215, "relay"))
    shown = drawn(IceView(trace_of(made("alice", configuration=servers), relay)))
    (row,) = shown.find(data_candidate="192.0.2.8:7000")
    assert "from turn:192.0.2.8:3478" in row
    assert "16777215 = 0·2²⁴ + 65535·2⁸ + 255" in row


def test_a_refused_check_nominates_nothing() -> None:
    events = [e for e in call() if e.time < 100.42]
    view = IceView(trace_of(events, check(100.42, 1, CONTROLLING, USE_CANDIDATE, answer=ERROR)))
    text = drawn(view).text
    assert "bob refuses the checks of alice: 1 × 401." in text
    assert "1 sent, 1 refused" in text
    assert "nominated" not in text


def test_a_peer_reflexive_candidate_that_only_checks_know() -> None:
    """bob asks before alice was told of him: his candidate's priority is in his check."""
    events = [
        *made("alice", "bob"),
        told(100.1, "alice", "gathered", candidate("192.0.2.1", 5000)),
        packet(100.2, "alice", "received", stun(REQUEST, 1, PRIORITY, CONTROLLED)),
    ]
    found = seen(trace_of(events))
    (theirs,) = found.remote
    assert (theirs.address, theirs.type, theirs.priority) == (B, "prflx", 1862270975)
    text = drawn(IceView(trace_of(events))).text
    assert "peer-reflexive: known from checks alone" in text
    assert "no pair yet" in text


def test_questions_to_a_stun_server_are_no_checks() -> None:
    question = packet(100.2, "alice", "sent", stun(REQUEST, 1))
    assert seen(trace_of(made("alice"), question)).pairs == []


def test_statistics_alone_are_enough() -> None:
    report = report_of(
        {"address": "192.0.2.1", "port": 5000, "candidateType": "host", "priority": HOST},
        {"address": "192.0.2.9", "port": 6000, "candidateType": "srflx", "priority": 7},
        {
            "state": "in-progress",
            "requestsSent": 5,
            "responsesReceived": 2,
            "requestsReceived": 1,
            "currentRoundTripTime": 0.012,
        },
    )
    report["T"] = {"type": "transport", "iceRole": "controlled"}
    report["odd"] = {"type": "candidate-pair", "localCandidateId": [], "remoteCandidateId": "R"}
    statistics = StatisticsEvent(time=101.0, peer="alice", report=report)
    trace = trace_of(made("alice"), statistics, missing=("single checks",), source="webrtc-internals")
    found = seen(trace, other="")
    assert found.role == "controlled"
    assert found.pairs[0].priority == pair_priority(7, HOST)
    text = drawn(IceView(trace)).text
    assert "The file has no single checks" in text
    assert "5 sent, 2 answered · 1 came · 12.0 ms" in text
    assert "known from getStats alone" in text


def test_pairs_that_cannot_be_say_why() -> None:
    events = [
        *call(),
        told(100.3, "alice", "gathered", candidate("2001:db8::1", 5001)),
        told(100.3, "alice", "added", candidate("2001:db8::9", 6001)),
        told(100.3, "alice", "gathered", candidate("203.0.113.1", 7000, 1694498815, "srflx")),
    ]
    text = drawn(IceView(trace_of(events))).text
    assert "– IPv4 with IPv6" in text
    assert "– its base checks" in text
    assert "base 192.0.2.1:5000" in text


def test_the_pair_that_is_chosen_is_shown() -> None:
    other = pair(100.5, "alice", "failed", remote="192.0.2.77:1")
    view = IceView(trace_of(call(), other))
    assert drawn(view).find(data_pair=f"{A} {B}")
    value = next(a["data-value"] for _, a, _ in drawn(view).elements if a.get("data-state") == "failed")
    view.act("ice-pair", value)
    shown = drawn(view)
    assert shown.find(data_pair=f"{A} 192.0.2.77:1")
    assert [a["data-value"] for _, a, _ in shown.elements if a.get("aria-pressed") == "true"] == [value]


def test_many_candidates_become_a_list() -> None:
    events = [*made("alice", "bob")]
    for i in range(12):
        events.append(told(100.1, "alice", "gathered", candidate("192.0.2.1", 5000 + i, HOST - i)))
        events.append(told(100.1, "alice", "added", candidate("192.0.2.9", 6000 + i, HOST - i)))
    for i in range(12):
        ends = {"local": f"192.0.2.1:{5000 + i}", "remote": f"192.0.2.9:{6000 + i}"}
        events.append(PairEvent(time=100.2 + i / 100, peer="alice", state="waiting", **ends))
    view = IceView(trace_of(events))
    (rows,) = [f.rows for f in view.draw() if f.rows]
    assert rows.count == 12
    assert "192.0.2.1:5000" in rows.draw(0, 1)[0]  # the highest priority first
    view.act(rows.press, 11)
    assert drawn(view).find(data_pair="192.0.2.1:5011 192.0.2.9:6011")
    view.act(rows.press, 99)
    view.act("ice-row-x", 1)


def test_a_peer_made_again_has_nothing_of_its_former_call() -> None:
    again = made("alice", "bob", time=105.0)
    assert seen(trace_of(call(), again)).pairs == []


@pytest.mark.parametrize("peers", [(), ("alice",), ("alice", "bob", "carol")])
def test_any_number_of_peers(peers: tuple[str, ...]) -> None:
    view = IceView(trace_of(made(*peers)))
    text = drawn(view).text
    assert ("No peer has been made yet." in text) == (not peers)
    assert "<script" not in static_html(view)


def test_text_from_strangers_stays_text() -> None:
    evil: dict[str, Any] = {
        "local": f"{EVIL}:1",
        "remote": f"[{EVIL}]:2",
        "local_type": EVIL,
        "remote_type": EVIL,
    }
    report = report_of(
        {"address": EVIL, "port": EVIL, "candidateType": EVIL, "priority": EVIL, "url": EVIL},
        {"address": EVIL, "port": 2, "protocol": EVIL},
        {"state": EVIL, "requestsSent": EVIL, "currentRoundTripTime": EVIL, EVIL: EVIL},
    )
    ends = {"local": evil["local"], "remote": evil["remote"]}
    broken = stun(ERROR, 3, b"\x00\x09\x00\x20\x00\x00\x04\x00" + EVIL.encode().ljust(28)[:28])
    events = [
        *made(EVIL, "bob", configuration={"iceServers": [{"urls": [EVIL, 3]}, EVIL, None]}),
        told(
            100.1,
            EVIL,
            "gathered",
            Candidate(f"candidate:1 1 udp 1 x.local 1 typ host {EVIL} {EVIL}", EVIL, 0),
        ),
        told(100.1, EVIL, "added", Candidate(EVIL)),
        PairEvent(time=100.2, peer=EVIL, state=EVIL, nominated=True, **evil),
        SelectedPair(time=100.3, peer=EVIL, **evil),
        ServerEvent(time=100.3, peer=EVIL, url=EVIL, text=EVIL),
        StatisticsEvent(time=100.4, peer=EVIL, report=report),
        MessageEvent(time=100.4, peer="bob", action=EVIL, number=1, receiver=EVIL, candidate=CANDIDATE),
        packet(100.5, EVIL, "sent", stun(REQUEST, 3, PRIORITY), **ends),
        packet(100.6, EVIL, "received", broken, **ends),
    ]
    view = IceView(trace_of(events))
    shown = drawn(view)
    assert not [tag for tag, _, _ in shown.elements if tag in ("img", "script")]
    assert not [a for _, a, _ in shown.elements if any(name.startswith("on") for name in a)]
    assert EVIL in shown.text
    assert "<img" not in static_html(view)


def test_the_static_form_says_what_matters() -> None:
    html = static_html(IceView(trace_of(call())))
    assert "✓ succeeded" in html
    assert "Why this pair" in html
    assert "126·2²⁴" in html


def test_a_long_call_is_drawn_quickly() -> None:
    """Each check is read once; on a loaded machine CPU time counts, not the clock."""
    checks = [e for i in range(5000) for e in check(101.0 + i / 100, i, CONTROLLING, USE_CANDIDATE)]
    view = IceView(trace_of(call(), checks))
    list(view.draw())
    begun = time.process_time()
    list(view.draw())
    assert time.process_time() - begun < 0.5  # measured: 0.02


def test_a_browser_that_hides_an_address_at_first_has_one_pair_all_the_same() -> None:
    """Chromium tells of a peer-reflexive candidate the port alone, until it is given the candidate."""
    hidden = {"local": A, "remote": ":6000", "remote_type": "prflx"}
    events = [
        *made("alice", "bob"),
        told(100.1, "bob", "gathered", CANDIDATE),
        pair(100.2, "alice", "in-progress", **hidden),
        told(100.3, "alice", "added", CANDIDATE),
        pair(100.4, "alice", "succeeded"),
    ]
    (only,) = seen(trace_of(events)).pairs
    assert (only.remote, [state for _, state in only.states]) == (B, ["in-progress", "succeeded"])
    assert "alice knew it from a check before it was told (prflx)" in drawn(IceView(trace_of(events))).text
    two = told(100.1, "bob", "gathered", candidate("2001:db8::9", 6000))
    assert [p.remote for p in seen(trace_of(events[:4], two)).pairs] == [":6000"]  # it may be either


def test_an_address_behind_a_local_name_is_recognised_by_its_port() -> None:
    name = Candidate("candidate:1 1 udp 2122194687 abc.local 6000 typ host", "0", 0)
    asked = packet(100.3, "alice", "received", stun(REQUEST, 1, PRIORITY, CONTROLLING))
    gathered = told(100.1, "alice", "gathered", candidate("192.0.2.1", 5000))
    text = drawn(
        IceView(trace_of(made("alice", "bob"), gathered, told(100.2, "alice", "added", name), asked))
    ).text
    assert "same port as abc.local:6000: likely the same" in text


def test_what_can_be_paired_with_nothing_has_no_row() -> None:
    tcp = Candidate("candidate:1 1 tcp 1518214911 192.0.2.1 9 typ host tcptype active", "0", 0)
    bundled = candidate("192.0.2.1", 5002, mid="1")
    own = [told(100.1, "alice", "gathered", c) for c in (tcp, bundled)]
    shown = drawn(IceView(trace_of(call(), own)))
    assert "tcp with udp" not in shown.text
    assert "in no pair, 1 of mid 1, bundled over another section (RFC 9143); 1 of a protocol" in shown.text
    assert shown.find(data_candidate="192.0.2.1:9")


def test_what_statistics_alone_know_is_dated_to_the_first_of_them() -> None:
    """aioice tells of a pair that waits in its statistics only, once a second: it is no news each time."""
    ends = {"address": "192.0.2.1", "port": 5000}, {"address": "192.0.2.9", "port": 6000}
    report = report_of(*ends, {"state": "frozen"})
    events = [StatisticsEvent(time=101.0 + i, peer="alice", report=report) for i in range(3)]
    (only,) = seen(trace_of(made("alice"), events)).pairs
    assert only.states == [(101.0, "frozen")]
    (row,) = drawn(IceView(trace_of(made("alice"), events))).find(data_candidate=A)
    assert "seen 1000 ms" in row
