"""SCTP, as DTLS carries it: the common header, its checksum, and the chunks (RFC 9260 section 3, RFC 8831)."""

from __future__ import annotations

from .fields import Body, Reader, run_inside
from .sctp_chunks import CHUNKS, chunk_name

MAX_CHECKED_BYTES = (
    4096  # pure Python takes some 0.1 ms for each 1000 bytes; more than this never fits a path
)
MAX_SUMMARY = 200


def _crc_table() -> list[int]:
    """CRC-32c for each byte, Castagnoli's polynomial reflected (RFC 9260 appendix A)."""
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


CRC_TABLE = _crc_table()


def crc32c(data: bytes) -> int:
    """The checksum of SCTP (RFC 9260 appendix A)."""
    crc, table = 0xFFFFFFFF, CRC_TABLE
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def read_sctp(reader: Reader) -> None:
    """Read an SCTP packet (RFC 9260 section 3)."""
    draft, origin = reader.draft, reader.position
    draft.summary = "SCTP"
    reader.number_field(2, "source port")
    reader.number_field(2, "destination port")
    reader.number_field(4, "verification tag", "0x{:08X}".format)
    _read_checksum(reader, origin)
    while reader.left:
        _read_chunk(reader)
    if not draft.inner:
        draft.summary += " without chunks"


def _read_checksum(reader: Reader, origin: int) -> None:
    start = reader.position
    given = int.from_bytes(
        reader.take(4, "checksum"), "little"
    )  # the only number that is not in network order
    if given == 0:
        text = "0: none, which RFC 9653 allows over DTLS"
    elif reader.stored < reader.end or reader.end - origin > MAX_CHECKED_BYTES:
        text = "not checked: the packet is cut or long"
    else:
        right = crc32c(reader.data[origin:start] + bytes(4) + reader.data[start + 4 : reader.end])
        text = "right" if given == right else f"wrong: 0x{right:08X} is right"
        if given != right:
            reader.draft.fail(f"checksum: 0x{given:08X} at byte {start}, but 0x{right:08X} is right")
    reader.add("checksum", given, start, f"0x{given:08X}, {text}")


def _read_chunk(reader: Reader) -> None:
    draft, origin = reader.draft, reader.position
    head = reader.take(4, "chunk header")
    reader.position = origin
    kind, flags, size = head[0], head[1], int.from_bytes(head[2:], "big")
    if not 4 <= size <= reader.left:
        draft.fail(
            f"{chunk_name(kind)} length: {size} at byte {origin + 2}, but {reader.left} bytes are there"
        )
        size = reader.left
    decoded = run_inside("sctp", reader, reader.inside(size, "chunk"), _body(kind, flags))
    reader.part(min(-size % 4, reader.left), "padding")
    separator = "," if len(draft.inner) > 1 else ""
    if len(draft.summary) < MAX_SUMMARY:
        draft.summary += f"{separator} {decoded.summary}"


def _body(kind: int, flags: int) -> Body:
    def body(chunk: Reader) -> None:
        chunk.draft.summary = chunk_name(kind)
        chunk.number_field(1, "chunk type", chunk_name)
        chunk.number_field(1, "chunk flags", CHUNKS[kind].flags if kind in CHUNKS else None)
        chunk.number_field(2, "chunk length", "{} bytes".format)
        if kind in CHUNKS:
            CHUNKS[kind].read(chunk, flags)
        if chunk.left:
            chunk.size_field("chunk value size")

    return body
