"""Frames of video to arrays and back: the only home of pixel formats.

Images are ndarrays of shape (height, width, 3), dtype uint8, channel order blue, green, red (BGR), as
OpenCV has them. aiortc's codecs speak planar YUV 4:2:0 (``yuv420p``); OpenCV converts between the two ten
times as fast as FFmpeg's scaler does.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import MediaError

Image = NDArray[np.uint8]

JPEG_QUALITY = 80
NUMBER_BITS = 16
NUMBER_ROWS = 40 / 480  # of the height


def to_image(frame: av.VideoFrame) -> Image:
    """Return a frame as an image.

    Parameters
    ----------
    frame : av.VideoFrame
        In any pixel format.

    Returns
    -------
    ndarray of shape (height, width, 3), dtype uint8, BGR
    """
    if frame.format.name not in ("yuv420p", "yuvj420p") or frame.width % 2 or frame.height % 2:
        return frame.to_ndarray(format="bgr24")
    return cv2.cvtColor(frame.to_ndarray(), cv2.COLOR_YUV2BGR_I420)  # type: ignore[return-value]


def to_frame(image: Any, like: av.VideoFrame | None = None) -> av.VideoFrame:
    """Return an image as a frame that aiortc can send.

    Parameters
    ----------
    image : ndarray of shape (height, width), (height, width, 1), (height, width, 3) or (height, width, 4)
        uint8 or bool; gray is widened, BGRA loses its alpha. An odd last row or column is cut.
    like : av.VideoFrame, optional
        Whose time stamps the new frame takes.

    Raises
    ------
    MediaError
        It is no such array; the sentence says what to return instead.
    """
    bgr = as_bgr(image)
    even = bgr[: bgr.shape[0] & ~1, : bgr.shape[1] & ~1]
    frame = av.VideoFrame.from_ndarray(cv2.cvtColor(even, cv2.COLOR_BGR2YUV_I420), format="yuv420p")
    if like is not None:
        frame.pts, frame.time_base = like.pts, like.time_base
    return frame


def as_bgr(image: Any) -> Image:
    """Return an image as BGR uint8 of shape (height, width, 3), widened where it is gray.

    Raises
    ------
    MediaError
        It is no image.
    """
    if image is None:
        raise MediaError("The function returned None. Return the image: an array like the one it was given.")
    if not isinstance(image, np.ndarray):
        raise MediaError(
            f"The function returned a {type(image).__name__}. Return an array like the one it got."
        )
    if image.dtype == np.bool_:
        image = image.astype(np.uint8) * 255
    if image.dtype != np.uint8:
        raise MediaError(
            f"The function returned an array of {image.dtype}. Return uint8, 0 to 255: for values from 0 to 1, "
            "(image * 255).astype('uint8')."
        )
    channels = image.shape[2] if image.ndim == 3 else 1
    if image.ndim not in (2, 3) or channels not in (1, 3, 4) or min(image.shape[:2]) < 2:
        raise MediaError(
            f"The function returned an array of shape {image.shape}. Return (height, width) for gray, or "
            "(height, width, 3) for blue, green and red."
        )
    if channels == 3:
        return np.ascontiguousarray(image)
    code = cv2.COLOR_GRAY2BGR if channels == 1 else cv2.COLOR_BGRA2BGR
    return cv2.cvtColor(image, code)  # type: ignore[return-value]


def encode_jpeg(image: Image, quality: int = JPEG_QUALITY) -> bytes:
    """Return a BGR image as JPEG."""
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise MediaError(f"An image of shape {image.shape} could not be written as JPEG.")
    return data.tobytes()


def decode_jpeg(data: bytes | memoryview) -> Image:
    """Return a JPEG as a BGR image.

    Raises
    ------
    MediaError
        It is no JPEG.
    """
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if len(data) else None
    if image is None:
        raise MediaError("The page sent something that is no JPEG; reload it and try again.")
    return image  # type: ignore[return-value]


def write_number(image: Image, number: int) -> None:
    """Draw a number into the top rows of an image, as 16 black and white blocks, the lowest bit first."""
    rows = max(2, round(image.shape[0] * NUMBER_ROWS))
    edges = np.linspace(0, image.shape[1], NUMBER_BITS + 1).astype(int)
    for bit, (left, right) in enumerate(pairwise(edges)):
        image[:rows, left:right] = 255 if number >> bit & 1 else 0


def read_number(image: Image) -> int:
    """Return the number that `write_number` drew, of any size of the picture and after lossy coding."""
    row = max(2, round(image.shape[0] * NUMBER_ROWS)) // 2
    centres = (np.arange(NUMBER_BITS) + 0.5) * image.shape[1] / NUMBER_BITS
    bits = image[row, centres.astype(int)].mean(axis=-1) > 127
    return int(sum(1 << bit for bit in np.flatnonzero(bits)))
