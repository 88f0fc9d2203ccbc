"""Frames of the page over the link, with a page of two lines."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from rtcnb.media import page_frames
from rtcnb.media.track import KernelTrack, PageTrack
from rtcnb.runtime import loop

JPEG = memoryview(cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))[1].tobytes())


@pytest.mark.parametrize("turns", range(8))
async def test_a_reader_that_leaves_as_a_frame_comes_ends_the_asking(
    turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many turns of the loop lie between the two: a lost cancellation would keep the page encoding."""
    asked: list[Any] = []
    monkeypatch.setattr(
        page_frames.pages, "link", lambda: SimpleNamespace(push=lambda *wish: asked.append(wish))
    )

    async def asking_goes_on() -> bool:
        source = page_frames.PageSource(PageTrack("picture", "video"), 0)
        source._page = SimpleNamespace(page="page", id="frames", discard=lambda: None)  # type: ignore[assignment]
        track = KernelTrack("video", "picture", source)
        reader = track.reader()
        pump = track._pump
        assert pump is not None
        while not asked:
            await asyncio.sleep(0)
        source._hear("frame", None, [JPEG])
        for _ in range(turns):
            await asyncio.sleep(0)
        reader.close()
        await asyncio.wait({pump}, timeout=1)
        track.end()
        return not pump.done()

    assert not await asyncio.wait_for(loop.run(asking_goes_on()), 10)


async def test_a_reader_that_leaves_while_the_page_begins_leaves_it_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []
    lanes: list[str] = []
    link = SimpleNamespace(push=lambda *wish: asked.append(wish), want_fast_lane=lanes.append)
    monkeypatch.setattr(page_frames.pages, "link", lambda: link)

    class SlowPage:
        """Never says that it has made the first of what it is asked for."""

        page: str | None = None
        id = "frames"
        asked = 0

        def __init__(self, *given: Any) -> None:
            pass

        async def ready(self) -> None:
            self.asked += 1
            if self.asked == 1:
                await asyncio.Event().wait()
            self.page = "page"

        def discard(self) -> None:
            pass

    monkeypatch.setattr(page_frames, "PageObject", SlowPage)

    async def two_readers() -> Any:
        source = page_frames.PageSource(PageTrack("picture", "video"), 0)
        track = KernelTrack("video", "picture", source)
        first = track.reader()
        while not getattr(source._page, "asked", 0):
            await asyncio.sleep(0)
        first.close()
        second = track.reader()
        async with asyncio.timeout(2):
            while not asked:
                await asyncio.sleep(0.01)
            source._hear("frame", None, [JPEG])
            frame = await second.next()
        track.end()
        return frame

    assert (await asyncio.wait_for(loop.run(two_readers()), 10)).width == 16
    assert asked[0][:2] == ("page", "frames") and lanes == ["page"]
