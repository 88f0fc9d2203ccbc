"""What a camera, microphone or screen shows: preview, devices, start and stop, asked beside obtained."""

from __future__ import annotations

import json
import secrets
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from ..errors import NoPage, RtcnbError
from ..runtime import loop
from ..runtime import page as pages
from ..web.esm import module, stylesheet
from .track import Kind

if TYPE_CHECKING:
    from .device import Device

PRIVATE = (
    "deviceId",
    "groupId",
)  # they tell one reader's devices; the state of widgets is saved in notebooks


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


class CameraView:
    """The display of one device, whose buttons work while a cell runs.

    Parameters
    ----------
    device : Device
    """

    def __init__(self, device: Device) -> None:
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
        self._widget.link = link.id
        loop.call(link.listen, self._widget.object, self._hear)

    def _hear(self, event: str, detail: Any, buffers: list[memoryview], page: str) -> None:
        if event == "start":
            loop.submit(self._start(page, detail.get("deviceId")))
        elif event == "stop":
            loop.submit(self._quietly(self._device._stop()))

    async def _start(self, page: str, device_id: str | None) -> None:
        if device_id:
            kind: Kind = "video" if self._device.video is not None else "audio"
            self._device.asked[kind]["deviceId"] = {"exact": device_id}
            await self._quietly(self._device._stop())
        await self._quietly(self._device._start(60.0, page))

    async def _quietly(self, operation: Any) -> None:
        """Await what a button began; its error is shown beside the button."""
        try:
            await operation
        except RtcnbError as error:
            self._widget.error = str(error)

    def _update(self) -> None:
        device = self._device
        with self._widget.hold_sync():
            self._widget.set_trait("state", device.state)
            self._widget.set_trait("rows", rows(device))
            self._widget.set_trait("error", str(device.error) if device.error else "")

    def bundle(self, **kwargs: Any) -> dict[str, Any]:
        """Return the display by MIME type: live, and the static form that a saved notebook keeps."""
        made = self._widget._repr_mimebundle_(**kwargs)
        data = dict(made[0] if isinstance(made, tuple) else made or {})
        cells = "".join(
            f"<tr><td>{escape(name)}</td><td>{escape(asked)}</td><td>{escape(got)}</td></tr>"
            for name, asked, got, _ in rows(self._device)
        )
        words = f"<div>{escape(repr(self._device))}</div>"
        table = f"<table><tr><th></th><th>asked</th><th>obtained</th></tr>{cells}</table>" if cells else ""
        return {**data, "text/plain": repr(self._device), "text/html": words + table}


def rows(device: Device) -> list[tuple[str, str, str, bool]]:
    """Return name, asked, obtained, and whether they agree, for each constraint that was asked."""
    wanted = device.asked.get("video") or device.asked.get("audio") or {}
    return [
        (name, _text(asked), _text(device.settings.get(name)), _agree(asked, device.settings.get(name)))
        for name, asked in wanted.items()
        if name not in PRIVATE
    ]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{form} {_text(each)}" for form, each in value.items())
    return (
        f"{value:g}" if isinstance(value, float) else value if isinstance(value, str) else json.dumps(value)
    )


def _agree(asked: Any, obtained: Any) -> bool:
    if obtained is None:
        return False
    if not isinstance(asked, dict):
        asked = {"ideal": asked}
    for form, value in asked.items():
        if (form == "min" and obtained < value) or (form == "max" and obtained > value):
            return False
        if form in ("exact", "ideal") and obtained != value:
            return False
    return True
