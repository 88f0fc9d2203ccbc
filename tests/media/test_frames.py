"""Frames to images and back, in every format that comes; numbers that survive lossy coding."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from aiortc.codecs import get_decoder, get_encoder
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from rtcnb.errors import MediaError
from rtcnb.media import frames
from rtcnb.media.generators import Pattern


def gradient(width: int = 64, height: int = 48) -> np.ndarray:
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.linspace(0, 255, width)
    image[..., 1] = np.linspace(0, 255, height)[:, None]
    image[..., 2] = 128
    return image


def test_an_image_survives_the_trip_through_a_frame() -> None:
    image = gradient()
    frame = frames.to_frame(image)
    assert (frame.format.name, frame.width, frame.height) == ("yuv420p", 64, 48)
    assert np.abs(frames.to_image(frame).astype(int) - image).mean() < 3


@pytest.mark.parametrize("name", ["yuv420p", "yuvj420p", "nv12", "rgb24", "bgr24", "gray"])
@pytest.mark.parametrize("size", [(64, 48), (63, 47), (70, 50)])
def test_every_format_and_size_becomes_bgr(name: str, size: tuple[int, int]) -> None:
    if name != "rgb24" and size == (63, 47):
        size = (66, 46)  # the subsampled ones cannot be made of odd sizes
    frame = av.VideoFrame.from_ndarray(gradient(*size), format="bgr24").reformat(format=name)
    image = frames.to_image(frame)
    assert image.shape == (size[1], size[0], 3) and image.dtype == np.uint8


def test_blue_stays_blue() -> None:
    image = np.zeros((48, 64, 3), np.uint8)
    image[:] = (255, 0, 0)
    blue, green, red = frames.to_image(frames.to_frame(image)).reshape(-1, 3).mean(axis=0)
    assert blue > 240 and green < 15 and red < 15


def test_time_stamps_are_taken_over_and_odd_edges_cut() -> None:
    like = frames.to_frame(gradient())
    like.pts, like.time_base = 4500, Fraction(1, 90000)
    frame = frames.to_frame(gradient(65, 49), like)
    assert (frame.width, frame.height, frame.pts, frame.time_base) == (64, 48, 4500, Fraction(1, 90000))


@pytest.mark.parametrize("shape", [(48, 64), (48, 64, 1), (48, 64, 4)])
def test_gray_and_alpha_are_taken(shape: tuple[int, ...]) -> None:
    assert frames.as_bgr(np.full(shape, 7, np.uint8)).shape == (48, 64, 3)


def test_a_mask_becomes_black_and_white() -> None:
    mask = np.zeros((4, 4), bool)
    mask[0, 0] = True
    assert frames.as_bgr(mask)[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (None, "Return the image"),
        ("picture", "returned a str"),
        (np.zeros((4, 4)), "astype"),
        (np.zeros(4, np.uint8), "shape"),
        (np.zeros((4, 4, 2), np.uint8), "shape"),
        (np.zeros((0, 4, 3), np.uint8), "shape"),
    ],
)
def test_what_is_no_image_says_what_to_return(given: Any, sentence: str) -> None:
    with pytest.raises(MediaError, match=sentence):
        frames.to_frame(given)


def test_jpeg_goes_both_ways_and_rubbish_is_said() -> None:
    assert np.abs(frames.decode_jpeg(frames.encode_jpeg(gradient())).astype(int) - gradient()).mean() < 5
    for rubbish in (b"", b"no jpeg"):
        with pytest.raises(MediaError, match="no JPEG"):
            frames.decode_jpeg(rubbish)


@pytest.mark.parametrize("number", [0, 1, 0x5555, 0xAAAA, 0xFFFF, 12345])
@pytest.mark.parametrize("scale", [1.0, 0.5, 0.75])
def test_a_number_is_read_at_any_size(number: int, scale: float) -> None:
    import cv2

    image = gradient(640, 480)
    frames.write_number(image, number)
    assert frames.read_number(cv2.resize(image, None, fx=scale, fy=scale)) == number


async def test_a_number_survives_vp8() -> None:
    codec = RTCRtpCodecParameters(mimeType="video/VP8", clockRate=90000, payloadType=97)
    encoder, decoder = get_encoder(codec), get_decoder(codec)
    assert isinstance(encoder, Vp8Encoder)
    pattern = Pattern(320, 240, 30)
    for number in (1, 999, 0xBEEF):
        frame = frames.to_frame(pattern.draw(number))
        frame.pts, frame.time_base = number * 3000, Fraction(1, 90000)
        payloads, timestamp = encoder.encode(frame, force_keyframe=True)
        from aiortc.codecs import depayload

        data = b"".join(depayload(codec, payload) for payload in payloads)
        (decoded,) = decoder.decode(JitterFrame(data=data, timestamp=timestamp))
        assert frames.read_number(frames.to_image(decoded)) == number
