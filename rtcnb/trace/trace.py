"""Trace: everything that happened, from every thread, on one clock."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from os import PathLike
from typing import TYPE_CHECKING, Any

from ..errors import TraceError
from ..sdp.text import html, shorten
from .events import Event, StatisticsEvent
from .thinning import thin, thin_statistics

if TYPE_CHECKING:
    from ..finding import Finding

log = logging.getLogger("rtcnb")

Callback = Callable[[Event], object]
Seen = tuple[int, int, int]
SHOWN_EVENTS = 200
NOTHING_SEEN: Seen = (0, 0, 0)
SHOWN_PEERS = 8


class Trace:
    """What happened in a notebook, or in a saved call.

    All methods may be called from any thread.

    Parameters
    ----------
    max_events : int
        When more come, or more entries of statistics, the oldest packets and statistics thin out; where that is
        not enough, the oldest events are dropped. Both are counted.

    Attributes
    ----------
    epoch : float
        Seconds since 1970 at time 0 of the trace's clock, which is this machine's ``time.monotonic()``, or that
        of the machine where it was saved.
    ended : float or None
        When it was saved, on its clock; None for one that is being written.
    source : str
        What it was read from: ``webrtc-internals``, ``rtcstats``, ``about:webrtc``; ``""`` for a live one.
    dropped, thinned : int
        How many of the oldest events, and how many of the oldest packets and statistics, had to go.
    missing : tuple of str
        What the file that it was read from does not tell: kinds of events, exact times; a live trace and a saved
        one lack none.

    Raises
    ------
    ValueError
        If `max_events` is less than 1.
    """

    def __init__(self, max_events: int = 100_000) -> None:
        if max_events < 1:
            raise ValueError(f"max_events is {max_events}; a trace holds at least one event.")
        self.max_events = max_events
        self.epoch = time.time() - time.monotonic()
        self.ended: float | None = None
        self.source = ""
        self.missing: tuple[str, ...] = ()
        self._events: list[Event] = []
        self._entries = 0  # of all statistics: an entry takes as much memory as some events
        self.dropped = 0
        self.thinned = 0
        self._lock = threading.Lock()
        self._callbacks: dict[int, Callback] = {}
        self._keys = itertools.count()

    @property
    def events(self) -> tuple[Event, ...]:
        """The events as they are now, in the order in which they were appended."""
        with self._lock:
            return tuple(self._events)

    def append(self, event: Event) -> None:
        """Write down an event, and tell the subscribers on this thread."""
        with self._lock:
            self._events.append(event)
            if isinstance(event, StatisticsEvent):
                self._entries += self._entries_of(event)
            if len(self._events) > self.max_events or self._entries > self.max_events:
                self._make_room()
            # The lock is not held while they run: they may append and unsubscribe themselves.
            callbacks = tuple(self._callbacks.values()) if self._callbacks else ()
        for callback in callbacks:
            try:
                callback(event)
            except Exception:
                log.exception("A subscriber of the trace failed on: %s", event)

    def news(self, seen: Seen = NOTHING_SEEN) -> tuple[Seen, list[Event], bool]:
        """Return what has come since an earlier call, for readers that keep up with a trace.

        Returns
        -------
        seen : tuple
            To be given to the next call.
        events : list of Event
            The new ones, in the order in which they were appended.
        whole : bool
            Whether these are all events, not only the new ones: some that the reader knows had to go.
        """
        with self._lock:
            whole = seen[1:] != (self.thinned, self.dropped)
            events = self._events[0 if whole else seen[0] :]
            return (len(self._events), self.thinned, self.dropped), events, whole

    def _make_room(self) -> None:
        if self._entries > self.max_events:
            self._thinned(thin_statistics(self._events))
        if len(self._events) <= self.max_events:
            return
        self._thinned(thin(self._events))
        if len(self._events) > self.max_events:
            # In steps, so that a full trace does not move all its events for each new one.
            too_many = len(self._events) - self.max_events + self.max_events // 20
            self.dropped += too_many
            self._gone(self._events[:too_many])
            del self._events[:too_many]

    def _thinned(self, events: list[Event]) -> None:
        self.thinned += len(events)
        self._gone(events)

    def _gone(self, events: list[Event]) -> None:
        self._entries -= sum(self._entries_of(e) for e in events if isinstance(e, StatisticsEvent))

    def _entries_of(self, event: StatisticsEvent) -> int:
        return min(len(event.report), self.max_events // 20)  # a single one cannot be thinned

    def select(
        self,
        peer: str | None = None,
        kind: str | type[Event] | tuple[type[Event], ...] | None = None,
        since: float | None = None,
        until: float | None = None,
    ) -> tuple[Event, ...]:
        """The events that meet all conditions given, by time.

        Parameters
        ----------
        peer : str
            The name of the peer.
        kind : str, type or tuple of types
            ``"state"``, or the class, ``StateChange``.
        since, until : float
            Only events at this time or later, and before this time, in seconds of the trace's clock.
        """
        wanted = [
            event
            for event in self.events
            if (peer is None or event.peer == peer)
            and (kind is None or (event.kind == kind if isinstance(kind, str) else isinstance(event, kind)))
            and (since is None or event.time >= since)
            and (until is None or event.time < until)
        ]
        return tuple(sorted(wanted, key=_time))

    @property
    def peers(self) -> list[str]:
        """The names of the peers, in the order in which they appeared."""
        return list(dict.fromkeys(event.peer for event in self.events if event.peer))

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Call ``callback(event)`` for each event from now on.

        It is called on the thread that appends, often the background loop: it must be quick, and hand
        anything slow to its own thread. Its exceptions are logged and disturb nobody.

        Returns
        -------
        callable
            Ends the subscription; calling it again does nothing.
        """
        with self._lock:
            key = next(self._keys)
            self._callbacks[key] = callback

        def unsubscribe() -> None:
            with self._lock:
                self._callbacks.pop(key, None)

        return unsubscribe

    # -- files and other tools

    @classmethod
    def load(cls, file: str | PathLike[str] | bytes) -> Trace:
        """Read a saved trace, or a browser's dump.

        Parameters
        ----------
        file : path, or bytes
            What `save` wrote as ``jsonl`` or ``rtcstats``; what ``chrome://webrtc-internals`` saved (Chrome 83 and
            later); a dump of rtcstats, version 3 or older, or of jitsi; what ``about:webrtc`` of Firefox saved (the
            page) or copied (JSON). Perhaps packed by gzip. What such a file lacks is in `missing`.

        Raises
        ------
        TraceError
            It is none of these, or damaged; the message names the place.
        OSError
            The file cannot be opened.
        """
        from .formats import load

        return load(file)

    @classmethod
    def of(
        cls, events: Iterable[Event], *, epoch: float = 0.0, source: str = "", missing: Iterable[str] = ()
    ) -> Trace:
        """Return a trace of these events, by time."""
        ordered = sorted(events, key=_time)
        trace = cls(max(len(ordered), 100_000))
        trace._events = ordered
        trace.ended = ordered[-1].time if ordered else 0.0
        trace.epoch, trace.source, trace.missing = epoch, source, tuple(missing)
        return trace

    def save(self, path: str | PathLike[str], *, format: str | None = None, anonymise: bool = False) -> None:
        """Write the trace to a file.

        Parameters
        ----------
        path : path
        format : {"jsonl", "rtcstats", "pcapng"}, optional
            By default what the name ends with, else ``jsonl``, which alone keeps everything. ``rtcstats`` (version
            3, for its importer) keeps all but packets, and can be read again; ``pcapng`` has the packets alone.
        anonymise : bool
            Replace addresses, ICE credentials, fingerprints, names and device labels, each by the same
            replacement wherever it appears.

        Raises
        ------
        TraceError
            There is no such format.
        OSError
            The file cannot be written.
        """
        from .formats import save

        save(self, path, format, anonymise)

    def to_pandas(self) -> Any:
        """Return a ``pandas.DataFrame``, a row for each event by time, a column for each member.

        Its index is the UTC time.

        Raises
        ------
        TraceError
            pandas is not installed.
        """
        from .formats.json_lines import to_row

        try:
            import pandas
        except ImportError:
            raise TraceError("", "to_pandas() needs pandas: pip install pandas.") from None
        rows = [{**to_row(event), "text": str(event)} for event in self.select()]
        times = [row["time"] + self.epoch for row in rows]
        index = pandas.to_datetime(times, unit="s", utc=True, errors="coerce")  # a file may hold any
        return pandas.DataFrame(rows, index=index)

    def diagnose(self, peer: str | None = None) -> list[Finding]:
        """Say what went wrong, the likeliest cause first; nothing where all went well.

        Parameters
        ----------
        peer : str, optional
            Only its call: what is known of it and of its other end.

        Returns
        -------
        list of Finding
            Each with its evidence, a remedy and a confidence. ``cannot-tell`` names the evidence that lacks.
        """
        from .diagnose import diagnose

        return diagnose(self, peer)

    # -- what people see

    def __len__(self) -> int:
        return len(self._events)

    def __bool__(self) -> bool:
        # An empty trace is still a trace: "trace or current()" must not lose it.
        return True

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __repr__(self) -> str:
        counts = {"dropped": self.dropped, "packets and statistics thinned out": self.thinned}
        lost = "".join(f", {count} {what}" for what, count in counts.items() if count)
        names = [shorten(name) for name in sorted(self.peers)]
        more = f" and {len(names) - SHOWN_PEERS} more" if len(names) > SHOWN_PEERS else ""
        of = f" of {', '.join(names[:SHOWN_PEERS])}{more}" if names else ""
        source = f", from {self.source}" if self.source else ""
        lacks = f", without {'; '.join(self.missing)}" if self.missing else ""
        return f"Trace({len(self)} events{of}{source}{lost}{lacks})"

    def _repr_html_(self) -> str:
        events = self.select()
        shown = events[-SHOWN_EVENTS:]
        left = ' style="text-align:left;vertical-align:top"'
        right = left.replace("left", "right")
        rows = "".join(
            f"<tr><td{right}>{(event.time - events[0].time) * 1000:.1f}</td>"
            f"<td{left}>{html(shorten(event.peer))}</td><td{left}>{html(event)}</td></tr>"
            for event in shown
        )
        earlier = len(events) - len(shown)
        caption = html(repr(self)) + (f", the last {len(shown)} shown" if earlier else "")
        return (
            f'<div class="rtcnb-trace" style="overflow-x:auto"><p style="margin:4px 0">{caption}</p>'
            f'<table style="margin:0"><thead><tr><th{right}>ms</th><th{left}>peer</th>'
            f"<th{left}>event</th></tr></thead><tbody>{rows}</tbody></table></div>"
        )


def _time(event: Event) -> float:
    return event.time


_current = Trace()


def current() -> Trace:
    """The notebook's current trace: what peers write to unless they were given another."""
    return _current


def use(trace: Trace) -> Trace:
    """Make `trace` the notebook's current one.

    Returns
    -------
    Trace
        The one used until now, to be put back later.
    """
    global _current
    previous, _current = _current, trace
    return previous
