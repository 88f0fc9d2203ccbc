"""Real JupyterLab, driven in headless Chromium with its fake camera."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pytest
from lab import Notebook, Server, close_notebooks
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright
from ports import free_port

CHECKOUT = Path(__file__).resolve().parents[2]
CHROMIUM = next(
    (p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n)) is not None), None
)
FLAGS = [
    "--no-sandbox",
    "--use-fake-device-for-media-stream=fps=30",
    "--use-fake-ui-for-media-stream",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
VIEWPORT: ViewportSize = {"width": 1280, "height": 1000}
PERMISSIONS = ["camera", "microphone"]
START_TIMEOUT_S = 60
USUAL_MS, PATIENT_MS = 5_000, 40_000  # for what is seen in the end
SETTINGS = {
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none", "kernelShutdown": True},
    "@jupyterlab/apputils-extension:notification": {"checkForUpdates": False, "fetchNews": "false"},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}


def environment(home: Path, runtime: str) -> dict[str, str]:
    """Return an environment in which nothing of this machine's own Jupyter is seen."""
    (home / "lab").mkdir()
    (home / "lab" / "overrides.json").write_text(json.dumps(SETTINGS))
    return {
        **os.environ,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": runtime,
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHONPATH": str(CHECKOUT),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def command_of(
    app: Literal["lab", "notebook"], python: str, port: int, base_url: str, home: Path, root: Path, token: str
) -> list[str]:
    """How JupyterLab or Notebook is started for a test."""
    settings = {"lab": "LabApp", "notebook": "JupyterNotebookApp"}[app]
    command = [
        python,
        "-m",
        {"lab": "jupyterlab", "notebook": "notebook"}[app],
        "--no-browser",
        "--allow-root",
    ]
    return [
        *command,
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.base_url={base_url}",
        f"--ServerApp.root_dir={root}",
        f"--IdentityProvider.token={token}",
        # A TCP port that Jupyter chose for a kernel may be another process's when the kernel comes to bind it.
        "--KernelManager.transport=ipc",
        f"--{settings}.expose_app_in_browser=True",
        f"--{settings}.app_settings_dir={home / 'lab'}",
    ]


@contextmanager
def serve(
    directory: Path,
    app: Literal["lab", "notebook"] = "lab",
    python: str = sys.executable,
    base_url: str = "/",
    reached_at: int | None = None,
    within: Sequence[str] = (),
) -> Iterator[Server]:
    """A JupyterLab or Notebook on loopback, with directories of its own.

    `within` is a command that runs it, such as in a namespace; `reached_at` the port at which it is reached then.
    """
    home, root = directory / "home", directory / "notebooks"
    home.mkdir()
    root.mkdir()
    port, token = free_port(), secrets.token_hex(16)
    url = f"http://127.0.0.1:{reached_at or port}{base_url.rstrip('/')}"
    server = Server(url, token, root, app)
    command = [
        *(word.format(port=port) for word in within),
        *command_of(app, python, port, base_url, home, root, token),
    ]
    # The path of a kernel's Unix socket has 107 characters at most.
    with (
        (home / "server.log").open("w") as log,
        TemporaryDirectory(prefix="rtcnb-", ignore_cleanup_errors=True) as runtime,
    ):
        process = subprocess.Popen(
            command, env=environment(home, runtime), stdout=log, stderr=subprocess.STDOUT
        )
        try:
            server.wait(process, START_TIMEOUT_S)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:  # seen once: its loop had stopped under a thread of AnyIO's
                process.kill()
                process.wait(20)


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A JupyterLab for all tests that do not ask for another host."""
    with serve(tmp_path_factory.mktemp("jupyter")) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium with a fake camera whose permission is given without asking."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def patience() -> Iterator[None]:
    """More time for what a test sees in the end, where one step takes several calls of page and kernel."""
    expect.set_options(timeout=PATIENT_MS)
    yield
    expect.set_options(timeout=USUAL_MS)


@pytest.fixture
def console_errors() -> list[str]:
    """What the console of `page` has said of errors so far; JupyterLab has some of its own."""
    return []


def note(error: str, errors: list[str]) -> None:
    errors.append(error)
    print(error)


def fresh_page(browser: Browser, errors: list[str]) -> Page:
    """A page in a context of its own; what its console says of errors is printed, and kept in `errors`."""
    context = browser.new_context(viewport=VIEWPORT, permissions=PERMISSIONS, ignore_https_errors=True)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("console", lambda m: note(f"[console] {m.text}", errors) if m.type == "error" else None)
    page.on("pageerror", lambda error: note(f"[page] {error}", errors))
    return page


@pytest.fixture
def page(browser: Browser, console_errors: list[str]) -> Iterator[Page]:
    """A page that a test has to itself, for those that change the page or leave it."""
    page = fresh_page(browser, console_errors)
    yield page
    page.context.close()


class SharedPage:
    """A page with JupyterLab in it for one test after another: to load it takes longer than most of them."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.page: Page | None = None

    def get(self) -> Page:
        if self.page is None:
            self.page = fresh_page(self.browser, [])
        return self.page

    def tidy(self, failed: bool) -> None:
        """Leave it as it was found; after a failure, or with a question open, it is not used again."""
        if self.page is None:
            return
        if failed or self.page.is_closed() or self.page.locator(".jp-Dialog").count():
            self.page.context.close()
            self.page = None
            return
        for other in self.page.context.pages:
            if other is not self.page:
                other.close()
        self.page.set_viewport_size(VIEWPORT)
        self.page.mouse.move(0, 0)
        close_notebooks(self.page)


@pytest.fixture(scope="session")
def shared_page(browser: Browser) -> Iterator[SharedPage]:
    shared = SharedPage(browser)
    yield shared
    shared.tidy(failed=True)


@pytest.fixture
def notebook(
    request: pytest.FixtureRequest, lab_server: Server, shared_page: SharedPage
) -> Iterator[Callable[..., Notebook]]:
    """Open notebooks with the given cells; their kernels end with the test.

    They open in `page` where the test asks for that, else in a page that tests share.
    """
    own = request.getfixturevalue("page") if "page" in request.fixturenames else None
    opened: list[Notebook] = []
    failed_before = request.session.testsfailed

    def open_notebook(*cells: str, on: Page | None = None, path: Path | None = None) -> Notebook:
        opened.append(Notebook.open(on or own or shared_page.get(), lab_server, list(cells), path))
        return opened[-1]

    yield open_notebook
    try:
        for each in opened:
            each.shut_down()
    finally:
        if own is None:
            shared_page.tidy(failed=request.session.testsfailed > failed_before)
