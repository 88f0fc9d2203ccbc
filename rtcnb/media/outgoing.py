"""A KernelTrack as aiortc reads it; apart from track.py so that `import rtcnb` loads no aiortc."""

from __future__ import annotations

from typing import Any

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from ..errors import TrackEnded
from .track import KernelTrack


class Outgoing(MediaStreamTrack):
    """An aiortc track that hands on the frames of a KernelTrack."""

    def __init__(self, track: KernelTrack) -> None:
        super().__init__()
        self.kind = track.kind
        self.track = track
        self._reader = track.reader()

    async def recv(self) -> Any:
        """Return the next frame; MediaStreamError when the track has ended."""
        if self.readyState != "live":
            raise MediaStreamError
        try:
            return await self._reader.next()
        except TrackEnded:
            self.stop()
            raise MediaStreamError from None

    def stop(self) -> None:
        """Read no more; the KernelTrack itself goes on for its other readers."""
        self._reader.close()
        super().stop()
