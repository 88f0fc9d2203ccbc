"""ICE in plain words: what has changed, what is missing, and why a pair won."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ..sdp.text import count
from ..trace import (
    CandidateEvent,
    DescriptionSet,
    MessageEvent,
    PairEvent,
    PeerEvent,
    SelectedPair,
    ServerEvent,
    StateChange,
)
from ..trace.timeline import Moment
from .ice_candidates import EndCandidate
from .ice_pairs import Pair, Perspective, pair_priority

SETTLED_AFTER = 5.0  # seconds connected, after which nothing is marked as new any more


@dataclass(frozen=True)
class Change:
    """What happened last, and since when that is: everything of this time or later is new.

    Attributes
    ----------
    since : float
        ``inf`` where nothing is to be marked.
    words : str
    """

    since: float
    words: str


def last_change(peers: list[str], moment: Moment) -> Change:
    """Return the last step of signaling that concerns ICE, with what has come of it up to this moment."""
    candidates = [e for e in moment.of(CandidateEvent) if e.action == "added" or not e.candidate.is_end]
    causes: list[CandidateEvent | DescriptionSet] = [*candidates, *moment.of(DescriptionSet)]
    cause = max((e for e in causes if e.peer in peers), key=lambda e: e.time, default=None)
    if cause is None:
        return Change(float("inf"), "")
    ms = f"{(cause.time - moment.begin) * 1000:.0f} ms"
    what = _cause(cause)
    pairs = [e for e in moment.of(PairEvent) if e.time >= cause.time and e.peer in peers]
    effects: dict[str, set[tuple[str, str, str]]] = {}
    for e in pairs:
        effects.setdefault(e.state, set()).add((e.peer, e.local, e.remote))
    seen_pairs = moment.last(PairEvent) is not None
    selected = {e.peer for e in moment.of(SelectedPair) if e.time >= cause.time and e.peer in peers}
    told = [f"{count(len(found), 'pair')} {state.replace('-', ' ')}" for state, found in effects.items()]
    told += [f"{peer} has selected one" for peer in sorted(selected)]
    since = (
        f" Since then: {', '.join(told)}." if told else " No pair has changed since." if seen_pairs else ""
    )
    settled = all(_settled(peer, cause.time, moment) for peer in peers)
    return Change(float("inf") if settled else cause.time, f"Last change at {ms}: {what}.{since}")


def _cause(cause: CandidateEvent | DescriptionSet) -> str:
    if isinstance(cause, DescriptionSet):
        return f"{cause.peer} set its {cause.side} description ({cause.description.type})"
    if cause.action == "gathered":
        return f"{cause.peer} found {words(cause.candidate)}"
    if cause.candidate.is_end:
        return f"{cause.peer} was told that no more candidates come (end-of-candidates)"
    return f"{cause.peer} was given {words(cause.candidate)}"


def words(candidate: object) -> str:
    """Return a candidate in a few words: ``host udp 192.0.2.1:5000``."""
    return repr(candidate).removeprefix("Candidate(").removesuffix(")")


def _settled(peer: str, since: float, moment: Moment) -> bool:
    states = {e.state: e for e in moment.of(StateChange, peer=peer) if e.time >= moment.made(peer)}
    closed = states.get("signalingState")
    connection = states.get("connectionState")
    if closed is not None and closed.new == "closed":
        return True
    if connection is None or connection.new != "connected":
        return False
    return moment.time - max(since, connection.time) > SETTLED_AFTER


def lacks(seen: Perspective, moment: Moment) -> tuple[list[str], list[str]]:
    """Say what is missing for `seen.peer`: what holds the call up, and what is only worth knowing."""
    peer, since = seen.peer, moment.made(seen.peer)
    made = moment.last(PeerEvent, peer)
    states = {e.state: e.new for e in moment.of(StateChange, peer=peer) if e.time >= since}
    sides = {e.side for e in moment.of(DescriptionSet, peer=peer) if e.time >= since}
    found = []
    if "local" not in sides and not seen.local:
        found.append(f"{peer} has no candidates: it looks for them only after setLocalDescription().")
    elif states.get("iceGatheringState") == "gathering":
        own = (
            " aioice checks nothing by itself before that is over." if made and made.place == "kernel" else ""
        )
        found.append(f"{peer} still gathers.{own}")
    found += _arrivals(seen, moment, sides)
    found += _answers(seen)
    remarks = _without_servers(seen, moment, made, states) if seen.local else []
    if any(c.is_name for c in seen.local):
        remarks.append(
            f"{peer} hides its address behind a .local name (RFC 8828): only machines of the same network can ask "
            "for it by mDNS, others learn the address from its checks."
        )
    return found, remarks


def _arrivals(seen: Perspective, moment: Moment, sides: Collection[str]) -> list[str]:
    """Say which of the other side's candidates are not here, and where they are."""
    peer, other = seen.peer, seen.other or "the other side"
    signalled = [c for c in seen.remote if c.arrived is not None]
    away = [c for c in seen.remote if c.arrived is None and c.gathered is not None]
    if not away:
        if signalled or not sides:
            return []
        return [f"No candidate of {other} has reached {peer}."] if not seen.selected else []
    where = _where(seen, moment)
    if not signalled:
        return [f"No candidate of {other} has reached {peer}: {other} has {len(away)}{where}."]
    verb = "has" if len(away) == 1 else "have"
    return [
        f"{len(away)} of {other}'s {len(away) + len(signalled)} candidates {verb} not reached {peer}{where}."
    ]


def _where(seen: Perspective, moment: Moment) -> str:
    last: dict[int, str] = {}
    since = moment.made(seen.other)
    for event in moment.of(MessageEvent, peer=seen.other):
        candidate = event.candidate if event.receiver == seen.peer and event.time >= since else None
        if candidate is not None and not candidate.is_end:
            last[event.number] = event.action
    ends = {"received": 0, "dropped": 0, "refused": 0, "waiting": 0}
    for action in last.values():
        ends[action if action in ends else "waiting"] += 1
    told = []
    if ends["waiting"]:
        told.append(f"{ends['waiting']} on the wire")
    if ends["dropped"]:
        told.append(f"{ends['dropped']} dropped")
    if ends["refused"]:
        told.append(f"{ends['refused']} refused")
    return f" ({', '.join(told)})" if told else ""


def _without_servers(
    seen: Perspective, moment: Moment, made: PeerEvent | None, states: dict[str, str]
) -> list[str]:
    """Say why there are no reflexive and no relay candidates."""
    urls = server_urls(made)
    errors = [e for e in moment.of(ServerEvent, peer=seen.peer) if e.time >= moment.made(seen.peer)]
    types = {c.type for c in seen.local}
    found = []
    for kind, schemes, server in (("srflx", ("stun", "turn"), "STUN"), ("relay", ("turn",), "TURN")):
        if kind in types:
            continue
        given = [u for u in urls if u.split(":")[0].rstrip("s") in schemes]
        failed = [e for e in errors if e.url.split(":")[0].rstrip("s") in schemes]
        if failed:
            code = f"{failed[-1].error_code} " if failed[-1].error_code else ""
            found.append(
                f"{kind}: none, {failed[-1].url} gave nothing: {code}{failed[-1].text}".rstrip() + "."
            )
        elif made is not None and not given:
            found.append(f"{kind}: none, no {server} server given.")
        elif given and states.get("iceGatheringState") == "complete":
            reason = (
                " (a reflexive address that is also a host address is left out)" if kind == "srflx" else ""
            )
            found.append(f"{kind}: none came from {', '.join(given)}{reason}.")
    return found


def server_urls(made: PeerEvent | None) -> list[str]:
    """Return the STUN and TURN URLs that a peer was made with."""
    servers = made.configuration.get("iceServers") if made is not None else None
    urls: list[str] = []
    for server in servers if isinstance(servers, list | tuple) else ():
        given = server.get("urls") if isinstance(server, dict) else None
        urls += (
            [given]
            if isinstance(given, str)
            else [str(u) for u in given or ()]
            if isinstance(given, list | tuple)
            else []
        )
    return urls


def _answers(seen: Perspective) -> list[str]:
    """Say where checks go unanswered, or are refused."""
    if seen.selected is not None:
        return []
    silent = [
        p for p in seen.pairs if (p.tally()["sent request"] or 0) > 0 and p.tally()["received response"] == 0
    ]
    errors = sum((p.checks.errors for p in seen.pairs[1:]), seen.pairs[0].checks.errors) if seen.pairs else {}
    found = []
    if errors:
        told = ", ".join(f"{number} × {text}" for text, number in errors.items())
        found.append(f"{seen.other or 'The other side'} refuses the checks of {seen.peer}: {told}.")
    if silent and len(silent) == len([p for p in seen.pairs if p.tally()["sent request"]]):
        sent = sum(p.tally()["sent request"] or 0 for p in silent)
        found.append(f"{seen.peer} has had no answer to any of its {count(sent, 'check')}.")
    return found


def why_selected(seen: Perspective, pair: Pair, moment: Moment) -> list[str]:
    """Say why a pair carries the call: who chose, when, and how its priority compares."""
    ms = lambda time: f"{(time - moment.begin) * 1000:.1f} ms"  # noqa: E731
    found = []
    chooser = {"controlling": seen.peer, "controlled": seen.other or "the other side"}.get(seen.role, "")
    if chooser:
        found.append(
            f"{chooser} is controlling and so chooses the pair ({seen.peer}: {seen.role}, {seen.role_reason}; "
            "RFC 8445 6.1.1)."
        )
    nominating = pair.checks.nominating
    if nominating is not None:
        way = "sent" if nominating.direction == "sent" else "received"
        found.append(f"Nominated at {ms(nominating.time)}: {seen.peer} {way} a check with USE-CANDIDATE.")
    elif pair.nominated is not None:
        found.append(f"Nominated: known since {ms(pair.nominated)}.")
    if pair.selected_at:
        found.append(f"Selected at {ms(pair.selected_at[-1])}.")
    found.append(_compared(seen, pair))
    trip = pair.round_trip_ms()
    if trip is not None:
        found.append(f"A check and its answer took {trip:.1f} ms.")
    return [sentence for sentence in found if sentence]


def _compared(seen: Perspective, pair: Pair) -> str:
    rivals = [p for p in seen.pairs if p is not pair and p.state == "succeeded" and p.priority is not None]
    rivals = [p for p in rivals if not p.selected]
    if pair.priority is None:
        return "Its priority is not known: the trace lacks that of a candidate."
    if not rivals:
        others = [p for p in seen.pairs if p is not pair and not p.selected]
        return "No other pair had succeeded." if others else "There was no other pair."
    best = max(p.priority or 0 for p in rivals)
    name = count(len(rivals), "other pair")
    if pair.priority > best:
        return f"Of {len(rivals) + 1} pairs that succeeded it has the highest priority."
    if pair.priority == best:
        return (
            f"{name} succeeded with the same priority: then the order in which they were nominated decides."
        )
    return (
        f"{name} succeeded, one of a higher priority ({best}): the controlling side may nominate any that "
        "succeeded (RFC 8445 8.1.1)."
    )


def pair_sum(seen: Perspective, pair: Pair) -> str:
    """Return the arithmetic of a pair's priority; ``""`` where a priority is not known."""
    here = next((c.priority for c in seen.local if c.address == pair.local), None)
    there = next((c.priority for c in seen.remote if c.address == pair.remote), None)
    if here is None or there is None:
        return ""
    g, d = (there, here) if seen.role == "controlled" else (here, there)
    return (
        f"{pair_priority(g, d)} = 2³²·min(G, D) + 2·max(G, D) + {int(g > d)} with G = {g} (controlling), "
        f"D = {d} (controlled)"
    )


def priority_sum(priority: int) -> str:
    """Return the arithmetic of a candidate's priority (RFC 8445 section 5.1.2.1)."""
    return f"{priority} = {priority >> 24}·2²⁴ + {priority >> 8 & 0xFFFF}·2⁸ + {priority & 0xFF}"


def priority_words(candidate: EndCandidate) -> str:
    """Return what the three parts of a candidate's priority are."""
    if candidate.priority is None:
        return ""
    kind, local, component = (
        candidate.priority >> 24,
        candidate.priority >> 8 & 0xFFFF,
        candidate.priority & 0xFF,
    )
    return f"type preference {kind} · local preference {local} · component {256 - component}"
