"""A BrowserPeer without a browser: what it makes of what a page says."""

from __future__ import annotations

from typing import Any

import pytest

from rtcnb.peers import browser
from rtcnb.peers.browser import BrowserPeer
from rtcnb.runtime import loop
from rtcnb.trace import StatisticsEvent, Trace


class FakePage:
    """Stands in for the PageObject; nothing answers."""

    event_time = 5.0
    page = "p"
    id = "browser-1"

    def __init__(self, *arguments: Any) -> None:
        pass

    async def drop(self) -> None:
        pass


@pytest.fixture
def alice(monkeypatch: pytest.MonkeyPatch) -> BrowserPeer:
    monkeypatch.setattr(browser, "PageObject", FakePage)
    return BrowserPeer("alice", trace=Trace())


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
