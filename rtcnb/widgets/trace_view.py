"""What views of a trace have in common: which trace, which peers, which moment."""

from __future__ import annotations

import sys
from collections.abc import Callable
from os import PathLike
from typing import Any

from ..errors import PeerError
from ..trace import Event, StateChange, Trace
from ..trace import current as current_trace
from ..trace.timeline import Moment, Timeline
from .markup import Markup, tag
from .view import View

COLOURS = 6  # in web/theme.css


class TraceView(View):
    """A view of a trace.

    Parameters
    ----------
    *of : Peer, Trace, or path
        Two peers, a trace, or a file that `Trace.load` takes; by default the notebook's current trace.
    timeline : Timeline, optional
        One that is shared with other views.

    Attributes
    ----------
    trace : Trace
    timeline : Timeline
        The trace by kind and time.
    peers : tuple of str
        The peers that it is about; ``()`` for the last two of the trace.
    until : float or None
        The moment that is shown, on the trace's clock; None for now.

    Raises
    ------
    PeerError
        It is about something else.
    TraceError, OSError
        The file cannot be read.
    """

    def __init__(self, *of: Any, timeline: Timeline | None = None) -> None:
        super().__init__()
        if timeline is None:
            self.trace, self.peers = source_of(of)
            self.timeline = Timeline(self.trace)
        else:
            self.trace, self.peers, self.timeline = timeline.trace, _names(of), timeline
        self.until: float | None = None

    def moment(self) -> Moment:
        """Return the trace as it stood at `until`."""
        return self.timeline.at(self.until)

    def shown_peers(self, moment: Moment) -> list[str]:
        """Return the names of the peers to show, the ends of a call side by side."""
        return list(self.peers) or moment.peers[-2:]

    def focus(self, event: Event, line: int = 0) -> None:
        """Show an event, and a line of the description that it set; a view that cannot does nothing."""

    def watch(self, dirty: Callable[[], None]) -> Callable[[], None]:
        """Call `dirty` whenever the trace grows."""
        ends = [super().watch(dirty), self.trace.subscribe(lambda event: dirty())]

        def end() -> None:
            for each in ends:
                each()

        return end

    @property
    def over(self) -> bool:
        """Whether the call has ended: every peer that is shown is closed, or the trace is a saved one."""
        if self.trace.ended is not None:
            return True
        peers = self.shown_peers(self.timeline.at())
        last = {e.peer: e.new for e in self.timeline.of(StateChange) if e.state == "signalingState"}
        return bool(peers) and all(last.get(peer) == "closed" for peer in peers)

    def still(self) -> Markup:
        """Return the static form: HTML without JavaScript."""
        self.timeline.refresh()
        return super().still()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {', '.join(self.peers) or repr(self.trace)}>"


def source_of(of: tuple[Any, ...]) -> tuple[Trace, tuple[str, ...]]:
    """Return the trace and the names of the peers that a view was asked for.

    Raises
    ------
    PeerError
        It is about something else.
    TraceError, OSError
        A file cannot be read.
    """
    if not of:
        return current_trace(), ()
    first = of[0]
    if isinstance(first, Trace):
        return first, _names(of[1:])
    if isinstance(first, str | bytes | PathLike):
        return Trace.load(first), _names(of[1:])
    trace = getattr(first, "trace", None)
    if not isinstance(trace, Trace):
        raise PeerError(
            "A view shows peers, a trace, or a file: Inspector(alice, bob), Inspector(trace), "
            f'Inspector("dump.txt"). It got a {type(first).__name__}.'
        )
    return trace, _names(of)


def _names(of: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(str(getattr(x, "name", x)) for x in of if not isinstance(x, Trace))


def colour_of(peer: str, moment: Moment) -> int:
    """Return the number of a peer's colour, the same on every view; see ``--rtcnb-peer-0`` in web/theme.css."""
    peers = sys.modules.get("rtcnb.peers.peer")  # where no peer was made here, it need not be loaded
    known = getattr(getattr(peers, "Peer", None), "_colours", {})
    names = moment.timeline.peers
    return int(known.get(peer, names.index(peer) if peer in names else 0)) % COLOURS


def peer_name(peer: str, moment: Moment) -> Markup:
    """Return a peer's name in its colour."""
    return tag("b", peer, class_=f"rtcnb-peer-{colour_of(peer, moment)}")
