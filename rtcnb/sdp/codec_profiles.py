"""What the profile parameters of video codecs stand for, and which of two can talk with each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .codec import Codec
from .text import number

# profile_idc, the constraint bits that count, their value, the profile's name (RFC 6184 table 5).
H264_PROFILES = (
    (0x42, 0x4F, 0x40, "Constrained Baseline"),
    (0x4D, 0x8F, 0x80, "Constrained Baseline"),
    (0x58, 0xCF, 0xC0, "Constrained Baseline"),
    (0x42, 0x4F, 0x00, "Baseline"),
    (0x58, 0xCF, 0x80, "Baseline"),
    (0x4D, 0xAF, 0x00, "Main"),
    (0x58, 0xCF, 0x00, "Extended"),
    (0x64, 0xFF, 0x0C, "Constrained High"),
    (0x64, 0xFF, 0x00, "High"),
    (0x6E, 0xFF, 0x00, "High 10"),
    (0x7A, 0xFF, 0x00, "High 4:2:2"),
    (0xF4, 0xFF, 0x00, "High 4:4:4 Predictive"),
)
H264_DEFAULT = "420010"  # Baseline, level 1: what RFC 6184 section 8.1 says where nothing is said
# level_idc -> the largest usual picture at 30 frames a second (ITU-T H.264 table A-1).
H264_PICTURES = {
    10: "176x144 at 15",
    11: "320x240 at 10",
    12: "320x240 at 20",
    13: "352x288 at 30",
    20: "352x288 at 30",
    21: "352x576 at 25",
    22: "720x480 at 15",
    30: "720x480 at 30",
    31: "1280x720 at 30",
    32: "1280x720 at 60",
    40: "1920x1080 at 30",
    41: "1920x1080 at 30",
    42: "1920x1080 at 60",
    50: "2560x1920 at 30",
    51: "4096x2304 at 26",
    52: "4096x2304 at 56",
}
VP9_PROFILES = {"0": "8 bit 4:2:0", "1": "8 bit 4:2:2 or 4:4:4", "2": "10 bit 4:2:0", "3": "10 bit 4:4:4"}
AV1_PROFILES = {"0": "Main", "1": "High", "2": "Professional"}
H265_PROFILES = {"1": "Main", "2": "Main 10", "3": "Main Still Picture", "4": "Range Extensions"}


class H264Profile(NamedTuple):
    """A ``profile-level-id`` taken apart (RFC 6184 section 8.1).

    Attributes
    ----------
    profile : str
        ``Constrained Baseline``, ``High``, ...; ``""`` for one without a name.
    level : str
        ``3.1``, ``1b``, ...
    picture : str
        The largest usual picture at that level, such as ``1280x720 at 30``; ``""`` where unknown.
    profile_idc, profile_iop, level_idc : str
        The three pairs of hex digits.
    """

    profile: str
    level: str
    picture: str
    profile_idc: str
    profile_iop: str
    level_idc: str


def h264_profile(text: str) -> H264Profile | None:
    """Take a ``profile-level-id`` apart; None where it is not six hex digits."""
    if len(text) != 6 or any(digit not in "0123456789abcdefABCDEF" for digit in text):
        return None
    idc, iop, level_idc = (int(text[place : place + 2], 16) for place in (0, 2, 4))
    names = (name for p, mask, bits, name in H264_PROFILES if p == idc and iop & mask == bits)
    level = f"{level_idc // 10}.{level_idc % 10}".removesuffix(".0")
    if level_idc == 11 and iop & 0x10 and idc in (0x42, 0x4D, 0x58):
        level = "1b"
    return H264Profile(
        next(names, ""), level, H264_PICTURES.get(level_idc, ""), text[:2], text[2:4], text[4:6]
    )


def profile_key(codec: Codec) -> tuple[str, ...]:
    """What two codecs of one name must have in common to understand each other.

    Levels are left out: they say how much a receiver can take, not how it is written.
    """
    name, parameters = codec.name.lower(), codec.parameters
    if name == "h264":
        profile = h264_profile(parameters.get("profile-level-id", H264_DEFAULT))
        return (profile.profile if profile else "?", parameters.get("packetization-mode", "0"))
    if name == "h265":
        return (parameters.get("profile-id", "1"), parameters.get("tx-mode", "SRST"))
    if name in ("vp9", "av1"):
        return (parameters.get("profile-id" if name == "vp9" else "profile", "0"),)
    return ()


def opus_channels(parameters: Mapping[str, str]) -> int:
    """How many channels an Opus receiver likes: 2 with ``stereo=1`` (RFC 7587 section 6.1)."""
    return 2 if number(parameters.get("stereo", "0"), 1) == 1 else 1
