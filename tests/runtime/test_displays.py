"""What a cell displayed is closed when it has run again, with a notebook that is a few lines of Python."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import ipywidgets
import pytest

from rtcnb.runtime import displays


class Shown:
    """A display that counts how often it was closed."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


class Notebook:
    """Runs functions as cells: with the events, the ids and the variables that IPython has."""

    def __init__(self, named: bool = True) -> None:
        self.user_ns: dict[str, Any] = {}
        self.events = SimpleNamespace(register=self.register)
        self.kernel = SimpleNamespace(get_parent=lambda: {"metadata": {"cellId": self.cell} if named else {}})
        self.cell = ""
        self.callbacks: dict[str, Any] = {}

    def register(self, event: str, callback: Any) -> None:
        self.callbacks[event] = callback

    def run(self, cell: str, *shown: Shown) -> None:
        self.cell = cell
        info = SimpleNamespace(cell_id=cell)
        self.callbacks.get("pre_run_cell", lambda _: None)(info)
        for each in shown:
            displays.displayed(each)
        self.callbacks.get("post_run_cell", lambda _: None)(SimpleNamespace(info=info))


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    notebook = Notebook()
    monkeypatch.setattr("IPython.get_ipython", lambda: notebook)
    monkeypatch.setattr(displays, "_cells", None)
    return notebook


def test_a_cell_that_runs_again_closes_what_it_showed_before(notebook: Notebook) -> None:
    first, second = Shown(), Shown()
    notebook.run("a", first)
    assert not first.closed
    notebook.run("b", Shown())
    assert not first.closed
    notebook.run("a", second)
    assert first.closed == 1 and not second.closed
    notebook.run("a")
    assert second.closed == 1


def test_what_is_shown_again_or_elsewhere_stays(notebook: Notebook) -> None:
    shown = Shown()
    notebook.run("a", shown)
    notebook.run("a", shown, shown)
    notebook.run("b", shown)
    notebook.run("a")
    assert not shown.closed
    notebook.run("b")
    assert shown.closed == 1


def test_what_a_variable_holds_stays_until_it_does_no_more(notebook: Notebook) -> None:
    shown = notebook.user_ns["v"] = Shown()
    notebook.user_ns["_3"] = shown
    notebook.run("a", shown)
    notebook.run("a")
    assert not shown.closed
    notebook.user_ns["v"] = None
    notebook.run("a")
    assert shown.closed == 1


def test_hosts_that_do_not_name_their_cells_keep_what_they_show(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook, shown = Notebook(named=False), Shown()
    monkeypatch.setattr("IPython.get_ipython", lambda: notebook)
    notebook.run("a", shown)
    notebook.run("a")
    assert not shown.closed


def test_a_closed_widget_leaves_no_layout_behind() -> None:
    widgets = ipywidgets.widgets.widget._instances
    before = set(widgets)
    displays.close_widget(ipywidgets.IntSlider())
    assert set(widgets) == before
