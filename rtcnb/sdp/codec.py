"""Codec: what a payload type stands for, from rtpmap, fmtp and rtcp-fb together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .template import read_parameters
from .text import number

if TYPE_CHECKING:
    from .section import Media

# Payload types that need no rtpmap: name, clock rate, channels (RFC 3551 section 6, tables 4 and 5).
STATIC_PAYLOADS: dict[int, tuple[str, int, int]] = {
    0: ("PCMU", 8000, 1),
    3: ("GSM", 8000, 1),
    4: ("G723", 8000, 1),
    5: ("DVI4", 8000, 1),
    6: ("DVI4", 16000, 1),
    7: ("LPC", 8000, 1),
    8: ("PCMA", 8000, 1),
    9: ("G722", 8000, 1),
    10: ("L16", 44100, 2),
    11: ("L16", 44100, 1),
    12: ("QCELP", 8000, 1),
    13: ("CN", 8000, 1),
    14: ("MPA", 90000, 1),
    15: ("G728", 8000, 1),
    16: ("DVI4", 11025, 1),
    17: ("DVI4", 22050, 1),
    18: ("G729", 8000, 1),
    25: ("CelB", 90000, 1),
    26: ("JPEG", 90000, 1),
    28: ("nv", 90000, 1),
    31: ("H261", 90000, 1),
    32: ("MPV", 90000, 1),
    33: ("MP2T", 90000, 1),
    34: ("H263", 90000, 1),
}
# What carries no picture or sound of its own, but helps another codec.
HELPERS = {"rtx", "red", "ulpfec", "flexfec", "flexfec-03", "cn", "telephone-event"}


@dataclass(frozen=True)
class Codec:
    """What one payload type of a media section stands for (RFC 8866 section 6.6).

    Attributes
    ----------
    payload_type : int
    name : str
        As the description spells it; ``""`` where neither ``a=rtpmap`` nor RFC 3551 names it.
    clock_rate, channels : int or None
        The clock rate in Hz.
    parameters : dict of str to str
        ``a=fmtp``, in its order; a parameter without ``=`` has the value ``""``.
    feedback : tuple of str
        ``a=rtcp-fb``, for example ``nack pli``; those for all payload types come first.
    rtx : int or None
        The payload type that retransmits this one (RFC 4588).
    """

    payload_type: int
    name: str
    clock_rate: int | None = None
    channels: int | None = None
    parameters: dict[str, str] = field(default_factory=dict, hash=False)
    feedback: tuple[str, ...] = ()
    rtx: int | None = None

    @property
    def apt(self) -> int | None:
        """For RTX: the payload type that it retransmits (RFC 4588 section 8.6)."""
        return number(self.parameters.get("apt", ""), 127)

    @property
    def is_helper(self) -> bool:
        """True for what carries no picture or sound of its own: RTX, RED, FEC, comfort noise, tones."""
        return self.name.lower() in HELPERS

    def __str__(self) -> str:
        rate = f"/{self.clock_rate}" if self.clock_rate else ""
        channels = f"/{self.channels}" if self.channels and self.channels > 1 else ""
        return f"{self.payload_type} {self.name or '?'}{rate}{channels}"


def codecs_of(media: Media) -> list[Codec]:
    """Put together what a section says about each of its payload types, in the order of the m= line."""
    maps, formats = _by_payload_type(media, "rtpmap"), _by_payload_type(media, "fmtp")
    feedback = _by_payload_type(media, "rtcp-fb")
    parameters = {payload: read_parameters(";".join(texts)) for payload, texts in formats.items()}
    retransmits = {
        number(found["apt"], 127): payload
        for payload, found in reversed(parameters.items())
        if "apt" in found and maps.get(payload, [""])[0].lower().startswith("rtx/")
    }
    payload_types = (number(text, 127) for text in media.formats)
    return [
        Codec(
            payload,
            *_encoding(payload, maps.get(payload, [""])[0]),
            parameters.get(payload, {}),
            (*feedback.get(None, ()), *feedback.get(payload, ())),
            retransmits.get(payload),
        )
        for payload in dict.fromkeys(x for x in payload_types if x is not None)
    ]


def _encoding(payload: int, encoding: str) -> tuple[str, int | None, int | None]:
    name, _, rest = encoding.partition("/")
    if not name:
        return STATIC_PAYLOADS.get(payload, ("", None, None))
    rate, _, channels = rest.partition("/")
    return name, number(rate), number(channels)


def _by_payload_type(media: Media, attribute: str) -> dict[int | None, list[str]]:
    """The values of lines ``a=<attribute>:<payload type> <value>``; None stands for ``*``, all."""
    found: dict[int | None, list[str]] = {}
    for text in media.values_of(attribute):
        first, _, rest = text.partition(" ")
        payload = number(first, 127)
        if payload is not None or first == "*":
            found.setdefault(payload, []).append(rest.strip())
    return found
