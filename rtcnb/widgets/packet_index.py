"""The packets of a trace in groups, so that a hundred thousand of them are filtered and counted quickly."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from ..trace import PacketEvent


class Group(NamedTuple):
    """What packets have in common that a filter can choose by."""

    peer: str
    direction: str
    protocol: str
    local: str
    remote: str


@dataclass(frozen=True)
class Filter:
    """Which packets are shown; what is empty does not choose.

    Attributes
    ----------
    protocols : frozenset of str
    peer, direction : str
    pair : tuple of str
        Peer, local and remote address.
    text : str
        In lower case; looked for in addresses, protocol and summary.
    """

    protocols: frozenset[str] = frozenset()
    peer: str = ""
    direction: str = ""
    pair: tuple[str, ...] = ()
    text: str = ""

    def takes(self, group: Group) -> bool:
        """Whether packets of a group are shown, as far as the text does not decide."""
        return (
            (not self.protocols or group.protocol in self.protocols)
            and self.peer in ("", group.peer)
            and self.direction in ("", group.direction)
            and (not self.pair or self.pair == (group.peer, group.local, group.remote))
        )


class PacketIndex:
    """Packets by time, each with the number of its group.

    Attributes
    ----------
    events : list of PacketEvent
    groups : list of Group
    version : int
        Another one when packets moved or went; not when some were added at the end.
    """

    def __init__(self) -> None:
        self.events: list[PacketEvent] = []
        self.groups: list[Group] = []
        self.version = 0
        self._numbers: dict[Group, int] = {}
        self._group_of: list[int] = []
        self._found: tuple[Filter, int, int, list[int]] = (Filter(), 0, 0, [])
        self._words: list[str] = []

    def update(self, events: list[PacketEvent]) -> None:
        """Take the packets as they are now, by time."""
        known = self._common(events)
        if known < len(self.events):
            self.version += 1
            del self.events[known:], self._group_of[known:], self._words[known:]
        new = events[known:]
        self.events += new
        for event in new:
            group = Group(event.peer, event.direction, event.protocol, event.local, event.remote)
            number = self._numbers.get(group)
            if number is None:
                number = self._numbers[group] = len(self.groups)
                self.groups.append(group)
            self._group_of.append(number)

    def _common(self, events: list[PacketEvent]) -> int:
        """How many at the beginning are the same; what came late or went has moved all that follow it."""
        own = self.events
        most = min(len(own), len(events))
        if not most or own[most - 1] is events[most - 1]:
            return most
        return bisect_left(range(most), True, key=lambda i: own[i] is not events[i])

    def counts(self, until: int) -> Counter[Group]:
        """Return how many of the first `until` packets are of each group."""
        numbers = Counter(self._group_of if until >= len(self._group_of) else self._group_of[:until])
        return Counter({self.groups[number]: count for number, count in numbers.items()})

    def find(self, wanted: Filter, until: int, words: Callable[[PacketEvent], str]) -> list[int]:
        """Return the places of the packets among the first `until` that pass a filter.

        Parameters
        ----------
        wanted : Filter
        until : int
        words : callable
            What the text is looked for in, beside addresses and protocol; each packet is asked for it once.
        """
        last, version, done, found = self._found
        if last != wanted or version != self.version or done > len(self.events):
            done, found = 0, []
        takes = [wanted.takes(group) for group in self.groups]
        if wanted.text:
            self._read(words)
            texts, text = self._words, wanted.text
            more = [i for i, g in enumerate(self._group_of[done:], done) if takes[g] and text in texts[i]]
        elif all(takes):
            more = list(range(done, len(self.events)))
        else:
            more = [i for i, g in enumerate(self._group_of[done:], done) if takes[g]]
        found = found + more if more else found
        self._found = (wanted, self.version, len(self.events), found)
        return found if until >= len(self.events) else found[: bisect_left(found, until)]

    def _read(self, words: Callable[[PacketEvent], str]) -> None:
        for event in self.events[len(self._words) :]:
            ends = f"{event.peer} {event.direction} {event.protocol} {event.local} {event.remote}"
            self._words.append(f"{ends} {words(event)}".lower())
