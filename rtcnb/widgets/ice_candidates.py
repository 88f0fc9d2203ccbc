"""Candidates of one end, from whatever the trace has of them: events, descriptions, statistics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..sdp import Candidate
from ..trace import CandidateEvent, DescriptionSet, StatisticsEvent
from ..trace.derived import address_of
from ..trace.timeline import Moment

TCP_TYPES = ({"active", "passive"}, {"so"})  # RFC 6544 section 6.2


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


Known = dict[str, EndCandidate]


def own_candidates(peer: str, moment: Moment, other: str, reports: list[StatisticsEvent]) -> Known:
    """The candidates of a peer: gathered, in its descriptions, in its statistics."""
    found: Known = {}
    for time, candidate in _gathered(peer, moment):
        known = _add(found, peer, candidate, time, "gathered")
        known.gathered = _earlier(known.gathered, time)
    for time, candidate in _given_to(other, moment) if other else ():
        if (known_here := found.get(_key(candidate))) is not None:
            known_here.arrived = _earlier(known_here.arrived, time)
    _from_statistics(found, peer, reports, "local-candidate")
    return found


def known_candidates(peer: str, other: str, moment: Moment, reports: list[StatisticsEvent]) -> Known:
    """The candidates of the other side, as `peer` was told, and those on their way."""
    found: Known = {}
    for time, candidate in _given_to(peer, moment):
        known = _add(found, other, candidate, time, "signalled")
        known.arrived = _earlier(known.arrived, time)
    for time, candidate in _gathered(other, moment) if other else ():
        known = _add(found, other, candidate, time, "gathered")
        known.gathered = _earlier(known.gathered, time)
    _from_statistics(found, other, reports, "remote-candidate")
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


def _from_statistics(found: Known, owner: str, reports: list[StatisticsEvent], kind: str) -> None:
    for id, entry in entries(reports, kind):
        address = revealed(address_of(entry), found)
        if address == ":None":
            continue
        known = found.setdefault(
            address, EndCandidate(owner, address, source="statistics", first_seen=first_report(reports, id))
        )
        known.type = known.type or str(entry.get("candidateType") or "")
        known.protocol = known.protocol or str(entry.get("protocol") or "")
        known.priority = number(entry.get("priority")) if known.priority is None else known.priority
        known.server = known.server or str(entry.get("url") or "")
        known.network = known.network or str(entry.get("networkType") or "")


def revealed(address: str, known: Known) -> str:
    """Return the address of a candidate of which a browser tells the port alone, where one alone has that port.

    So Chromium does with a peer-reflexive one until somebody tells it the same candidate (webrtc-stats 8.19).
    """
    if not address.startswith(":"):
        return address
    same = [other for other in known if other != address and other.rpartition(":")[2] == address[1:]]
    return same[0] if len(same) == 1 else address


def entries(reports: list[StatisticsEvent], kind: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the entries of a type in the last report, with their ids."""
    last = reports[-1].report if reports else {}
    return [(id, e) for id, e in last.items() if isinstance(e, Mapping) and e.get("type") == kind]


def first_report(reports: list[StatisticsEvent], id: str) -> float:
    """Return when statistics first had an entry."""
    return next((event.time for event in reports if id in event.report), 0.0)


def number(value: Any) -> int | None:
    """Return a count or a priority that came from a file or a page; None where it is no number of that kind."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**64 else None


def why_not_paired(local: EndCandidate, remote: EndCandidate) -> str:
    """Return why two candidates make no pair, in a few words."""
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
    if remote.arrived is None and remote.source == "gathered":
        return "not arrived"  # only of what could be paired: else it would be a reason that goes away
    if local.type == "srflx":
        return "its base checks"
    return "no pair made"
