"""A packet in one line, and what its encryption hides."""

from __future__ import annotations

import struct
from dataclasses import replace
from functools import lru_cache

from ..trace import PacketEvent
from ..trace.packets import Decoded, Field, decode

# RTP and RTCP on the socket are SRTP and SRTCP.
ON_THE_SOCKET = {"rtp": "srtp", "rtcp": "srtcp"}
MOST_WORDS = 160
RTP_HEADER = 12
RTP_FIELDS = struct.Struct("!HII")  # sequence number, timestamp, SSRC
RTCP_OPEN = 8  # bytes of SRTCP that are not encrypted (RFC 3711 section 3.4)
DTLS_HEADER = 13  # RFC 6347 section 4.1
SCTP_HEADER = 12
STUN_METHOD = 0x3EEF  # the bits of a message's type that are its method (RFC 8489 section 5)
STUN_BINDING = 0x0001
APPLICATION_DATA = 23
OTHERWISE = {
    "dtls": "The handshake is readable until ChangeCipherSpec: in DTLS 1.2 the certificates too.",
    "turn-channel": "ChannelData is 4 bytes for the relay; what it carries is as encrypted as without one.",
}


def decoded(packet: PacketEvent) -> Decoded:
    """Take a packet apart as it was on the socket."""
    return decode(packet.data, ON_THE_SOCKET.get(packet.protocol, packet.protocol), packet.size_bytes)


def decoded_plain(packet: PacketEvent) -> Decoded | None:
    """Take apart what a packet carries; None where that is not known."""
    plain = packet.plain
    if not plain:
        return None
    size = plain_size(packet)
    protocol = "sctp" if packet.protocol == "dtls" else packet.protocol
    what = decode(plain, protocol, packet.size_bytes if size is None else size)
    if size is not None:
        return what
    kept = tuple(_tagged(field) for field in what.fields if field.name != "stored bytes")
    return replace(what, fields=kept)


def plain_size(packet: PacketEvent) -> int | None:
    """Return how many bytes `plain` had before it was cut; None where the trace does not tell."""
    if packet.protocol == "dtls":
        return max(len(packet.plain), _sctp_size(packet.plain))
    # Where the encrypted packet was kept whole, so was the plain one: it is shorter.
    whole = len(packet.data) == packet.size_bytes or len(packet.plain) < len(packet.data)
    return len(packet.plain) if whole else None


def _tagged(field: Field) -> Field:
    if field.name != "payload size":
        return field
    return replace(field, text=f"{field.value!s} bytes, with the authentication tag of the encrypted packet")


def _sctp_size(plain: bytes) -> int:
    """The length that the first chunk says (RFC 9260 section 3.2): of messages only the header is kept."""
    length = int.from_bytes(plain[SCTP_HEADER + 2 : SCTP_HEADER + 4], "big")
    return SCTP_HEADER + length + -length % 4


def words(packet: PacketEvent, codecs: dict[int, str] | None = None) -> str:
    """Return a packet in one line.

    Parameters
    ----------
    packet : PacketEvent
    codecs : dict of int to str, optional
        The names of payload types.
    """
    said = _rtp(packet.plain or packet.data, codecs or {}) if packet.protocol == "rtp" else ""
    said = said or _summary(packet.protocol, packet.data, packet.plain, packet.size_bytes)
    for known in (packet.protocol, ON_THE_SOCKET.get(packet.protocol, "")):
        said = said.removeprefix(f"{known.upper()} ")  # the list has it in a column of its own
    return said if len(said) <= MOST_WORDS else said[: MOST_WORDS - 1] + "…"


@lru_cache(maxsize=4096)
def _summary(protocol: str, data: bytes, plain: bytes, size_bytes: int) -> str:
    packet = PacketEvent(
        time=0.0, direction="sent", protocol=protocol, size_bytes=size_bytes, data=data, plain=plain
    )
    outer, inner = decoded(packet), decoded_plain(packet)
    if inner is None:
        return outer.summary
    return inner.summary.partition(" (truncated by the capture")[0]


def _rtp(data: bytes, codecs: dict[int, str]) -> str:
    """The header in a line, without a full decode: there are so many of these (RFC 3550 section 5.1)."""
    if len(data) < RTP_HEADER or data[0] >> 6 != 2:
        return ""
    payload_type = data[1] & 0x7F
    name = f"{codecs[payload_type]} " if payload_type in codecs else ""
    marker = " marker" if data[1] & 0x80 else ""
    sequence, timestamp, source = RTP_FIELDS.unpack_from(data, 2)
    return f"RTP {name}pt {payload_type} seq {sequence} ts {timestamp} ssrc 0x{source:08X}{marker}"


def open_bytes(packet: PacketEvent) -> int:
    """Return how many bytes at the beginning of a packet everybody on the way can read."""
    if packet.protocol == "rtp":
        return _rtp_open(packet.data)
    if packet.protocol == "rtcp":
        return min(RTCP_OPEN, len(packet.data))
    if packet.protocol == "dtls" and packet.data[:1] == bytes((APPLICATION_DATA,)):
        return min(DTLS_HEADER, len(packet.data))
    return len(packet.data)


def _rtp_open(data: bytes) -> int:
    """RTP's header with its sources and extensions (RFC 3711 section 3.1)."""
    if len(data) < RTP_HEADER:
        return len(data)
    size = RTP_HEADER + 4 * (data[0] & 15)
    if data[0] & 0x10:
        size += 4 + 4 * int.from_bytes(data[size + 2 : size + 4], "big")
    return min(size, len(data))


def hides(packet: PacketEvent) -> str:
    """Say what the encryption of a packet hides, and what it does not."""
    size, hidden = packet.size_bytes, max(0, packet.size_bytes - open_bytes(packet))
    if packet.protocol == "rtp":
        return (
            f"SRTP (RFC 3711) hides the picture or sound: {hidden} of {size} bytes, with the tag that guards the "
            "whole. It does not hide the header and its extensions: whoever forwards it reads payload type, "
            "sequence number, timestamp, SSRC and marker, and sees how large frames are and when they come, but "
            "cannot change them unnoticed."
        )
    if packet.protocol == "rtcp":
        return (
            f"SRTCP (RFC 3711) leaves the first 8 of {size} bytes readable: the type of the first report and the "
            "SSRC of its sender. The reports (loss, jitter, requests for key frames) are hidden, with an "
            "index and a tag at the end."
        )
    if packet.protocol == "dtls" and packet.plain:
        return (
            "DTLS (RFC 6347) leaves the record's header readable: content type, version, epoch, sequence number "
            f"and length. What SCTP says in it, so also which channel is used, is hidden: {hidden} bytes."
        )
    if packet.protocol == "stun":
        if decoded(packet).get("MESSAGE-INTEGRITY") is None:
            return "STUN is not encrypted. It has no MESSAGE-INTEGRITY: anybody could have made it."
        binding = int.from_bytes(packet.data[:2]) & STUN_METHOD == STUN_BINDING
        key = "ice-pwd of the peer that is asked" if binding else "credential of the TURN server"
        return f"STUN is not encrypted. Its MESSAGE-INTEGRITY shows that its sender knows the {key}."
    return OTHERWISE.get(packet.protocol, "")
