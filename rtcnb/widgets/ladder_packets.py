"""STUN and DTLS packets as rows of the ladder: each packet once, though both ends saw it, and bursts as one row."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf

from ..trace import PacketEvent
from ..trace.timeline import Moment
from .ladder_row import OTHER, SERVER, Row

BURST_PAUSE = 1.5  # seconds without a check end a burst, where anything else happened meanwhile
PATIENCE = 1.0  # seconds that an answer may take before its lack is shown
REQUEST, INDICATION, SUCCESS, ERROR = range(4)  # RFC 8489 section 5
BINDING = 0x001
USERNAME = 0x0006
DTLS_HEADER_BYTES = 13  # type, version, epoch, sequence number, length (RFC 6347 section 4.1)
SETS_UP = (20, 21, 22)  # change cipher spec, alert, handshake; 23 is what it carries


@dataclass(eq=False, slots=True)
class Flight:
    """A packet on its way: it was seen where it left, where it arrived, or at both.

    Attributes
    ----------
    sender, receiver : str
        Lanes.
    sent, received : PacketEvent or None
    watched : bool
        Whether the packets of its receiver are known: then one that is not among them was lost.
    is_request : bool
        A request of STUN.
    answer : Flight or None
    patient : bool
        Whether its answer, or it itself, may still come.
    """

    sender: str
    receiver: str
    protocol: str
    sent: PacketEvent | None = None
    received: PacketEvent | None = None
    watched: bool = False
    is_request: bool = False
    answer: Flight | None = field(default=None, repr=False)
    patient: bool = False

    @property
    def event(self) -> PacketEvent:
        """Where it was seen first."""
        found = self.sent or self.received
        if found is None:
            raise ValueError("A flight was seen at one end at least.")
        return found

    @property
    def time(self) -> float:
        """When it was seen first."""
        return self.event.time

    @property
    def arrived(self) -> bool:
        """Whether it arrived, as far as is known."""
        return self.received is not None or not self.watched

    @property
    def answered(self) -> bool:
        """Whether it needs no answer, or got one where that can be seen."""
        if not self.is_request:
            return True
        return self.answer is not None and (self.answer.received is not None or self.sent is None)

    @property
    def end(self) -> str:
        """How its arrow ends; see `Row`."""
        if self.arrived and self.answered:
            return ""
        if self.patient:
            return "soon"
        if not self.arrived:
            return "lost"
        return "unanswered"

    @property
    def looks(self) -> tuple[object, ...]:
        """What is seen of it."""
        return self.time, self.end, self.received is not None, self.answer is not None


def flights_of(moment: Moment, since: dict[str, float]) -> list[Flight]:
    """Return the packets of STUN and of the DTLS handshake, by time."""
    packets = [e for e in moment.setup_packets if e.time >= since.get(e.peer, inf) and _matters(e)]
    watched = {e.peer for e in packets}
    others = {name: other_end(name, since) for name in since}
    servers = _transactions_with_servers(packets)
    flights: list[Flight] = []
    on_the_way: dict[bytes, list[Flight]] = {}
    for event in packets:
        key = event.data[:20] if event.protocol == "stun" else event.data[:DTLS_HEADER_BYTES]
        if event.direction == "received":
            waiting = on_the_way.get(key, [])
            met = next((f for f in waiting if f.received is None and f.sender != event.peer), None)
            if met is not None:
                met.received, met.receiver = event, event.peer
                continue
        other = others[event.peer]
        if event.protocol == "stun" and event.data[8:20] in servers:
            other = SERVER
        ends = (event.peer, other) if event.direction == "sent" else (other, event.peer)
        flight = Flight(*ends, event.protocol, watched=ends[1] in watched)
        if event.direction == "sent":
            flight.sent = event
            on_the_way.setdefault(key, []).append(flight)
        else:
            flight.received = event
        flight.is_request = event.protocol == "stun" and _class(event.data) == REQUEST
        flights.append(flight)
    _find_answers(flights)
    if moment.trace.ended is None:
        now = moment.time
        for flight in flights:
            flight.patient = flight.time + PATIENCE > now
    return flights


def _matters(event: PacketEvent) -> bool:
    if event.protocol == "dtls":
        return len(event.data) >= DTLS_HEADER_BYTES and event.data[0] in SETS_UP
    # Send and Data indications of TURN carry what is shown where it arrives.
    return event.protocol == "stun" and len(event.data) >= 20 and _class(event.data) != INDICATION


def _class(data: bytes) -> int:
    return (data[0] & 1) << 1 | data[1] >> 4 & 1


def _method(data: bytes) -> int:
    kind = int.from_bytes(data[:2], "big")
    return kind & 0xF | (kind & 0xE0) >> 1 | (kind & 0x3E00) >> 2


def _transactions_with_servers(packets: Iterable[PacketEvent]) -> set[bytes]:
    """A check carries a user name (RFC 8445 section 7.2.2); what else is asked, a server is asked."""
    return {
        e.data[8:20]
        for e in packets
        if e.protocol == "stun" and _class(e.data) == REQUEST and not _is_check(e.data)
    }


def _is_check(data: bytes) -> bool:
    if _method(data) != BINDING:
        return False
    at = 20
    while at + 4 <= len(data):
        kind, length = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 4], "big")
        if kind == USERNAME:
            return True
        at += 4 + length + -length % 4
    return False


def other_end(peer: str, names: Iterable[str]) -> str:
    """Return the other one of two peers; `OTHER` where there is none, or more."""
    rest = [name for name in names if name != peer]
    return rest[0] if len(rest) == 1 else OTHER


def _find_answers(flights: list[Flight]) -> None:
    asked: dict[bytes, list[Flight]] = {}
    for flight in flights:
        if flight.protocol != "stun":
            continue
        transaction = flight.event.data[8:20]
        if flight.is_request:
            asked.setdefault(transaction, []).append(flight)
            continue
        for request in asked.get(transaction, ()):
            if request.answer is None or request.answer.received is None:
                request.answer = flight


def packet_rows(flights: list[Flight]) -> list[Row]:
    """One arrow a packet."""
    return [Row(f.time, "packet", (f.event,), f.sender, f.receiver, end=f.end, flights=(f,)) for f in flights]


def check_rows(flights: list[Flight], times: list[float]) -> list[Row]:
    """One arrow for each burst of requests from one to another.

    Parameters
    ----------
    flights : list of Flight
    times : list of float
        When anything else happened, sorted.
    """
    ways: dict[tuple[str, str], list[Flight]] = {}
    for flight in flights:
        if flight.is_request:
            ways.setdefault((flight.sender, flight.receiver), []).append(flight)
    rows = []
    for (sender, receiver), requests in ways.items():
        for burst in _bursts(requests, times):
            row = Row(burst[0].time, "checks", (), sender, receiver, _end_of(burst), flights=tuple(burst))
            rows.append(row)
    return rows


def _bursts(requests: list[Flight], times: list[float]) -> list[list[Flight]]:
    bursts = [[requests[0]]]
    for before, after in pairwise(requests):
        paused = after.time - before.time > BURST_PAUSE
        if paused and bisect_right(times, before.time) < bisect_right(times, after.time):
            bursts.append([])
        bursts[-1].append(after)
    return bursts


def _end_of(burst: list[Flight]) -> str:
    ends = {f.end for f in burst}
    if "" in ends:
        return ""  # some were answered
    return "soon" if "soon" in ends else "lost" if ends == {"lost"} else "unanswered"


def dtls_rows(flights: list[Flight], times: list[float]) -> list[Row]:
    """One row for each handshake, with the packets of both ways."""
    packets = [f for f in flights if f.protocol == "dtls"]
    if not packets:
        return []
    rows = []
    for burst in _bursts(packets, times):
        ends = {f.end for f in burst}
        end = "" if "" in ends else "lost"
        first = burst[0]
        rows.append(Row(first.time, "handshake", (), first.sender, first.receiver, end, flights=tuple(burst)))
    return rows
