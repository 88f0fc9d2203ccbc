"""The tour, cell by cell, as a newcomer runs it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page
from tour import TOUR, look, run_until, walk_to_the_edges


@pytest.mark.timeout(180)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_tour_runs_and_edges_come_back(notebook: Any, dark: bool) -> None:
    nb = notebook(path=TOUR)
    nb.theme(dark)
    shown = walk_to_the_edges(nb)
    for index, cell in enumerate(nb.cells()):
        if index > shown and cell["type"] == "code" and not cell["source"].startswith("[s['framesDecoded']"):
            nb.press_run(index)
            nb.screenshot(f"tour-{'dark' if dark else 'light'}-{index:02d}", nb.element(index))
    assert nb.page.evaluate(LIVE_TRACKS) == 0
    for index, cell in enumerate(nb.cells()):
        if cell["type"] == "code":
            nb.screenshot(f"tour-{'dark' if dark else 'light'}-{index:02d}", nb.element(index))


LIVE_TRACKS = (
    "[...globalThis[Symbol.for('rtcnb.objects')].tracks.values()].filter(t => t.readyState === 'live').length"
)


@pytest.mark.timeout(120)
def test_without_a_camera_the_tour_goes_on_with_a_test_pattern(page: Page, notebook: Any) -> None:
    page.add_init_script(
        "MediaDevices.prototype.getUserMedia = () => "
        "Promise.reject(new DOMException('Requested device not found', 'NotFoundError'))"
    )
    nb = notebook(path=TOUR)
    shown = run_until(nb, "rtcnb.view(camera.video, width=320)")
    text = nb.element(shown).inner_text()
    assert "There is no camera here" in text and "goes on with a test pattern" in text
    run_until(nb, 'rtcnb.view(alice.track("video"))')
    back = look(nb.page, "video[data-rtcnb-track^='browser-']")
    assert back["dark"] > 0.7 and back["bright"] > 0.001 and back["coloured"] < 0.05, back
