"""A peer without a page; and at the end what was made for real, and what the diagnosis said first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from failures import CONFUSION, confusion_table
from fake_page import FakePage

import rtcnb
from rtcnb.peers import browser
from rtcnb.peers.browser import BrowserPeer
from rtcnb.trace import Trace


@pytest.fixture
def alice(monkeypatch: pytest.MonkeyPatch) -> BrowserPeer:
    """A browser's peer whose page never answers."""
    monkeypatch.setattr(browser, "PageObject", FakePage)
    return BrowserPeer("alice", trace=Trace())


@pytest.fixture
async def peers() -> AsyncIterator[tuple[rtcnb.KernelPeer, rtcnb.KernelPeer]]:
    """Two kernel peers, alice and bob."""
    alice, bob = rtcnb.KernelPeer("alice"), rtcnb.KernelPeer("bob")
    yield alice, bob
    await alice.close()
    await bob.close()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if CONFUSION:
        terminalreporter.section("failures made for real")
        for line in confusion_table():
            terminalreporter.write_line(line)
