"""The packets view: its list, its filters, and a packet field by field."""

from __future__ import annotations

import json
import struct
import time
from typing import Any

import pytest
from ice_events import CONTROLLING, EVIL, USE_CANDIDATE, A, B, check, drawn, made, packet, trace_of

from rtcnb.trace import Event, PacketEvent, PeerEvent, Trace
from rtcnb.widgets.live import static_html
from rtcnb.widgets.packet_index import Filter, PacketIndex
from rtcnb.widgets.packet_view import PacketView
from rtcnb.widgets.packet_words import hides, open_bytes, words
from rtcnb.widgets.view import Rows


def rtp(sequence: int, payload: bytes = bytes(36), marker: bool = False) -> bytes:
    return struct.pack("!BBHII", 0x80, 96 | 128 * marker, sequence, 90000, 0xABCD) + payload


def media(time: float, sequence: int, peer: str = "alice", direction: Any = "sent") -> PacketEvent:
    secret, plain = rtp(sequence, b"\xee" * 36), rtp(sequence, b"picture" + bytes(29))
    return packet(time, peer, direction, secret, protocol="rtp", size_bytes=1000, plain=plain)


def call() -> list[Event]:
    return [
        *made("alice", "bob"),
        *check(100.1, 1, CONTROLLING, USE_CANDIDATE),
        *[media(100.2 + i / 100, i) for i in range(5)],
        *[media(100.203 + i / 100, i, "bob", "received") for i in range(5)],
    ]


def rows_of(view: PacketView) -> Rows | None:
    return next((f.rows for f in view.draw() if f.rows), None)


def count_of(view: PacketView) -> int:
    rows = rows_of(view)
    return rows.count if rows else 0


def test_a_row_is_a_packet_in_short() -> None:
    rows = rows_of(PacketView(trace_of(call())))
    assert rows is not None
    assert rows.count == 14
    first, medial = rows.draw(0, 1)[0], rows.draw(4, 5)[0]
    for part in ("100.0", "alice", "→", "stun", A, B, "Binding request", "USE-CANDIDATE"):
        assert part in first
    for part in ("rtp", "1000", "pt 96 seq 0 ts 90000 ssrc 0x0000ABCD"):
        assert part in medial


def test_it_shows_the_packets_up_to_its_moment() -> None:
    view = PacketView(trace_of(call()))
    view.until = 100.205
    assert count_of(view) == 6
    view.until = None
    assert count_of(view) == 14
    view.until = 99.0
    assert count_of(view) == 0


def test_filters_choose_by_kind_way_pair_and_text() -> None:
    view = PacketView(trace_of(call()))
    list(view.draw())
    view.act("packet-kind", "rtp")
    assert count_of(view) == 10
    view.act("packet-way", json.dumps(["bob", "received"]))
    assert count_of(view) == 5
    view.act("packet-pair", json.dumps(["alice", A, B]))
    shown = drawn(view)
    assert "No packet passes these filters." in shown.text
    assert "0 of 14 packets" in shown.text
    view.act("packet-all", None)
    view.act("packet-text", " SEQ 3 ")
    assert count_of(view) == 2
    view.act("packet-kind", "stun")
    assert count_of(view) == 0
    for nonsense in (None, 3, "{", "[", "[1, {}]"):
        view.act("packet-way", nonsense)
        view.act("packet-pair", nonsense)
        list(view.draw())


def test_the_counts_of_the_filters_are_those_of_the_trace() -> None:
    shown = drawn(PacketView(trace_of(call())))
    assert list(shown.find(data_press="packet-kind")) == ["stun 4", "rtp 10"]
    assert f"alice {A} ↔ {B} (7)" in shown.text
    assert "bob received (6)" in shown.text


def test_the_chosen_packet_is_decoded_plain_beside_encrypted() -> None:
    view = PacketView(trace_of(call()))
    rows = rows_of(view)
    assert rows is not None
    view.act(rows.press, 4)
    shown = drawn(view)
    assert "SRTP (RFC 3711) hides the picture or sound: 988 of 1000 bytes" in shown.text
    assert "sequence number 0 bytes 2–3" in shown.text
    assert "picture" in shown.text
    assert len(shown.find(class_="rtcnb-bytes")) == 2
    assert shown.find(class_="rtcnb-hidden-bytes")[0].startswith("ee ee")
    assert "bob received it 3.0 ms later." in shown.text
    chosen = rows_of(view)
    assert chosen is not None
    assert chosen.focused == 4
    view.act("packet-kind", "rtp")
    narrowed = rows_of(view)
    assert narrowed is not None
    assert narrowed.focused == 0
    view.until = 100.15
    assert "picture" not in drawn(view).text


def test_a_row_that_is_not_there_chooses_nothing() -> None:
    view = PacketView(trace_of(call()))
    list(view.draw())
    for row in (-1, 14, "3", None):
        view.act("packet", row)
    assert view.chosen is None


def test_what_encryption_hides() -> None:
    extended = struct.pack("!BBHII", 0x91, 96, 1, 2, 3) + bytes(4) + b"\xbe\xde\x00\x01" + bytes(20)
    assert open_bytes(packet(1.0, "alice", "sent", extended, protocol="rtp")) == 12 + 4 + 4 + 4
    rtcp = packet(1.0, "alice", "sent", bytes(40), protocol="rtcp")
    assert open_bytes(rtcp) == 8
    assert "first 8 of 40 bytes" in hides(rtcp)
    (asked, *_) = check(1.0, 1)
    assert isinstance(asked, PacketEvent)
    assert "no MESSAGE-INTEGRITY" in hides(asked)


@pytest.mark.parametrize(
    "protocol", ["stun", "turn-channel", "dtls", "rtp", "rtcp", "unknown", "nonsense", EVIL]
)
@pytest.mark.parametrize("data", [b"", b"\x80", b"\x17\xfe\xfd", bytes(range(60)), b"\xff" * 3000])
def test_any_bytes_are_shown(protocol: str, data: bytes) -> None:
    odd = packet(100.0, EVIL, "received", data, protocol=protocol, size_bytes=len(data) + 7, plain=data[3:])
    view = PacketView(trace_of(odd))
    view.chosen = odd
    assert words(odd) is not None
    shown = drawn(view)
    assert shown.find(class_="rtcnb-packet-detail")


def test_text_from_strangers_stays_text() -> None:
    ends = {"local": EVIL, "remote": EVIL}
    username = EVIL.encode()
    attribute = struct.pack("!HH", 0x0006, len(username)) + username.ljust(-(-len(username) // 4) * 4, b"\0")
    data = struct.pack("!HHI", 1, len(attribute), 0x2112A442) + bytes(12) + attribute
    hostile = packet(100.0, EVIL, "sent", data, **ends)
    view = PacketView(trace_of(made(EVIL), hostile))
    view.chosen = hostile
    view.act("packet-text", EVIL)
    shown = drawn(view)
    assert not [tag for tag, _, _ in shown.elements if tag in ("img", "script")]
    assert not [a for _, a, _ in shown.elements if any(name.startswith("on") for name in a)]
    assert f"USERNAME {EVIL}" in shown.text
    assert "<img" not in static_html(view)


def test_what_is_missing_is_said() -> None:
    assert "No peer has been made yet." in drawn(PacketView(Trace.of([]))).text
    page = PeerEvent(time=100.0, peer="carol", place="page")
    assert (
        "carol is in the page: a browser shows nobody its packets." in drawn(PacketView(trace_of(page))).text
    )
    dump = trace_of(page, missing=("packets",), source="webrtc-internals")
    assert "The file holds no packets" in drawn(PacketView(dump)).text
    thin = trace_of(call())
    thin.thinned, thin.dropped = 1234, 5
    text = drawn(PacketView(thin)).text
    assert "1,234 old packets and statistics were thinned out" in text
    assert "5 of the oldest events had to go" in text


def test_the_static_form_has_totals_and_the_last_packets() -> None:
    many = [media(100.3 + i / 1000, i) for i in range(400)]
    html = static_html(PacketView(trace_of(call(), many)))
    assert "seq 399" in html
    assert "… 114 more, before these" in html
    assert "<select" not in html
    assert "<td>405</td>" in html


# -- the index


def test_the_index_follows_a_trace_that_grows_and_thins() -> None:
    index, all_ = PacketIndex(), Filter(protocols=frozenset({"rtp"}))
    events = [media(float(i), i) for i in range(10)]
    index.update(events[:6])
    assert index.find(all_, 6, words) == [0, 1, 2, 3, 4, 5]
    version = index.version
    index.update(events)
    assert (index.find(all_, 10, words), index.version) == (list(range(10)), version)
    late = packet(2.5, "bob", "sent", b"")
    grown = [*events[:3], late, *events[3:]]
    index.update(grown)
    assert index.version != version
    assert index.find(all_, 11, words) == [0, 1, 2, *range(4, 11)]
    assert index.find(all_, 5, words) == [0, 1, 2, 4]
    index.update(grown[::2])
    assert index.find(Filter(), 6, words) == list(range(6))
    assert sum(index.counts(3).values()) == 3


def test_a_hundred_thousand_packets_stay_quick() -> None:
    """CPU time counts, not the clock of a loaded machine."""
    view = PacketView(trace_of(media(100.0 + i / 1000, i % 65536) for i in range(100_000)))
    begun = time.process_time()
    list(view.draw())
    view.act("packet-kind", "rtp")
    list(view.draw())
    assert time.process_time() - begun < 2.0  # measured: 0.08
    begun = time.process_time()
    rows = rows_of(view)
    assert rows is not None
    rows.draw(50_000, 50_100)
    assert time.process_time() - begun < 0.5  # measured: 0.01
