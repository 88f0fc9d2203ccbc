"""How the Inspector fares in JupyterLab on a trace of 100,000 events, and what it costs when nothing happens.

    python benchmarks/inspector.py               # about two minutes; nothing else should run
    python benchmarks/inspector.py --events 5000

open    From the cell that shows the saved file to its first row on the screen. Bound: 2 s. Before that the same of
        an empty trace, the first view of the notebook: imports, and the page's link to the kernel.
scroll  The lists of ladder and packets scrolled through, 40 px a frame: the frames a second, and in how many of
        them a row was not there yet. The rival: as many frames with nothing to scroll. Bound: 30 a second.
jump    From the slider of such a list moved to a place not yet seen to its rows on the screen.
idle    CPU of the page's main thread, as a part of a core, while nothing happens: in the same notebook before the
        Inspector is shown (the rival), with it on the saved trace, and with it on a live call without media.
        Bound: 5% of a core more.

The trace is one of a call with video between two kernel peers, its packets and statistics repeated until there are
enough. Chromium and JupyterLab are those of the tests.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Locator, sync_playwright

import rtcnb
from rtcnb.trace import PacketEvent, StatisticsEvent, Trace

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "browser"))
from conftest import CHROMIUM, FLAGS, serve
from lab import Notebook

OPEN_BOUND_S = 2.0
SCROLL_BOUND_FPS = 30.0
IDLE_BOUND = 0.05
SCROLL_FRAMES = 300
JUMPS = 20
IDLE_S = 10.0
CALL_S = 6.0
FILE = "long_call.jsonl"

# Resolves with the seconds that the frames took, the longest frame, and in how many of them a row was missing.
SCROLL = """async ([list, frames]) => {
    const next = () => new Promise(requestAnimationFrame);
    let missing = 0, longest = 0, last = await next();
    const begun = last;
    for (let number = 0; number < frames; number++) {
        if (list) list.scrollTop += 40;
        const now = await next();
        longest = Math.max(longest, now - last);
        last = now;
        if (list && !seen(list)) missing += 1;
    }
    return [(last - begun) / 1000, longest, missing];
}"""
# Resolves with the milliseconds until a row was there, after each jump.
JUMP = """async ([list, jumps]) => {
    const next = () => new Promise(requestAnimationFrame);
    const took = [];
    for (let number = 1; number <= jumps; number++) {
        const begun = performance.now();
        list.scrollTop = ((list.scrollHeight - list.clientHeight) * ((number * 37) % 100)) / 100;
        do await next(); while (!seen(list) && performance.now() - begun < 5000);
        took.push(performance.now() - begun);
    }
    return took;
}"""
SEEN = """() => {
    window.seen = (list) => {
        const box = list.getBoundingClientRect();
        const at = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        return at?.closest("[data-row]");
    };
}"""
LIVE = """
alice, bob = rtcnb.KernelPeer("alice"), rtcnb.KernelPeer("bob")
alice.createDataChannel("chat")
await rtcnb.connect(alice, bob)
rtcnb.Inspector(alice, bob)
"""


async def record() -> Trace:
    """Return the trace of a call of some seconds, with video."""
    alice, bob = rtcnb.KernelPeer("alice"), rtcnb.KernelPeer("bob")
    alice.addTrack(rtcnb.TestPattern())
    alice.createDataChannel("chat")
    await rtcnb.connect(alice, bob)
    await asyncio.sleep(CALL_S)
    await alice.close()
    await bob.close()
    return alice.trace


def lengthened(trace: Trace, count: int) -> Trace:
    """Return a trace with `count` events: what comes again and again in a call comes again."""
    events = list(trace.events)
    again = [e for e in events if isinstance(e, PacketEvent | StatisticsEvent)][-400:]
    length = again[-1].time - again[0].time + 0.01
    for number in range((count - len(events)) // len(again) + 1):
        events += [dataclasses.replace(e, time=e.time + length * (number + 1)) for e in again]
    return Trace.of(events[:count], epoch=trace.epoch)


def opened(nb: Notebook, code: str, shown: str) -> float:
    """Run a cell that shows an Inspector, and return the seconds until something is there."""
    begun = time.monotonic()
    cell = nb.start(code)
    cell.element.locator(f".rtcnb-live.rtcnb-inspector {shown}").first.wait_for(timeout=60_000)
    return time.monotonic() - begun


def scrolled(nb: Notebook, view: Locator, tab: str) -> bool:
    view.locator(f"[role=tab][data-value={tab}]").click()
    view.locator(f"[data-part^='{tab}/'] [data-row]").first.wait_for()
    rows = view.locator(f"[data-part^='{tab}/'] [data-rows]").first.element_handle()
    took_s, longest_ms, missing = nb.page.evaluate(SCROLL, [rows, SCROLL_FRAMES])
    jumps_ms = nb.page.evaluate(JUMP, [rows, JUMPS])
    fps = SCROLL_FRAMES / took_s
    told = (
        f"scroll: {tab}, {fps:.0f} frames a second, the longest {longest_ms:.0f} ms, {missing} without rows"
    )
    good = report(told, fps >= SCROLL_BOUND_FPS, f"{SCROLL_BOUND_FPS:.0f}")
    print(f"jump: {tab}, rows after {statistics.median(jumps_ms):.0f} ms, at most {max(jumps_ms):.0f} ms")
    return good


def busy(client: CDPSession, wait: Callable[[float], None]) -> float:
    """Return how much of a core the page's main thread takes."""

    def tasks() -> float:
        metrics = client.send("Performance.getMetrics")["metrics"]
        return float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))

    wait(2_000)  # what was begun before ends
    before, begun = tasks(), time.monotonic()
    wait(IDLE_S * 1000)
    return (tasks() - before) / (time.monotonic() - begun)


def measure(nb: Notebook) -> bool:
    nb.run("import rtcnb")
    client = nb.page.context.new_cdp_session(nb.page)
    client.send("Performance.enable")
    nb.page.evaluate(SEEN)
    without = busy(client, nb.page.wait_for_timeout)
    still_s = nb.page.evaluate(SCROLL, [None, SCROLL_FRAMES])[0]
    print(f"open: an empty trace {opened(nb, 'rtcnb.Inspector(rtcnb.Trace())', '[role=tab]'):.2f} s")
    seconds = opened(nb, f"rtcnb.Inspector({FILE!r})", "[data-row]")
    good = report(f"open: {seconds:.2f} s", seconds <= OPEN_BOUND_S, f"{OPEN_BOUND_S:g} s")
    view = nb.page.locator(".rtcnb-live.rtcnb-inspector").last
    print(f"scroll: nothing, {SCROLL_FRAMES / still_s:.0f} frames a second")
    for tab in ("ladder", "packets"):
        good &= scrolled(nb, view, tab)
    with_it = busy(client, nb.page.wait_for_timeout)
    nb.run(LIVE)
    live = busy(client, nb.page.wait_for_timeout)
    print(f"idle: without it {without:.1%} of a core")
    good &= report(f"idle: on a saved trace {with_it:.1%}", with_it - without <= IDLE_BOUND, "5% more")
    return good & report(f"idle: on a call too {live:.1%}", live - without <= IDLE_BOUND, "5% more")


def report(what: str, good: bool, bound: Any) -> bool:
    print(f"{what}; bound {bound}: {'held' if good else 'NOT HELD'}", flush=True)
    return good


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=100_000)
    options = parser.parse_args()
    trace = lengthened(asyncio.run(record()), options.events)
    with (
        tempfile.TemporaryDirectory() as directory,
        serve(Path(directory)) as server,
        sync_playwright() as playwright,
    ):
        trace.save(server.root / FILE)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        nb = Notebook.open(page, server, [])
        good = measure(nb)
        nb.shut_down()
        browser.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
