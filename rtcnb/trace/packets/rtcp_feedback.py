"""RTCP feedback: what a receiver asks of a sender (RFC 4585 section 6, RFC 5104, transport-cc, REMB)."""

from __future__ import annotations

from collections.abc import Callable

from .fields import Reader, listed

REMB = b"REMB"


def read_transport_feedback(part: Reader, kind: int) -> None:
    """RTPFB: about packets."""
    _read(part, kind, TRANSPORT_FEEDBACK, "RTPFB")


def read_payload_feedback(part: Reader, kind: int) -> None:
    """PSFB: about pictures."""
    _read(part, kind, PAYLOAD_FEEDBACK, "PSFB")


def _read(part: Reader, kind: int, table: dict[int, Row], group: str) -> None:
    name, body = table.get(kind, (f"{group} FMT {kind}", _skip))
    part.draft.summary = name
    part.number_field(4, "sender SSRC", "0x{:08X}".format)
    part.number_field(4, "media source SSRC", "0x{:08X}".format)
    body(part)


def _skip(part: Reader) -> None:
    if part.left:
        part.size_field("feedback control information size")


def _nothing(part: Reader) -> None:
    """The two sources are all it says."""


def _read_nack(part: Reader) -> None:
    """Generic NACK: a packet, and which of the 16 after it (RFC 4585 section 6.2.1)."""
    all_lost: list[int] = []
    while part.left:
        start = part.position
        first = part.number(2, "PID")
        following = part.number(2, "BLP")
        lost = [first] + [(first + bit + 1) & 0xFFFF for bit in range(16) if following >> bit & 1]
        part.add("lost packets", tuple(lost), start, listed(tuple(lost)))
        all_lost += lost
    shown = ", ".join(map(str, all_lost[:8])) + ("…" if len(all_lost) > 8 else "")
    part.draft.summary += f" {shown}"


def _read_transport_cc(part: Reader) -> None:
    """The head of transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1)."""
    base = part.number_field(2, "base sequence number")
    count = part.number_field(2, "packet status count")
    start = part.position
    reference = int.from_bytes(part.take(3, "reference time"), "big", signed=True)
    part.add("reference time", reference, start, f"{reference * 64} ms")
    number = part.number_field(1, "feedback packet count")
    part.draft.summary += f" {number}: {count} packets from {base}"
    part.size_field("packet chunks and receive deltas size")


def _read_fir(part: Reader) -> None:
    """Full Intra Request (RFC 5104 section 4.3.1.1)."""
    while part.left:
        part.number_field(4, "SSRC", "0x{:08X}".format)
        part.number_field(1, "Seq nr.")
        part.take(3, "reserved")


def _read_bitrate_entries(part: Reader) -> None:
    """TMMBR and TMMBN: a source, a bitrate and the overhead of a packet (RFC 5104 section 4.2.1.1)."""
    while part.left:
        part.number_field(4, "SSRC", "0x{:08X}".format)
        start = part.position
        packed = part.number(4, "MxTBR")
        bitrate = (packed >> 9 & 0x1FFFF) << (packed >> 26)
        part.add("MxTBR", bitrate, start, f"{bitrate} bit/s")
        part.add("measured overhead", packed & 0x1FF, start, f"{packed & 0x1FF} bytes a packet")
        part.draft.summary += f" {bitrate} bit/s"


def _read_slice_loss(part: Reader) -> None:
    """Slice Loss Indication (RFC 4585 section 6.3.2)."""
    while part.left:
        start = part.position
        packed = part.number(4, "slice")
        value = (packed >> 19, packed >> 6 & 0x1FFF, packed & 63)
        part.add("slice", value, start, f"from macroblock {value[0]}, {value[1]} lost, picture {value[2]}")


def _read_application_feedback(part: Reader) -> None:
    """AFB; with the identifier REMB it is the receiver's bandwidth (draft-alvestrand-rmcat-remb-03 section 2.2)."""
    start = part.position
    identifier = part.take(4, "identifier") if part.left >= 4 else b""
    if identifier != REMB:
        part.position = start
        _skip(part)
        return
    part.add("unique identifier", "REMB", start)
    count = part.number_field(1, "number of SSRCs")
    start = part.position
    packed = part.number(3, "bitrate")
    bitrate = (packed & 0x3FFFF) << (packed >> 18)
    part.add("bitrate", bitrate, start, f"{bitrate} bit/s")
    part.draft.summary = f"REMB {bitrate} bit/s"
    for _ in range(count):
        part.number_field(4, "SSRC", "0x{:08X}".format)


Row = tuple[str, Callable[[Reader], None]]

TRANSPORT_FEEDBACK: dict[int, Row] = {
    1: ("NACK", _read_nack),
    3: ("TMMBR", _read_bitrate_entries),
    4: ("TMMBN", _read_bitrate_entries),
    5: ("RTCP-SR-REQ", _nothing),
    11: ("CCFB", _skip),
    15: ("transport-cc", _read_transport_cc),
}
PAYLOAD_FEEDBACK: dict[int, Row] = {
    1: ("PLI", _nothing),
    2: ("SLI", _read_slice_loss),
    3: ("RPSI", _skip),
    4: ("FIR", _read_fir),
    15: ("AFB", _read_application_feedback),
}
