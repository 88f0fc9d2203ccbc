"""OwnTrace: where a peer writes what happens to it, as long as its name is its own."""

from __future__ import annotations

from typing import Protocol

from ..trace import Event, Trace


class Writable(Protocol):
    """What takes events: a trace, or a peer's way to it."""

    def append(self, event: Event) -> None:
        """Write down an event."""


class OwnTrace:
    """A peer's way to the trace, until another peer is made under its name.

    A replaced peer is closed a moment later; that, and its last statistics, would be taken for the new one's.

    Parameters
    ----------
    trace : Trace
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._ended = False

    def append(self, event: Event) -> None:
        """Write down an event, unless the name is another's by now."""
        if not self._ended:
            self._trace.append(event)

    def end(self) -> None:
        """Write down no more."""
        self._ended = True
