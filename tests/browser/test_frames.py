"""Pictures of the page in the kernel over the link, without a call: JPEG, the latest, as many as are wanted."""

from __future__ import annotations

import pytest
from lab import Notebook
from playwright.sync_api import Page, expect

from rtcnb.media.page_frames import IN_FLIGHT

START = "import time, rtcnb\ncam = rtcnb.Camera(width=640, height=480)\nawait cam.start()"
COUNT = """
begun, seen = time.monotonic(), []
async for image in cam.frames({options}):
    seen.append(image)
    {body}
    if len(seen) == {count}:
        break
print(len(seen), seen[0].shape, (seen[0] != seen[-1]).any(), {count} / (time.monotonic() - begun) > {least})
"""


@pytest.fixture
def nb(notebook) -> Notebook:  # type: ignore[no-untyped-def]
    return notebook()


@pytest.mark.alone
def test_a_cameras_frames_come_as_arrays(nb: Notebook) -> None:
    nb.run(START)
    told = nb.run(COUNT.format(options="", body="pass", count=30, least=8)).text
    assert told.strip() == "30 (480, 640, 3) True True"
    small = nb.run(COUNT.format(options="width=320", body="pass", count=10, least=5)).text
    assert small.strip() == "10 (240, 320, 3) True True"


SENDER = "[...globalThis[Symbol.for('rtcnb.objects')].objects.values()].find(o => o.presented)"


def test_what_nobody_wants_is_not_sent(nb: Notebook, page: Page) -> None:
    """A slow body gets the latest; the page encodes only what was asked for."""
    nb.run(
        START + "\nimport asyncio\nfrom rtcnb.media.page_frames import in_kernel\nheld = in_kernel(cam.video)"
    )
    told = nb.run(COUNT.format(options="", body="await asyncio.sleep(0.2)", count=5, least=0)).text
    assert told.strip() == "5 (480, 640, 3) True True"
    presented, sent = page.evaluate(f"(({{ presented, number }}) => [presented, number])({SENDER})")
    page.wait_for_function(f"{SENDER}.presented > {presented + 20}")
    assert page.evaluate(f"{SENDER}.number") <= sent + IN_FLIGHT


def test_a_loop_that_ends_leaves_nothing_in_the_page(nb: Notebook, page: Page) -> None:
    nb.run(START)
    for _ in range(3):
        nb.run("async for image in cam.frames():\n    break")
    page.wait_for_function(f"!{SENDER}")
    assert nb.run("[i for i in rtcnb.runtime.page.link()._listeners if 'page_frames' in i]").text == "[]"


RATE = """
import asyncio
enough = edges.track.counters.frames + 30
async with asyncio.timeout(20):
    while edges.track.counters.frames < enough:
        await asyncio.sleep(0.05)
print(edges.frames_per_second)
"""


@pytest.mark.alone
def test_a_function_on_the_camera_without_a_call(nb: Notebook, page: Page) -> None:
    nb.run(START)
    shown = nb.start(
        "import cv2\n@rtcnb.process(cam, low=(0, 255))\ndef edges(image, low=60):\n"
        "    return cv2.Canny(image, low, 120)\nedges"
    )
    shown.wait()
    canvas = shown.element.locator("canvas")
    expect(canvas).to_be_visible()
    page.wait_for_function("() => document.querySelector('canvas[data-rtcnb-track]')?.width === 640")
    expect(shown.element).to_contain_text("ms a frame")
    assert float(nb.run(RATE).text) >= 5


def test_a_camera_that_is_off_says_so(nb: Notebook) -> None:
    nb.run(START)
    nb.run("await cam.stop()")
    error = nb.run("async for image in cam.frames():\n    break", check=False).error
    assert "not running" in error or "start()" in error


def test_the_page_goes_away(page: Page, nb: Notebook) -> None:
    nb.run(START)
    nb.run(
        "from rtcnb.media.page_frames import images\npictures = cam.frames()\nawait anext(pictures)\nprint('one')"
    )
    nb.reload()
    nb.wait_linked()
    error = nb.run("while True:\n    await anext(pictures)", check=False).error
    assert "closed or reloaded" in error
    told = nb.run("await cam.start()\nasync for image in cam.frames():\n    break\nprint(image.shape)").text
    assert told.strip() == "(480, 640, 3)"
