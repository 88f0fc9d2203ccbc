"""SCTP chunks: one row for each type (RFC 9260 section 3.3, and what WebRTC adds to it)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from .fields import Malformed, Reader, flags, listed, run_inside
from .sctp_dcep import read_dcep
from .sctp_parameters import read_causes, read_parameters

DCEP, STRING = 50, 51
PAYLOAD_PROTOCOLS = {  # RFC 8831 section 8
    50: "WebRTC DCEP",
    51: "WebRTC String",
    52: "WebRTC Binary Partial (deprecated)",
    53: "WebRTC Binary",
    54: "WebRTC String Partial (deprecated)",
    56: "WebRTC String Empty",
    57: "WebRTC Binary Empty",
}
DATA_FLAGS = ((8, "immediate"), (4, "unordered"), (2, "beginning"), (1, "ending"))
BEGINNING, ENDING, UNORDERED = 2, 1, 4


def _protocol_text(number: int) -> str:
    return PAYLOAD_PROTOCOLS.get(number, str(number))


def _read_data(chunk: Reader, bits: int) -> None:
    """DATA (RFC 9260 section 3.3.1)."""
    tsn = chunk.number_field(4, "TSN")
    stream = chunk.number_field(2, "stream identifier")
    chunk.number_field(2, "stream sequence number")
    protocol = chunk.number_field(4, "payload protocol identifier", _protocol_text)
    _read_user_data(chunk, bits, tsn, stream, protocol)


def _read_interleaved_data(chunk: Reader, bits: int) -> None:
    """I-DATA: only the first fragment says what it is, the others their place (RFC 8260 section 2.1)."""
    tsn = chunk.number_field(4, "TSN")
    stream = chunk.number_field(2, "stream identifier")
    chunk.take(2, "reserved")
    chunk.number_field(4, "message identifier")
    protocol = -1
    if bits & BEGINNING:
        protocol = chunk.number_field(4, "payload protocol identifier", _protocol_text)
    else:
        chunk.number_field(4, "fragment sequence number")
    _read_user_data(chunk, bits, tsn, stream, protocol)


def _read_user_data(chunk: Reader, bits: int, tsn: int, stream: int, protocol: int) -> None:
    draft, size = chunk.draft, chunk.left
    whole = bits & BEGINNING and bits & ENDING
    words = PAYLOAD_PROTOCOLS.get(protocol, f"protocol {protocol}" if protocol >= 0 else "")
    draft.summary += f" tsn {tsn} stream {stream} {words.removeprefix('WebRTC ')} {size} bytes".replace(
        "  ", " "
    )
    if not whole:
        draft.summary += " first" if bits & BEGINNING else " last" if bits & ENDING else " middle"
        draft.summary += " fragment"
    if protocol == DCEP and whole:
        decoded = run_inside("dcep", chunk, chunk.inside(size, "user data"), read_dcep)
        draft.summary += f": {decoded.summary}"
    elif protocol == STRING:
        chunk.text_field(size, "user data")
    elif size:
        chunk.bytes_field(size, "user data")
    else:
        raise Malformed(f"user data: none at byte {chunk.position}")


def _read_init(chunk: Reader, bits: int) -> None:
    """INIT and INIT ACK (RFC 9260 sections 3.3.2, 3.3.3)."""
    chunk.number_field(4, "initiate tag", "0x{:08X}".format)
    chunk.number_field(4, "advertised receiver window credit", "{} bytes".format)
    outgoing = chunk.number_field(2, "number of outbound streams")
    incoming = chunk.number_field(2, "number of inbound streams")
    chunk.number_field(4, "initial TSN")
    chunk.draft.summary += f" {outgoing} streams out {incoming} in"
    read_parameters(chunk)


def _read_sack(chunk: Reader, bits: int) -> None:
    """SACK: all up to a TSN, then blocks after gaps, then what came twice (RFC 9260 section 3.3.4)."""
    acknowledged = chunk.number_field(4, "cumulative TSN ack")
    chunk.number_field(4, "advertised receiver window credit", "{} bytes".format)
    gaps = chunk.number_field(2, "number of gap ack blocks")
    duplicates = chunk.number_field(2, "number of duplicate TSNs")
    chunk.draft.summary += f" up to {acknowledged}"
    for _ in range(gaps):
        start = chunk.position
        block = (chunk.number(2, "gap ack block"), chunk.number(2, "gap ack block"))
        first, last = ((acknowledged + offset) & 0xFFFFFFFF for offset in block)
        chunk.add("gap ack block", block, start, f"TSN {first} to {last}")
    for _ in range(duplicates):
        chunk.number_field(4, "duplicate TSN")
    if gaps:
        chunk.draft.summary += f" with {gaps} block{'s' * (gaps > 1)} after gaps"


def _read_forward_tsn(chunk: Reader, bits: int, interleaved: bool = False) -> None:
    """FORWARD TSN and I-FORWARD-TSN: what its sender gave up (RFC 3758 section 3.2, RFC 8260 section 2.3.1)."""
    new = chunk.number_field(4, "new cumulative TSN")
    chunk.draft.summary += f" to {new}"
    while chunk.left:
        start = chunk.position
        stream = chunk.number(2, "stream")
        unordered = chunk.number(2, "flags") & 1 if interleaved else 0
        sequence = chunk.number(4 if interleaved else 2, "stream sequence")
        name = "message identifier" if interleaved else "sequence number"
        text = f"stream {stream} to {name} {sequence}" + (", unordered" if unordered else "")
        chunk.add("skipped stream", (stream, sequence), start, text)


def _read_tsn(chunk: Reader, bits: int, name: str) -> None:
    chunk.draft.summary += f" {chunk.number_field(4, name)}"


def _read_list(chunk: Reader, bits: int) -> None:
    read_parameters(chunk)


def _read_causes(chunk: Reader, bits: int) -> None:
    causes = read_causes(chunk)
    if causes:
        chunk.draft.summary += f": {listed(causes)}"


def _read_reconfiguration(chunk: Reader, bits: int) -> None:
    """RE-CONFIG, which closes data channels (RFC 6525 section 3.1, RFC 8831 section 6.7)."""
    names = read_parameters(chunk)
    chunk.draft.summary += f": {listed(names)}"


def _read_rest(chunk: Reader, bits: int) -> None:
    """What it holds is not read further."""


def _data_flags(bits: int) -> str:
    return flags(bits, DATA_FLAGS) or "middle fragment"


def _tag_flag(bits: int) -> str:
    return "the verification tag is the other end's own" if bits & 1 else ""


def _no_flags(bits: int) -> str:
    return ""


class Chunk(NamedTuple):
    """A row of the table: a name, what reads the value, and the words for the flags."""

    name: str
    read: Callable[[Reader, int], None]
    flags: Callable[[int], str] = _no_flags


CHUNKS = {
    0: Chunk("DATA", _read_data, _data_flags),
    1: Chunk("INIT", _read_init),
    2: Chunk("INIT ACK", _read_init),
    3: Chunk("SACK", _read_sack),
    4: Chunk("HEARTBEAT", _read_list),
    5: Chunk("HEARTBEAT ACK", _read_list),
    6: Chunk("ABORT", _read_causes, _tag_flag),
    7: Chunk("SHUTDOWN", partial(_read_tsn, name="cumulative TSN ack")),
    8: Chunk("SHUTDOWN ACK", _read_rest),
    9: Chunk("ERROR", _read_causes),
    10: Chunk("COOKIE ECHO", _read_rest),
    11: Chunk("COOKIE ACK", _read_rest),
    12: Chunk("ECNE", partial(_read_tsn, name="lowest TSN")),
    13: Chunk("CWR", partial(_read_tsn, name="lowest TSN")),
    14: Chunk("SHUTDOWN COMPLETE", _read_rest, _tag_flag),
    15: Chunk("AUTH", _read_rest),
    64: Chunk("I-DATA", _read_interleaved_data, _data_flags),
    128: Chunk("ASCONF-ACK", _read_rest),
    130: Chunk("RE-CONFIG", _read_reconfiguration),
    132: Chunk("PAD", _read_rest),
    192: Chunk("FORWARD TSN", _read_forward_tsn),
    193: Chunk("ASCONF", _read_rest),
    194: Chunk("I-FORWARD-TSN", partial(_read_forward_tsn, interleaved=True)),
}


def chunk_name(kind: int) -> str:
    """The name of a chunk type, or its number."""
    return CHUNKS[kind].name if kind in CHUNKS else f"chunk type {kind}"
