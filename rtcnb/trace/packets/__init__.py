"""Every packet that a WebRTC socket sees: bytes -> named fields.

Nothing here raises on any bytes: what is malformed gives a `Decoded` whose `error` names the place, with the
fields before it. Texts in packets come from strangers; they are kept as text and nothing more.
"""

from __future__ import annotations

from .demultiplex import DECODERS, decode_part, protocol_of
from .dtls import read_dtls
from .fields import Decoded, Draft, Field, Reader
from .integrity import check_fingerprint, check_integrity, long_term_key
from .rtcp import read_rtcp, read_srtcp
from .rtp import read_rtp, read_srtp
from .sctp import read_sctp
from .sctp_dcep import read_dcep
from .stun import read_channel_data, read_stun

__all__ = [
    "Decoded",
    "Field",
    "check_fingerprint",
    "check_integrity",
    "decode",
    "long_term_key",
    "protocol_of",
]

DECODERS.update(
    {
        "stun": read_stun,
        "turn-channel": read_channel_data,
        "dtls": read_dtls,
        "rtp": read_rtp,
        "srtp": read_srtp,
        "rtcp": read_rtcp,
        "srtcp": read_srtcp,
        "sctp": read_sctp,
        "dcep": read_dcep,
    }
)


def decode(data: bytes, protocol: str | None = None, size_bytes: int | None = None) -> Decoded:
    """Take a packet apart.

    Parameters
    ----------
    data : bytes
        The packet, or its beginning.
    protocol : str, optional
        What it is, where `protocol_of` cannot tell: ``"srtp"`` and ``"srtcp"`` for media as it is on the
        socket (``"rtp"`` and ``"rtcp"`` are plaintext), ``"sctp"`` for what DTLS carries, ``"dcep"`` for
        what opens a data channel.
    size_bytes : int, optional
        How long the packet was, where `data` is only its beginning. Then a missing rest is no error.

    Returns
    -------
    Decoded
        Whatever the bytes are; see `Decoded.error`.
    """
    data = bytes(data)
    end = max(len(data), size_bytes or 0)
    draft = Draft()
    decoded = decode_part(Reader(data, 0, end, draft), protocol or protocol_of(data))
    return decoded if end == len(data) else _note_cut(decoded, len(data), end, draft.cut)


def _note_cut(decoded: Decoded, stored: int, size: int, lost: bool) -> Decoded:
    """Say that the capture has only the beginning; in the summary too, where fields are missing for it."""
    text = f"truncated by the capture: {stored} of {size} bytes"
    fields = (*decoded.fields, Field("stored bytes", stored, stored, stored, text))
    summary = f"{decoded.summary} ({text})".lstrip() if lost else decoded.summary
    return Decoded(decoded.protocol, summary, fields, decoded.error, decoded.inner)
