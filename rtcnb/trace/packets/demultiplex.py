"""Which protocol a datagram belongs to, and the table of decoders (RFC 7983)."""

from __future__ import annotations

from .fields import MAX_DEPTH, Body, Decoded, Reader, run

MAGIC_COOKIE = b"\x21\x12\xa4\x42"

# Protocol -> what reads it; filled in `__init__`, since TURN's decoder is in it and needs it.
DECODERS: dict[str, Body] = {}


def protocol_of(data: bytes) -> str:
    """Tell what a datagram is by its first bytes (RFC 7983 section 7, RFC 5761 section 4).

    Parameters
    ----------
    data : bytes

    Returns
    -------
    {"stun", "turn-channel", "dtls", "rtp", "rtcp", "unknown"}
        SRTP and SRTCP look like RTP and RTCP here: whether there is encryption is not in the first bytes.
    """
    if not data:
        return "unknown"
    first = data[0]
    if 127 < first < 192:
        return "rtcp" if len(data) > 1 and 192 <= data[1] <= 223 else "rtp"
    if first < 4:
        return "stun" if data[4:8] == MAGIC_COOKIE or _is_classic_stun(data) else "unknown"
    if 20 <= first < 64:
        return "dtls"
    if 64 <= first < 80:
        return "turn-channel"
    return "unknown"


def _is_classic_stun(data: bytes) -> bool:
    """RFC 3489 has no magic cookie; its length must be that of the datagram."""
    length = len(data) - 20
    return length >= 0 and length % 4 == 0 and int.from_bytes(data[2:4], "big") == length


def decode_part(reader: Reader, protocol: str) -> Decoded:
    """Decode what `reader` has left as a packet of `protocol`."""
    body = DECODERS.get(protocol)
    return run(protocol, reader, body) if body else _unknown(reader, protocol)


def decode_relayed(outer: Reader, size: int, place: str) -> Decoded | None:
    """Decode what a TURN message carries, and note it in `outer`; None where it is too deep.

    Media is encrypted there: a relay is between the peers.
    """
    part = outer.inside(size, place)
    if part.depth >= MAX_DEPTH:
        return None
    protocol = protocol_of(part.data[part.position : part.stored])
    decoded = decode_part(part, {"rtp": "srtp", "rtcp": "srtcp"}.get(protocol, protocol))
    outer.draft.inner.append(decoded)
    outer.draft.cut |= part.draft.cut
    return decoded


def _unknown(reader: Reader, protocol: str) -> Decoded:
    size, first = reader.left, reader.data[reader.position : reader.position + 1]
    if protocol != "unknown":
        reason = f"no decoder is called {protocol[:40]!r}; there are {', '.join(DECODERS)}"
    elif not first:
        reason = "an empty datagram"
    else:
        reason = (
            f"byte {reader.position}: no protocol of WebRTC begins with 0x{first.hex()} like this (RFC 7983)"
        )
    reader.size_field("data size")
    return Decoded(protocol, f"unknown, {size} bytes", tuple(reader.draft.fields), reason)
