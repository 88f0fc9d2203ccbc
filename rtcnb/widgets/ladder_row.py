"""Row and Lane: what the ladder is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..trace import Event

if TYPE_CHECKING:
    from .ladder_packets import Flight

# Lanes that are no peer; no peer can be called so by accident.
WIRE, SERVER, OTHER = "\0wire", "\0server", "\0other"
TITLES = {WIRE: "wire", SERVER: "STUN/TURN", OTHER: "other side"}


@dataclass(frozen=True)
class Lane:
    """A lifeline.

    Attributes
    ----------
    name : str
        A peer's, or `WIRE`, `SERVER`, `OTHER`.
    place_percent : float
        From left to right.
    """

    name: str
    place_percent: float

    @property
    def title(self) -> str:
        """What stands above it."""
        return TITLES.get(self.name, self.name)


@dataclass(
    eq=False, slots=True
)  # not frozen: there may be 100,000, and that takes three times as long to make
class Row:
    """Something that happened at a lane, or an arrow from there to another; it is not changed.

    Attributes
    ----------
    time : float
        On the trace's clock.
    kind : str
        ``call``, ``set`` (a description took effect), ``state``, ``message``, ``wire`` (what was done to a message
        on its way), ``description`` and ``candidate`` (without a wire), ``gathered``, ``checks``, ``packet``,
        ``handshake``, ``dtls``, ``pair``, ``media``, ``track``, ``channel``, ``server``, ``peer``, ``fault``,
        ``note``, ``page``, ``media-failure``, ``gap``.
    events : tuple of Event
        What it shows, the first of them giving the time; not empty, but for packets and gaps.
    at : str
        The lane.
    to : str
        Where an arrow goes; ``""`` for none.
    end : str
        ``""`` for what arrived or went well; ``waits``, ``waited``, ``delayed``, ``dropped``, ``lost``,
        ``unanswered``, ``unseen``, ``refused``, ``soon`` (its answer may still come).
    fold : tuple
        Neighbours with the same make one row; ``()`` for none.
    count : int
        How many rows it was folded from.
    flights : tuple of Flight
        The packets.
    number : int
        Of the message.
    detail : str
    """

    time: float
    kind: str
    events: tuple[Event, ...]
    at: str
    to: str = ""
    end: str = ""
    fold: tuple[str, ...] = ()
    count: int = 1
    flights: tuple[Flight, ...] = ()
    number: int = 0
    detail: str = ""

    def like(self, other: Row) -> bool:
        """Whether it looks the same: events are never changed, so their identity will do."""
        return (
            self.time == other.time
            and self.end == other.end
            and self.kind == other.kind
            and self.to == other.to
            and len(self.events) == len(other.events)
            and all(a is b for a, b in zip(self.events, other.events, strict=True))
            and len(self.flights) == len(other.flights)
            and all(a.looks == b.looks for a, b in zip(self.flights, other.flights, strict=True))
        )
