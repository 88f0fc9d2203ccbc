"""Tracks: a picture or a sound that lives in the kernel or in the page.

A `KernelTrack` may have any number of readers, each at its own pace: a peer that sends it, a view, a
function. Video readers see the latest frame and count what they skipped; audio readers get every frame, up
to a second of them. A track of a remote peer is always drained, since aiortc's own queue has no bound.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ..errors import MediaError, TrackEnded
from ..runtime import loop

if TYPE_CHECKING:
    from aiortc import MediaStreamTrack

log = logging.getLogger("rtcnb")

Kind = Literal["audio", "video"]
BACKLOG = {"video": 1, "audio": 50}  # frames; 50 of audio are one second


@dataclass(frozen=True)
class PageTrack:
    """A track in the browser page, by its id there; the page may not have it yet.

    Attributes
    ----------
    id : str
        Its name in the page.
    kind : {"audio", "video"}
    label : str
        What a reader calls it: ``alice's remote video``.
    arrives : bool
        The page makes it by itself in a moment: a peer waits for it.
    """

    id: str
    kind: Kind
    label: str = ""
    arrives: bool = False

    def __repr__(self) -> str:
        return f"<{self.kind} track in the page: {self.label or self.id}>"


class Reader:
    """One consumer of a KernelTrack; used on the background loop.

    Attributes
    ----------
    skipped : int
        Frames that this reader was too slow for.
    """

    def __init__(self, track: KernelTrack) -> None:
        self.skipped = 0
        self._track = track
        self._frames: deque[Any] = deque(maxlen=BACKLOG[track.kind])
        self._arrived = asyncio.Event()
        self.closed = False

    def put(self, frame: Any) -> None:
        """Hand over a frame; the oldest is dropped where the reader is behind."""
        if len(self._frames) == self._frames.maxlen:
            self.skipped += 1
            self._track.counters.skipped += 1
        self._frames.append(frame)
        self._arrived.set()

    async def next(self) -> Any:
        """Return the next frame (``av.VideoFrame`` or ``av.AudioFrame``).

        Raises
        ------
        TrackEnded
            Nothing more will come.
        """
        while not self._frames:
            if self.closed or self._track.readyState == "ended":
                raise TrackEnded(f"The {self._track.kind} track {self._track.label!r} has ended.")
            self._arrived.clear()
            await self._arrived.wait()
        return self._frames.popleft()

    def wake(self) -> None:
        """Have a waiting `next` look again."""
        self._arrived.set()

    def close(self) -> None:
        """Read no more."""
        self.closed = True
        self._track._remove(self)
        self.wake()


@dataclass
class Counters:
    """What went through a track."""

    frames: int = 0
    skipped: int = 0  # by any reader
    first_at: float = 0.0
    last_at: float = 0.0
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=60))

    def count(self) -> None:
        """Count one frame, now."""
        self.last_at = time.monotonic()
        self.first_at = self.first_at or self.last_at
        self.frames += 1
        self.recent.append(self.last_at)

    @property
    def frames_per_second(self) -> float:
        """Over the last two seconds, of at most 60 frames."""
        now = time.monotonic()
        recent = list(self.recent)  # another thread may count meanwhile
        times = [t for t in recent if now - t < 2.0]
        return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 and times[-1] > times[0] else 0.0


class KernelTrack:
    """A track whose frames are in this kernel.

    Parameters
    ----------
    kind : {"audio", "video"}
    label : str
        What a reader calls it: ``bob's remote video``.
    source : MediaStreamTrack, optional
        An aiortc track to read from; it may be attached later with `attach`.
    always_drain : bool
        Read the source even while nobody reads this track.

    Attributes
    ----------
    readyState : {"live", "ended"}
    error : Exception or None
        Why it ended, where something went wrong: no page, a page that is gone.
    """

    def __init__(
        self,
        kind: Kind,
        label: str = "",
        source: MediaStreamTrack | None = None,
        *,
        always_drain: bool = False,
    ) -> None:
        self.id = f"track-{secrets.token_hex(6)}"
        self.kind: Kind = kind
        self.label = label
        self.readyState: Literal["live", "ended"] = "live"
        self.error: Exception | None = None
        self.counters = Counters()
        self.latest: Any = None
        self._always_drain = always_drain
        self._readers: list[Reader] = []
        self._source: MediaStreamTrack | None = None
        self._pump: asyncio.Task[None] | None = None
        if source is not None:
            loop.call(self.attach, source)

    def __repr__(self) -> str:
        return f"<{self.kind} track in the kernel: {self.label or self.id}, {self.readyState}>"

    async def frames(self) -> AsyncIterator[Any]:
        """Iterate over its pictures: the latest each time, none twice.

        Yields
        ------
        ndarray of shape (height, width, 3), dtype uint8, BGR
        """
        from .page_frames import images

        async for image in images(self):
            yield image

    # What follows runs on the background loop, apart from `stop` and `outgoing`.

    def attach(self, source: MediaStreamTrack) -> None:
        """Read frames from an aiortc track from now on."""
        self._source = source
        self._start_or_stop()

    @property
    def source(self) -> MediaStreamTrack | None:
        """The aiortc track that it reads."""
        return self._source

    def reader(self) -> Reader:
        """Return a new reader; close it when done."""
        reader = Reader(self)
        self._readers.append(reader)
        self._start_or_stop()
        return reader

    def publish(self, frame: Any) -> None:
        """Give a frame to every reader."""
        self.counters.count()
        self.latest = frame
        for reader in self._readers:
            reader.put(frame)

    def end(self, error: Exception | None = None) -> None:
        """Tell every reader that nothing more comes, and why where something went wrong."""
        if self.readyState == "ended":
            return
        self.readyState, self.error = "ended", error
        if self._pump is not None:
            self._pump.cancel()
        if self._source is not None and not self._always_drain:
            self._source.stop()
        for reader in self._readers:
            reader.wake()

    def stop(self) -> None:
        """End the track, from any thread."""
        loop.call(self.end)

    def outgoing(self) -> MediaStreamTrack:
        """Return a new aiortc track that reads this one, for an ``RTCPeerConnection`` to send."""
        from .outgoing import Outgoing

        if self.readyState == "ended":
            raise MediaError(f"The track {self.label!r} has ended: make its source again.")
        return loop.call(Outgoing, self)

    def _remove(self, reader: Reader) -> None:
        if reader in self._readers:
            self._readers.remove(reader)
        self._start_or_stop()

    def _start_or_stop(self) -> None:
        wanted = self._source is not None and (self._always_drain or bool(self._readers))
        if wanted and self._pump is None and self.readyState == "live":
            self._pump = asyncio.ensure_future(self._read_source())
        elif not wanted and self._pump is not None:
            self._pump.cancel()
            self._pump = None

    async def _read_source(self) -> None:
        from aiortc.mediastreams import MediaStreamError

        source = self._source
        while source is not None:
            try:
                frame = await source.recv()
            except MediaStreamError:
                self.end(getattr(source, "error", None))
                return
            self.publish(frame)
