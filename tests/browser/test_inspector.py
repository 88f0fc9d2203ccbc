"""The Inspector and its views in real JupyterLab."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lab import Notebook
from playwright.sync_api import expect

CALL = """
import rtcnb
alice, bob = rtcnb.KernelPeer("alice"), rtcnb.KernelPeer("bob")
alice.createDataChannel("chat")
inspector = rtcnb.Inspector(alice, bob)
"""


@pytest.fixture
def inspector(notebook: Callable[..., Notebook]) -> Notebook:
    lab = notebook()
    lab.run(CALL)
    lab.run("inspector")
    return lab


def test_the_inspector_follows_the_call(inspector: Notebook) -> None:
    shown = inspector.view("inspector")
    expect(shown.locator("[data-peer=alice] [data-state=connectionState] b")).to_have_text("new")
    inspector.run("await rtcnb.connect(alice, bob)")
    expect(shown.locator("[data-peer=alice] [data-state=connectionState] b")).to_have_text("connected")
    expect(shown.locator(".rtcnb-way b")).to_have_text("host ↔ host")
    inspector.screenshot("inspector", shown)
