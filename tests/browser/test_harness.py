"""The driver itself: what the other browser tests stand on."""

from __future__ import annotations

import pytest
from lab import CellFailed


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


def test_restart_and_reload_come_back(notebook) -> None:
    nb = notebook()
    nb.run("a = 1")
    nb.reload()
    assert nb.run("a").text == "1"
    nb.restart()
    assert "NameError" in nb.run("a", check=False).error


def test_themes_switch(notebook) -> None:
    nb = notebook()
    nb.theme(dark=True)
    assert nb.page.locator("body").get_attribute("data-jp-theme-light") == "false"
