"""Trace: everything that happened, in order, from every thread."""

from __future__ import annotations

import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator

from ..sdp.text import html
from .events import Event

log = logging.getLogger("rtcnb")

Callback = Callable[[Event], object]
SHOWN_EVENTS = 200


class Trace:
    """What happened in a notebook, or in a saved call: events in the order in which they were appended.

    All methods may be called from any thread.

    Parameters
    ----------
    max_events : int
        When more come, the oldest are dropped and counted.

    Raises
    ------
    ValueError
        If `max_events` is less than 1.
    """

    def __init__(self, max_events: int = 100_000) -> None:
        if max_events < 1:
            raise ValueError(f"max_events is {max_events}; a trace holds at least one event.")
        self._events: deque[Event] = deque(maxlen=max_events)
        self._appended = 0
        self._lock = threading.Lock()
        self._callbacks: dict[int, Callback] = {}
        self._keys = itertools.count()

    @property
    def max_events(self) -> int:
        """How many events are kept."""
        return self._events.maxlen or 0

    @property
    def dropped(self) -> int:
        """How many of the oldest events had to go."""
        with self._lock:
            return self._appended - len(self._events)

    @property
    def events(self) -> tuple[Event, ...]:
        """The events as they are now, the oldest first."""
        with self._lock:
            return tuple(self._events)

    def append(self, event: Event) -> None:
        """Write down an event, and tell the subscribers on this thread."""
        with self._lock:
            self._events.append(event)
            self._appended += 1
            # The lock is not held while they run: they may append and unsubscribe themselves.
            callbacks = tuple(self._callbacks.values()) if self._callbacks else ()
        for callback in callbacks:
            try:
                callback(event)
            except Exception:
                log.exception("A subscriber of the trace failed on: %s", event)

    def select(
        self, peer: str | None = None, kind: str | type[Event] | None = None, since: float | None = None
    ) -> tuple[Event, ...]:
        """The events that meet all conditions given.

        Parameters
        ----------
        peer : str
            The name of the peer.
        kind : str or type
            ``"state"``, or the class, ``StateChange``.
        since : float
            Only events at this time or later, in seconds of the trace's clock.
        """
        return tuple(
            event
            for event in self.events
            if (peer is None or event.peer == peer)
            and (kind is None or (isinstance(event, kind) if isinstance(kind, type) else event.kind == kind))
            and (since is None or event.time >= since)
        )

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

    def __len__(self) -> int:
        return len(self._events)

    def __bool__(self) -> bool:
        # An empty trace is still a trace: "trace or current()" must not lose it.
        return True

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __repr__(self) -> str:
        peers = sorted({event.peer for event in self.events if event.peer})
        dropped = f", {self.dropped} dropped" if self.dropped else ""
        of = f" of {', '.join(peers)}" if peers else ""
        return f"Trace({len(self)} events{of}{dropped})"

    def _repr_html_(self) -> str:
        events = self.events
        shown = events[-SHOWN_EVENTS:]
        left = ' style="text-align:left;vertical-align:top"'
        right = left.replace("left", "right")
        rows = "".join(
            f"<tr><td{right}>{(event.time - events[0].time) * 1000:.1f}</td>"
            f"<td{left}>{html(event.peer)}</td><td{left}>{html(event)}</td></tr>"
            for event in shown
        )
        earlier = len(events) - len(shown)
        caption = html(repr(self)) + (f", the last {len(shown)} shown" if earlier else "")
        return (
            f'<div class="rtcnb-trace" style="overflow-x:auto"><p style="margin:4px 0">{caption}</p>'
            f'<table style="margin:0"><thead><tr><th{right}>ms</th><th{left}>peer</th>'
            f"<th{left}>event</th></tr></thead><tbody>{rows}</tbody></table></div>"
        )


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
