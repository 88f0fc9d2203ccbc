"""A BrowserPeer without a browser: what it makes of what a page says."""

from __future__ import annotations

from typing import Any

from rtcnb.peers.browser import BrowserPeer
from rtcnb.runtime import loop
from rtcnb.trace import PageEvent, StatisticsEvent


def snapshot(number: int, state: str, **more: Any) -> dict[str, Any]:
    return {"number": number, "states": {"connectionState": state}, **more}


def test_an_older_reply_takes_no_state_back(alice: BrowserPeer) -> None:
    offer = {"type": "offer", "sdp": "v=0\r\n"}
    loop.call(alice._on_event, "state", snapshot(7, "connected"), [])
    loop.call(alice._mirror, snapshot(6, "connecting", local=offer))
    assert alice.connectionState == "connected"
    assert alice.localDescription is not None, "the newer one did not repeat it"


def test_events_have_the_page_s_time_and_statistics_what_changed(alice: BrowserPeer) -> None:
    loop.call(alice._on_event, "state", snapshot(1, "connecting"), [])
    pair = {"type": "candidate-pair", "state": "in-progress", "bytesSent": 1}
    loop.call(alice._on_event, "statistics", {"changed": {"P": pair}, "gone": []}, [])
    changed = {"P": {"state": "succeeded"}, "Q": {"type": "codec"}}
    loop.call(alice._on_event, "statistics", {"changed": changed, "gone": []}, [])
    loop.call(alice._on_event, "statistics", {"changed": {}, "gone": ["Q"]}, [])
    reports = [e.report for e in alice.trace if isinstance(e, StatisticsEvent)]
    assert [sorted(r) for r in reports] == [["P"], ["P", "Q"], ["P"]]
    assert [r["P"]["state"] for r in reports] == ["in-progress", "succeeded", "succeeded"]
    assert reports[2]["P"]["bytesSent"] == 1
    events = alice.trace.select(since=5.0, until=5.1)
    assert [e.kind for e in events] == ["state", "pair", "statistics", "pair", "statistics", "statistics"]


def test_the_trace_says_how_well_the_page_s_clock_is_known(alice: BrowserPeer) -> None:
    for error_ms in (float("inf"), 12.3456, 11.0, 2.5):
        alice._page.clock_error_ms = error_ms
        loop.call(alice._on_event, "state", snapshot(1, "connecting"), [])
    told = [e for e in alice.trace if isinstance(e, PageEvent)]
    assert [(e.peer, e.time, e.clock_error_ms) for e in told] == [("alice", 5.0, 12.346), ("alice", 5.0, 2.5)]
    assert str(told[1]) == "page p clock: its times are right to ±2.5 ms"
