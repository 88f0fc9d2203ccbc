"""What ``about:webrtc`` of Firefox copies: a report, or the history of reports, as JSON.

::

    {"pcid": "{07a9...} 1795570004908400 (id=17 url=https://...)", "timestamp": 1795570022595, "offerer": true,
     "configuration": {...}, "sdpHistory": [{"isLocal": true, "timestamp": ..., "sdp": "v=0..."}],
     "iceCandidatePairStats": [{"id": ..., "type": "candidate-pair", ...}], "transportStats": [...], ...}

It has statistics and descriptions, and no states nor calls: these are told from what there is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ...errors import TraceError
from ...sdp.description import SessionDescription
from ..events import CandidateEvent, DescriptionSet, Event, PeerEvent, StateChange
from ..trace import Trace
from . import written
from .json_lines import parse_json
from .snapshots import Budget, Entry, Snapshots
from .untrusted import epoch_seconds, list_at, object_at, tame, word

SOURCE = "about:webrtc"
MARK = '"pcid"'
MAX_REPORTS = 64 * 2**20  # characters
MAX_DESCRIPTIONS = 10_000
MISSING = (
    "calls",
    "states (told from descriptions and statistics)",
    "packets",
    "single checks",
    "DTLS steps",
    "messages of data channels",
    "signaling messages",
)
STATISTICS = "Stats"  # how the members with statistics end
# Those that are no entries of webrtc-stats.
NOT_ENTRIES = ("rtpContributingSourceStats", "trickledIceCandidateStats")


def fits(text: str) -> bool:
    """Whether this is such a report."""
    return text[:1] in ("{", "[") and MARK in text


def load(text: str) -> Trace:
    """Return the trace of a report, a list of them, or a history.

    Raises
    ------
    TraceError
        It is none, or something in it is of the wrong type; the message names the place.
    """
    given = parse_json(text, "the report", MAX_REPORTS)
    peers = Peers()
    for place, report in _reports(given, ""):
        peers.take(report, place)
    return peers.trace()


def _reports(given: Any, place: str) -> Iterable[tuple[str, dict[str, Any]]]:
    """Return all reports, each with its place: one alone, in a list, in ``reports``, in a list of these."""
    if isinstance(given, list):
        for i, one in enumerate(given):
            yield from _reports(object_at(one, f"{place}[{i}]"), f"{place}[{i}]")
        return
    report = object_at(given, place or "the report")
    nested = [name for name in ("reports", "sdpHistories") if name in report]
    for name in nested:
        where = f"{place}.{name}".lstrip(".")
        for i, one in enumerate(list_at(report[name], where)):
            yield f"{where}[{i}]", object_at(one, f"{where}[{i}]")
    if not nested:
        yield place or "the report", report


class Peers:
    """The peers of a page or of its reports, put together as they are told."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._made: dict[str, dict[str, Any]] = {}
        self._descriptions: dict[str, dict[tuple[float, str], SessionDescription]] = {}
        self._candidates: dict[str, dict[tuple[str, str], float]] = {}
        self._snapshots: dict[str, dict[float, dict[str, Entry]]] = {}
        self._closed: dict[str, float] = {}
        self._budget = Budget()

    def take(self, report: dict[str, Any], place: str) -> None:
        """Note a report.

        Raises
        ------
        TraceError
        """
        id = report.get("pcid")
        if not isinstance(id, str):
            raise TraceError(f"{place}.pcid", "this is no text: it names the connection.")
        name = self.name_of(id)
        at = epoch_seconds(report.get("timestamp"))
        if "configuration" in report:
            self._made[name] = written.configuration_of(report["configuration"])
        history = report.get("sdpHistory", [])
        for i, entry in enumerate(list_at(history, f"{place}.sdpHistory")[:MAX_DESCRIPTIONS]):
            one = object_at(entry, f"{place}.sdpHistory[{i}]")
            self.describe(name, epoch_seconds(one.get("timestamp")) or at, one.get("isLocal"), one.get("sdp"))
        if at is None:
            return
        entries: dict[str, Entry] = {}
        for member, rows in report.items():
            if member.endswith(STATISTICS) and member not in NOT_ENTRIES:
                for i, row in enumerate(list_at(rows, f"{place}.{member}")):
                    entry = tame(object_at(row, f"{place}.{member}[{i}]"))
                    entries[word(entry.get("id")) or f"{member}[{i}]"] = entry
        self._budget.spend(len(entries) + 1, place)
        self._snapshots[name][at] = entries
        rows = list_at(report.get("rawRemoteCandidates", []), f"{place}.rawRemoteCandidates")
        self.add_candidates(name, at, "added", rows)
        own = [e for e in entries.values() if e.get("type") == "local-candidate"]
        self.add_candidates(name, at, "gathered", map(_line, own))
        if report.get("closed") is True:
            self._closed.setdefault(name, at)

    def name_of(self, id: str) -> str:
        """Return the name of a peer: the beginning of Firefox's id."""
        if id not in self._ids:
            short = id.strip().lstrip("{")[:8] or "peer"
            name = short if short not in self._made else f"{short}-{len(self._made) + 1}"
            self._ids[id] = name
            self._made[name] = {}
            self._descriptions[name] = {}
            self._candidates[name] = {}
            self._snapshots[name] = {}
        return self._ids[id]

    def configure(self, name: str, configuration: dict[str, Any]) -> None:
        """Note the configuration of a peer."""
        self._made[name] = configuration

    def describe(self, name: str, at: float | None, is_local: Any, sdp: Any) -> None:
        """Note a description; the same again is none."""
        if at is None or not isinstance(sdp, str) or not sdp.startswith("v="):
            return
        side = "local" if is_local is True else "remote"
        # Firefox does not say which it is; only who offers leaves the DTLS role open (RFC 8842 section 5.2).
        kind = "offer" if "a=setup:actpass" in sdp else "answer"
        lines = sdp.replace("\r\n", "\n").replace("\n", "\r\n")
        self._descriptions[name].setdefault((at, side), SessionDescription(type=kind, sdp=lines))

    def add_candidates(self, name: str, at: float, action: str, lines: Iterable[Any]) -> None:
        """Note candidates, at the first time that they are seen."""
        for line in lines:
            if isinstance(line, str) and line.startswith("candidate:"):
                self._candidates[name].setdefault((action, line), at)

    def snapshot(self, name: str, at: float, entries: dict[str, Entry]) -> None:
        """Note the statistics of a moment."""
        self._snapshots[name][at] = entries

    def close(self, name: str, at: float) -> None:
        """Note that a peer was closed, at this time or before."""
        self._closed.setdefault(name, at)

    def trace(self) -> Trace:
        """Return what was told."""
        times = [at for known in self._snapshots.values() for at in known]
        times += [at for known in self._descriptions.values() for at, _ in known]
        epoch = float(math.floor(min(times, default=0.0)))
        events = [event for name in self._made for event in self._events(name, epoch)]
        return Trace.of(events, epoch=epoch, source=SOURCE, missing=MISSING)

    def _events(self, name: str, epoch: float) -> list[Event]:
        since = lambda at: round(at - epoch, 6)  # noqa: E731
        snapshots = sorted(self._snapshots[name].items())
        descriptions = sorted(self._descriptions[name].items(), key=lambda item: item[0][0])
        begun = min([at for (at, _), _ in descriptions] + [at for at, _ in snapshots], default=epoch)
        events: list[Event] = [
            PeerEvent(time=since(begun), peer=name, place="page", configuration=self._made[name])
        ]
        states = _States(name, events)
        for (at, side), description in descriptions:
            members = {"side": side, "description": description}
            events.append(DescriptionSet(time=since(at), peer=name, **members))  # type: ignore[arg-type]
            offered = "have-local-offer" if side == "local" else "have-remote-offer"
            states.become(since(at), "signalingState", offered if description.type == "offer" else "stable")
        for (action, line), at in self._candidates[name].items():
            candidate = written.candidate_of(line)
            if candidate is not None:
                members = {"action": action, "candidate": candidate}
                events.append(CandidateEvent(time=since(at), peer=name, **members))  # type: ignore[arg-type]
        statistics = Snapshots(name)
        for at, entries in snapshots:
            statistics.take(since(at), entries)
            states.see(since(at), entries)
        if name in self._closed:
            for state in ("iceConnectionState", "connectionState", "signalingState"):
                states.become(since(self._closed[name]), state, "closed")
        return [*events, *statistics.events]


def _line(entry: Entry) -> str:
    """Return a local candidate of the statistics as a line (RFC 8839 section 5.1)."""
    names = ("foundation", "protocol", "priority", "address", "port", "candidateType")
    parts = [str(entry.get(name, "")) for name in names]
    if not all(parts):
        return ""
    foundation, protocol, priority, address, port, kind = parts
    return f"candidate:{foundation} 1 {protocol} {priority} {address} {port} typ {kind}"


class _States:
    """The states of a peer, told from its statistics."""

    def __init__(self, name: str, events: list[Event]) -> None:
        self._name, self._events = name, events
        self._now = {"signalingState": "stable", "iceConnectionState": "new", "connectionState": "new"}

    def become(self, time: float, state: str, new: str) -> None:
        old = self._now[state]
        if new != old:
            self._now[state] = new
            self._events.append(StateChange(time=time, peer=self._name, state=state, old=old, new=new))

    def see(self, time: float, entries: dict[str, Entry]) -> None:
        """Tell states from transports (webrtc-stats), and where Firefox has none of these from pairs and media."""
        transports = [e for e in entries.values() if e.get("type") == "transport"]
        ice = {word(e.get("iceState")) for e in transports} - {"", "new"}
        pairs = [e for e in entries.values() if e.get("type") == "candidate-pair"]
        if not ice and pairs:
            found = any(p.get("nominated") and p.get("state") == "succeeded" for p in pairs)
            ended = all(p.get("state") in ("failed", "cancelled") for p in pairs)
            ice = {"connected" if found else "failed" if ended else "checking"}
        for state in ("failed", "disconnected", "checking", "connected", "completed"):
            if state in ice:
                self.become(time, "iceConnectionState", state)
                break
        dtls = {word(e.get("dtlsState")) for e in transports}
        arrived = any(e.get("type") == "inbound-rtp" and e.get("packetsReceived") for e in entries.values())
        if "failed" in ice | dtls:
            self.become(time, "connectionState", "failed")
        elif ice & {"connected", "completed"} and (dtls == {"connected"} or (not dtls - {""} and arrived)):
            self.become(time, "connectionState", "connected")
        elif ice & {"checking", "connected", "completed"} and self._now["connectionState"] == "new":
            self.become(time, "connectionState", "connecting")
