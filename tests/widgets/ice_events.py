"""Events of a small call for the tests of the ICE and packets views, and a reader of what they draw."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Any

from rtcnb.sdp import Candidate
from rtcnb.trace import CandidateEvent, Event, PacketEvent, PairEvent, PeerEvent, Trace
from rtcnb.widgets.view import View

A, B = "192.0.2.1:5000", "192.0.2.9:6000"
HOST = 2130706431
EVIL = "<img src=x onerror=alert(1)>"
APART = {"td", "th", "tr", "option", "button", "p", "li", "summary", "h4", "small", "code"}
REQUEST, RESPONSE, ERROR = 0x0001, 0x0101, 0x0111
PRIORITY = struct.pack("!HHI", 0x0024, 4, 1862270975)
USE_CANDIDATE = struct.pack("!HH", 0x0025, 0)
CONTROLLING, CONTROLLED = (struct.pack("!HHQ", kind, 8, 1) for kind in (0x802A, 0x8029))
UNAUTHORIZED = struct.pack("!HHHBB", 0x0009, 4, 0, 4, 1)


def candidate(address: str, port: int, priority: int = HOST, type: str = "host", mid: str = "0") -> Candidate:
    more = " raddr 192.0.2.1 rport 5000" if type == "srflx" else ""
    return Candidate(f"candidate:1 1 udp {priority} {address} {port} typ {type}{more}", mid, 0)


def stun(kind: int, transaction: int, *attributes: bytes) -> bytes:
    body = b"".join(attributes)
    return struct.pack("!HHI", kind, len(body), 0x2112A442) + transaction.to_bytes(12, "big") + body


def packet(time: float, peer: str, direction: Any, data: bytes, **more: Any) -> PacketEvent:
    ends = {"local": A, "remote": B} if peer == "alice" else {"local": B, "remote": A}
    given: dict[str, Any] = {"protocol": "stun", "size_bytes": len(data), **ends, **more}
    return PacketEvent(time=time, peer=peer, direction=direction, data=data, **given)


def check(time: float, number: int, *attributes: bytes, answer: int = RESPONSE) -> list[Event]:
    """alice asks, bob answers 4 ms later; both see both."""
    request, response = stun(REQUEST, number, PRIORITY, *attributes), stun(answer, number)
    if answer == ERROR:
        response = stun(ERROR, number, UNAUTHORIZED)
    return [
        packet(time, "alice", "sent", request),
        packet(time + 0.001, "bob", "received", request),
        packet(time + 0.003, "bob", "sent", response),
        packet(time + 0.004, "alice", "received", response),
    ]


def pair(time: float, peer: str, state: str, **more: Any) -> PairEvent:
    local, remote = (A, B) if peer == "alice" else (B, A)
    given: dict[str, Any] = {
        "local": local,
        "remote": remote,
        "local_type": "host",
        "remote_type": "host",
        **more,
    }
    return PairEvent(time=time, peer=peer, state=state, **given)


def told(time: float, peer: str, action: Any, what: Candidate) -> CandidateEvent:
    return CandidateEvent(time=time, peer=peer, action=action, candidate=what)


def made(*peers: str, time: float = 100.0, **more: Any) -> list[Event]:
    return [PeerEvent(time=time, peer=peer, place="kernel", **more) for peer in peers]


def trace_of(*events: Event | Iterable[Event], **more: Any) -> Trace:
    flat = itertools.chain.from_iterable([e] if isinstance(e, Event) else e for e in events)
    return Trace.of(flat, **more)


class Drawn(HTMLParser):
    """What a view drew: its text, its elements with their attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = (tag, dict(attrs), [])
        self.elements.append(element)
        self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1][0] == tag, f"</{tag}> closes <{self._open[-1][0]}>"
        self._open.pop()
        if tag in APART:
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        for _, _, words in self._open:
            words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def find(self, **attributes: str | None) -> list[str]:
        """The texts of the elements with these attributes; None stands for any value."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            " ".join("".join(words).split())
            for _, have, words in self.elements
            if all(
                k in have and (v is None or v == have[k] or v in (have[k] or "").split())
                for k, v in wanted.items()
            )
        ]


def drawn(view: View) -> Drawn:
    """Draw a view as the page sees it, its long lists whole."""
    parts = []
    for fragment in view.draw():
        rows = fragment.rows
        parts.append(fragment.body + "".join(rows.draw(0, rows.count) if rows else ()))
    return Drawn("".join(parts))
