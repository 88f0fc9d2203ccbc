"""States: the four state machines of each peer, the current state lit, and the path taken."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ..trace import StateChange
from ..trace.timeline import Moment
from .markup import Markup, join, tag
from .trace_view import TraceView, colour_of, peer_name
from .view import Fragment

WIDE, HIGH, ROUND = 98, 22, 11
COLUMN, ROW, MARGIN = 114, 40, 4
TITLES = {
    "signalingState": "where the exchange of offer and answer stands",
    "iceGatheringState": "whether this side still looks for its own addresses",
    "iceConnectionState": "whether packets have found a way between the two",
    "connectionState": "the whole: ICE and the DTLS handshake together",
}


@dataclass(frozen=True)
class Machine:
    """A state machine of webrtc-pc and where its states stand in the drawing, by column and row.

    Attributes
    ----------
    places : dict of str to (float, float)
    ways : tuple of (str, str)
        The transitions that the standard knows; ``closed`` is reached from everywhere, and not drawn.
    reference : str
    """

    places: dict[str, tuple[float, float]]
    ways: tuple[tuple[str, str], ...]
    reference: str


MACHINES = {
    "signalingState": Machine(
        {
            "stable": (0, 0.5),
            "have-local-offer": (1, 0),
            "have-remote-offer": (1, 1),
            "have-remote-pranswer": (2, 0),
            "have-local-pranswer": (2, 1),
            "closed": (3, 0.5),
        },
        (
            ("stable", "have-local-offer"),
            ("stable", "have-remote-offer"),
            ("have-local-offer", "have-remote-pranswer"),
            ("have-remote-offer", "have-local-pranswer"),
        ),
        "webrtc-pc 4.3.1",
    ),
    "iceGatheringState": Machine(
        {"new": (0, 0), "gathering": (1, 0), "complete": (2, 0)},
        (("new", "gathering"), ("gathering", "complete")),
        "webrtc-pc 4.3.2",
    ),
    "iceConnectionState": Machine(
        {
            "new": (0, 0.5),
            "checking": (1, 0.5),
            "connected": (2, 0),
            "completed": (3, 0),
            "failed": (2, 1),
            "disconnected": (3, 1),
            "closed": (4, 0.5),
        },
        (
            ("new", "checking"),
            ("checking", "connected"),
            ("connected", "completed"),
            ("checking", "failed"),
            ("completed", "disconnected"),
            ("connected", "disconnected"),
            ("disconnected", "failed"),
        ),
        "webrtc-pc 4.3.4",
    ),
    "connectionState": Machine(
        {
            "new": (0, 0.5),
            "connecting": (1, 0.5),
            "connected": (2, 0),
            "failed": (2, 1),
            "disconnected": (3, 0.5),
            "closed": (4, 0.5),
        },
        (
            ("new", "connecting"),
            ("connecting", "connected"),
            ("connecting", "failed"),
            ("connected", "disconnected"),
            ("disconnected", "failed"),
        ),
        "webrtc-pc 4.3.3",
    ),
}


class StatesView(TraceView):
    """The signaling, gathering, ICE and connection states of each peer, drawn; see `TraceView`."""

    name: ClassVar[str] = "states"
    title: ClassVar[str] = "States"

    def draw(self) -> Iterable[Fragment]:
        """Return the machines of each peer, side by side where there is room."""
        moment = self.moment()
        peers = self.shown_peers(moment)
        if not peers:
            yield Fragment("none", tag("p", "No peer has been made yet.", class_="rtcnb-faint"))
        columns = [tag("div", _peer(peer, moment), data_key=peer) for peer in peers]
        yield Fragment("machines", tag("div", *columns, class_="rtcnb-columns"))


def _peer(peer: str, moment: Moment) -> Markup:
    since = moment.made(peer)
    changes = [e for e in moment.of(StateChange, peer=peer) if e.time >= since]
    machines = [
        _machine(name, [e for e in changes if e.state == name], colour_of(peer, moment), moment)
        for name in MACHINES
    ]
    return join([tag("h4", peer_name(peer, moment)), tag("div", *machines, class_="rtcnb-machines")])


def _machine(name: str, changes: list[StateChange], colour: int, moment: Moment) -> Markup:
    machine = MACHINES[name]
    first = changes[0].old if changes and changes[0].old else next(iter(machine.places))
    path = [first, *(e.new for e in changes)]
    columns = max(x for x, _ in machine.places.values()) + 1
    rows = max(y for _, y in machine.places.values()) + 1
    width, height = columns * COLUMN, rows * ROW
    taken = list(itertools.pairwise(path))
    ways = [_way(machine, way, way in taken or way[::-1] in taken) for way in machine.ways]
    ways += [_way(machine, way, True) for way in dict.fromkeys(taken) if _is_extra(machine, way)]
    nodes = [_node(machine, state, path, colour) for state in machine.places]
    drawing = tag(
        "svg",
        *ways,
        *nodes,
        viewBox=f"0 0 {width} {height}",
        width=width,
        role="img",
        aria_label=f"{name}: {' → '.join(path)}",
    )
    title = tag(
        "div",
        tag("code", name),
        " ",
        tag("b", path[-1]),
        " ",
        tag("small", f"{TITLES[name]} · {machine.reference}"),
    )
    steps = [f"{e.new} {(e.time - moment.begin) * 1000:.0f} ms" for e in changes]
    told = tag("small", join([first, *steps], " → "), class_="rtcnb-path")
    return tag(
        "div",
        title,
        tag("div", drawing, class_="rtcnb-scroll"),
        told,
        class_="rtcnb-machine",
        data_key=name,
        data_state=path[-1],
    )


def _is_extra(machine: Machine, way: tuple[str, str]) -> bool:
    known = way in machine.ways or way[::-1] in machine.ways
    return not known and all(state in machine.places for state in way)


def _middle(machine: Machine, state: str) -> tuple[float, float]:
    x, y = machine.places[state]
    return MARGIN + x * COLUMN + WIDE / 2, (y + 0.5) * ROW


def _way(machine: Machine, way: tuple[str, str], taken: bool) -> Markup:
    (x1, y1), (x2, y2) = (_middle(machine, state) for state in way)
    left, right = (x1 + WIDE / 2, x2 - WIDE / 2) if x1 < x2 else (x1 - WIDE / 2, x2 + WIDE / 2)
    if x1 == x2:
        left = right = x1
    return tag("path", d=f"M{left:g} {y1:g}L{right:g} {y2:g}", class_="way taken" if taken else "way")


def _node(machine: Machine, state: str, path: list[str], colour: int) -> Markup:
    x, y = _middle(machine, state)
    now, been = state == path[-1], state in path
    look = f"now rtcnb-peer-{colour}" if now else "been" if been else "never"
    box = tag(
        "rect", x=f"{x - WIDE / 2:g}", y=f"{y - HIGH / 2:g}", width=WIDE, height=HIGH, rx=ROUND, class_=look
    )
    mark = "● " if now else "✓ " if been else ""
    short = state.replace("have-", "")
    text = tag(
        "text",
        tag("title", state),
        mark,
        short,
        x=f"{x:g}",
        y=f"{y + 4:g}",
        text_anchor="middle",
        class_=look,
    )
    return tag("g", box, text)
