"""Codec: what a payload type stands for, from rtpmap, fmtp and rtcp-fb together."""

from __future__ import annotations

from dataclasses import dataclass, field

from .text import number

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
    18: ("G729", 8000, 1),
    25: ("CelB", 90000, 1),
    26: ("JPEG", 90000, 1),
    28: ("nv", 90000, 1),
    31: ("H261", 90000, 1),
    32: ("MPV", 90000, 1),
    33: ("MP2T", 90000, 1),
    34: ("H263", 90000, 1),
}


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
    """

    payload_type: int
    name: str
    clock_rate: int | None = None
    channels: int | None = None
    parameters: dict[str, str] = field(default_factory=dict, hash=False)
    feedback: tuple[str, ...] = ()


def codec(payload: int, encoding: str, formats: list[str], feedback: dict[int | None, list[str]]) -> Codec:
    """Put together what a section says about one payload type.

    Parameters
    ----------
    payload : int
    encoding : str
        ``<name>/<clock rate>/<channels>`` of its ``a=rtpmap``, or ``""``.
    formats : list of str
        The parameters of each of its ``a=fmtp``.
    feedback : dict
        All ``a=rtcp-fb`` by payload type; under None those for ``*``.
    """
    name, _, rest = encoding.partition("/")
    rate, _, channels = rest.partition("/")
    known: tuple[str, int | None, int | None] = (name, number(rate), number(channels))
    if not name:
        known = STATIC_PAYLOADS.get(payload, ("", None, None))
    parameters: dict[str, str] = {}
    for text in formats:
        for pair in text.split(";"):
            key, _, value = pair.strip().partition("=")
            if key:
                parameters.setdefault(key.strip(), value.strip())
    both = (*feedback.get(None, ()), *feedback.get(payload, ()))
    return Codec(payload, *known, parameters, both)
