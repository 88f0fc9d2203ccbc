"""Every view in real JupyterLab: what a stranger wrote is text in it, and every text can be read."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import contrast
import hostile
import pytest
from conftest import CHECKOUT
from lab import Notebook
from playwright.sync_api import Locator, expect

Open = Callable[..., Notebook]
DUMP = CHECKOUT / "notebooks" / "dumps" / "a_call_that_failed.gz"
CALL = f"""
import asyncio, rtcnb
alice, bob = rtcnb.KernelPeer({hostile.EVIL!r}), rtcnb.KernelPeer("bob")
alice.addTrack(rtcnb.TestPattern(width=160, height=120).video)
channel = alice.createDataChannel({hostile.EVIL!r}, protocol={hostile.EVIL!r})
await rtcnb.connect(alice, bob)
await channel.wait_open()
channel.send({hostile.EVIL!r})
async with asyncio.timeout(20):
    while len(alice.trace.select("bob", "statistics")) < 3:
        await asyncio.sleep(0.1)
await alice.close(); await bob.close()
alice.trace.save("call.jsonl")
"""
FAILED = """
import asyncio, rtcnb
from rtcnb import faults
from rtcnb.peers.wire import exchange
alice, bob = rtcnb.KernelPeer("alice"), rtcnb.KernelPeer("bob")
alice.addTrack(rtcnb.TestPattern(width=160, height=120).video)
alice.createDataChannel("chat")
wire = rtcnb.Wire(alice, bob)
faults.make(wire, "wrong-fingerprint")
await exchange(wire, alice, bob)
wire.auto = True
await asyncio.gather(alice.wait_connected(8), bob.wait_connected(8), return_exceptions=True)
print(alice.trace.diagnose()[0].rule)
"""
ROWS = "[data-row]"


def tabs(page_view: Locator) -> list[str]:
    return [str(tab.get_attribute("data-value")) for tab in page_view.get_by_role("tab").all()]


def show(view: Locator, tab: str) -> None:
    """Show a view, with all that can be unfolded."""
    view.locator(f"[role=tab][data-value={tab}]").click()
    expect(view.locator(f"[role=tab][data-value={tab}]")).to_have_attribute("aria-selected", "true")
    expect(view.locator(f"[data-part^='{tab}/']").first).to_be_attached()
    expect(view.locator("[aria-busy]")).to_have_count(0)  # what was pressed is pale until it is done
    view.evaluate("e => e.querySelectorAll('details').forEach((d) => { d.open = true; })")


@pytest.mark.parametrize("source", ["trace", "dump"])
def test_a_strangers_text_is_text_in_every_view(notebook: Open, source: str) -> None:
    nb = notebook("import rtcnb")
    if source == "trace":
        nb.run(CALL, timeout=60)
        written = hostile.saved_trace((nb.server.root / "call.jsonl").read_text())
    else:
        written = hostile.dump(gzip.decompress(DUMP.read_bytes()).decode())
    (nb.server.root / "hostile").write_bytes(written)
    nb.run("import rtcnb\nrtcnb.Inspector('hostile')", timeout=60)
    view = nb.view("inspector")
    read = ""
    for tab in tabs(view):
        show(view, tab)
        for row in view.locator(ROWS).all()[:12]:
            expect(row).to_be_attached()
            row.click(force=True, timeout=2_000)
        read += view.inner_text()
        assert view.locator("img, script, [onerror]").count() == 0, tab
    assert "<img src=x onerror" in read
    assert nb.page.evaluate("window.hacked") is None


# What is worked with, beside the views of a trace.
TOOLS = {
    "builder": "rtcnb.Builder(alice)",
    "stepper": "rtcnb.Stepper(alice, bob)",
    "sdp-inspector": "rtcnb.SdpInspector(alice.localDescription, bob.localDescription)",
    "ice-tester": "rtcnb.IceTester('stun:127.0.0.1:1')",
}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read(notebook: Open, theme: str) -> None:
    nb = notebook()
    nb.theme(theme == "dark")
    assert nb.run(FAILED, timeout=60).text.strip() == "wrong-fingerprint"
    nb.run("rtcnb.Inspector(alice, bob)")
    view = nb.view("inspector")
    faint = {}

    def measure(name: str, shown: Locator) -> None:
        count, faint[name] = contrast.measure(shown)
        assert count > 10, f"{name}: {count} texts are not the whole view"
        nb.screenshot(f"{name}-{theme}", shown)

    for tab in tabs(view):
        show(view, tab)
        measure(tab, view)
    for name, code in TOOLS.items():
        nb.run(code)
        shown = nb.view(name)
        expect(shown.get_by_role("button").first).to_be_visible()
        if name == "ice-tester":
            shown.get_by_role("button", name="Test", exact=True).click()
            expect(shown.locator("tr[data-verdict]")).to_have_count(2)
        measure(name, shown)
    told = [f"{name}: {line}" for name, lines in faint.items() for line in lines]
    assert not told, "\n".join(told)


# The look of every element before the theme stands behind the views' own rules, and after: what is not the same.
THEME_AGAIN = """(root, theme) => {
    const looks = () => [...root.querySelectorAll("*")].map((element) => {
        const style = getComputedStyle(element);
        return [element, Object.fromEntries([...style].map((name) => [name, style.getPropertyValue(name)]))];
    });
    const before = looks();
    const again = document.createElement("style");
    again.textContent = theme;
    document.body.append(again);
    const after = looks();
    again.remove();
    return [...new Set(before.flatMap(([element, look], i) => Object.keys(look)
        .filter((name) => !name.startsWith("--") && look[name] !== after[i][1][name])
        .map((name) => `${element.localName} in ${element.parentElement.className}: ${name} ${look[name]}`)))];
}"""


def test_a_widget_shown_later_changes_no_view(notebook: Open) -> None:
    """Each brings the theme once more, behind the rules of the views that are there."""
    nb = notebook()
    nb.run(CALL, timeout=60)
    nb.run("rtcnb.Inspector(alice, bob)")
    view = nb.view("inspector")
    theme = (CHECKOUT / "rtcnb" / "web" / "theme.css").read_text()
    for tab in tabs(view):
        show(view, tab)
        view.locator(f"[role=tab][data-value={tab}]").hover()
        if tab == "statistics":
            expect(view.locator(".rtcnb-values td").first).to_be_visible()
        assert view.evaluate(THEME_AGAIN, theme) == [], tab
