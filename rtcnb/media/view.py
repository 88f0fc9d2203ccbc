"""A track, shown in the notebook: the page's own in a <video>, the kernel's as JPEG over the link.

A picture of the kernel is encoded only while a page shows it. At most two frames are under way to a page,
counted by their numbers; a page that falls behind gets the latest frame next, not a queue.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
import time
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..errors import NoPage, TrackEnded, WrongTrack
from ..runtime import loop
from ..runtime import page as pages
from ..runtime.displays import displayed
from ..web.esm import module, stylesheet
from .track import KernelTrack, PageTrack

log = logging.getLogger("rtcnb")

IN_FLIGHT = 2
ACKNOWLEDGE_TIMEOUT = 2.0


class View(anywidget.AnyWidget):
    """The display of one track.

    Parameters
    ----------
    track : KernelTrack or PageTrack
    width : int, optional
        Pixels on the screen; by default as wide as the picture, and never wider than the notebook.
    """

    _esm = module("media/view.js")
    _css = stylesheet((Path(__file__).parent / "view.css").read_text(encoding="utf-8"))
    link = traitlets.Unicode().tag(sync=True)
    object = traitlets.Unicode().tag(sync=True)
    track = traitlets.Unicode().tag(sync=True)
    place = traitlets.Unicode().tag(sync=True)
    kind = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    width = traitlets.Int(0).tag(sync=True)

    def __init__(self, track: KernelTrack | PageTrack, width: int | None = None) -> None:
        self._shown = track
        self._closed = False
        self._stream: _Stream | None = None
        place = "kernel" if isinstance(track, KernelTrack) else "page"
        id = f"view-{secrets.token_hex(6)}"
        super().__init__(
            object=id, track=track.id, place=place, kind=track.kind, label=track.label, width=width or 0
        )
        try:
            link = pages.link()
        except NoPage:
            return  # no kernel, so nobody to show it to; the static form remains
        if isinstance(track, KernelTrack) and track.kind == "video":
            stream = _Stream(link, id, track)
            loop.call(link.listen, id, stream.hear, stream.page_gone)
            self._stream = stream
        self.link = link.id

    def close(self) -> None:
        """Show it no more, in any page."""
        stream, self._stream = self._stream, None
        if stream is not None:
            loop.background().call_soon_threadsafe(stream.close)
        self._closed = True
        super().close()
        self.layout.close()
        self.__dict__.pop("_repr_mimebundle_", None)  # ipywidgets hides ours; it makes another view

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        if self._closed:
            return View(self._shown, self.width)._repr_mimebundle_(**kwargs)
        displayed(self)
        made = super()._repr_mimebundle_(**kwargs)
        data = dict(made[0] if isinstance(made, tuple) else made or {})
        return {**data, "text/plain": f"<View of {self._shown!r}>", "text/html": still(self._shown)}


def view(track: Any, width: int | None = None) -> View:
    """Show a track: what a camera sees, what a peer receives, what `process` makes.

    Parameters
    ----------
    track : KernelTrack, PageTrack, or something with a ``video`` or ``track``
    width : int, optional
        Pixels on the screen.

    Raises
    ------
    WrongTrack
        It is none of these.
    """
    for candidate in (track, getattr(track, "track", None), getattr(track, "video", None)):
        if isinstance(candidate, KernelTrack | PageTrack):
            return View(candidate, width)
    raise WrongTrack(
        f"view() shows a track: camera.video, peer.track('video'), the result of rtcnb.process. It got a "
        f"{type(track).__name__}."
    )


def still(track: KernelTrack | PageTrack) -> str:
    """Return the static form of a track: its name, and the latest picture where the kernel has one."""
    text = f"<div>{escape(repr(track))}</div>"
    frame = track.latest if isinstance(track, KernelTrack) and track.kind == "video" else None
    if frame is None:
        return text
    from .frames import encode_jpeg, to_image

    data = base64.b64encode(encode_jpeg(to_image(frame))).decode()
    return f'{text}<img alt="the latest frame" style="max-width:100%" src="data:image/jpeg;base64,{data}">'


class _Stream:
    """Frames of one track to the pages that show one view; everything runs on the background loop."""

    def __init__(self, link: pages.Link, id: str, track: KernelTrack) -> None:
        self.link, self.id, self.track = link, id, track
        self.watchers: dict[str, _Watcher] = {}

    def hear(self, event: str, detail: Any, buffers: list[memoryview], page: str) -> None:
        """Take an event of the view in one page."""
        watcher = self.watchers.get(page)
        if event == "watch" and watcher is None:
            self.link.want_fast_lane(page)
            self.watchers[page] = _Watcher(self, page)
        elif event == "unwatch" and watcher is not None:
            self.page_gone(page)
        elif event == "drawn" and watcher is not None:
            watcher.drawn(int(detail["number"]))

    def page_gone(self, page: str) -> None:
        """Stop sending to a page."""
        watcher = self.watchers.pop(page, None)
        if watcher is not None:
            watcher.task.cancel()

    def close(self) -> None:
        """Stop sending at all."""
        self.link.unlisten(self.id)
        for page in list(self.watchers):
            self.page_gone(page)


class _Watcher:
    """One page that watches."""

    def __init__(self, stream: _Stream, page: str) -> None:
        self.stream, self.page = stream, page
        self.sent = self.acknowledged = 0
        self.room = asyncio.Event()
        self.task = asyncio.ensure_future(self.run())

    def drawn(self, number: int) -> None:
        """Take note that a frame was drawn, and with it every earlier one."""
        self.acknowledged = max(self.acknowledged, min(number, self.sent))
        self.room.set()

    async def run(self) -> None:
        reader = self.stream.track.reader()
        try:
            while True:
                await self.wait_for_room()
                await self.send(await reader.next())
        except TrackEnded:
            self.stream.link.push(self.page, self.stream.id, "ended", {})
        finally:
            reader.close()

    async def wait_for_room(self) -> None:
        try:
            async with asyncio.timeout(ACKNOWLEDGE_TIMEOUT):
                while self.sent - self.acknowledged >= IN_FLIGHT:
                    self.room.clear()
                    await self.room.wait()
        except TimeoutError:
            self.acknowledged = self.sent  # an acknowledgement was lost; begin anew

    async def send(self, frame: Any) -> None:
        jpeg = await asyncio.get_running_loop().run_in_executor(None, _jpeg, frame)
        self.sent += 1
        detail = {"number": self.sent, "width": frame.width, "height": frame.height, "at": time.time()}
        self.stream.link.push(self.page, self.stream.id, "frame", detail, [jpeg])


def _jpeg(frame: Any) -> bytes:
    from .frames import encode_jpeg, to_image

    return encode_jpeg(to_image(frame))
