"""What the profile parameters of video codecs stand for, and which of two can talk with each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from .codec import Codec

if TYPE_CHECKING:
    from .section import Media

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
# Where nothing is said: libwebrtc takes it for this one. RFC 6184 section 8.1 has 420010, Baseline at level 1,
# which whoever speaks Constrained Baseline understands in practice.
H264_DEFAULT = "42e01f"
# level_idc -> the largest usual picture at 30 frames a second (ITU-T H.264 table A-1).
H264_PICTURES = {
    9: "176x144 at 15",
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
VP9_PROFILES = {"0": "8 bit 4:2:0", "1": "8 bit 4:4:4", "2": "10 bit 4:2:0", "3": "10 bit 4:4:4"}
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
    picture, frame_rate : str
        The largest usual picture at that level, such as ``1280x720``, and ``30``; ``""`` where unknown.
    profile_idc, profile_iop, level_idc : str
        The three pairs of hex digits.
    """

    profile: str
    level: str
    picture: str
    frame_rate: str
    profile_idc: str
    profile_iop: str
    level_idc: str


def h264_profile(text: str) -> H264Profile | None:
    """Take a ``profile-level-id`` apart; None where it is not six hex digits."""
    if len(text) != 6 or any(digit not in "0123456789abcdefABCDEF" for digit in text):
        return None
    idc, iop, level_idc = (int(text[place : place + 2], 16) for place in (0, 2, 4))
    names = (name for p, mask, bits, name in H264_PROFILES if p == idc and iop & mask == bits)
    if level_idc == 11 and iop & 0x10 and idc in (0x42, 0x4D, 0x58):
        level_idc = 9  # how level 1b is written in these profiles
    level = "1b" if level_idc == 9 else f"{level_idc // 10}.{level_idc % 10}".removesuffix(".0")
    picture, _, rate = H264_PICTURES.get(level_idc, "").partition(" at ")
    return H264Profile(next(names, ""), level, picture, rate, text[:2], text[2:4], text[4:6])


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


def profile_words(codec: Codec) -> str:
    """What `profile_key` compares, in words; ``""`` for a codec without profiles."""
    key, name = profile_key(codec), codec.name.lower()
    if name == "h264":
        return f"{key[0] or 'no known profile'}, packetization-mode {key[1]}"
    return f"profile {key[0]}" if key else ""


def same_name(one: Codec, other: Codec, kind: str | None) -> bool:
    """True for the same encoding; of sound also at the same clock rate, with as many channels."""
    if kind == "video":  # its clock rate is always 90000, and browsers do not look at what is written
        return one.name.lower() == other.name.lower()
    return (one.name.lower(), one.clock_rate, one.channels or 1) == (
        other.name.lower(),
        other.clock_rate,
        other.channels or 1,
    )


def pair_codecs(offered: Media, answered: Media) -> dict[int, Codec]:
    """Find what each codec of an answer was in the offer.

    Returns
    -------
    dict of int to Codec
        The answer's payload type -> the offered codec. The same payload type is preferred where several would do.
        RTX goes with the codec that it repeats.
    """
    pairs: dict[int, Codec] = {}
    taken: set[int] = set()
    for codec in (*_primaries(answered), *_repeats(answered)):
        candidates = [
            x for x in offered.codecs if x.payload_type not in taken and _fits(x, codec, pairs, answered.kind)
        ]
        if candidates:
            best = min(candidates, key=lambda x: x.payload_type != codec.payload_type)
            taken.add(best.payload_type)
            pairs[codec.payload_type] = best
    return pairs


def _primaries(media: Media) -> list[Codec]:
    return [codec for codec in media.codecs if codec.name.lower() != "rtx"]


def _repeats(media: Media) -> list[Codec]:
    return [codec for codec in media.codecs if codec.name.lower() == "rtx"]


def _fits(offered: Codec, answered: Codec, pairs: Mapping[int, Codec], kind: str | None) -> bool:
    if not answered.name and not offered.name:
        return offered.payload_type == answered.payload_type
    if not same_name(offered, answered, kind) or profile_key(offered) != profile_key(answered):
        return False
    if answered.name.lower() != "rtx":
        return True
    primary = pairs.get(answered.apt) if answered.apt is not None else None
    return primary is not None and offered.apt == primary.payload_type
