"""Where a picture comes from when there is no camera: a test pattern of numbered frames, at either end."""

from __future__ import annotations

import secrets
from typing import Any, Literal

from ..errors import ConstraintError
from ..runtime import loop
from ..runtime.page_object import PageObject
from .track import KernelTrack, PageTrack


class TestPattern:
    """Numbered frames with crisp edges, and a soft tone if asked for.

    Parameters
    ----------
    width, height : int
        Pixels; even.
    frameRate : float
        Frames a second.
    audio : bool
        A tone of 440 Hz too.
    place : {"kernel", "page"}
        Where the track lives: a KernelPeer sends the kernel's, a BrowserPeer the page's.

    Attributes
    ----------
    video : KernelTrack or PageTrack
    audio : KernelTrack, PageTrack or None
    """

    __test__ = False  # not a test case of pytest

    def __init__(
        self,
        width: int = 640,
        height: int = 480,
        frameRate: float = 30,
        audio: bool = False,
        place: Literal["kernel", "page"] = "kernel",
    ) -> None:
        if not (16 <= width <= 4096 and 16 <= height <= 4096 and width % 2 == 0 and height % 2 == 0):
            raise ConstraintError(
                f"TestPattern: {width}x{height}; each side is an even number from 16 to 4096."
            )
        if not 0 < frameRate <= 120:
            raise ConstraintError(f"TestPattern: frameRate {frameRate}; give frames a second, up to 120.")
        if place not in ("kernel", "page"):
            raise ConstraintError(f"TestPattern: place {place!r}; it is 'kernel' or 'page'.")
        self.width, self.height, self.frameRate, self.place = width, height, frameRate, place
        self.video: KernelTrack | PageTrack
        self.audio: KernelTrack | PageTrack | None = None
        self._page: PageObject | None = None
        if place == "kernel":
            self._make_in_kernel(audio)
        else:
            self._name_in_page(audio)

    def _make_in_kernel(self, audio: bool) -> None:
        from .generators import Pattern, Tone

        source = loop.call(Pattern, self.width, self.height, self.frameRate)
        self.video = KernelTrack("video", "test pattern", source)
        if audio:
            self.audio = KernelTrack("audio", "test tone", loop.call(Tone))

    def _name_in_page(self, audio: bool) -> None:
        id = f"pattern-{secrets.token_hex(4)}"
        self.video = PageTrack(f"{id}/video", "video", "test pattern")
        if audio:
            self.audio = PageTrack(f"{id}/audio", "audio", "test tone")

    async def start(self) -> None:
        """Start it; a kernel's pattern runs by itself as soon as somebody reads it.

        Raises
        ------
        NoPage
            It is to live in the page, and there is none.
        """
        if self.place == "page":
            await loop.run(self._start_in_page())

    async def _start_in_page(self) -> None:
        if self._page is None or self._page.closed:
            config = {
                "width": self.width,
                "height": self.height,
                "frameRate": self.frameRate,
                "video": self.video.id,
                "audio": self.audio.id if self.audio is not None else None,
            }
            self._page = PageObject("media/sources.js", config, lambda event, detail, buffers: None)
        await self._page.call("start")

    async def stop(self) -> None:
        """Stop it; a kernel's pattern then has ended for good."""
        if self._page is not None:
            await loop.run(self._page.drop())
        for track in (self.video, self.audio):
            if isinstance(track, KernelTrack):
                track.stop()

    @staticmethod
    def read_number(image: Any) -> int:
        """Return the number of the frame in a picture of the pattern, wherever it has been.

        Parameters
        ----------
        image : ndarray of shape (height, width, 3), dtype uint8, BGR
        """
        from .frames import read_number

        return read_number(image)

    def __repr__(self) -> str:
        size = f"{self.width}x{self.height}"
        return f"<TestPattern {size}, {self.frameRate:g} frames a second, in the {self.place}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        from .view import view

        return view(self.video)._repr_mimebundle_(**kwargs)
