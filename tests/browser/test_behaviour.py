"""What must hold while cells block, stop, run again or fail, and when pages come and go."""

from __future__ import annotations

import time
from typing import Any

import pytest
from lab import Notebook
from playwright.sync_api import Page

CALL = """
import asyncio, time, cv2, rtcnb
alice, bob = rtcnb.BrowserPeer("alice"), rtcnb.KernelPeer("bob")
source = rtcnb.TestPattern(place="page")
await source.start()
alice.addTrack(source.video)
picture = bob.track("video")
await rtcnb.connect(alice, bob)
async with asyncio.timeout(10):
    while picture.counters.frames < 30:
        await asyncio.sleep(0.05)
async def sending():
    return next(s for s in (await alice.getStats()).values() if s["type"] == "outbound-rtp")
"""


@pytest.mark.alone
def test_a_cell_that_blocks_costs_no_frames(notebook: Any) -> None:
    nb = notebook()
    nb.run(CALL)
    code = """
before = await sending()
decoded, began = picture.counters.frames, time.monotonic()
time.sleep(10)
decoded, slept_s = picture.counters.frames - decoded, time.monotonic() - began
after = await sending()
sent_per_s = (after["framesSent"] - before["framesSent"]) / (after["timestamp"] - before["timestamp"]) * 1000
async with asyncio.timeout(2):
    while picture.counters.frames < after["framesSent"] - 3:
        await asyncio.sleep(0.02)
print(sent_per_s * slept_s, decoded)
"""
    sent, decoded = map(float, nb.run(code, timeout=40).text.split())
    assert sent > 250, "the page should send 30 frames a second"
    assert decoded >= sent - 3, (sent, decoded)


def stop_time_s(nb: Notebook, code: str) -> float:
    """Return how long a cell that waits takes to end after the stop button; the best of three on a busy machine."""
    return min(_stop_time_s(nb, code) for _ in range(3))


def _stop_time_s(nb: Notebook, code: str) -> float:
    cell = nb.start(f"print('begun', flush=True)\n{code}")
    cell.wait_output("begun")
    begun = time.monotonic()
    nb.interrupt()
    result = cell.wait(5, check=False)
    took_s = time.monotonic() - begun
    assert "CancelledError" in result.error or "KeyboardInterrupt" in result.error
    return took_s


@pytest.mark.alone
def test_the_stop_button_stops_a_cell_that_waits(notebook: Any) -> None:
    nb = notebook("import rtcnb\nalice, bob = rtcnb.BrowserPeer('alice'), rtcnb.KernelPeer('bob')")
    nb.press_run(0)
    nb.run("bob.createDataChannel('chat'); await bob.setLocalDescription()")
    assert stop_time_s(nb, "await bob.wait_connected(timeout=60)") < 0.5
    nb.run("alice.createDataChannel('chat'); await alice.setLocalDescription()")
    assert stop_time_s(nb, "await alice.wait_connected(timeout=60)") < 0.5
    assert (
        nb.run("alice.signalingState, bob.signalingState").text == "('have-local-offer', 'have-local-offer')"
    )


EDGES = """
pattern = rtcnb.TestPattern(width=320, height=240)

@rtcnb.process(pattern.video, level=(0, 255))
def shade(image, level=0):
    image[:] = level
    return image
shade
"""

SHADE = """i => {
    const canvas = document.querySelectorAll('.jp-Notebook .jp-Cell')[i].querySelector('canvas');
    return canvas?.width ? canvas.getContext('2d').getImageData(160, 120, 1, 1).data[0] : -1;
}"""


def wait_shade(nb: Notebook, index: int, test: str) -> None:
    nb.page.wait_for_function(
        f"i => {{ const shade = ({SHADE})(i); return shade >= 0 && {test}; }}", arg=index
    )


def test_a_slider_moves_the_pixels_while_a_cell_runs(notebook: Any) -> None:
    nb = notebook("import rtcnb, time")
    nb.press_run(0)
    shown = nb.start(EDGES)
    shown.wait()
    wait_shade(nb, shown.index, "shade < 10")
    busy = nb.start("print('begun', flush=True)\ntime.sleep(20)")
    busy.wait_output("begun")
    nb.element(shown.index).get_by_role("slider").focus()
    nb.page.keyboard.press("End")
    wait_shade(nb, shown.index, "shade > 245")
    assert busy.running
    nb.interrupt()
    busy.wait(check=False)
    nb.page.wait_for_function(f"i => ({SHADE})(i) > 245", arg=shown.index)
    assert nb.run("shade.values").text == "{'level': 255}"


def test_running_the_cell_again_swaps_the_function_in_the_stream(notebook: Any) -> None:
    nb = notebook("import rtcnb", EDGES.partition("@")[0], "@" + EDGES.partition("@")[2])
    for index in range(3):
        nb.press_run(index)
    nb.run("track, thread = shade.track, shade")
    viewer = nb.start("rtcnb.view(track)")
    viewer.wait()
    wait_shade(nb, viewer.index, "shade < 10")
    nb.run("@rtcnb.process(pattern.video)\ndef shade(image):\n    image[:] = 200\n    return image")
    wait_shade(nb, viewer.index, "Math.abs(shade - 200) < 8")
    assert nb.run("shade is thread and shade.track is track").text == "True"


def test_a_function_that_raises_shows_its_error_and_the_stream_goes_on(notebook: Any) -> None:
    nb = notebook(
        "import rtcnb", EDGES.replace("image[:] = level", "raise ValueError('<b>level</b> ' + str(level))")
    )
    nb.press_run(0)
    nb.press_run(1)
    cell = nb.element(1)
    alert = cell.get_by_role("alert").filter(has_text="ValueError: <b>level</b> 0")
    alert.wait_for()
    # The frames themselves go on, unprocessed: their numbers change.
    first = nb.run("before = shade.track.counters.frames; before").text
    nb.page.wait_for_function(
        """() => { const c = document.querySelectorAll('.jp-Notebook .jp-Cell')[1].querySelector('canvas');
            const now = c.toDataURL(); const old = window.rtcnbOld; window.rtcnbOld = now;
            return old && old !== now; }"""
    )
    assert int(nb.run("shade.track.counters.frames").text) > int(first)
    alert.get_by_text("Where").click()
    assert "raise ValueError" in alert.inner_text()
    nb.screenshot("function-error", cell)
    nb.run(EDGES.partition("@")[1] + EDGES.partition("@")[2])
    alert.wait_for(state="detached")


def test_the_outside_names_that_the_link_leans_on_are_there(page: Page, notebook: Any) -> None:
    nb = notebook()
    code = """
import anywidget, traitlets
from IPython import get_ipython
kernel = get_ipython().kernel
assert isinstance(kernel.control_handlers, dict) and "shutdown_request" in kernel.control_handlers

class Guard(anywidget.AnyWidget):
    _esm = '''export default { initialize({ model }) {
        const kernel = model.widget_manager?.kernel;
        globalThis.rtcnbGuard = {
            send: typeof kernel?.sendControlMessage, clientId: typeof kernel?.clientId,
            username: typeof kernel?.username, get_model: typeof model.widget_manager?.get_model,
        };
    } }'''
Guard()
"""
    nb.run(code)
    nb.page.wait_for_function("globalThis.rtcnbGuard")
    assert nb.page.evaluate("rtcnbGuard") == {
        "send": "function",
        "clientId": "string",
        "username": "string",
        "get_model": "function",
    }
