"""Walking through the tour, and looking at what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab import Notebook
from playwright.sync_api import Page

TOUR = Path(__file__).resolve().parents[2] / "notebooks" / "00_tour.ipynb"

# What a <video> shows now, as the shares of dark, bright and coloured pixels.
LOOK = """async selector => {
    const video = document.querySelector(selector);
    video.scrollIntoView({ block: 'center' });
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    const { videoWidth: width, videoHeight: height } = video;
    const brush = new OffscreenCanvas(width, height).getContext('2d');
    brush.drawImage(video, 0, 0);
    const { data } = brush.getImageData(0, 0, width, height);
    const shares = { width, height, dark: 0, bright: 0, coloured: 0 };
    for (let i = 0; i < data.length; i += 4) {
        const [r, g, b] = [data[i], data[i + 1], data[i + 2]];
        if (Math.max(r, g, b) < 48) shares.dark++;
        else if (Math.min(r, g, b) > 160) shares.bright++;
        if (Math.max(r, g, b) - Math.min(r, g, b) > 60) shares.coloured++;
    }
    for (const share of ['dark', 'bright', 'coloured']) shares[share] /= width * height;
    return shares;
}"""


def look(page: Page, selector: str) -> dict[str, float]:
    page.wait_for_function("s => document.querySelector(s)?.videoWidth > 0", arg=selector)
    return dict(page.evaluate(LOOK, selector))


def run_until(nb: Notebook, ends_with: str) -> int:
    """Run the tour's cells from the top to the one whose source ends so; return its index."""
    for index, cell in enumerate(nb.cells()):
        if cell["type"] == "code":
            nb.press_run(index)
            if cell["source"].strip().endswith(ends_with):
                return index
    raise AssertionError(f"no cell of the tour ends with {ends_with}")


def walk_to_the_edges(nb: Notebook) -> int:
    """Run the tour until the processed picture is back in the page, and look at it; return that cell's index."""
    shown = run_until(nb, 'rtcnb.view(alice.track("video"))')
    back = "video[data-rtcnb-track^='browser-']"

    camera = look(nb.page, "video[data-rtcnb-track^='camera-']")
    assert camera["coloured"] > 0.5, "the fake camera is green"
    edges = look(nb.page, back)
    # Chromium sends a smaller picture while it thinks that the network or the machine is slow.
    assert edges["width"] / edges["height"] == pytest.approx(4 / 3, abs=0.01)
    # Lines on black: nearly all dark, some bright, hardly any colour. The camera's own picture is neither.
    assert edges["dark"] > 0.7 and edges["bright"] > 0.001 and edges["coloured"] < 0.05, edges

    decoded = (
        "[s['framesDecoded'] for s in (await alice.getStats()).values() if s['type'] == 'inbound-rtp'][0]"
    )
    shown_frames = f"document.querySelector({back!r}).getVideoPlaybackQuality().totalVideoFrames"
    seen, first = int(nb.page.evaluate(shown_frames)), int(nb.run(decoded).text)
    nb.page.wait_for_function(f"{shown_frames} > {max(60, seen + 10)}")
    assert int(nb.run(decoded).text) > first
    return shown
