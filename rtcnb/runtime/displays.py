"""What a cell displays, closed when the cell has run again: its output is gone from the page then.

ipywidgets keeps every widget until somebody closes it, and IPython every result in ``Out``, so that nothing of
a cell that runs fifty times would ever go by itself.
"""

from __future__ import annotations

import sys
from typing import Any, Protocol

import ipywidgets


class Display(Protocol):
    """Something that a cell shows."""

    def close(self) -> None:
        """Show it no more, in any page; whoever shows it again makes another."""


class _Cells:
    """The displays of each cell of one notebook."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._shown: dict[str, list[Display]] = {}
        self._former: dict[str, list[Display]] = {}
        shell.events.register("pre_run_cell", self._begin)
        shell.events.register("post_run_cell", self._end)

    def add(self, cell: str, display: Display) -> None:
        shown = self._shown.setdefault(cell, [])
        if not any(each is display for each in shown):
            shown.append(display)

    def _begin(self, info: Any) -> None:
        if info.cell_id in self._shown:
            self._former.setdefault(info.cell_id, []).extend(self._shown.pop(info.cell_id))

    def _end(self, result: Any) -> None:
        cell = str(getattr(result.info, "cell_id", None))
        for display in self._former.pop(cell, ()):
            if any(display is each for shown in self._shown.values() for each in shown):
                continue
            if variables_of(display):
                self.add(cell, display)  # it may be shown again, or in a box; looked at after the next run
            else:
                display.close()


_cells: _Cells | None = None


def displayed(display: Display) -> None:
    """Note that the running cell shows this; hosts that do not name their cells keep it."""
    global _cells
    shell = _shell()
    cell = _running_cell(shell)
    if cell is None:
        return
    if _cells is None:
        _cells = _Cells(shell)
    _cells.add(cell, display)


def variables_of(thing: object) -> set[str]:
    """Return the names that the notebook's variables have for it, apart from IPython's own."""
    variables = dict(getattr(_shell(), "user_ns", None) or {})
    return {name for name, value in variables.items() if value is thing and not name.startswith("_")}


def close_widget(widget: ipywidgets.Widget) -> None:
    """Close a widget with its layout and style, which are widgets too and of no use to others."""
    for name in ("layout", "style"):
        if isinstance(part := getattr(widget, name, None), ipywidgets.Widget):
            part.close()
    widget.close()


def _shell() -> Any:
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


def _running_cell(shell: Any) -> str | None:
    """Return the id of the cell that runs; JupyterLab and Notebook send it along."""
    kernel = getattr(shell, "kernel", None)
    metadata = kernel.get_parent().get("metadata") if kernel is not None else None
    cell = (metadata or {}).get("cellId")
    return str(cell) if cell else None
