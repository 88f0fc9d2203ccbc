"""What a camera, microphone or screen shows: preview, devices, start and stop, asked beside obtained."""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Awaitable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import anywidget
import traitlets

from ..errors import NoPage, RtcnbError
from ..runtime import loop
from ..runtime import page as pages
from ..runtime.displays import close_widget, displayed
from ..web.esm import module, stylesheet
from .device import START_TIMEOUT

if TYPE_CHECKING:
    from .device import Device

# They tell one reader's devices, and the state of widgets is saved in notebooks.
PRIVATE = ("deviceId", "groupId")
# Shown where they were obtained, asked or not.
TOLD = {
    "video": ("width", "height", "frameRate"),
    "audio": ("sampleRate", "channelCount", "echoCancellation", "noiseSuppression", "autoGainControl"),
}
RATE_TOLERANCE = 0.005  # 29.97 frames a second are the 30 that were asked
SIGNS = {"exact": "exactly", "ideal": "", "min": "≥", "max": "≤"}

Verdict = Literal["same", "differs", "untold"]


class Row(NamedTuple):
    """One constraint: what was asked, what was obtained, and whether they agree."""

    name: str
    asked: str
    obtained: str
    verdict: Verdict


class DeviceWidget(anywidget.AnyWidget):
    """The live display; the list of devices and the permission never leave the page."""

    _esm = module("media/camera_view.js")
    _css = stylesheet((Path(__file__).parent / "camera_view.css").read_text(encoding="utf-8"))
    link = traitlets.Unicode().tag(sync=True)
    object = traitlets.Unicode().tag(sync=True)
    noun = traitlets.Unicode().tag(sync=True)
    video = traitlets.Unicode().tag(sync=True)
    audio = traitlets.Unicode().tag(sync=True)
    state = traitlets.Unicode("off").tag(sync=True)
    rows: traitlets.List[Any] = traitlets.List().tag(sync=True)
    error = traitlets.Unicode().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)


class CameraView:
    """The display of one device, whose buttons work while a cell runs.

    Parameters
    ----------
    device : Device
    """

    def __init__(self, device: Device) -> None:
        self.closed = False
        self._device = device
        self._widget = DeviceWidget(
            object=f"device-{secrets.token_hex(6)}",
            noun=device.noun,
            video=device.video.id if device.video else "",
            audio=device.audio.id if device.audio else "",
        )
        self._update()
        device.observers.append(self._update)
        try:
            link = pages.link()
        except NoPage:
            return  # no kernel, so nobody presses Start; the static form remains
        loop.call(link.listen, self._widget.object, self._hear)
        self._widget.link = link.id

    def _hear(self, event: str, detail: Any, buffers: list[memoryview], page: str) -> None:
        if event == "start":
            loop.submit(self._shown(self._device._start(START_TIMEOUT, page)))
        elif event == "stop":
            loop.submit(self._shown(self._device._stop()))
        elif event == "choose":
            loop.submit(self._shown(self._device._choose(str(detail["deviceId"]), page)))

    async def _shown(self, operation: Awaitable[None]) -> None:
        """Await what a button began; its error is shown beside the button."""
        try:
            await operation
        except RtcnbError as error:
            # Why a start failed, the device itself tells; that Stop ended one needs no words.
            if self._device.error is None and self._device.state != "off":
                self._widget.error = str(error)

    def _update(self) -> None:
        device = self._device
        with self._widget.hold_sync():
            self._widget.set_trait("state", device.state)
            self._widget.set_trait("rows", [list(row) for row in rows(device)])
            self._widget.set_trait("error", str(device.error) if device.error else "")
            self._widget.set_trait("note", device.note)

    def close(self) -> None:
        """Show it no more; the device goes on."""
        self.closed = True
        self._device.observers.remove(self._update)
        if self._widget.link:
            loop.call(pages.link().unlisten, self._widget.object)
        close_widget(self._widget)

    def bundle(self, **kwargs: Any) -> dict[str, Any]:
        """Return the display by MIME type: live, and the static form that a saved notebook keeps."""
        displayed(self)
        made = self._widget._repr_mimebundle_(**kwargs)
        data = dict(made[0] if isinstance(made, tuple) else made or {})
        return {**data, "text/plain": as_text(self._device), "text/html": as_html(self._device)}


def rows(device: Device) -> list[Row]:
    """Return what was asked of a device beside what was obtained, constraint by constraint."""
    made = []
    for kind, asked in device.asked.items():
        settings = device.obtained.get(kind, {}).get("settings", {})
        told = [name for name in TOLD[kind] if name in settings]
        for name in dict.fromkeys([*asked, *told]):
            if name not in PRIVATE and name != "advanced":
                made.append(_row(name, asked.get(name), settings.get(name)))
    return made


def _row(name: str, asked: Any, obtained: Any) -> Row:
    verdict: Verdict = "untold" if obtained is None else "same" if _agree(asked, obtained) else "differs"
    return Row(name, "–" if asked is None else _text(asked), _text(obtained), verdict)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{SIGNS[form]} {_text(each)}".strip() for form, each in value.items())
    if isinstance(value, list | tuple):
        return " or ".join(_text(each) for each in value)
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"
    return value if isinstance(value, str) else json.dumps(value)


def _agree(asked: Any, obtained: Any) -> bool:
    if not isinstance(asked, dict):
        asked = {"ideal": asked}
    return all(_meets(form, value, obtained) for form, value in asked.items())


def _meets(form: str, value: Any, obtained: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(_meets(form, each, obtained) for each in value)
    if value is None or (value is True and not isinstance(obtained, bool)):
        return True  # nothing was asked, or only that the lens can be steered
    if form == "min":
        return bool(obtained >= value * (1 - RATE_TOLERANCE))
    if form == "max":
        return bool(obtained <= value * (1 + RATE_TOLERANCE))
    if isinstance(value, float) or isinstance(obtained, float):
        return math.isclose(value, obtained, rel_tol=RATE_TOLERANCE)
    return bool(obtained == value)


def _obtained(device: Device, row: Row) -> str:
    if device.state != "live":
        return "–"
    return (row.obtained or "not told") + (" ▲ differs" if row.verdict == "differs" else "")


def as_text(device: Device) -> str:
    """Return a device's state, and what was asked and obtained, as lines of text."""
    lines = [repr(device)]
    lines += [f"  {row.name}: asked {row.asked}, obtained {_obtained(device, row)}" for row in rows(device)]
    return "\n".join([*lines, *([f"  {device.error}"] if device.error else [])])


def as_html(device: Device) -> str:
    """Return a device's state, and what was asked and obtained, as a table without style or script."""
    head = "<tr><th>constraint</th><th>asked</th><th>obtained</th></tr>"
    cells = "".join(
        f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in (row.name, row.asked, _obtained(device, row)))}</tr>"
        for row in rows(device)
    )
    state = f"<div><b>{escape(device.noun)}</b>: {escape(device.state)}{escape(device._size())}</div>"
    said = f"<div>✕ {escape(str(device.error))}</div>" if device.error else ""
    note = f"<div>{escape(device.note)}</div>" if device.note else ""
    return state + said + note + (f"<table>{head}{cells}</table>" if cells else "")
