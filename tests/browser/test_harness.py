"""The driver itself: what the other browser tests stand on."""

from __future__ import annotations

import pytest
from lab import WIDGET, CellFailed
from playwright.sync_api import Page, expect


def test_a_cell_gives_its_text_and_its_error(notebook) -> None:
    nb = notebook("a = 1")
    assert nb.press_run(0).error == ""
    assert nb.run("print('x'); a + 1").text == "x\n2"
    with pytest.raises(CellFailed, match="ZeroDivisionError"):
        nb.run("1 / 0")
    assert "ZeroDivisionError" in nb.run("1 / 0", check=False).error


def test_a_running_cell_is_seen_and_stopped(notebook) -> None:
    nb = notebook()
    cell = nb.start("import time\nprint('begun', flush=True)\ntime.sleep(60)")
    cell.wait_output("begun")
    assert cell.running
    nb.interrupt()
    assert "KeyboardInterrupt" in cell.wait(5, check=False).error
    assert nb.run("1 + 1").text == "2"


HELLO = """
import anywidget, traitlets

class Hello(anywidget.AnyWidget):
    _esm = '''
    export default {
      initialize({ model }) { model.set("initialized", true); model.save_changes(); },
      render({ model, el }) { el.textContent = `hello ${model.get("name")}`; el.className = "hello"; },
    };
    '''
    name = traitlets.Unicode("you").tag(sync=True)
    initialized = traitlets.Bool(False).tag(sync=True)

hello = Hello()
hello
"""
# JupyterLab may send what a widget says by a way of its own (a subshell): a cell after it may come before it.
INITIALIZED = """
import asyncio
async with asyncio.timeout(5):
    while not hello.initialized:
        await asyncio.sleep(0.05)
"""


def test_a_widget_is_initialized_and_shown(notebook) -> None:
    nb = notebook()
    cell = nb.start(HELLO)
    cell.wait()
    expect(cell.element.locator(".hello")).to_have_text("hello you")
    nb.run(INITIALIZED)


def test_restart_and_reload_come_back(page: Page, notebook) -> None:
    nb = notebook()
    nb.run("a = 1")
    nb.reload()
    assert nb.run("a").text == "1"
    nb.restart()
    assert "NameError" in nb.run("a", check=False).error


def test_a_restart_is_waited_for(notebook) -> None:
    nb = notebook()
    nb.start("pass")  # the old kernel says once more that it is idle, when the restart has begun
    nb.restart()
    nb.shut_down()  # Jupyter answers 500 to this while a kernel restarts


def test_a_kernel_whose_state_is_lost_by_its_restart_is_asked(notebook) -> None:
    nb = notebook()
    # JupyterLab 4.6 comes to this if the restart stops its widget manager in asking for a subshell.
    nb.page.evaluate(
        f"""() => {{
            const kernel = {WIDGET}.sessionContext.session.kernel;
            kernel.restart = async () => {{
                kernel._updateStatus('unknown');
                kernel._updateStatus = () => {{}};
                kernel.requestExecute = (...what) => {{
                    delete kernel._updateStatus;
                    delete kernel.requestExecute;
                    return kernel.requestExecute(...what);
                }};
            }};
        }}"""
    )
    nb.restart()


def test_errors_of_the_page_are_collected(page: Page, notebook, console_errors) -> None:
    nb = notebook()
    with nb.page.expect_event("pageerror"):
        nb.page.evaluate("setTimeout(() => { throw new Error('on purpose') })")
    assert any("on purpose" in error for error in console_errors)


def test_camera_and_microphone_are_granted(notebook) -> None:
    nb = notebook()
    for name in ("camera", "microphone"):
        state = nb.page.evaluate("name => navigator.permissions.query({name}).then(p => p.state)", name)
        assert state == "granted"


def test_themes_switch(page: Page, notebook) -> None:
    nb = notebook()
    nb.theme(dark=True)
    assert nb.page.locator("body").get_attribute("data-jp-theme-light") == "false"
