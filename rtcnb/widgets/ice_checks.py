"""Connectivity checks: the STUN packets of a trace by peer and pair of addresses, kept up to date."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import Any

from ..trace import PacketEvent, Trace
from ..trace.packets import Decoded, decode

# The message types of RFC 8489 section 5, method Binding.
KINDS = {b"\x00\x01": "request", b"\x01\x01": "response", b"\x01\x11": "error"}
USE_CANDIDATE = (
    b"\x00\x25\x00\x00"  # type and length (RFC 8445 section 16.1); looked for before all is decoded
)
TIME = attrgetter("time")
Way = tuple[str, str, str]  # the peer, its own address, the other's


@dataclass(frozen=True, slots=True)
class Check:
    """One STUN Binding message between two candidates.

    Attributes
    ----------
    time : float
    direction : {"sent", "received"}
    kind : {"request", "response", "error"}
    nominates : bool
        Whether it has USE-CANDIDATE.
    packet : PacketEvent
    """

    time: float
    direction: str
    kind: str
    nominates: bool
    packet: PacketEvent

    @property
    def transaction(self) -> bytes:
        """What a request and its response have in common."""
        return self.packet.data[8:20]

    @property
    def decoded(self) -> Decoded:
        """Its fields."""
        return decode(self.packet.data, "stun")


@dataclass
class Checks:
    """The checks of one pair as one peer saw them, by time; what is read from them is read once."""

    all: list[Check] = field(default_factory=list)

    @cached_property
    def counts(self) -> Counter[str]:
        """How many of ``sent request``, ``received response``, ``sent error``, ..."""
        return Counter(f"{check.direction} {check.kind}" for check in self.all)

    def first(self, direction: str, kind: str) -> Check | None:
        """Return the first of its kind."""
        return next((c for c in self.all if (c.direction, c.kind) == (direction, kind)), None)

    @cached_property
    def nominating(self) -> Check | None:
        """The first request with USE-CANDIDATE that was answered: one that was refused nominates nothing."""
        answered = {c.transaction for c in self.all if c.kind == "response"}
        return next((c for c in self.all if c.nominates and c.transaction in answered), None)

    @cached_property
    def round_trips_ms(self) -> list[float]:
        """Return how long each answered request of this peer took, in the order of the answers."""
        begun: dict[bytes, float] = {}
        found = []
        for check in self.all:
            if (check.direction, check.kind) == ("sent", "request"):
                begun[check.transaction] = check.time  # sent again: RFC 8489 says the last one counts
            elif check.direction == "received" and check.kind == "response":
                asked = begun.pop(check.transaction, None)
                if asked is not None:
                    found.append((check.time - asked) * 1000)
        return found

    @cached_property
    def errors(self) -> Counter[str]:
        """The error responses that were received, by code and reason."""
        return Counter(_error(c) for c in self.all if (c.direction, c.kind) == ("received", "error"))


def _error(check: Check) -> str:
    return next((f.text for f in check.decoded.fields if f.name == "ERROR-CODE"), "error without a code")


class CheckIndex:
    """All checks of a trace; `refresh` reads what is new, and nothing twice.

    Parameters
    ----------
    trace : Trace
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._seen = (0, 0, 0)
        self._ways: dict[Way, list[Check]] = {}
        self._cut: dict[Way, tuple[int, int, Checks]] = {}
        self._are_checks: dict[Way, bool] = {}

    def refresh(self) -> None:
        """Take the packets that have come since the last time."""
        self._seen, new, whole = self.trace.news(self._seen)
        if whole:
            self._ways, self._cut, self._are_checks = {}, {}, {}
        for event in new:
            if isinstance(event, PacketEvent) and event.protocol == "stun":
                self._add(event)

    def _add(self, packet: PacketEvent) -> None:
        kind = KINDS.get(packet.data[:2])
        if kind is None:
            return
        way = (packet.peer, packet.local, packet.remote)
        if kind == "request" and not self._are_checks.get(way):
            self._are_checks[way] = is_check(packet)
        nominates = kind == "request" and USE_CANDIDATE in packet.data and has(packet, "USE-CANDIDATE")
        check = Check(packet.time, packet.direction, kind, nominates, packet)
        checks = self._ways.setdefault(way, [])
        if checks and check.time < checks[-1].time:
            insort(checks, check, key=TIME)
            self._cut.pop(way, None)
        else:
            checks.append(check)

    def ways(self, peer: str) -> Iterable[tuple[str, str]]:
        """Return the address pairs between which this peer saw checks: not those with a STUN server."""
        return [way[1:] for way, found in self._are_checks.items() if found and way[0] == peer]

    def of(self, peer: str, local: str, remote: str, since: float, until: float) -> Checks:
        """Return the checks between two addresses in a span of time, both ends of it included."""
        way = (peer, local, remote)
        found = self._ways.get(way, [])
        start, stop = bisect_left(found, since, key=TIME), bisect_right(found, until, key=TIME)
        known = self._cut.get(way)
        if known is None or known[:2] != (start, stop):
            known = self._cut[way] = (start, stop, Checks(found[start:stop]))
        return known[2]


def is_check(packet: PacketEvent) -> bool:
    """Tell a check from a question to a STUN server: it has PRIORITY (RFC 8445 section 7.1.1)."""
    return has(packet, "PRIORITY")


def has(packet: PacketEvent, attribute: str) -> bool:
    """Whether a STUN packet has an attribute."""
    return value_of(packet, attribute) is not None


def value_of(packet: PacketEvent, attribute: str) -> Any:
    """Return the value of an attribute of a STUN packet; None where it has none."""
    return decode(packet.data, "stun").get(attribute)
