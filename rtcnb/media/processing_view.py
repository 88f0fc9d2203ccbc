"""What `process` shows: the picture, the controls, the measurements, the function's last exception."""

from __future__ import annotations

import asyncio
import secrets
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets
import traitlets

from ..errors import NoPage
from ..runtime import loop
from ..runtime import page as pages
from ..runtime.displays import close_widget, displayed
from ..web.esm import module, stylesheet
from .controls import Controls
from .view import View, still

if TYPE_CHECKING:
    from .processing import Processed

UPDATE_EVERY = 0.5


class ProcessingStatus(anywidget.AnyWidget):
    """Measurements and the last exception; and, in the page, what hears the controls while a cell runs."""

    _esm = module("media/processing_view.js")
    _css = stylesheet((Path(__file__).parent / "processing_view.css").read_text(encoding="utf-8"))
    link = traitlets.Unicode().tag(sync=True)
    object = traitlets.Unicode().tag(sync=True)
    controls = traitlets.Dict().tag(sync=True)
    measured = traitlets.Unicode().tag(sync=True)
    error = traitlets.Unicode().tag(sync=True)
    error_text = traitlets.Unicode().tag(sync=True)


class ProcessingView:
    """The display of one Processed.

    Parameters
    ----------
    processed : Processed
    controls : Controls
    """

    def __init__(self, processed: Processed, controls: Controls) -> None:
        self.closed = False
        self._processed = processed
        self._controls = controls
        self._updating: Any = None
        self._view = View(processed.track)
        self._sliders = ipywidgets.VBox()
        self._status = ProcessingStatus(object=f"processing-{secrets.token_hex(6)}")
        self._box = ipywidgets.VBox([self._view, self._sliders, self._status])
        self.show_controls(controls)
        processed.observers.append(self._soon)
        try:
            link = pages.link()
        except NoPage:
            return  # no kernel, so nobody moves a slider; the static form remains
        loop.call(link.listen, self._status.object, self._hear)
        self._status.link = link.id
        self._updating = loop.submit(self._keep_updating())

    def show_controls(self, controls: Controls) -> None:
        """Show these controls in the place of others."""
        self._controls = controls
        self._status.controls = controls.put_into(self._sliders)

    def _hear(self, event: str, detail: Any, buffers: list[memoryview], page: str) -> None:
        if event == "control":
            self._controls.set_from_page(str(detail["name"]), str(detail["trait"]), detail["value"])

    async def _keep_updating(self) -> None:
        while self._processed.track.readyState == "live":
            self._update()
            await asyncio.sleep(UPDATE_EVERY)
        self._update()

    def _soon(self) -> None:
        """Show what changed, from any thread: of two that write to a widget at once, one may be lost."""
        loop.background().call_soon_threadsafe(self._update)

    def _update(self) -> None:
        processed, status = self._processed, self._status
        with status.hold_sync():
            status.set_trait("measured", processed.measured())
            error = processed.error
            status.set_trait("error", f"{type(error).__name__}: {error}" if error else "")
            status.set_trait("error_text", processed.error_text)

    def close(self) -> None:
        """Show it no more; the stream goes on, and keeps the controls' values."""
        self.closed = True
        self._processed.observers.remove(self._soon)
        if self._updating is not None:
            self._updating.cancel()
            loop.call(pages.link().unlisten, self._status.object)
        self._view.close()
        for widget in (self._status, self._sliders, self._box):
            close_widget(widget)
        self._processed.release_controls()

    def bundle(self, **kwargs: Any) -> dict[str, Any]:
        """Return the display by MIME type: live, and the static form that a saved notebook keeps."""
        displayed(self)
        loop.call(self._update)
        processed = self._processed
        data = dict(self._box._repr_mimebundle_(**kwargs) or {})
        values = ", ".join(f"{k}={v!r}" for k, v in processed.values.items())
        words = (
            f"<div><b>{escape(processed.track.label)}</b>({escape(values)}) · {escape(repr(processed))}</div>"
        )
        return {**data, "text/plain": repr(processed), "text/html": words + still(processed.track)}
