"""The kernel's test pattern and tone, as aiortc tracks; apart from sources.py, which so loads no aiortc."""

from __future__ import annotations

import asyncio
import time
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from .frames import Image, to_frame, write_number

VIDEO_CLOCK_HZ = 90_000
AUDIO_RATE_HZ = 48_000
AUDIO_FRAME_S = 0.020
TONE_HZ = 440
TONE_LEVEL = 3000  # of 32767: soft
BARS_BGR = [
    (192, 192, 192),
    (0, 192, 192),
    (192, 192, 0),
    (0, 192, 0),
    (192, 0, 192),
    (0, 0, 192),
    (192, 0, 0),
]


class _Clock:
    """Steady ticks that do not drift; a tick that was missed is skipped."""

    def __init__(self, interval_s: float) -> None:
        self.interval_s = interval_s
        self._start = time.monotonic()
        self._tick = -1

    async def next(self) -> int:
        """Wait for the next tick and return its number."""
        elapsed = (time.monotonic() - self._start) / self.interval_s
        self._tick = max(self._tick + 1, int(elapsed))
        await asyncio.sleep(max(0.0, self._start + self._tick * self.interval_s - time.monotonic()))
        return self._tick


class Pattern(MediaStreamTrack):
    """Colour bars, a circle and a square that move, and the number of the frame as blocks and as digits."""

    kind = "video"

    def __init__(self, width: int, height: int, frame_rate: float) -> None:
        super().__init__()
        self._clock = _Clock(1 / frame_rate)
        self._background = np.empty((height, width, 3), np.uint8)
        edges = np.linspace(0, width, len(BARS_BGR) + 1).astype(int)
        for colour, left, right in zip(BARS_BGR, edges, edges[1:], strict=False):
            self._background[:, left:right] = colour

    async def recv(self) -> Any:
        """Return the next frame, when its time has come."""
        if self.readyState != "live":
            raise MediaStreamError
        number = await self._clock.next()
        frame = to_frame(self.draw(number))
        frame.pts = round(number * self._clock.interval_s * VIDEO_CLOCK_HZ)
        frame.time_base = Fraction(1, VIDEO_CLOCK_HZ)
        return frame

    def draw(self, number: int) -> Image:
        """Return the image with this number."""
        image = self._background.copy()
        height, width = image.shape[:2]
        size = height // 6
        x = (number * max(1, width // 160)) % (width + 2 * size) - size
        cv2.circle(image, (x, height // 2), size, (255, 255, 255), -1)
        cv2.rectangle(
            image, (width - x, height * 2 // 3), (width - x + size, height * 2 // 3 + size), (0, 0, 0), -1
        )
        scale = height / 480
        cv2.putText(
            image,
            str(number),
            (width // 20, height - height // 12),
            cv2.FONT_HERSHEY_SIMPLEX,
            2 * scale,
            (0, 0, 0),
            max(1, round(4 * scale)),
        )
        write_number(image, number & 0xFFFF)
        return image


class Tone(MediaStreamTrack):
    """A soft tone of 440 Hz, mono, 20 ms a frame."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._clock = _Clock(AUDIO_FRAME_S)

    async def recv(self) -> Any:
        """Return the next frame, when its time has come."""
        if self.readyState != "live":
            raise MediaStreamError
        number = await self._clock.next()
        count = int(AUDIO_RATE_HZ * AUDIO_FRAME_S)
        times_s = (np.arange(count) + number * count) / AUDIO_RATE_HZ
        samples = (np.sin(2 * np.pi * TONE_HZ * times_s) * TONE_LEVEL).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = AUDIO_RATE_HZ
        frame.pts, frame.time_base = number * count, Fraction(1, AUDIO_RATE_HZ)
        return frame
