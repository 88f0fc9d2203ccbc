"""The tour with Firefox as the page."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from firefox import FIREFOX, open_firefox
from lab import Notebook, Server
from tour import TOUR, look, run_until

pytestmark = [
    pytest.mark.skipif(os.environ.get("RTCNB_LONG") != "1", reason="a part of make test-long"),
    pytest.mark.skipif(
        FIREFOX is None, reason="needs firefox-esr, which make test-long installs where it may"
    ),
]


def test_capture_and_the_tour(lab_server: Server, tmp_path: Path) -> None:
    with open_firefox(tmp_path) as page:
        nb = Notebook.open(page, lab_server, [], TOUR)  # type: ignore[arg-type]
        try:
            run_until(nb, 'rtcnb.view(alice.track("video"))')
            camera = look(page, "video[data-rtcnb-track^='camera-']")
            assert camera["dark"] < 0.1, "the fake camera is one bright colour after another"
            # Which has no edges: what comes back is black.
            edges = look(page, "video[data-rtcnb-track^='browser-']")
            assert edges["width"] / edges["height"] == pytest.approx(4 / 3, abs=0.01)
            assert edges["dark"] > 0.95, edges
            image = nb.run("(await camera.snapshot()).shape, alice.connectionState, camera.label").text
            assert image.startswith("((480, 640, 3), 'connected'"), image
            nb.run("await alice.close(); await bob.close(); await camera.stop()")
        finally:
            nb.shut_down()
