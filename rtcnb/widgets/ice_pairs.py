"""ICE as one peer saw it: its candidates, what it knows of the other's, and each pair with its history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..sdp import Candidate
from ..trace import CandidateEvent, DescriptionSet, PairEvent, SelectedPair, StatisticsEvent
from ..trace.derived import address_of
from ..trace.timeline import Moment
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
TYPE_PREFERENCES = {"host": 126, "prflx": 110, "srflx": 100, "relay": 0}  # RFC 8445 section 5.1.2.2


@dataclass
class EndCandidate:
    """A candidate of one peer, from whatever the trace has of it.

    Attributes
    ----------
    owner : str
        The peer whose address it is.
    address : str
        Address and port, as pairs name it.
    type, protocol, tcp_type : str
        ``""`` where unknown.
    priority : int or None
    component : int or None
    mids : list of str
        The media sections it was given for.
    related : str
        Address and port of its base.
    server : str
        The URL that gave it, where statistics know it.
    network : str
        The kind of interface, where statistics know it.
    gathered, arrived : float or None
        When its owner found it, and when the other side was given it.
    source : {"gathered", "signalled", "checks", "statistics"}
        The best that is known of it; of ``checks`` (peer-reflexive) nobody was told.
    first_seen : float
    reflexive : bool
        Whether a pair had it as peer-reflexive: a check came from it before anybody told.
    """

    owner: str
    address: str
    type: str = ""
    protocol: str = ""
    tcp_type: str = ""
    priority: int | None = None
    component: int | None = None
    mids: list[str] = field(default_factory=list)
    related: str = ""
    server: str = ""
    network: str = ""
    gathered: float | None = None
    arrived: float | None = None
    source: str = "checks"
    first_seen: float = 0.0
    reflexive: bool = False

    @property
    def is_name(self) -> bool:
        """Whether its address is hidden behind a ``.local`` name."""
        return self.address.rpartition(":")[0].lower().endswith(".local")

    @property
    def family(self) -> str:
        """``IPv4``, ``IPv6``, or ``""`` for a name or a hidden address."""
        host = self.address.rpartition(":")[0]
        return "" if self.is_name or not host else "IPv6" if host.startswith("[") else "IPv4"


@dataclass
class Pair:
    """A pair of the check list of one peer.

    Attributes
    ----------
    peer, local, remote : str
    local_type, remote_type : str
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
            return {name: counts[name] + (counts["received error"] if name == "received response" else 0)
                    + (counts["sent error"] if name == "sent response" else 0) for name in names}
        told = {"sent request": "requestsSent", "received response": "responsesReceived",
                "received request": "requestsReceived", "sent response": "responsesSent"}
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
    last = moment.last(StatisticsEvent, peer)
    statistics = last if last is not None and last.time >= since else StatisticsEvent(peer=peer, report={})
    pairs = _pairs(peer, moment, checks, since, statistics)
    local = _own(peer, moment, other, statistics)
    remote = _known_of(peer, other, moment, statistics)
    _from_pairs(peer, other, pairs, local, remote)
    role, reason = _role(peer, moment, since, pairs, statistics.report)
    for pair in pairs.values():
        pair.priority = _pair_priority(pair, local, remote, role)
    ordered = sorted(pairs.values(), key=lambda p: (-(p.priority or 0), p.since))
    seen = Perspective(peer, other, list(local.values()), list(remote.values()), ordered, role, reason)
    _select(seen)
    return seen


# -- candidates

Known = dict[str, EndCandidate]


def _own(peer: str, moment: Moment, other: str, statistics: StatisticsEvent) -> Known:
    """The candidates of a peer: gathered, in its descriptions, in its statistics."""
    found: Known = {}
    for time, candidate in _gathered(peer, moment):
        known = _add(found, peer, candidate, time, "gathered")
        known.gathered = _earlier(known.gathered, time)
    for time, candidate in _given_to(other, moment) if other else ():
        if (known_here := found.get(_key(candidate))) is not None:
            known_here.arrived = _earlier(known_here.arrived, time)
    _from_statistics(found, peer, statistics, "local-candidate")
    return found


def _known_of(peer: str, other: str, moment: Moment, statistics: StatisticsEvent) -> Known:
    """The candidates of the other side, as `peer` was told, and those on their way."""
    found: Known = {}
    for time, candidate in _given_to(peer, moment):
        known = _add(found, other, candidate, time, "signalled")
        known.arrived = _earlier(known.arrived, time)
    for time, candidate in _gathered(other, moment) if other else ():
        known = _add(found, other, candidate, time, "gathered")
        known.gathered = _earlier(known.gathered, time)
    _from_statistics(found, other, statistics, "remote-candidate")
    return found


def _gathered(peer: str, moment: Moment) -> Iterator[tuple[float, Candidate]]:
    yield from _told(peer, moment, "gathered", "local")


def _given_to(peer: str, moment: Moment) -> Iterator[tuple[float, Candidate]]:
    yield from _told(peer, moment, "added", "remote")


def _told(peer: str, moment: Moment, action: str, side: str) -> Iterator[tuple[float, Candidate]]:
    since = moment.made(peer)
    for event in moment.of(CandidateEvent, peer=peer):
        if event.action == action and event.time >= since and event.candidate.address:
            yield event.time, event.candidate
    for description in moment.of(DescriptionSet, peer=peer):
        if description.side == side and description.time >= since:
            for media in description.description.document.media:
                yield from ((description.time, candidate) for candidate in media.candidates)


def _key(candidate: Candidate) -> str:
    host = candidate.address or ""
    return f"[{host}]:{candidate.port}" if ":" in host else f"{host}:{candidate.port}"


def _add(found: Known, owner: str, candidate: Candidate, time: float, source: str) -> EndCandidate:
    address = _key(candidate)
    known = found.get(address)
    if known is None:
        related = candidate.relatedAddress
        known = found[address] = EndCandidate(
            owner=owner,
            address=address,
            type=candidate.type or "",
            protocol=candidate.protocol or "",
            tcp_type=candidate.tcpType or "",
            priority=candidate.priority,
            component=candidate.component_id,
            related="" if related is None else _join(related, candidate.relatedPort),
            server=candidate.extensions.get("url", ""),
            source=source,
            first_seen=time,
        )
    mid = candidate.sdpMid
    if mid is None and candidate.sdpMLineIndex is not None:
        mid = f"m-line {candidate.sdpMLineIndex}"
    if mid is not None and mid not in known.mids:
        known.mids.append(mid)
    known.first_seen = min(known.first_seen, time)
    return known


def _earlier(known: float | None, time: float) -> float:
    return time if known is None else min(known, time)


def _join(host: str, port: int | None) -> str:
    return host if port is None else f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _from_statistics(found: Known, owner: str, statistics: StatisticsEvent, kind: str) -> None:
    for entry in _entries(statistics.report, kind):
        address = address_of(entry)
        if address == ":None":
            continue
        known = found.setdefault(
            address, EndCandidate(owner, address, source="statistics", first_seen=statistics.time)
        )
        known.type = known.type or str(entry.get("candidateType") or "")
        known.protocol = known.protocol or str(entry.get("protocol") or "")
        known.priority = number(entry.get("priority")) if known.priority is None else known.priority
        known.server = known.server or str(entry.get("url") or "")
        known.network = known.network or str(entry.get("networkType") or "")


def _from_pairs(peer: str, other: str, pairs: dict[tuple[str, str], Pair], local: Known, remote: Known) -> None:
    """Add the candidates that only pairs and checks know: peer-reflexive ones."""
    for pair in pairs.values():
        for found, owner, address, kind in (
            (local, peer, pair.local, pair.local_type),
            (remote, other, pair.remote, pair.remote_type),
        ):
            known = found.setdefault(address, EndCandidate(owner, address, source="checks", first_seen=pair.since))
            known.type = known.type or kind or "prflx"
            known.reflexive = known.reflexive or kind == "prflx"
            if known.source in ("checks", "statistics") and pair.since:
                known.first_seen = min(known.first_seen, pair.since)
        known = remote[pair.remote]
        if known.priority is None and (request := pair.checks.first("received", "request")):
            known.priority = value_of(request.packet, "PRIORITY")  # RFC 8445 section 7.3.1.3
        if not known.protocol:
            known.protocol = local[pair.local].protocol


# -- pairs


def _entries(report: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    return [e for e in report.values() if isinstance(e, Mapping) and e.get("type") == kind]


def _pairs(
    peer: str, moment: Moment, checks: CheckIndex, since: float, statistics: StatisticsEvent
) -> dict[tuple[str, str], Pair]:
    pairs: dict[tuple[str, str], Pair] = {}

    def known(local: str, remote: str) -> Pair:
        return pairs.setdefault((local, remote), Pair(peer, local, remote))

    for event in moment.of(PairEvent, peer=peer):
        if event.time >= since:
            pair = known(event.local, event.remote)
            pair.local_type, pair.remote_type = event.local_type, event.remote_type
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
    for entry in _entries(statistics.report, "candidate-pair"):
        _add_statistics(known, entry, statistics)
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


def _add_statistics(known: Any, entry: Mapping[str, Any], statistics: StatisticsEvent) -> None:
    ends = []
    for side in ("local", "remote"):
        candidate = statistics.report.get(str(entry.get(f"{side}CandidateId")))
        if not isinstance(candidate, Mapping):
            return
        ends.append(address_of(candidate))
    pair = known(*ends)
    pair.statistics = entry
    if not pair.states and entry.get("state"):
        pair.states.append((statistics.time, str(entry["state"])))


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
    return 2**32 * min(controlling, controlled) + 2 * max(controlling, controlled) + (controlling > controlled)


def _pair_priority(pair: Pair, local: Known, remote: Known, role: str) -> int | None:
    here, there = local[pair.local].priority, remote[pair.remote].priority
    if here is None or there is None:
        return None
    # Where no role is known the two differ in the last bit alone.
    return pair_priority(there, here) if role == "controlled" else pair_priority(here, there)


def _role(
    peer: str, moment: Moment, since: float, pairs: Mapping[Any, Pair], report: Mapping[str, Any]
) -> tuple[str, str]:
    sent = [r for p in pairs.values() if (r := p.checks.first("sent", "request"))]
    for request in sorted(sent, key=lambda check: -check.time)[:1]:
        for attribute, role in (("ICE-CONTROLLING", "controlling"), ("ICE-CONTROLLED", "controlled")):
            if value_of(request.packet, attribute) is not None:
                return role, f"its checks say {attribute}"
    for transport in _entries(report, "transport"):
        if transport.get("iceRole") in ("controlling", "controlled"):
            return str(transport["iceRole"]), "getStats says so"
    set_ = [e for e in moment.of(DescriptionSet, peer=peer) if e.time >= since]
    if set_:
        offered = (set_[0].side == "local") == (set_[0].description.type == "offer")
        role = "controlling" if offered else "controlled"
        return role, "it made the offer" if offered else "the other side made the offer"
    return "", ""


def number(value: Any) -> int | None:
    """Return a count or a priority that came from a file or a page; None where it is no number of that kind."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**64 else None


def why_not_paired(local: EndCandidate, remote: EndCandidate) -> str:
    """Return why two candidates make no pair, in a few words."""
    if remote.arrived is None and remote.source == "gathered":
        return "not arrived"
    if local.protocol and remote.protocol and local.protocol != remote.protocol:
        return f"{local.protocol} with {remote.protocol}"
    if local.family and remote.family and local.family != remote.family:
        return f"{local.family} with {remote.family}"
    if local.component and remote.component and local.component != remote.component:
        return f"component {local.component} with {remote.component}"
    if local.tcp_type and remote.tcp_type and {local.tcp_type, remote.tcp_type} not in TCP_TYPES:
        return f"{local.tcp_type} with {remote.tcp_type}"
    if local.mids and remote.mids and not set(local.mids) & set(remote.mids):
        return f"mid {local.mids[0]} with {remote.mids[0]}"
    if local.type == "srflx":
        return "its base checks"
    return "no pair made"


TCP_TYPES: Iterable[set[str]] = ({"active", "passive"}, {"so"})  # RFC 6544 section 6.2
