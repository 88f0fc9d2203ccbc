"""Statistics and stack in real JupyterLab: what the page shows is what the trace holds and what Chromium says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from lab import Notebook
from playwright.sync_api import Locator, expect

CALL = """
import json, rtcnb
from rtcnb.trace import StatisticsEvent
from rtcnb.widgets.stack import StackView
from rtcnb.widgets.stats_view import StatisticsView
alice, bob = rtcnb.BrowserPeer("alice"), rtcnb.KernelPeer("bob")
pattern = rtcnb.TestPattern(width=320, height=240, place="page")
await pattern.start()
alice.addTrack(pattern.video)
channel = alice.createDataChannel("<img src=x onerror=alert(1)>")
await rtcnb.connect(alice, bob)
"""
# The last snapshot of alice: of her stream, her transport and her codec.
LAST = """
report = [e for e in alice.trace if isinstance(e, StatisticsEvent) and e.peer == "alice"][-1].report
stream = next(e for e in report.values() if e["type"] == "outbound-rtp")
transport = next(e for e in report.values() if e["type"] == "transport")
print(json.dumps([stream, transport, report[stream["codecId"]]]))
"""
# Chromium's own counters of the stream before a snapshot was taken, in it, and after.
OWN = """
import asyncio
async def own():
    return next(e for e in (await alice.getStats()).values() if e["type"] == "outbound-rtp")
def told():
    return [e for e in alice.trace if isinstance(e, StatisticsEvent) and e.peer == "alice"]
before, count = await own(), len(told())
async with asyncio.timeout(20):
    while len(told()) == count:
        await asyncio.sleep(0.05)
snapshot = next(e for e in told()[-1].report.values() if e["type"] == "outbound-rtp")
print(json.dumps([before, snapshot, await own()]))
"""
COUNTERS = ("bytesSent", "packetsSent", "framesEncoded", "framesSent", "headerBytesSent", "totalEncodeTime")
SETTLED = ("ssrc", "kind", "mid", "codecId", "transportId", "mediaSourceId", "rid", "active")


@pytest.fixture
def call(notebook: Callable[..., Notebook]) -> Notebook:
    lab = notebook()
    lab.run(CALL)
    return lab


def value_of(shown: Locator, name: str) -> str:
    return str(shown.locator(f"[data-stat={name}]").first.get_attribute("data-value"))


def test_what_is_shown_is_what_chromium_says(call: Notebook) -> None:
    call.run("StatisticsView(alice, bob)")
    charts = call.view("statistics")
    sent = charts.locator("[data-peer=alice] [data-type=outbound-rtp]")
    received = charts.locator("[data-peer=bob] [data-type=inbound-rtp]")
    expect(sent.locator("[data-stat=frame_height]")).to_have_text("320×240", timeout=60_000)
    expect(received.locator("[data-stat=frame_height]")).to_have_text("320×240", timeout=60_000)
    before, snapshot, after = json.loads(call.run(OWN).text)
    for name in COUNTERS:
        assert 0 < before[name] <= snapshot[name] <= after[name], name
    assert [before.get(x) for x in SETTLED] == [snapshot.get(x) for x in SETTLED]
    ssrc = before["ssrc"]
    expect(sent.locator(".rtcnb-stream-name")).to_contain_text(f"ssrc {ssrc}")
    expect(received.locator(".rtcnb-stream-name")).to_contain_text(f"ssrc {ssrc}")
    expect(received.locator("path.line").first).to_have_attribute("d", re.compile("L"), timeout=60_000)
    call.run("StackView(alice, bob)")
    stack = call.view("stack").locator("[data-peer=alice]")
    expect(stack.locator("[data-part=srtp] [data-stat=srtp_cipher]")).to_be_visible()
    call.screenshot("statistics", charts)
    call.run("await alice.close(); await bob.close()")
    stream, transport, codec = (dict(x) for x in json.loads(call.run(LAST).text))
    same: dict[str, Any] = {
        "frames_per_second": stream["framesPerSecond"],
        "frame_height": stream["frameHeight"],
        "quality_limitation_reason": stream["qualityLimitationReason"],
    }
    for name, value in same.items():
        expect(sent.locator(f"[data-stat={name}]").first).to_have_attribute("data-value", str(value))
    told = {"srtp_cipher": "srtpCipher", "dtls_cipher": "dtlsCipher", "tls_version": "tlsVersion"}
    for name, member in told.items():
        assert value_of(stack, name) == transport[member]
    assert value_of(stack, "codec") == codec["mimeType"] == "video/VP8"
    assert value_of(stack, "payload_type") == str(codec["payloadType"])
    call.screenshot("stack", call.view("stack"))
    assert call.page.locator("[onerror]").count() == 0 and "<img src=x" in charts.inner_text()


def test_the_time_shown_is_chosen_from_the_keyboard(call: Notebook) -> None:
    call.run("StatisticsView(alice, bob)")
    charts = call.view("statistics")
    choice = charts.locator("select")
    choice.focus()
    call.page.keyboard.press("ArrowDown")
    expect(choice).to_have_value("300")
    values = charts.locator("details.rtcnb-values > summary").first
    values.focus()
    call.page.keyboard.press("Enter")
    expect(charts.locator("details.rtcnb-values[open] td").first).to_be_visible()
