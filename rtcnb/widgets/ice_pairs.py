"""ICE as one peer saw it: its candidates, what it knows of the other's, and each pair with its history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..trace import DescriptionSet, PairEvent, SelectedPair, StatisticsEvent
from ..trace.derived import address_of
from ..trace.timeline import Moment
from .ice_candidates import (
    EndCandidate,
    Known,
    entries,
    first_report,
    known_candidates,
    number,
    own_candidates,
    revealed,
)
from .ice_checks import CheckIndex, Checks, value_of

MARKS = {
    "succeeded": "✓",
    "failed": "✕",
    "cancelled": "✕",
    "in-progress": "◐",
    "inprogress": "◐",
    "waiting": "○",
    "frozen": "○",
}

ROLES = {  # of who sends the attribute, and of who receives it (RFC 8445 section 7.1.3)
    "ICE-CONTROLLING": ("controlling", "controlled"),
    "ICE-CONTROLLED": ("controlled", "controlling"),
}


@dataclass
class Pair:
    """A pair of the check list of one peer.

    Attributes
    ----------
    peer, local, remote : str
    local_type, remote_type : str
    reflexive : bool
        Whether the other's candidate was peer-reflexive in it, now or before it was told.
    states : list of (float, str)
        Its history; the last is the current one. Empty where only its packets are known.
    nominated : float or None
        Since when.
    selected_at : list of float
    selected : bool
        Whether it carries the call at this moment.
    checks : Checks
    statistics : mapping
        What getStats said of it last.
    priority : int or None
        RFC 8445 section 6.1.2.3.
    """

    peer: str
    local: str
    remote: str
    local_type: str = ""
    remote_type: str = ""
    reflexive: bool = False
    states: list[tuple[float, str]] = field(default_factory=list)
    nominated: float | None = None
    selected_at: list[float] = field(default_factory=list)
    selected: bool = False
    checks: Checks = field(default_factory=Checks)
    statistics: Mapping[str, Any] = field(default_factory=dict)
    priority: int | None = None

    @property
    def state(self) -> str:
        """The current state; ``""`` where no check list told one."""
        return self.states[-1][1] if self.states else ""

    @property
    def mark(self) -> str:
        """A sign for the state."""
        return MARKS.get(self.state, "·")

    @property
    def word(self) -> str:
        """The state in a word."""
        return {"": "no pair yet", "inprogress": "in progress", "in-progress": "in progress"}.get(
            self.state, self.state
        )

    @property
    def since(self) -> float:
        """When it was first heard of."""
        times = [t for t, _ in self.states[:1]] + [c.time for c in self.checks.all[:1]] + self.selected_at[:1]
        return min(times, default=0.0)

    @property
    def changed(self) -> float:
        """When its state or its selection last changed."""
        times = [t for t, _ in self.states[-1:]] + self.selected_at[-1:]
        return max([*times, self.nominated or 0.0, self.since])

    def tally(self) -> dict[str, int | None]:
        """Return how many requests and responses went each way; None where nothing tells."""
        counts = self.checks.counts
        if counts:
            names = ("sent request", "received response", "received request", "sent response")
            return {
                name: counts[name]
                + (counts["received error"] if name == "received response" else 0)
                + (counts["sent error"] if name == "sent response" else 0)
                for name in names
            }
        told = {
            "sent request": "requestsSent",
            "received response": "responsesReceived",
            "received request": "requestsReceived",
            "sent response": "responsesSent",
        }
        return {name: number(self.statistics.get(member)) for name, member in told.items()}

    def round_trip_ms(self) -> float | None:
        """Return the last round trip that is known."""
        trips = self.checks.round_trips_ms
        if trips:
            return trips[-1]
        seconds = self.statistics.get("currentRoundTripTime")
        known = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        return seconds * 1000 if known else None  # type: ignore[operator]


@dataclass
class Perspective:
    """What one peer knew of ICE at a moment.

    Attributes
    ----------
    peer, other : str
        `other` is ``""`` where nobody is on the other side of the trace.
    local, remote : list of EndCandidate
        Its own, and those of the other: with `arrived` None it has not been told of them.
    pairs : list of Pair
        The highest priority first.
    role : str
        ``controlling``, ``controlled`` or ``""``.
    role_reason : str
        How that is known.
    """

    peer: str
    other: str
    local: list[EndCandidate]
    remote: list[EndCandidate]
    pairs: list[Pair]
    role: str = ""
    role_reason: str = ""

    @property
    def selected(self) -> Pair | None:
        """The pair that carries the call: of several transports, the one selected last."""
        found = [pair for pair in self.pairs if pair.selected]
        return max(found, key=lambda pair: pair.selected_at[-1], default=None)

    def pair(self, local: str, remote: str) -> Pair | None:
        """Return the pair between two addresses."""
        return next((p for p in self.pairs if (p.local, p.remote) == (local, remote)), None)


def perspective(peer: str, other: str, moment: Moment, checks: CheckIndex) -> Perspective:
    """Gather what `peer` knew at a moment, and what `other` had for it."""
    since = moment.made(peer)
    reports = [e for e in moment.of(StatisticsEvent, peer=peer) if e.time >= since]
    pairs = _pairs(peer, moment, checks, since, reports)
    local = own_candidates(peer, moment, other, reports)
    remote = known_candidates(peer, other, moment, reports)
    pairs = _merged(pairs, local, remote)
    _from_pairs(peer, other, pairs, local, remote)
    role, reason = _role(peer, moment, since, pairs, reports)
    for pair in pairs.values():
        pair.priority = _pair_priority(pair, local, remote, role)
    ordered = sorted(pairs.values(), key=lambda p: (-(p.priority or 0), p.since))
    seen = Perspective(peer, other, list(local.values()), list(remote.values()), ordered, role, reason)
    _select(seen)
    return seen


# -- pairs


def _from_pairs(
    peer: str, other: str, pairs: dict[tuple[str, str], Pair], local: Known, remote: Known
) -> None:
    """Add the candidates that only pairs and checks know: peer-reflexive ones."""
    for pair in pairs.values():
        for found, owner, address, kind in (
            (local, peer, pair.local, pair.local_type),
            (remote, other, pair.remote, pair.remote_type),
        ):
            known = found.setdefault(
                address, EndCandidate(owner, address, source="checks", first_seen=pair.since)
            )
            known.type = known.type or kind or "prflx"
            if known.source in ("checks", "statistics") and pair.since:
                known.first_seen = min(known.first_seen, pair.since)
        known = remote[pair.remote]
        known.reflexive = known.reflexive or pair.reflexive
        if known.priority is None and (request := pair.checks.first("received", "request")):
            known.priority = value_of(request.packet, "PRIORITY")  # RFC 8445 section 7.3.1.3
        if not known.protocol:
            known.protocol = local[pair.local].protocol


def _pairs(
    peer: str, moment: Moment, checks: CheckIndex, since: float, reports: list[StatisticsEvent]
) -> dict[tuple[str, str], Pair]:
    pairs: dict[tuple[str, str], Pair] = {}

    def known(local: str, remote: str) -> Pair:
        return pairs.setdefault((local, remote), Pair(peer, local, remote))

    for event in moment.of(PairEvent, peer=peer):
        if event.time >= since:
            pair = known(event.local, event.remote)
            pair.local_type, pair.remote_type = event.local_type, event.remote_type
            pair.reflexive = pair.reflexive or event.remote_type == "prflx"
            if not pair.states or pair.states[-1][1] != event.state:
                pair.states.append((event.time, event.state))
            if event.nominated and pair.nominated is None:
                pair.nominated = event.time
    for chosen in moment.of(SelectedPair, peer=peer):
        if chosen.time >= since:
            pair = known(chosen.local, chosen.remote)
            pair.local_type = pair.local_type or chosen.local_type
            pair.remote_type = pair.remote_type or chosen.remote_type
            pair.selected_at.append(chosen.time)
    for id, entry in entries(reports, "candidate-pair"):
        _add_statistics(known, id, entry, reports)
    until = moment.until
    for local, remote in checks.ways(peer):
        found = checks.of(peer, local, remote, since, until)
        if found.all:
            known(local, remote).checks = found
    for pair in pairs.values():
        nominating = pair.checks.nominating
        if nominating is not None and (pair.nominated is None or nominating.time < pair.nominated):
            pair.nominated = nominating.time
    return pairs


def _add_statistics(
    known: Callable[[str, str], Pair], id: str, entry: Mapping[str, Any], reports: list[StatisticsEvent]
) -> None:
    ends = []
    for side in ("local", "remote"):
        candidate = reports[-1].report.get(str(entry.get(f"{side}CandidateId")))
        if not isinstance(candidate, Mapping):
            return
        ends.append(address_of(candidate))
    pair = known(*ends)
    pair.statistics = entry
    if not pair.states and entry.get("state"):
        pair.states.append((first_report(reports, id), str(entry["state"])))


def _merged(pairs: dict[tuple[str, str], Pair], local: Known, remote: Known) -> dict[tuple[str, str], Pair]:
    """Put together what is told of a pair before and after the browser shows its address."""
    whole: dict[tuple[str, str], Pair] = {}
    for pair in pairs.values():
        pair.local, pair.remote = revealed(pair.local, local), revealed(pair.remote, remote)
        known = whole.setdefault((pair.local, pair.remote), pair)
        if known is not pair:
            steps = sorted([*known.states, *pair.states])
            known.states = [s for i, s in enumerate(steps) if not i or s[1] != steps[i - 1][1]]
            known.selected_at = sorted([*known.selected_at, *pair.selected_at])
            known.nominated = min(
                (t for t in (known.nominated, pair.nominated) if t is not None), default=None
            )
            known.reflexive = known.reflexive or pair.reflexive
            known.statistics = pair.statistics or known.statistics
            known.local_type, known.remote_type = pair.local_type, pair.remote_type
            known.checks = pair.checks if pair.checks.all else known.checks
    return whole


def _select(seen: Perspective) -> None:
    """Mark the pair that was selected last for each media section that has its own transport."""
    sections = {c.address: (c.mids or [""])[0] for c in seen.local}
    last: dict[str, Pair] = {}
    for pair in sorted((p for p in seen.pairs if p.selected_at), key=lambda p: p.selected_at[-1]):
        last[sections.get(pair.local, "")] = pair
    for pair in last.values():
        pair.selected = True


# -- priorities and roles


def pair_priority(controlling: int, controlled: int) -> int:
    """Return the priority of a pair, from those of the candidates of both roles (RFC 8445 section 6.1.2.3)."""
    return (
        2**32 * min(controlling, controlled) + 2 * max(controlling, controlled) + (controlling > controlled)
    )


def _pair_priority(pair: Pair, local: Known, remote: Known, role: str) -> int | None:
    here, there = local[pair.local].priority, remote[pair.remote].priority
    if here is None or there is None:
        return None
    # Where no role is known the two differ in the last bit alone.
    return pair_priority(there, here) if role == "controlled" else pair_priority(here, there)


def _role(
    peer: str, moment: Moment, since: float, pairs: Mapping[Any, Pair], reports: list[StatisticsEvent]
) -> tuple[str, str]:
    for direction, whose in (("sent", "its checks say"), ("received", "the checks of the other side say")):
        requests = [r for p in pairs.values() if (r := p.checks.first(direction, "request"))]
        for request in sorted(requests, key=lambda check: -check.time)[:1]:
            for attribute, roles in ROLES.items():
                if value_of(request.packet, attribute) is not None:
                    return roles[direction == "received"], f"{whose} {attribute}"
    for _, transport in entries(reports, "transport"):
        if transport.get("iceRole") in ("controlling", "controlled"):
            return str(transport["iceRole"]), "getStats says so"
    set_ = [e for e in moment.of(DescriptionSet, peer=peer) if e.time >= since]
    if set_:
        offered = (set_[0].side == "local") == (set_[0].description.type == "offer")
        role = "controlling" if offered else "controlled"
        return role, "it made the offer" if offered else "the other side made the offer"
    return "", ""
