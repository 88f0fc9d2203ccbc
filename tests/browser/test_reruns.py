"""Cells that run again and again: nothing of theirs may stay behind."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from lab import Notebook
from playwright.sync_api import Page
from tour import TOUR

RERUNS = 50 if os.environ.get("RTCNB_LONG") == "1" else 10
REUSED = ("asyncio", "subshell")  # threads of pools, and of JupyterLab's comms; either grows to its bound

# Instead of a sleep of three seconds: until the picture that comes back has been seen, as the tour's end wants it.
NO_LONGER = """async with __import__("asyncio").timeout(10):
    while not any(s.get("framesDecoded") for s in (await alice.getStats()).values()):
        await __import__("asyncio").sleep(0.05)"""
IN_KERNEL = """
import collections, contextlib, gc, ipywidgets, json, os, re, threading
from rtcnb.runtime import loop, page
loop.call(lambda: None)  # what was left to the loop is done
for thread in threading.enumerate():
    if thread.name.startswith("rtcnb-process"):
        thread.join(5)  # an ended stream's last picture may still be at work; one that stays is counted
gc.collect()
def opened():  # another thread may close what was listed a moment ago
    for fd in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            yield os.readlink(f"/proc/self/fd/{fd}")
widgets = list(ipywidgets.widgets.widget._instances.values())
print(json.dumps({
    "threads": collections.Counter(re.sub("[-_0-9].*", "", thread.name) for thread in threading.enumerate()),
    "sockets": sum(name.startswith("socket:") for name in opened()),
    "widgets": collections.Counter(type(widget).__name__ for widget in widgets),
    "listeners": collections.Counter(id.split("-")[0] for id in list(page.link()._listeners)),
}))
"""
IN_PAGE = """() => {
    const held = globalThis[Symbol.for('rtcnb.objects')];
    const counts = {};
    for (const name of ['objects', 'tracks', 'sources', 'failures', 'links', 'receivers'])
        counts[name] = held[name].size;
    counts.videos = document.querySelectorAll('video').length;
    counts.canvases = document.querySelectorAll('canvas').length;
    return counts;
}"""


def counts(nb: Notebook) -> dict[str, Any]:
    """Return how many there are of whatever could be left behind."""
    nb.view("ladder")  # the last that the tour shows
    kernel = json.loads(nb.run(IN_KERNEL).text)
    for name in REUSED:
        kernel["threads"].pop(name, None)
    return {"kernel": kernel, "page": nb.page.evaluate(IN_PAGE)}


@pytest.mark.timeout(900)
def test_the_tour_run_again_and_again_leaves_nothing_behind(
    page: Page, notebook: Callable[..., Notebook], tmp_path: Path
) -> None:
    hasty, tour = tmp_path / "hasty.ipynb", nbformat.read(TOUR, as_version=4)
    [sleeps] = [cell for cell in tour.cells if "time.sleep(3)" in cell.source]
    sleeps.source = sleeps.source.replace("time.sleep(3)", NO_LONGER)
    nbformat.write(tour, hasty)
    nb = notebook(path=hasty)
    end = nb.add("'the end'")
    nb.run_above(end)
    first = counts(nb)
    for _ in range(RERUNS):
        nb.run_above(end)
    assert counts(nb) == first
