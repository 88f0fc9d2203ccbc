"""A peer without a page; and at the end what was made for real, and what the diagnosis said first."""

from __future__ import annotations

from typing import Any

import pytest
from failures import CONFUSION, confusion_table
from fake_page import FakePage

from rtcnb.peers import browser
from rtcnb.peers.browser import BrowserPeer
from rtcnb.trace import Trace


@pytest.fixture
def alice(monkeypatch: pytest.MonkeyPatch) -> BrowserPeer:
    """A browser's peer whose page never answers."""
    monkeypatch.setattr(browser, "PageObject", FakePage)
    return BrowserPeer("alice", trace=Trace())


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if CONFUSION:
        terminalreporter.section("failures made for real")
        for line in confusion_table():
            terminalreporter.write_line(line)
