"""A function on the latest frame: nothing queues, errors are kept, the stream goes on."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from threading import get_ident
from typing import Any

import numpy as np
import pytest

import rtcnb
from rtcnb.errors import MediaError, NoPage, TrackEnded, WrongTrack
from rtcnb.media.frames import to_image
from rtcnb.media.processing_view import ProcessingStatus
from rtcnb.media.track import Counters, KernelTrack, PageTrack
from rtcnb.runtime import loop


@pytest.fixture
async def pattern() -> AsyncIterator[rtcnb.TestPattern]:
    made = rtcnb.TestPattern(width=64, height=48, frameRate=60)
    yield made
    await made.stop()


async def until(condition: Callable[[], Any], timeout: float = 5.0) -> None:
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.01)


def test_frames_may_be_counted_while_the_rate_is_read(beside: Callable[[Any], Any]) -> None:
    """A cell that shows a running stream reads on one thread what the background loop counts on another."""
    counters = Counters()
    counters.count()
    counters.count()
    with beside(counters.count):
        rates = [counters.frames_per_second for _ in range(2000)]
    assert min(rates) > 0


def mean(track: KernelTrack) -> float:
    return float(to_image(track.latest).mean()) if track.latest is not None else -1.0


async def test_results_come_with_the_time_stamps_of_their_frames(pattern: Any) -> None:
    shapes: set[Any] = set()

    @rtcnb.process(pattern.video)
    def white(image: np.ndarray) -> np.ndarray:
        shapes.add((image.shape, image.dtype))
        return np.full(image.shape[:2], 255, np.uint8)

    await until(lambda: white.track.counters.frames > 5)
    assert mean(white.track) > 250 and shapes == {((48, 64, 3), np.dtype(np.uint8))}
    assert white.track.latest.pts is not None and white.track.latest.time_base.denominator == 90000
    assert white(np.zeros((2, 2, 3), np.uint8)).tolist() == [[255, 255], [255, 255]]
    assert white.__name__ == "white" and "fps" in repr(white)


async def test_a_slow_function_gets_the_latest_frame_and_nothing_queues(
    pattern: Any, no_garbage_collection: None
) -> None:
    numbers: list[int] = []

    @rtcnb.process(pattern.video)
    def slow(image: np.ndarray) -> np.ndarray:
        numbers.append(rtcnb.TestPattern.read_number(image))
        time.sleep(0.1)
        return image

    await until(lambda: len(numbers) > 10)
    steps = np.diff(numbers)[2:]  # it begins while the pattern does
    assert steps.min() >= 4, "each call should see a frame six later, not the next in a queue"
    assert slow.skipped >= steps.sum() - len(steps)
    await until(lambda: "The latest is kept" in slow.measured())


async def test_the_function_runs_in_a_thread_of_its_own(pattern: Any) -> None:
    threads: set[str] = set()

    @rtcnb.process(pattern.video)
    def where(image: np.ndarray) -> np.ndarray:
        threads.add(threading.current_thread().name)
        return image

    await until(lambda: where.track.counters.frames > 3)
    assert len(threads) == 1 and next(iter(threads)).startswith("rtcnb-process")


async def test_an_error_passes_the_frame_on_and_ends_with_the_next_good_call(pattern: Any) -> None:
    state = {"fail": True}

    @rtcnb.process(pattern.video)
    def sometimes(image: np.ndarray) -> np.ndarray | None:
        if state["fail"]:
            raise KeyError("here")
        return image

    await until(lambda: sometimes.track.counters.frames > 3)
    assert isinstance(sometimes.error, KeyError)
    assert (
        'raise KeyError("here")' in sometimes.error_text
        and "rtcnb/media/processing.py" not in sometimes.error_text
    )
    assert mean(sometimes.track) > 20
    state["fail"] = False
    await until(lambda: sometimes.error is None)


async def test_a_function_without_a_result_is_told_what_to_return(pattern: Any) -> None:
    forgetful = rtcnb.process(pattern.video, lambda image: None)
    await until(lambda: forgetful.error is not None)
    assert isinstance(forgetful.error, MediaError) and "Return the image" in str(forgetful.error)


async def test_the_same_cell_again_swaps_the_function_and_keeps_the_track(pattern: Any) -> None:
    def cell(level: int) -> Any:
        def shade(image: np.ndarray, gain: int = 1) -> np.ndarray:
            return np.full(image.shape, level, np.uint8)

        return rtcnb.process(pattern.video, shade, gain=(1, 9))

    first = cell(10)
    await until(lambda: abs(mean(first.track) - 10) < 6)
    first.values["gain"] = 5
    again = cell(200)
    assert again is first
    await until(lambda: abs(mean(first.track) - 200) < 6)
    assert first.values == {"gain": 5}


async def test_controls_reach_the_function(pattern: Any) -> None:
    @rtcnb.process(pattern.video, level=(0, 255), on=True, mode=["a", "b"], name="text")
    def shade(
        image: np.ndarray, level: int = 30, on: bool = False, mode: str = "b", name: str = "x"
    ) -> np.ndarray:
        return np.full(image.shape, level, np.uint8)

    assert shade.values == {"level": 30, "on": False, "mode": "b", "name": "x"}
    await until(lambda: abs(mean(shade.track) - 30) < 6)
    shade._controls.widgets["level"].value = 90
    await until(lambda: abs(mean(shade.track) - 90) < 6)
    shade._controls.set_from_page("level", "value", 150)
    shade._controls.set_from_page("mode", "index", 0)
    await until(lambda: abs(mean(shade.track) - 150) < 6)
    assert shade.values["mode"] == "a"


async def test_nonsense_from_the_page_changes_nothing(pattern: Any) -> None:
    shade = rtcnb.process(pattern.video, lambda image, level=30, mode="a": image, level=(0, 255), mode=["a"])
    for name, trait, value in (
        ("level", "value", "high"),
        ("level", "value", None),
        ("nothing", "value", 3),
        ("mode", "index", 7),
        ("mode", "index", "x"),
    ):
        shade._controls.set_from_page(name, trait, value)
    assert shade.values == {"level": 30, "mode": "a"}


@pytest.mark.parametrize(
    ("control", "sentence"), [({"lo": (0, 9)}, "no parameter lo"), ({"low": object()}, "no control")]
)
async def test_a_control_that_cannot_be_is_said(pattern: Any, control: Any, sentence: str) -> None:
    with pytest.raises(MediaError, match=sentence):
        rtcnb.process(pattern.video, lambda image, low=1: image, **control)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [(PageTrack("microphone-1/audio", "audio", "microphone"), "takes a picture"), (7, "It got a int")],
)
def test_what_cannot_be_processed_is_said(source: Any, sentence: str) -> None:
    with pytest.raises(WrongTrack, match=sentence):
        rtcnb.process(source, lambda image: image)


async def test_without_a_kernel_a_picture_of_the_page_says_so() -> None:
    with pytest.raises(NoPage, match="No browser page answers"):
        rtcnb.process(PageTrack("camera-1/video", "video", "camera"), lambda image: image)


async def test_the_pictures_of_a_kernel_track_can_be_iterated_over(pattern: Any) -> None:
    seen = []
    async for image in pattern.video.frames():
        assert image.shape == (pattern.height, pattern.width, 3)
        seen.append(image)
        if len(seen) == 3:
            break
    assert not np.array_equal(seen[0], seen[2])
    await until(lambda: pattern.video._readers == [])


async def test_it_ends_with_its_source() -> None:
    pattern = rtcnb.TestPattern(width=64, height=48)
    processed = rtcnb.process(pattern.video, lambda image: image)
    await until(lambda: processed.track.counters.frames > 1)
    await pattern.stop()
    await until(lambda: processed.track.readyState == "ended")
    with pytest.raises(MediaError, match="has ended"):
        processed.track.outgoing()


async def test_what_has_ended_is_shown_with_the_reason(pattern: Any) -> None:
    def shade(image: np.ndarray, gain: int = 1) -> np.ndarray:
        return image

    processed = rtcnb.process(pattern.video, shade, gain=(1, 9))
    await until(lambda: processed.track.counters.frames > 1)
    loop.call(pattern.video.end, MediaError("the cable was pulled"))
    await until(lambda: processed.track.readyState == "ended" and processed._worker._shutdown)
    shown = processed._repr_mimebundle_()
    assert "ended: the cable was pulled" in shown["text/plain"] and "widget-view" in str(list(shown))


async def test_a_processed_function_can_be_put_on_another_track(pattern: Any) -> None:
    def white(image: np.ndarray) -> np.ndarray:
        return np.full(image.shape, 255, np.uint8)

    former = rtcnb.TestPattern(width=64, height=48)
    first = rtcnb.process(former.video, white)
    await until(lambda: first.track.counters.frames > 1)
    await former.stop()
    await until(lambda: first.track.readyState == "ended")
    second = rtcnb.process(pattern.video, first)
    assert second is not first and second.source is pattern.video and second.track is not first.track
    await until(lambda: mean(second.track) > 250)


async def test_the_static_form_escapes_and_shows_the_picture(pattern: Any) -> None:
    def shade(image: np.ndarray, name: str = "<b>") -> np.ndarray:
        raise ValueError("<script>")

    processed = rtcnb.process(pattern.video, shade, name="text")
    await until(lambda: processed.error is not None and processed.track.latest is not None)
    html = processed._repr_mimebundle_()["text/html"]
    assert "<script>" not in html and "&lt;script&gt;" in html and "data:image/jpeg;base64," in html


# -- readers


async def test_every_reader_has_its_own_pace() -> None:
    track = KernelTrack("video")

    async def read() -> tuple[list[int], int]:
        quick, slow = track.reader(), track.reader()
        seen = []
        for number in range(5):
            track.publish(number)
            seen.append(await quick.next())
        return [*seen, await slow.next()], slow.skipped

    assert await loop.run(read()) == ([0, 1, 2, 3, 4, 4], 4)


async def test_sound_keeps_its_order_up_to_a_second() -> None:
    track = KernelTrack("audio")

    async def read() -> tuple[list[int], int]:
        reader = track.reader()
        for number in range(60):
            track.publish(number)
        return [await reader.next() for _ in range(50)], reader.skipped

    assert await loop.run(read()) == (list(range(10, 60)), 10)


async def test_a_reader_that_waits_hears_of_the_end() -> None:
    track = KernelTrack("video", "late")

    async def read() -> None:
        reader = track.reader()
        asyncio.get_running_loop().call_later(0.05, track.end)
        await reader.next()

    with pytest.raises(TrackEnded, match="late"):
        await asyncio.wait_for(loop.run(read()), 2)


async def test_a_pattern_rests_while_nobody_reads() -> None:
    pattern = rtcnb.TestPattern(width=64, height=48)
    await asyncio.sleep(0.1)
    assert pattern.video.counters.frames == 0
    await pattern.stop()


@pytest.mark.parametrize("options", [{"width": 641}, {"height": 2}, {"frameRate": 0}, {"place": "moon"}])
def test_a_pattern_that_cannot_be_is_said(options: Any) -> None:
    with pytest.raises(rtcnb.errors.ConstraintError, match="TestPattern"):
        rtcnb.TestPattern(**options)


def test_view_says_what_it_shows() -> None:
    with pytest.raises(WrongTrack, match="It got a int"):
        rtcnb.view(7)
    bundle = rtcnb.view(PageTrack("x", "video", "<i>"))._repr_mimebundle_()
    assert "<i>" not in bundle["text/html"]


async def test_a_view_is_written_to_by_one_thread(pattern: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever changes what it shows: of two threads that write to one widget at once, one may be lost."""
    writers: list[int] = []
    monkeypatch.setattr(ProcessingStatus, "hold_sync", lambda of: nullcontext(writers.append(get_ident())))

    @rtcnb.process(pattern.video)
    def fails(image: np.ndarray) -> np.ndarray:
        raise KeyError(len(errors))

    errors: list[int] = []
    fails._repr_mimebundle_()
    shown = len(writers)
    errors.append(1)  # another error, told by the worker
    await until(lambda: len(writers) > shown)
    fails._tell()
    fails._repr_mimebundle_()
    assert set(writers) == {loop.call(get_ident)}
