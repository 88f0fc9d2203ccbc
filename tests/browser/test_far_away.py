"""Binder: its environment alone, no UDP, nothing but one slow connection to the notebook."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import CHECKOUT, serve
from environments import INSTALL_TIMEOUT_S, environment
from far import Proxy, proxy_to
from lab import Notebook, Server
from playwright.sync_api import Page
from tour import TOUR

SLOW_BITS_S = 1_000_000
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
pytestmark = pytest.mark.skipif(not ROOT, reason="a network namespace of its own needs root")

FLOW = """
import asyncio, cv2, rtcnb
small = rtcnb.Camera(width=320, height=240)
await small.start()
flow = rtcnb.process(small, lambda image: cv2.Canny(image, 60, 120))
async with asyncio.timeout(20):
    while flow.track.counters.frames < 15:
        await asyncio.sleep(0.05)
least = []
for _ in range(6):
    before = flow.track.counters.frames
    await asyncio.sleep(5)
    least.append((flow.track.counters.frames - before) / 5)
image = await small.snapshot()
print(image.shape, min(least))
"""


def binder_python() -> str:
    """The environment that repo2docker would build from binder/, and nothing else."""
    files = b"".join(path.read_bytes() for path in sorted((CHECKOUT / "binder").iterdir()))
    install = ["python", "-m", "pip", "install", "--quiet", "-r", "binder/requirements.txt"]
    return environment("binder", files, install, [str(CHECKOUT / "binder" / "postBuild")])


@pytest.fixture
def far(tmp_path: Path) -> Iterator[tuple[Server, Proxy]]:
    python, way_in = binder_python(), tmp_path / "in"
    within = [
        "unshare",
        "--net",
        "--",
        python,
        str(CHECKOUT / "tests/browser/far_inside.py"),
        str(way_in),
        "{port}",
    ]
    with (
        proxy_to(lambda: asyncio.open_unix_connection(str(way_in))) as proxy,
        serve(tmp_path, python=python, within=within, reached_at=proxy.port) as server,
    ):
        yield server, proxy


@pytest.mark.alone
@pytest.mark.timeout(INSTALL_TIMEOUT_S + 400)
def test_the_tour_runs_to_its_end_over_one_slow_connection(far: tuple[Server, Proxy], page: Page) -> None:
    server, proxy = far
    page.set_default_timeout(60_000)
    nb = Notebook.open(page, server, [], TOUR)
    proxy.slow_down(SLOW_BITS_S)
    try:
        texts = []
        for index, cell in enumerate(nb.cells()):
            if cell["type"] == "code":
                texts.append(nb.press_run(index).text)
        assert any("No UDP passes between the page and the kernel" in text for text in texts)
        arrived = next(text for text in texts if "frames arrived while this cell slept" in text)
        assert int(arrived.split()[0]) > 5  # into the function of before, which goes on with the camera
        told = nb.run(FLOW, timeout=90).text.split()
        assert told[:3] == ["(240,", "320,", "3)"]
        print(f"\n{told[3]} frames a second of 320x240 through OpenCV, at least, over 30 s at 1 Mbit/s")
        assert float(told[3]) >= 5
    finally:
        nb.shut_down()
