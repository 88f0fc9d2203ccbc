"""A function on the latest frame: in a worker thread, with controls, exceptions shown, the stream unharmed."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import statistics
import time
import traceback
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

from .. import trace as traces
from ..errors import MediaError, TrackEnded, WrongTrack
from ..runtime import loop
from .track import KernelTrack, PageTrack

Function = Callable[..., Any]

MEASURED_FRAMES = 60


def process(source: Any, function: Function | None = None, /, **controls: Any) -> Any:
    """Run a function on every picture of a track that it has time for; the latest wins.

    Parameters
    ----------
    source : KernelTrack or PageTrack, or something with a ``video`` or ``track`` that is one
        A picture of the page, such as a camera's, comes over the notebook's own connection, as JPEG: it needs no
        peers, and goes where WebRTC does not. A call (``alice.addTrack(camera.video)``) carries more frames.
    function : callable, optional
        Called with an image, an ndarray of shape (height, width, 3), dtype uint8, BGR, and the controls by
        name; returns an image, gray or BGR. Without it, this is a decorator.
    **controls
        As in ``ipywidgets.interact``: ``low=(0, 255)`` is a slider, ``on=True`` a checkbox, ``mode=["a", "b"]``
        a menu. A control begins with the function's own default value.

    Returns
    -------
    Processed
        Running the same cell again swaps the function inside the running stream and returns the same object.

    Raises
    ------
    WrongTrack
        The source is no picture.
    """
    track = _kernel_video(source)
    if function is None:
        return functools.partial(_processed, track, controls=controls)
    return _processed(track, function, controls)


def _kernel_video(source: Any) -> KernelTrack:
    for track in (source, getattr(source, "track", None), getattr(source, "video", None)):
        if isinstance(track, KernelTrack) and track.kind == "video":
            return track
        if isinstance(track, PageTrack) and track.kind == "video":
            from .page_frames import in_kernel

            return in_kernel(track)
    raise WrongTrack(
        f"process() takes a picture: camera, peer.track('video'), TestPattern().video, another processed track. "
        f"It got a {type(source).__name__}."
    )


_running: weakref.WeakValueDictionary[tuple[str, str], Processed] = weakref.WeakValueDictionary()


def _processed(track: KernelTrack, function: Function, controls: dict[str, Any]) -> Processed:
    if isinstance(function, Processed):
        function = function._function
    if not callable(function):
        raise MediaError(f"process(): a function is needed, not a {type(function).__name__}.")
    key = (track.id, getattr(function, "__qualname__", repr(function)))
    running = _running.get(key)
    if running is not None and running.track.readyState == "live":
        running.swap(function, controls)
        return running
    made = _running[key] = Processed(track, function, controls)
    return made


class Processed:
    """A track made of another by a function.

    Displayed, it shows the picture, the controls, the frame rate, the time a frame takes, what was skipped,
    and the function's last exception. Called, it calls the plain function.

    Attributes
    ----------
    track : KernelTrack
        The results; the frame itself where the function fails.
    source : KernelTrack
    error : Exception or None
        The last call's; None again after a call that went well.
    error_text : str
        The error with its traceback, for display.
    values : dict
        The controls' present values, by name.
    """

    def __init__(self, source: KernelTrack, function: Function, controls: dict[str, Any]) -> None:
        self.source = source
        self.track = KernelTrack("video", getattr(function, "__name__", "processed"))
        self.values: dict[str, Any] = {}
        self.error: Exception | None = None
        self.error_text = ""
        self.skipped = 0
        self.observers: list[Callable[[], None]] = []
        self._durations_ms: deque[float] = deque(maxlen=MEASURED_FRAMES)
        self._function: Function
        self._controls: Any = None
        self._view: Any = None
        self._worker = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="rtcnb-process")
        self.swap(function, controls)
        self._task = loop.submit(self._work())

    def swap(self, function: Function, controls: dict[str, Any]) -> None:
        """Go on with another function and other controls, in the running stream."""
        from .controls import Controls

        made, former = Controls(function, controls, self.values), self._controls
        self._function, self._controls, self.values = function, made, made.values
        functools.update_wrapper(self, function, updated=())
        if self._view is not None and not self._view.closed:
            self._view.show_controls(made)
        if former is not None:
            former.close()

    def release_controls(self) -> None:
        """Close the controls' widgets once the stream has ended and nobody is shown it."""
        shown = self._view is not None and not self._view.closed
        if self.track.readyState == "ended" and not shown:
            self._controls.close()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)

    @property
    def frames_per_second(self) -> float:
        """What comes out, over the last two seconds."""
        return self.track.counters.frames_per_second

    @property
    def duration_ms(self) -> float:
        """The median time of the function over the last frames, in milliseconds."""
        return statistics.median(self._durations_ms) if self._durations_ms else 0.0

    def stop(self) -> None:
        """End it; the source goes on."""
        self._task.cancel()
        self.track.stop()

    # -- the work, on the background loop

    async def _work(self) -> None:
        reader = self.source.reader()
        running_loop = asyncio.get_running_loop()
        try:
            while self.track.readyState == "live":
                frame = await reader.next()
                self.skipped = reader.skipped
                result = await running_loop.run_in_executor(self._worker, self._apply, frame)
                self.track.publish(result)
        except TrackEnded:
            pass
        finally:
            reader.close()
            self.track.end(self.source.error)
            self._worker.shutdown(wait=False, cancel_futures=True)
            self.release_controls()

    def _apply(self, frame: Any) -> Any:
        """Return the function's result as a frame, or the frame itself where it fails; in the worker."""
        from .frames import to_frame, to_image

        begun = time.perf_counter()
        try:
            result = to_frame(self._function(to_image(frame), **self.values), like=frame)
        except Exception as error:
            self._failed(error)
            return frame
        self._durations_ms.append((time.perf_counter() - begun) * 1000)
        if self.error is not None:
            self.error, self.error_text = None, ""
            self._tell()
        return result

    def _failed(self, error: Exception) -> None:
        first = self.error is None or str(self.error) != str(error)
        self.error = error
        if not first:
            return  # once, not thirty times a second
        # The first two steps of the traceback are ours.
        steps = traceback.extract_tb(error.__traceback__)[1:]
        own = [*traceback.format_list(steps), *traceback.format_exception_only(error)]
        self.error_text = "".join(own)
        text = f"{self.track.label}: {type(error).__name__}: {error}"
        traces.current().append(traces.MediaEvent(action="function-error", text=text))
        self._tell()

    def _tell(self) -> None:
        for observer in list(self.observers):
            observer()

    # -- what people see

    def measured(self) -> str:
        """Return the measurements in words, or that it ended and why."""
        if self.track.readyState == "ended":
            return f"ended: {self.track.error}" if self.track.error else "ended"
        source_fps = self.source.counters.frames_per_second
        fps, skipped = self.frames_per_second, max(0.0, source_fps - self.frames_per_second)
        text = f"{fps:.0f} fps · {self.duration_ms:.1f} ms a frame · {self.skipped} skipped"
        measured = len(self._durations_ms) >= MEASURED_FRAMES // 4
        if measured and skipped > 0.2 * source_fps:
            text += (
                f". You process {fps:.0f} fps of {source_fps:.0f}: {skipped:.0f} frames a second would queue. "
                "The latest is kept."
            )
        return text

    def __repr__(self) -> str:
        state = f"failing: {self.error}" if self.error else self.measured()
        return f"<Processed {self.track.label}: {state}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        from .processing_view import ProcessingView

        if self._view is None or self._view.closed:
            self._view = ProcessingView(self, self._controls)
        return self._view.bundle(**kwargs)
