"""Pages, kernels and connections that come and go; what is measured here stands in docs/architecture.md."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import nbformat
import psutil
import pytest
from far import proxy_to
from lab import OPEN, WIDGET, Notebook, Server
from playwright.sync_api import Error, Page, Route

Open = Callable[..., Notebook]

HELD = """
import asyncio, time, rtcnb
camera = rtcnb.Camera(width=320, height=240)
await camera.start()
alice = rtcnb.BrowserPeer("alice")
await alice.createOffer()
"""
ASK = """
print("begun", flush=True)
begun = time.monotonic()
try:
    await alice.createOffer()
except rtcnb.errors.PageGone as error:
    print(f"gone {time.time()} {time.monotonic() - begun:.1f} s: {error}")
"""
NEXT = "alice = rtcnb.BrowserPeer('alice')\n(await alice.createOffer()).type"
FOCUSED = """
import asyncio
from rtcnb.runtime import page as pages
async with asyncio.timeout(5):
    while max(pages.link().pages.values(), key=lambda p: p.focused_at).tab != {tab!r}:
        await asyncio.sleep(0.05)
"""
BOTH_TABS = """
import asyncio
from rtcnb.runtime import page as pages
async with asyncio.timeout(5):
    while len(pages.link().pages) < 2:
        await asyncio.sleep(0.05)
"""
CAMERA_ENDED = """
import asyncio
async with asyncio.timeout(5):
    while camera.state != "ended":
        await asyncio.sleep(0.05)
"""
# A request that the page waits for with all that it does.
HANG = """setTimeout(() => {
    const request = new XMLHttpRequest();
    request.open("GET", "/hang", false);
    request.send();
    window.back = true;
}); null"""
KEEP_TRACK = "window.rtcnbTrack = [...globalThis[Symbol.for('rtcnb.objects')].tracks.values()][0]; null"


@contextmanager
def measured(what: str, within_s: float) -> Iterator[None]:
    """Say how long the body took, and mind the bound."""
    begun = time.monotonic()
    yield
    took_s = time.monotonic() - begun
    print(f"measured: {what}: {took_s:.1f} s")
    assert took_s < within_s, what


def wait_camera_off(nb: Notebook) -> None:
    nb.page.wait_for_function("rtcnbTrack.readyState === 'ended'")


# -- pages


def crash(page: Page) -> None:
    with page.expect_event("crash"), pytest.raises(Error):
        page.goto("chrome://crash")


WAYS_TO_GO: dict[str, Callable[[Page], object]] = {
    "left": lambda page: page.goto("about:blank"),
    "closed": lambda page: page.close(),
    "crashed": crash,
}


# Until both pages wait for the lock of the other. `wait_for_function` would take the promise for an answer.
BOTH_WATCH = """async () => {
    const watched = async () => {
        const { held, pending } = await navigator.locks.query();
        const waits = (lock) => pending.some((one) => one.name === lock.name && one.clientId !== lock.clientId);
        return held.filter(waits).length;
    };
    const end = Date.now() + 10_000;
    for (; (await watched()) < 2; await new Promise((go) => setTimeout(go, 20)))
        if (Date.now() > end) throw new Error("not both pages watch each other");
}"""


@pytest.mark.alone
@pytest.mark.parametrize("how", WAYS_TO_GO)
def test_a_page_that_goes_fails_the_pending_call(notebook: Open, page: Page, how: str) -> None:
    """At once, where another page of the browser has the notebook too, even if it took its goodbye with it."""
    nb = notebook(HELD)
    nb.press_run(0)
    second = nb.show(page.context.new_page())
    second.page.bring_to_front()
    second.page.evaluate(BOTH_WATCH)
    # A call that the page never answers, made in the page that has the peer.
    page.evaluate(
        "for (const o of globalThis[Symbol.for('rtcnb.objects')].objects.values()) "
        "if (o.pc) o.createOffer = () => new Promise(() => {}); null"
    )
    cell = second.start(ASK)
    cell.wait_output("begun")
    gone = time.time()
    WAYS_TO_GO[how](page)
    text = cell.wait(10).text
    assert "closed, reloaded or crashed" in text
    took_s = float(text.split("gone ")[1].split()[0]) - gone
    print(f"measured: a page is {how}, its pending call fails: {took_s:.2f} s")
    assert took_s < 1
    assert second.run(NEXT).text == "'offer'", "the survivor takes over"


COUNT_OPENINGS = """
globalThis.rtcnbOpened = 0;
const native = MediaDevices.prototype.getUserMedia;
MediaDevices.prototype.getUserMedia = function (...a) { globalThis.rtcnbOpened++; return native.apply(this, a); };
"""


def test_reload_and_a_second_tab_open_no_device(notebook: Open, page: Page) -> None:
    page.context.add_init_script(COUNT_OPENINGS)
    nb = notebook("import rtcnb\ncamera = rtcnb.Camera()\ncamera")
    nb.press_run(0)
    nb.page.get_by_role("button", name="Start", exact=True).wait_for()
    assert page.evaluate("rtcnbOpened") == 0
    nb.run("await camera.start()")
    assert page.evaluate("rtcnbOpened") == 1
    nb.page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
    second = nb.show(page.context.new_page())
    second.page.get_by_role("button", name="Start", exact=True).wait_for()
    assert second.page.evaluate("rtcnbOpened") == 0
    nb.reload()
    nb.page.get_by_role("button", name="Start", exact=True).wait_for()
    nb.wait_linked()
    assert page.evaluate("rtcnbOpened") == 0
    nb.run(CAMERA_ENDED)
    nb.run("await camera.start()")
    assert page.evaluate("rtcnbOpened") + second.page.evaluate("rtcnbOpened") == 1


# As a person closes it: JupyterLab lets the kernel go on, unless told otherwise, as these tests' settings do.
CLOSE = f"""() => {{
    const panel = {WIDGET}, session = panel.context.sessionContext;
    session.kernelPreference = {{...session.kernelPreference, shutdownOnDispose: false}};
    panel.dispose();
}}"""


@pytest.mark.alone
def test_a_notebook_that_is_closed_and_opened_again_begins_anew(notebook: Open, page: Page) -> None:
    nb = notebook(HELD)
    nb.press_run(0)
    page.evaluate(KEEP_TRACK)
    page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
    with measured("a notebook is closed and its kernel goes on, the camera is off", 5):
        page.evaluate(CLOSE)
        wait_camera_off(nb)
    page.evaluate(OPEN, nb.name)
    nb.wait_idle()
    nb.wait_linked()
    nb.run(CAMERA_ENDED)
    nb.run("camera = rtcnb.Camera(width=320, height=240)\nawait camera.start()")
    assert nb.run(NEXT).text == "'offer'"


@pytest.mark.alone
def test_a_page_that_crashed_alone_is_noticed_by_its_silence(notebook: Open, page: Page) -> None:
    nb = notebook(HELD)
    nb.press_run(0)
    nb.run("import rtcnb.runtime.page\nrtcnb.runtime.page.GONE_AFTER = 6")
    crash(page)
    other = nb.show(page.context.new_page())
    with measured("a page crashes, a call to it fails", 6):
        said = other.start(ASK).wait(10).text
    assert "no sign of life" in said
    assert other.run(NEXT).text == "'offer'", "the next cell finds the page that is left"
    other.run("async with asyncio.timeout(9):\n    while not camera.note:\n        await asyncio.sleep(0.1)")
    assert other.run("camera.note").text.startswith("'The page that held the camera was closed")


def test_a_page_that_hangs_comes_back_with_all_it_had(notebook: Open, page: Page) -> None:
    nb = notebook(HELD)
    nb.press_run(0)
    other = nb.show(page.context.new_page())
    hangs: list[Route] = []
    page.route("**/hang", lambda route: hangs.append(route))
    with page.expect_request("**/hang"):
        page.evaluate(HANG)
    assert "no sign of life" in other.start(ASK).wait(10).text
    hangs[0].fulfill()
    page.wait_for_function("window.back")
    assert other.run("(await alice.createOffer()).type").text == "'offer'"
    assert other.run("camera.state").text == "'live'"


def test_of_two_tabs_the_focused_one_answers(notebook: Open, page: Page) -> None:
    nb = notebook("import rtcnb\n" + NEXT)
    nb.press_run(0)
    other = nb.show(page.context.new_page())
    # The new tab's first message says that it has the focus; it is not to come after what follows.
    other.wait_linked()
    other.run(BOTH_TABS)
    for each in (page, other.page):  # Playwright's own emulation gives every page the focus
        page.context.new_cdp_session(each).send("Emulation.setFocusEmulationEnabled", {"enabled": False})
    page.wait_for_function("!document.hasFocus()")

    def peers(of: Page) -> int:
        ids = "[...globalThis[Symbol.for('rtcnb.objects')].objects.keys()]"
        return int(of.evaluate(f"{ids}.filter(id => id.startsWith('browser')).length"))

    def focus(tab: Notebook) -> None:
        """Bring a tab to the front, and wait until the kernel has heard of it."""
        tab.page.bring_to_front()
        tab.page.wait_for_function("document.hasFocus()")
        tab.run(FOCUSED.format(tab=tab.page.evaluate("sessionStorage.getItem('rtcnb.tab')")))

    focus(nb)
    focus(other)
    other.run("bob = rtcnb.BrowserPeer('bob')\nawait bob.createOffer()")
    assert (peers(page), peers(other.page)) == (1, 1)
    focus(nb)
    nb.run("carol = rtcnb.BrowserPeer('carol')\nawait carol.createOffer()")
    assert (peers(page), peers(other.page)) == (2, 1)


def test_two_notebooks_in_one_page_keep_apart(notebook: Open, page: Page) -> None:
    first = notebook(HELD)
    first.press_run(0)
    name = f"another-{first.name}"
    document = nbformat.read(first.server.root / first.name, as_version=4)
    nbformat.write(document, first.server.root / name)
    page.evaluate("path => { window.jupyterapp.commands.execute('docmanager:open', {path}); }", arg=name)
    second = Notebook(page, first.server, name)
    second.wait_idle()
    try:
        assert second.run(HELD + "camera.state").text == "'live'"
        second.restart()
        page.wait_for_function("globalThis[Symbol.for('rtcnb.objects')].tracks.size === 1")
    finally:
        second.shut_down()


# -- kernels


@pytest.mark.alone
@pytest.mark.parametrize("how", ["begin_restart", "end_kernel"])
def test_the_camera_is_off_when_the_kernel_is_gone(page: Page, notebook: Open, how: str) -> None:
    nb = notebook(HELD)
    nb.press_run(0)
    nb.page.evaluate(KEEP_TRACK)
    assert nb.page.evaluate("rtcnbTrack.readyState") == "live"
    with measured(f"{how}, the camera is off", 5):
        getattr(nb, how)()
        wait_camera_off(nb)
    if how == "begin_restart":
        nb.wait_restarted()
        assert nb.run(HELD + "camera.state").text == "'live'"


@pytest.mark.alone
def test_the_camera_is_off_soon_after_the_kernel_died(notebook: Open, page: Page) -> None:
    nb = notebook(HELD)
    nb.press_run(0)
    page.evaluate(KEEP_TRACK)
    with measured("the kernel dies, the camera is off", 5):
        nb.start("import os\nos.kill(os.getpid(), 9)")
        wait_camera_off(nb)
    # JupyterLab starts another by itself, and says so.
    page.get_by_role("button", name="Ok", exact=True).click()
    nb.wait_idle()
    assert nb.run(HELD + "camera.state").text == "'live'"


CALL = """
import asyncio, rtcnb
alice, bob = rtcnb.BrowserPeer("alice"), rtcnb.KernelPeer("bob")
camera = rtcnb.Camera(width=320, height=240)
await camera.start()
alice.addTrack(camera.video)
edges = rtcnb.process(bob.track("video"), lambda image: image)
bob.addTrack(edges.track)
chat = alice.createDataChannel("chat")
await rtcnb.connect(alice, bob)
await chat.wait_open()
"""


@pytest.mark.alone
def test_a_kernel_that_streams_ends_by_itself_when_it_is_shut_down(page: Page, notebook: Open) -> None:
    nb = notebook(CALL)
    nb.press_run(0)
    kernel = psutil.Process(int(nb.run("import os; os.getpid()").text))
    nb.page.evaluate(KEEP_TRACK)
    with measured("a kernel that streams is shut down, the process has ended", 4):  # Jupyter kills after 5
        nb.end_kernel()
        wait_camera_off(nb)
        kernel.wait(10)


# -- connections and calls


@pytest.mark.alone
def test_a_call_outlives_the_loss_of_jupyterlabs_connection(lab_server: Server, page: Page) -> None:
    port = int(lab_server.url.rpartition(":")[2])
    status = f"{WIDGET}.sessionContext.session.kernel.connectionStatus"
    with proxy_to(lambda: asyncio.open_connection("127.0.0.1", port)) as proxy:
        nb = Notebook.open(page, replace(lab_server, seen_at=f"http://127.0.0.1:{proxy.port}"), [CALL])
        try:
            nb.press_run(0)
            nb.run("import time\nbefore, begun = bob.track('video').counters.frames, time.monotonic()")
            proxy.cut()
            page.wait_for_function(f"{status} !== 'connected'")
            proxy.mend()
            with measured("JupyterLab's connection is back, the next cell has run", 30):
                page.wait_for_function(f"{status} === 'connected'", timeout=30_000)
                nb.wait_idle()
                told = nb.run(
                    "passed_s = time.monotonic() - begun\n"
                    "print((bob.track('video').counters.frames - before) / passed_s,"
                    " alice.connectionState, camera.state, len(await alice.getStats()) > 0,"
                    " (await camera.snapshot()).shape)"
                ).text
            frames_per_second, rest = told.strip().split(" ", 1)
            assert float(frames_per_second) > 5, "media does not take JupyterLab's connection"
            assert rest == "connected live True (240, 320, 3)"
        finally:
            nb.shut_down()


CLOSERS = ("await alice.close()", "await bob.close()", "await camera.stop()", "edges.stop()", "chat.close()")


@pytest.mark.timeout(300)
def test_a_call_may_be_closed_in_any_order(notebook: Open) -> None:
    nb = notebook(CALL)
    for first in range(len(CLOSERS)):
        forwards, backwards = CLOSERS[first:] + CLOSERS[:first], CLOSERS[first::-1] + CLOSERS[:first:-1]
        for order in (forwards, backwards):
            nb.press_run(0)
            for closing in (*order, *order):  # a second time: nothing that is closed minds
                nb.run(closing)
    nb.press_run(0)
    assert nb.run("alice.connectionState").text == "'connected'"
