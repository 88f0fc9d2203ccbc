"""Drive a notebook in real JupyterLab: run cells, read what they gave, look at what people see."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import nbformat
from playwright.sync_api import Locator, Page
from playwright.sync_api import TimeoutError as Late

SCREENSHOTS = os.environ.get("RTCNB_SCREENSHOTS")

WIDGET = "window.jupyterapp.shell.currentWidget"

OPEN = "async path => void (await window.jupyterapp.commands.execute('docmanager:open', {path}))"
# Of a kernel restarted in its first moments JupyterLab 4.6 may know no state until something has run in it.
RESTART = f"""() => {{
    const kernel = {WIDGET}.sessionContext.session.kernel;
    const nothing = {{ code: '', silent: true, store_history: false }};
    globalThis.restarted = kernel.restart().then(() => kernel.requestExecute(nothing).done).then(() => true);
}}"""
# Another view stands in the page, and it alone receives: the one before was not left behind.
RENEWED = """before => {
    const { receivers } = globalThis[Symbol.for('rtcnb.objects')];
    return !before.isConnected && receivers.get(before.dataset.rtcnbLive)?.size === 1;
}"""


def is_lab_empty(page: Page) -> bool:
    """Whether the page is JupyterLab with no document open; a launcher may be."""
    some = "[...window.jupyterapp.shell.widgets('main')].some((each) => each.context)"
    return bool(page.evaluate(f"window.jupyterapp && !{some}"))


def close_notebooks(page: Page) -> None:
    """Close what is open in JupyterLab's main area, without its questions, and go back to the light theme."""
    page.evaluate("for (const each of [...window.jupyterapp.shell.widgets('main')]) each.dispose();")
    if page.locator("body").get_attribute("data-jp-theme-light") != "true":
        set_theme(page, dark=False)


def set_theme(page: Page, dark: bool) -> None:
    """Switch between JupyterLab's light and dark theme."""
    name = "JupyterLab Dark" if dark else "JupyterLab Light"
    page.evaluate(f"window.jupyterapp.commands.execute('apputils:change-theme', {{theme: '{name}'}})")
    page.wait_for_selector(f"body[data-jp-theme-name='{name}']", state="attached")
    # Its style sheet comes after its name.
    page.wait_for_function(
        """light => {
            const ground = getComputedStyle(document.body).getPropertyValue('--jp-layout-color0').trim();
            return ground && ['#fff', '#ffffff', 'white'].includes(ground) === light;
        }""",
        arg=not dark,
    )


class CellFailed(AssertionError):
    """A cell that should have run raised."""


@dataclass(frozen=True)
class Server:
    """A running JupyterLab, or Notebook."""

    url: str
    token: str
    root: Path
    app: Literal["lab", "notebook"] = "lab"
    seen_at: str = ""  # where pages reach it, if that is elsewhere

    def request(self, path: str, method: str = "GET") -> Any:
        request = urllib.request.Request(
            f"{self.url}{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            body = response.read()
        return json.loads(body) if body else None

    def wait(self, process: subprocess.Popen[bytes], timeout_s: float) -> None:
        """Wait until it answers."""
        end = time.monotonic() + timeout_s
        while True:
            try:
                self.request("/api/status")
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("JupyterLab did not start; see server.log in its home") from None
                time.sleep(0.1)  # a server that starts has nothing to wait on but its port


@dataclass(frozen=True)
class Result:
    """What a cell gave."""

    text: str
    html: str
    error: str
    outputs: list[dict[str, Any]]

    @classmethod
    def of(cls, outputs: list[dict[str, Any]]) -> Result:
        data = [o.get("data", {}) for o in outputs]
        streams = ["".join(o["text"]) for o in outputs if o["output_type"] == "stream"]
        plain = ["".join(d["text/plain"]) for d in data if "text/plain" in d]
        html = "".join("".join(d["text/html"]) for d in data if "text/html" in d)
        errors = [f"{o['ename']}: {o['evalue']}" for o in outputs if o["output_type"] == "error"]
        return cls("".join(streams) + "\n".join(plain), html, "\n".join(errors), outputs)


class Notebook:
    """One notebook, open in one page."""

    def __init__(self, page: Page, server: Server, name: str) -> None:
        self.page, self.server, self.name = page, server, name

    @classmethod
    def open(cls, page: Page, server: Server, cells: list[str], path: Path | None = None) -> Notebook:
        """Write a notebook with these cells, or a copy of one, and open it in the page."""
        name = f"{uuid4().hex[:8]}.ipynb"
        if path is None:
            document = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        else:
            document = nbformat.read(path, as_version=4)
        kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
        document.metadata["kernelspec"] = kernel
        nbformat.write(document, server.root / name)
        notebook = cls(page, server, name)
        notebook.show()
        return notebook

    def show(self, page: Page | None = None) -> Notebook:
        """Open the notebook, perhaps in another page, and wait until its kernel is idle."""
        shown = Notebook(page or self.page, self.server, self.name)
        if page is None and is_lab_empty(self.page):
            self.page.evaluate(OPEN, self.name)
            shown.wait_idle()
            return shown
        # A workspace of its own: a second tab in the same one would be redirected.
        place = f"lab/workspaces/w{uuid4().hex[:8]}/tree" if self.server.app == "lab" else "notebooks"
        shown.page.goto(
            f"{self.server.seen_at or self.server.url}/{place}/{self.name}?token={self.server.token}"
        )
        shown.wait_idle()
        return shown

    def reload(self) -> None:
        """Reload the page and wait until the kernel is there again."""
        self.page.reload()
        self.wait_idle()

    def wait_idle(self, timeout: float = 60) -> None:
        """Wait until the notebook is shown and its kernel idle."""
        try:
            self.page.wait_for_function(
                f"""name => {{
                    const widget = window.jupyterapp && {WIDGET};
                    return widget?.context?.path === name && widget.content.model?.cells.length >= 0
                        && widget.sessionContext.session?.kernel?.status === 'idle';
                }}""",
                arg=self.name,
                timeout=timeout * 1000,
            )
        except Late as error:
            state = self.page.evaluate(
                f"""() => {{
                    const widget = window.jupyterapp && {WIDGET};
                    const kernel = widget?.sessionContext?.session?.kernel;
                    return [widget?.context?.path, kernel?.status, kernel?.connectionStatus];
                }}"""
            )
            raise TimeoutError(f"{self.name} is not idle after {timeout:g} s: {state}") from error

    def wait_linked(self) -> None:
        """Wait until the page has made its end of the link again: after a reload, or in a second tab."""
        self.page.wait_for_function("globalThis[Symbol.for('rtcnb.objects')]?.links.size > 0")

    # -- cells

    def add(self, code: str) -> int:
        """Append a code cell and return its index."""
        script = f"""code => {{
            const model = {WIDGET}.content.model;
            model.sharedModel.insertCell(model.cells.length, {{cell_type: 'code', source: code}});
            return model.cells.length - 1;
        }}"""
        return int(self.page.evaluate(script, code))

    def run(self, code: str, timeout: float = 30, check: bool = True) -> Result:
        """Append a cell, run it to its end, and return what it gave.

        Raises
        ------
        CellFailed
            It raised, and `check` is true.
        """
        return self.start(code).wait(timeout, check)

    def start(self, code: str) -> Running:
        """Append a cell and start it."""
        running = Running(self, self.add(code))
        self.page.evaluate(
            f"""i => {{
                const notebook = {WIDGET}.content;
                notebook.activeCellIndex = i;
                notebook.deselectAll();
                window.jupyterapp.commands.execute('notebook:run-cell');
            }}""",
            running.index,
        )
        return running

    def press_run(self, index: int, timeout: float = 60, check: bool = True) -> Result:
        """Run an existing cell as a person does: select it, press Shift+Enter."""
        self.page.evaluate(
            f"""i => {{
                const notebook = {WIDGET}.content;
                notebook.activeCellIndex = i;
                notebook.mode = 'command';
                notebook.node.focus();
            }}""",
            index,
        )
        before = self._count(index)
        self.page.keyboard.press("Shift+Enter")
        return Running(self, index, before).wait(timeout, check)

    def run_above(self, index: int, timeout: float = 60) -> None:
        """Run every cell above this one, as the menu does, and wait for the last of them.

        Raises
        ------
        CellFailed
            One raised.
        """
        last = max(i for i, cell in enumerate(self.cells()[:index]) if cell["type"] == "code")
        before = self._count(last)
        self.page.evaluate(
            f"i => {{ {WIDGET}.content.activeCellIndex = i;"
            " window.jupyterapp.commands.execute('notebook:run-all-above'); }",
            index,
        )
        try:
            Running(self, last, before).wait(timeout)
        except Late as late:  # a cell that raises ends the run: the last one never begins
            raise CellFailed(f"cell {last} did not end in {timeout:g} s; {self._raised(last)}") from late
        if raised := self._raised(last):
            raise CellFailed(raised)

    def _raised(self, before: int) -> str:
        """Return what the first cell above this one that raised has said, or nothing."""
        for each, cell in enumerate(self.cells()[:before]):
            if cell["type"] == "code" and (output := Running(self, each).output()).error:
                return f"cell {each} raised {output.error}\n{output.text}"
        return ""

    def _count(self, index: int) -> int | None:
        script = f"i => {WIDGET}.content.model.cells.get(i).sharedModel.execution_count ?? null"
        return self.page.evaluate(script, index)  # type: ignore[no-any-return]

    def cells(self) -> list[dict[str, Any]]:
        """Return every cell's type and source."""
        script = (
            f"[...{WIDGET}.content.model.cells].map(c => ({{type: c.type, source: c.sharedModel.source}}))"
        )
        return list(self.page.evaluate(script))

    def element(self, index: int) -> Locator:
        """Return what the page shows of a cell."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    # -- the kernel

    def interrupt(self) -> None:
        """Press the stop button."""
        self.page.evaluate("window.jupyterapp.commands.execute('notebook:interrupt-kernel')")

    def begin_restart(self) -> None:
        """Restart the kernel, without the question."""
        self.page.evaluate(RESTART)

    def wait_restarted(self) -> None:
        """Wait until the new kernel is idle; the old one may have said so too, when the restart had begun."""
        self.page.wait_for_function("globalThis.restarted")
        self.wait_idle()

    def restart(self) -> None:
        """Restart the kernel and wait until the new one is idle."""
        self.begin_restart()
        self.wait_restarted()

    def end_kernel(self) -> None:
        """Shut the kernel down as a person does."""
        self.page.evaluate("window.jupyterapp.commands.execute('notebook:shutdown-kernel')")

    def shut_down(self) -> None:
        """End the kernel behind the page's back, when a test is over."""
        for session in self.server.request("/api/sessions"):
            if session["path"] == self.name:
                try:
                    self.server.request(f"/api/sessions/{session['id']}", "DELETE")
                except urllib.error.HTTPError as error:
                    if error.code not in (404, 410):  # it has ended meanwhile
                        raise

    # -- what people see

    def view(self, name: str, number: int = 0) -> Locator:
        """One of the views of this name, once it is drawn: until then its static form may stand in it."""
        view = self.page.locator(f".rtcnb-live.rtcnb-{name}").nth(number)
        view.locator(".rtcnb-body > .rtcnb-part").first.wait_for(state="attached")
        return view

    @contextmanager
    def renewal(self, name: str) -> Iterator[None]:
        """After the body, wait until the output was renewed: another view has taken the place of the one here."""
        before = self.view(name).element_handle()
        yield
        self.page.wait_for_function(RENEWED, arg=before)
        self.view(name)

    def theme(self, dark: bool) -> None:
        """Switch between the light and the dark theme."""
        set_theme(self.page, dark)

    def screenshot(self, name: str, of: Locator | None = None) -> None:
        """Keep a picture where RTCNB_SCREENSHOTS names a directory."""
        if SCREENSHOTS:
            (of or self.page).screenshot(path=str(Path(SCREENSHOTS) / f"{name}.png"))


class Running:
    """A cell that was started."""

    def __init__(self, notebook: Notebook, index: int, before: int | None = None) -> None:
        self.notebook, self.index, self.before = notebook, index, before

    @property
    def element(self) -> Locator:
        """What the page shows of the cell."""
        return self.notebook.element(self.index)

    def _state(self) -> dict[str, Any]:
        script = f"""([i, before]) => {{
            const cell = {WIDGET}.content.model.cells.get(i);
            const count = cell.sharedModel.execution_count ?? null;
            return {{done: count !== null && count !== before && cell.executionState !== 'running',
                     outputs: cell.outputs.toJSON()}};
        }}"""
        return dict(self.notebook.page.evaluate(script, [self.index, self.before]))

    @property
    def running(self) -> bool:
        """Whether the cell has not ended."""
        return not self._state()["done"]

    def output(self) -> Result:
        """Return what the cell has given so far."""
        return Result.of(self._state()["outputs"])

    def wait_output(self, text: str, timeout: float = 20) -> None:
        """Wait until the cell has printed this."""
        self.notebook.page.wait_for_function(
            f"([i, text]) => JSON.stringify({WIDGET}.content.model.cells.get(i).outputs.toJSON()).includes(text)",
            arg=[self.index, text],
            timeout=timeout * 1000,
        )

    def wait(self, timeout: float = 30, check: bool = True) -> Result:
        """Wait until the cell has ended and return what it gave."""
        self.notebook.page.wait_for_function(
            f"""([i, before]) => {{
                const cell = {WIDGET}.content.model.cells.get(i);
                const count = cell.sharedModel.execution_count ?? null;
                return count !== null && count !== before && cell.executionState !== 'running';
            }}""",
            arg=[self.index, self.before],
            timeout=timeout * 1000,
        )
        result = self.output()
        if check and result.error:
            raise CellFailed(f"cell {self.index} raised {result.error}\n{result.text}")
        return result
