"""Snapshots of getStats from a dump: written down as a page's peer writes its own, with what they say happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...errors import TraceError
from ..derived import derived
from ..events import ChannelEvent, Event, StatisticsEvent

Entry = dict[str, Any]
MAX_ENTRIES = 3_000_000  # in all snapshots of a file: ten hours of a call, or one of a big conference
# In every entry the same, known already, or long: a page does not send them either (peers/browser.js).
NOT_KEPT = ("id", "base64Certificate")
# Streams of the other end: what an RTCP report said, with the time of its arrival.
REPORTED = ("remote-inbound-rtp", "remote-outbound-rtp")
# The old getStats with a callback, until Chrome 117: its types, and how its ids begin.
LEGACY_TYPES = ("ssrc", "localcandidate", "remotecandidate", "VideoBwe", "datachannel")
LEGACY_IDS = ("ssrc_", "goog", "Conn-", "Channel-", "Cand-", "bweforvideo")


def is_legacy(id: str, kind: Any) -> bool:
    """Whether an entry is of the old getStats, which no reader of statistics knows any more."""
    if isinstance(kind, str) and kind:
        return kind in LEGACY_TYPES or kind.startswith("goog")
    return id.startswith(LEGACY_IDS)


class Budget:
    """How many entries a file may have in all: a few bytes can ask for many copies of what came before."""

    def __init__(self, entries: int = MAX_ENTRIES) -> None:
        self._left = entries

    def spend(self, entries: int, place: str) -> None:
        """Count entries.

        Raises
        ------
        TraceError
        """
        self._left -= entries
        if self._left < 0:
            raise TraceError(place, f"over {MAX_ENTRIES} entries of statistics; more is not read.")


class Snapshots:
    """The statistics of one peer, one snapshot after the other.

    Parameters
    ----------
    name : str
        Of the peer.
    derive : bool
        Whether to tell pairs, DTLS states and channels from them; a file may tell these itself.
    """

    def __init__(self, name: str, derive: bool = True) -> None:
        self.name = name
        self.events: list[Event] = []
        self._derive = derive
        self._known: dict[str, Entry] = {}

    def take(self, time: float, report: Mapping[str, Entry]) -> None:
        """Write down a snapshot; entries that did not change are shared with the one before."""
        kept: dict[str, Entry] = {}
        for id, entry in report.items():
            odd = None in entry.values() or not isinstance(entry.get("type", ""), str)
            if odd or any(name in entry for name in (*NOT_KEPT, "timestamp")):
                entry = _kept(entry)
            before = self._known.get(id)
            kept[id] = before if before == entry else entry
        if self._derive:
            now = _Seen(kept, self._known)
            self.events += derived(self.name, time, self._known, now)
            self.events += self._channels(time, kept)
        self._known |= kept
        self.events.append(StatisticsEvent(time=time, peer=self.name, report=kept))

    def _channels(self, time: float, report: Mapping[str, Entry]) -> Iterator[Event]:
        for id, entry in report.items():
            state = entry.get("state")
            if entry.get("type") != "data-channel" or state not in ("open", "closed"):
                continue
            if state != self._known.get(id, {}).get("state"):
                label = str(entry.get("label", ""))[:1000]
                yield ChannelEvent(time=time, peer=self.name, label=label, action=state)


def _kept(entry: Entry) -> Entry:
    """Return an entry without what a trace does not keep; of the times only those of RTCP reports."""
    reported = entry.get("type") in REPORTED and bool(entry.get("timestamp"))
    out = NOT_KEPT if reported else (*NOT_KEPT, "timestamp")
    if not isinstance(entry.get("type", ""), str):
        out = (*out, "type")
    return {name: value for name, value in entry.items() if value is not None and name not in out}


class _Seen(Mapping[str, Entry]):
    """The entries of now, and behind them what was known before of those that are not in this snapshot."""

    def __init__(self, now: Mapping[str, Entry], before: Mapping[str, Entry]) -> None:
        self._now, self._before = now, before

    def __getitem__(self, id: str) -> Entry:
        return self._now[id] if id in self._now else self._before[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now)

    def __len__(self) -> int:
        return len(self._now)
