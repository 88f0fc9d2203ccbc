"""The ICE and the packets view in real JupyterLab: a page and a kernel, candidates one at a time."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from lab import Notebook
from playwright.sync_api import expect

PATIENCE_MS = 30_000
CALL = """
import rtcnb
from rtcnb.widgets.ice_view import IceView
from rtcnb.widgets.packet_view import PacketView
alice, bob = rtcnb.BrowserPeer("alice"), rtcnb.KernelPeer("bob")
alice.createDataChannel("chat")
wire = rtcnb.Wire(alice, bob)
ice, packets = IceView(alice, bob), PacketView(alice, bob)
"""
DESCRIPTIONS = """
await alice.setLocalDescription(await alice.createOffer())
await alice.wait_gathered()
held = [m for m in wire.pending if isinstance(m.content, rtcnb.Candidate)]
await wire.deliver()
"""
ANSWER = """
await bob.setLocalDescription(await bob.createAnswer())
await bob.wait_gathered()
"""
REST = """
await wire.deliver_all()
await alice.wait_connected(20)
await bob.wait_connected(20)
"""

FROZEN = """
import json, time
ice.until = time.monotonic()
ice.changed()
pair = bob.trace.select(kind="selected", peer="bob", until=ice.until)[-1]
print(json.dumps(["bob", pair.local, pair.remote]))
"""


@pytest.fixture
def lab(notebook: Callable[..., Notebook]) -> Notebook:
    lab = notebook()
    lab.run(CALL)
    return lab


def test_candidates_one_at_a_time_and_each_packet(lab: Notebook) -> None:
    lab.run("ice")
    ice = lab.view("ice")
    last = ice.locator(".rtcnb-ice-last")
    lab.run(DESCRIPTIONS, timeout=60)
    lab.run(ANSWER, timeout=60)
    expect(ice.locator("[data-perspective=bob]")).to_contain_text("No candidate of alice has reached bob")
    # Chromium also offers TCP, at times first; aiortc has no candidate that it could be paired with.
    lab.run("await next(m for m in held if m.content.protocol == 'udp').deliver()")
    expect(last).to_contain_text("bob was given host", timeout=PATIENCE_MS)
    expect(ice.locator("[data-perspective=bob] .rtcnb-new").first).to_be_visible(timeout=PATIENCE_MS)
    lab.run(REST, timeout=60)
    told = lab.run(FROZEN).text.strip()  # Chromium may choose another pair for some seconds yet
    cell = ice.locator("[data-perspective=bob] .rtcnb-ice-selected")
    expect(cell).to_have_attribute("data-value", told, timeout=PATIENCE_MS)
    expect(cell).to_contain_text("✓ succeeded")
    cell.focus()
    lab.page.keyboard.press("Enter")
    detail = ice.locator(".rtcnb-ice-detail")
    expect(detail.locator("h4")).to_contain_text("bob", timeout=PATIENCE_MS)
    expect(detail).to_contain_text("Why this pair")
    lab.run("ice.until = None; ice.changed()")
    page = ice.locator("[data-perspective=alice] .rtcnb-ice-selected")
    expect(page).to_contain_text("sent", timeout=PATIENCE_MS)
    lab.screenshot("ice", ice)

    lab.run("packets")
    shown = lab.view("packets")
    expect(shown).to_contain_text("alice is in the page")
    rows = shown.locator(".rtcnb-rows")
    expect(rows.locator("[data-row]").first).to_be_visible(timeout=PATIENCE_MS)
    shown.locator("[data-press=packet-kind][data-value=dtls]").focus()
    lab.page.keyboard.press("Enter")
    expect(shown.locator("[role=status].rtcnb-push")).to_contain_text(" of ", timeout=PATIENCE_MS)
    rows.focus()
    lab.page.keyboard.press("Home")
    expect(shown.locator(".rtcnb-packet-detail")).to_contain_text("ClientHello", timeout=PATIENCE_MS)
    field = shown.locator("[data-input=packet-text]")
    field.fill("no such packet")
    expect(shown).to_contain_text("No packet passes these filters.", timeout=PATIENCE_MS)
    shown.locator("[data-press=packet-all]").click()
    expect(rows.locator("[data-row]").first).to_be_visible(timeout=PATIENCE_MS)
    expect(field).to_have_value("")
    lab.screenshot("packets", shown)
    if "RTCNB_KEEP_TRACE" in os.environ:
        lab.run(f"alice.trace.save({os.environ['RTCNB_KEEP_TRACE']!r})")
    lab.run("await alice.close(); await bob.close()")
