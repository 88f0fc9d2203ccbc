"""What must hold while cells block, stop, run again or fail, and when pages come and go."""

from __future__ import annotations

import time
from typing import Any

import pytest
from lab import Notebook

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
    """Start a cell that waits, press the stop button, and return how long it took to end."""
    cell = nb.start(f"print('begun', flush=True)\n{code}")
    cell.wait_output("begun")
    begun = time.monotonic()
    nb.interrupt()
    result = cell.wait(5, check=False)
    took_s = time.monotonic() - begun
    assert "CancelledError" in result.error or "KeyboardInterrupt" in result.error
    return took_s


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


def test_closing_the_page_fails_the_pending_call_at_once(notebook: Any, page: Any) -> None:
    nb = notebook("import rtcnb, time\nalice = rtcnb.BrowserPeer('alice')\nawait alice.createOffer()")
    nb.press_run(0)
    second = nb.show(page.context.new_page())
    second.page.bring_to_front()
    # A call that the page never answers, made in the page that has the peer.
    page.evaluate(
        "for (const o of globalThis[Symbol.for('rtcnb.objects')].objects.values()) "
        "if (o.pc) o.createOffer = () => new Promise(() => {}); null"
    )
    code = """
print("begun", flush=True)
try:
    await alice.createOffer()
except rtcnb.errors.PageGone as error:
    print("gone", time.time(), error)
"""
    cell = second.start(code)
    cell.wait_output("begun")
    closed = time.time()
    page.close()
    text = cell.wait(10).text
    assert "closed, reloaded or crashed" in text
    assert float(text.split("gone ")[1].split()[0]) - closed < 1
    # The survivor takes over.
    assert "offer" in second.run("alice = rtcnb.BrowserPeer('alice')\n(await alice.createOffer()).type").text


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


COUNT_OPENINGS = """
globalThis.rtcnbOpened = 0;
const native = MediaDevices.prototype.getUserMedia;
MediaDevices.prototype.getUserMedia = function (...a) { globalThis.rtcnbOpened++; return native.apply(this, a); };
"""


def test_reload_and_a_second_tab_open_no_device(notebook: Any, page: Any) -> None:
    page.context.add_init_script(COUNT_OPENINGS)
    nb = notebook("import rtcnb\ncamera = rtcnb.Camera()\ncamera")
    nb.press_run(0)
    nb.page.get_by_role("button", name="Start", exact=True).wait_for()
    assert page.evaluate("rtcnbOpened") == 0
    nb.run("await camera.start()")
    assert page.evaluate("rtcnbOpened") == 1
    nb.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    second = nb.show(page.context.new_page())
    second.page.get_by_role("button", name="Start", exact=True).wait_for()
    assert second.page.evaluate("rtcnbOpened") == 0
    nb.reload()
    nb.page.get_by_role("button", name="Start", exact=True).wait_for()
    nb.page.wait_for_function("globalThis[Symbol.for('rtcnb.objects')]?.links.size > 0")
    assert page.evaluate("rtcnbOpened") == 0
    assert nb.run("camera.state").text == "'ended'"
    nb.run("await camera.start()")
    assert page.evaluate("rtcnbOpened") + second.page.evaluate("rtcnbOpened") == 1


@pytest.mark.parametrize("how", ["restart", "end_kernel"])
def test_the_camera_is_off_when_the_kernel_is_gone(notebook: Any, how: str) -> None:
    nb = notebook("import rtcnb\ncamera = rtcnb.Camera()\nawait camera.start()")
    nb.press_run(0)
    nb.page.evaluate(
        "window.rtcnbTrack = [...globalThis[Symbol.for('rtcnb.objects')].tracks.values()][0]; null"
    )
    assert nb.page.evaluate("rtcnbTrack.readyState") == "live"
    getattr(nb, how)()
    nb.page.wait_for_function("rtcnbTrack.readyState === 'ended'", timeout=5000)


def test_two_notebooks_in_one_page_keep_apart(notebook: Any, page: Any) -> None:
    first = notebook("import rtcnb\ncamera = rtcnb.Camera()\nawait camera.start()\nprint(camera.state)")
    first.press_run(0)
    page.evaluate(
        "path => window.jupyterapp.commands.execute('docmanager:open', {path})", arg=_another(first)
    )
    second = Notebook(page, first.server, _another(first))
    second.wait_idle()
    assert (
        second.run("import rtcnb\ncamera = rtcnb.Camera()\nawait camera.start()\ncamera.state").text
        == "'live'"
    )
    second.restart()
    page.wait_for_function(
        "[...globalThis[Symbol.for('rtcnb.objects')].tracks.values()].length === 1", timeout=5000
    )
    second.shut_down()


def _another(nb: Notebook) -> str:
    import nbformat

    name = "another-" + nb.name
    if not (nb.server.root / name).exists():
        document = nbformat.v4.new_notebook()
        document.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        nbformat.write(document, nb.server.root / name)
    return name


def test_the_outside_names_that_the_link_leans_on_are_there(notebook: Any) -> None:
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
