"""The tour in the other hosts: Notebook 7, the oldest supported versions, and under a hub's path."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from conftest import CHECKOUT, serve
from lab import Notebook, Server
from playwright.sync_api import Page
from tour import TOUR, walk_to_the_edges

INSTALL_TIMEOUT_S = 900
# The oldest that are supported; OpenCV 4 too.
OLD = ("jupyterlab==4.2.*", "notebook==7.2.*", "ipykernel==6.29.*", "opencv-python==4.*")


@dataclass(frozen=True)
class Host:
    """Where the tour is shown: which program, with which versions, under which path."""

    app: Literal["lab", "notebook"]
    pins: tuple[str, ...] = ()
    base_url: str = "/"


HOSTS = {
    "notebook-newest": Host("notebook"),
    "lab-4.2": Host("lab", OLD),
    "notebook-7.2": Host("notebook", OLD),
    "hub-path": Host("lab", base_url="/user/x/"),
}


def python_with(pins: tuple[str, ...]) -> str:
    """Return a Python that has rtcnb with these versions; made once, and again when the project's needs change."""
    if not pins:
        return sys.executable
    needs = (CHECKOUT / "pyproject.toml").read_bytes() + repr(pins).encode()
    folder = CHECKOUT / ".venv-old"
    python, done = folder / "bin" / "python", folder / f"done-{hashlib.sha256(needs).hexdigest()[:16]}"
    if not done.exists():
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [str(python), "-m", "pip", "install", "--quiet", "--editable", f"{CHECKOUT}[lab]", *pins],
        ):
            subprocess.run(command, check=True, timeout=INSTALL_TIMEOUT_S)
        done.touch()
    return str(python)


@pytest.fixture(params=list(HOSTS))
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    wanted = HOSTS[request.param]
    with serve(tmp_path, wanted.app, python_with(wanted.pins), wanted.base_url) as server:
        yield server


@pytest.mark.timeout(INSTALL_TIMEOUT_S + 180)
def test_the_tour_runs_here_too(host: Server, page: Page) -> None:
    nb = Notebook.open(page, host, [], TOUR)
    try:
        walk_to_the_edges(nb)
        nb.run("await alice.close(); await bob.close(); await camera.stop()")
    finally:
        nb.shut_down()
