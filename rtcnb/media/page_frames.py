"""Pictures of the page in the kernel without a call: JPEG over the link, the latest when it is wanted.

It needs no UDP between page and kernel, so it goes wherever the notebook goes. The kernel asks for each frame,
two at a time: what it has no time for is never encoded.
"""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import AsyncIterator
from fractions import Fraction
from typing import Any

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from .. import trace as traces
from ..errors import MediaError, PageGone, RtcnbError, TrackEnded
from ..runtime import loop
from ..runtime import page as pages
from ..runtime.page_object import PageObject
from .frames import decode_jpeg, to_frame, to_image
from .track import KernelTrack, PageTrack

IN_FLIGHT = 2
ASK_AGAIN = 2.0  # a request or a frame may be lost with a socket
FIRST_FRAME_TIMEOUT = 15.0
QUALITY = 0.7
TIME_BASE = Fraction(1, 90_000)

_arriving: weakref.WeakValueDictionary[tuple[str, int], KernelTrack] = weakref.WeakValueDictionary()


def in_kernel(track: PageTrack, width: int | None = None) -> KernelTrack:
    """Return the kernel's end of a track of the page; the same one each time while it lives.

    Parameters
    ----------
    track : PageTrack
        A picture; it may start later.
    width : int, optional
        Pixels; a wider picture is made smaller in the page before it is sent.

    Raises
    ------
    MediaError
        The track is a sound.
    NoPage
        This Python runs in no notebook kernel.
    """
    pages.link()  # says at once where no page can be
    if track.kind != "video":
        raise MediaError(
            f"{track.label or track.id} is a sound: only pictures go over the notebook's connection."
        )
    key = (track.id, width or 0)
    arriving = _arriving.get(key)
    if arriving is None or arriving.readyState == "ended":
        source = loop.call(PageSource, track, width or 0)
        arriving = _arriving[key] = KernelTrack("video", f"{track.label or track.id}, over the link", source)
        # Nobody may be left to stop it: `async for` over its pictures makes one, and has none when it ends.
        weakref.finalize(arriving, loop.background().call_soon_threadsafe, source.stop).atexit = False
    return arriving


async def images(track: KernelTrack | PageTrack, width: int | None = None) -> AsyncIterator[Any]:
    """Iterate over the pictures of a track: the latest each time, none twice.

    Yields
    ------
    ndarray of shape (height, width, 3), dtype uint8, BGR

    Raises
    ------
    MediaError
        No picture came within 15 s.
    NoPage, PageGone
        The page that should send them is not there.
    """
    source = in_kernel(track, width) if isinstance(track, PageTrack) else track
    reader = loop.call(source.reader)
    try:
        while True:
            try:
                async with asyncio.timeout(FIRST_FRAME_TIMEOUT):
                    frame = await loop.run(reader.next())
            except TrackEnded:
                if source.error is not None:
                    raise source.error from None
                return
            except TimeoutError:
                raise MediaError(
                    f"No picture of {track.label or track.id} came within {FIRST_FRAME_TIMEOUT:g} s. Start its "
                    "source (await camera.start()), or look whether its page is still open."
                ) from None
            yield await asyncio.get_running_loop().run_in_executor(None, to_image, frame)
    finally:
        loop.background().call_soon_threadsafe(reader.close)


class PageSource(MediaStreamTrack):
    """What a KernelTrack reads: one frame of the page for each `recv`."""

    kind = "video"

    def __init__(self, track: PageTrack, width: int) -> None:
        super().__init__()
        self._page: PageObject | None = None
        self._config = {"track": track.id, "width": width, "quality": QUALITY}
        self._frames: asyncio.Queue[memoryview] = asyncio.Queue(IN_FLIGHT)
        self._asked = 0
        self._gone = False
        self.error: RtcnbError | None = None

    async def recv(self) -> Any:
        """Return the page's latest picture.

        Raises
        ------
        MediaStreamError
            The page is gone, or there is none; `error` says which.
        """
        try:
            return await self._next()
        except RtcnbError as error:
            self.error = error
            text = f"{self._config['track']}: {error}"
            traces.current().append(traces.MediaEvent(time=time.monotonic(), action="failed", text=text))
            raise MediaStreamError from error

    async def _next(self) -> Any:
        page = await self._open()
        while True:
            missing = IN_FLIGHT - self._asked
            if missing > 0:
                pages.link().push(str(page.page), page.id, "want", {"frames": missing})
                self._asked = IN_FLIGHT
            try:
                async with asyncio.timeout(ASK_AGAIN):
                    data = await self._frames.get()
            except TimeoutError:
                await self._open()  # says so where the page went away meanwhile
                self._asked = 0
                continue
            self._asked -= 1
            frame = await asyncio.get_running_loop().run_in_executor(None, _decoded, data)
            frame.pts, frame.time_base = int(time.monotonic() / TIME_BASE), TIME_BASE
            return frame

    async def _open(self) -> PageObject:
        if self._gone or self.readyState == "ended":
            raise PageGone(
                "The page that sent these pictures was closed or reloaded. Start their source again."
            )
        if self._page is None:
            self._page = PageObject("media/page_frames.js", self._config, self._hear, self._page_gone)
        page = self._page
        if page.page is None:  # not made yet, or the reader that began to make it left
            await page.ready()
            pages.link().want_fast_lane(str(page.page))
        return page

    def _hear(self, event: str, detail: Any, buffers: list[memoryview]) -> None:
        if event == "frame" and buffers and not self._frames.full():
            self._frames.put_nowait(buffers[0])

    def _page_gone(self) -> None:
        self._gone = True

    def stop(self) -> None:
        """Tell the page that nobody wants frames any more."""
        super().stop()
        page, self._page, self._gone = self._page, None, True
        if page is not None:
            page.discard()


def _decoded(data: memoryview) -> Any:
    return to_frame(decode_jpeg(data))
