"""One packet field by field, its bytes, and what it carries beside what was on the socket."""

from __future__ import annotations

from ..trace import PacketEvent
from ..trace.packets import Decoded
from ..trace.timeline import Moment
from .markup import Markup, join, tag
from .packet_words import decoded, decoded_plain, hides, open_bytes, plain_size
from .trace_view import peer_name

MOST_BYTES = 2048
MOST_VALUE = 120
LINE = 16


def packet_details(packet: PacketEvent, other: PacketEvent | None, moment: Moment) -> Markup:
    """Return all that is kept of a packet; `other` is the same one at the other end."""
    sent = packet.direction == "sent"
    ends = [packet.local or "?", packet.remote] if sent else [packet.remote, packet.local or "?"]
    title = tag(
        "h4",
        peer_name(packet.peer, moment),
        f" {packet.direction} {packet.protocol}, {packet.size_bytes} bytes at {_ms(packet, moment)}: ",
        tag("code", f"{ends[0]} → {ends[1]}"),
    )
    said = hides(packet)
    plain = decoded_plain(packet)
    socket = _side("On the socket", decoded(packet), packet.data, packet.size_bytes, open_bytes(packet))
    columns = [socket]
    if plain is not None:
        columns.append(_side("Decrypted", plain, packet.plain, plain_size(packet), len(packet.plain)))
    parts = [
        title,
        tag("p", said) if said else None,
        tag("p", _elsewhere(packet, other)) if other is not None else None,
        _not_decrypted(packet) if plain is None else None,
        tag("div", *columns, class_="rtcnb-columns"),
    ]
    return tag("div", *parts, class_="rtcnb-packet-detail")


def _ms(packet: PacketEvent, moment: Moment) -> str:
    return f"{(packet.time - moment.begin) * 1000:.1f} ms"


def _elsewhere(packet: PacketEvent, other: PacketEvent) -> str:
    took = abs(other.time - packet.time) * 1000
    if packet.direction == "sent":
        return f"{other.peer} received it {took:.1f} ms later."
    return f"{other.peer} had sent it {took:.1f} ms earlier."


def _not_decrypted(packet: PacketEvent) -> Markup | None:
    if packet.protocol not in ("rtp", "rtcp"):
        return None
    return tag("p", "What it carries is not known: it was not decrypted here.", class_="rtcnb-faint")


def _side(title: str, what: Decoded, data: bytes, size: int | None, readable: int) -> Markup:
    kept = f", of which the first {len(data)} are kept" if size is not None and len(data) < size else ""
    length = f"its first {len(data)} bytes" if size is None else f"{size} bytes{kept}"
    head = tag("h4", title, " ", tag("small", length))
    dump = [
        tag("summary", "Bytes"),
        hex_dump(data[:MOST_BYTES], readable),
        tag("p", tag("small", "Underlined: encrypted.")) if readable < len(data) else None,
        tag("p", tag("small", f"… {len(data) - MOST_BYTES} more bytes")) if len(data) > MOST_BYTES else None,
    ]
    return tag("div", head, fields(what), tag("details", *dump, open=True, data_key="bytes"), data_key=title)


def fields(what: Decoded) -> Markup:
    """Return a packet's fields, and those of the packets inside it."""
    rows = [
        tag(
            "tr",
            tag("td", field.name),
            tag("td", _value(field.text or str(field.value)), class_="rtcnb-mono"),
            tag("td", tag("small", _place(field.start, field.end))),
        )
        for field in what.fields
    ]
    table = tag("table", tag("tbody", *rows), class_="rtcnb-packet-fields") if rows else None
    error = tag("div", "✕ ", what.error, class_="rtcnb-error") if what.error else None
    inner = [
        tag(
            "details",
            tag("summary", part.summary or part.protocol),
            fields(part),
            open=True,
            data_key=f"inner-{i}",
        )
        for i, part in enumerate(what.inner)
    ]
    return tag(
        "div",
        tag("div", table, class_="rtcnb-scroll") if table else None,
        error,
        *inner,
        class_="rtcnb-packet-tree",
    )


def _value(text: str) -> str:
    return text if len(text) <= MOST_VALUE else text[: MOST_VALUE - 1] + "…"


def _place(start: int, end: int) -> str:
    return f"byte {start}" if end - start <= 1 else f"bytes {start}–{end - 1}"


def hex_dump(data: bytes, readable: int) -> Markup:
    """Return bytes as numbers and letters, 16 a line; those from `readable` on are marked as encrypted."""
    lines = [_line(data, at, readable) for at in range(0, len(data), LINE)]
    return tag("pre", join(lines), class_="rtcnb-bytes rtcnb-scroll", tabindex=0, aria_label="Bytes")


def _line(data: bytes, at: int, readable: int) -> Markup:
    part = data[at : at + LINE]
    split = max(0, min(len(part), readable - at))
    shown, hidden = part[:split].hex(" "), part[split:].hex(" ")
    letters = "".join(chr(b) if 32 <= b < 127 else "·" for b in part)
    between = " " if shown and hidden else ""
    space = " " * (3 * (LINE - len(part)))
    return join(
        [
            f"{at:04x}  {shown}{between}",
            tag("span", hidden, class_="rtcnb-hidden-bytes") if hidden else None,
            f"{space}  {letters}\n",
        ]
    )
