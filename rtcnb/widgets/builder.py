"""Builder: a peer connection put together in a form, beside the Python and the JavaScript that would make it."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ..errors import PeerError
from ..media.sources import TestPattern
from ..media.track import Kind
from ..peers.codecs import capabilities
from ..peers.peer import Peer
from ..peers.transceiver import DIRECTIONS
from . import builder_form
from .form import Entries, number_of
from .peer_building import build, plan_of
from .peer_plan import (
    CLASSES,
    PeerPlan,
    Place,
    PlannedChannel,
    PlannedTrack,
    PlannedTransceiver,
    free_name,
    with_variables,
)
from .peer_sources import Source, sources_in
from .server_form import ServerForm
from .view import Fragment, View

NAMES = ("alice", "bob", "carol", "dave")
POLICIES = {
    "iceTransportPolicy": ("all", "relay"),
    "bundlePolicy": ("balanced", "max-compat", "max-bundle"),
}
NEW = {"new video": "video", "new audio": "audio"}  # ticks for a test pattern that is to be made
LONGEST = 200  # characters of a name, a label, a protocol


@dataclass(frozen=True)
class CodecRow:
    """A codec in the list of one kind."""

    name: str
    used: bool = True


class Builder(View):
    """A form in which a peer connection is put together; beside it the same as Python and as JavaScript.

    Build makes the peer, and binds it to its name in the notebook, as the Python would.

    Parameters
    ----------
    peer : Peer, optional
        One that exists: the form shows how it was built. Credentials were kept nowhere.
    namespace : dict, optional
        Where names are looked up and bound; the notebook's variables by default.

    Attributes
    ----------
    plan : PeerPlan
        What the form says now.
    peer : Peer or None
        What Build made last, or the peer that was given.

    Raises
    ------
    PeerError
        `peer` is none.

    Examples
    --------
    >>> rtcnb.Builder()         # doctest: +SKIP
    >>> rtcnb.Builder(alice)    # doctest: +SKIP
    """

    name: ClassVar[str] = "builder"
    title: ClassVar[str] = "Peer connection builder"

    def __init__(
        self, peer: Peer | None = None, *, namespace: MutableMapping[str, Any] | None = None
    ) -> None:
        super().__init__()
        if peer is not None and not isinstance(peer, Peer):
            raise PeerError(f"Builder(peer) shows how a peer was built; it got a {type(peer).__name__}.")
        self.namespace = _notebook() if namespace is None else namespace
        self.peer = peer
        self.built: dict[str, Any] = {}
        self._current = peer is not None  # whether the form shows what was built
        self._pattern: TestPattern | None = None
        self._fill(plan_of(peer, self.namespace) if peer is not None else PeerPlan(name=""))

    def _fill(self, plan: PeerPlan) -> None:
        """Have the form say what a plan says."""
        self.typed_name = plan.name
        self.place: Place = plan.place
        self.servers = ServerForm(plan.servers)
        self.policies = {"iceTransportPolicy": plan.iceTransportPolicy, "bundlePolicy": plan.bundlePolicy}
        self.others = plan.others
        self.ticked: dict[str, PlannedTrack | None] = {t.expression: t for t in plan.tracks}
        self.transceivers: Entries[PlannedTransceiver] = Entries(plan.transceivers)
        self.channels: Entries[PlannedChannel] = Entries(plan.channels)
        self.codecs: dict[tuple[Place, Kind], Entries[CodecRow]] = {}
        self.orders: dict[tuple[Place, Kind], tuple[str, ...]] = {}  # each end's own
        for kind, names in plan.codecs:
            self.codecs[plan.place, kind] = Entries(map(CodecRow, names))

    # -- what the form says

    @property
    def shown_name(self) -> str:
        """The name that was typed; until then the first of a few that is free."""
        free = (name for name in NAMES if name not in self.namespace)
        return self.typed_name or next(free, NAMES[0])

    @property
    def sources(self) -> list[Source]:
        """What could be sent, apart from the peer's own and a pattern that is to be made anew."""
        found = sources_in(self.namespace)
        own = self._pattern if any(tick in self.ticked for tick in NEW) else None
        return [
            source
            for source in found
            if not (isinstance(source.owner, Peer) and source.owner.name == self.shown_name)
            and (own is None or source.owner is not own)
        ]

    @property
    def plan(self) -> PeerPlan:
        """What the form says now."""
        name = self.shown_name
        tracks = self._tracks(name)
        taken = {**self.namespace, **{track.variable: None for track in tracks}}
        return PeerPlan(
            name=name,
            place=self.place,
            servers=self.servers.plan(),
            iceTransportPolicy=self.policies["iceTransportPolicy"],
            bundlePolicy=self.policies["bundlePolicy"],
            others=self.others,
            tracks=tracks,
            transceivers=tuple(self.transceivers.values),
            codecs=self._preferences(),
            channels=with_variables(self.channels.values, name, taken),
        )

    def _tracks(self, name: str) -> tuple[PlannedTrack, ...]:
        """Return the tracks that are ticked and live where the peer will."""
        known = {source.planned.expression: source.planned for source in self.sources}
        pattern = free_name("pattern", {**self.namespace, name: None}, self._is_pattern)
        found = []
        for tick, given in self.ticked.items():
            if tick in NEW:
                kind: Any = NEW[tick]
                new = PlannedTrack(f"{pattern}.{kind}", pattern, kind, self.place, "pattern", new=True)
                found.append(new)
            elif planned := known.get(tick, given):
                found.append(planned)
        return tuple(track for track in found if track.place == self.place)

    def _is_pattern(self, held: Any) -> bool:
        return held is not None and held is self._pattern

    def _preferences(self) -> tuple[tuple[Kind, tuple[str, ...]], ...]:
        """Return the codecs in order of preference, where that is not the end's own order."""
        found = []
        for (place, kind), rows in self.codecs.items():
            names = tuple(row.name for row in rows.values if row.used)
            if place == self.place and names != self.orders.get((place, kind)):
                found.append((kind, names))
        return tuple(found)

    # -- what is pressed

    def act(self, action: str, value: Any) -> Awaitable[None] | None:
        """Take what was typed or chosen; build, when that was pressed."""
        name, _, key = action.partition("/")
        if name == "build":
            return self._build()
        if name == "codecs-choose":
            return self._choose_codecs(key)
        self._current = False
        if not self.servers.act(name, key, value) and name in _ACTIONS:
            _ACTIONS[name](self, key, value)
        return None

    def _set_name(self, key: str, value: Any) -> None:
        self.typed_name = str(value).strip()[:LONGEST]

    def _set_place(self, key: str, value: Any) -> None:
        if value in CLASSES:
            self.place = value

    def _set_policy(self, key: str, value: Any) -> None:
        if value in POLICIES.get(key, ()):
            self.policies[key] = str(value)

    def _tick(self, key: str, value: Any) -> None:
        known = {source.planned.expression: source.planned for source in self.sources}
        if value and (key in NEW or key in known):
            self.ticked = {**self.ticked, key: known.get(key)}
        elif not value:
            self.ticked = {tick: track for tick, track in self.ticked.items() if tick != key}

    def _add_transceiver(self, key: str, value: Any) -> None:
        if value in ("audio", "video"):
            self.transceivers.add(PlannedTransceiver(value, "recvonly"))

    def _change_transceiver(self, key: str, value: Any) -> None:
        if value in DIRECTIONS:
            self.transceivers.change(number_of(key), direction=str(value))

    def _remove_transceiver(self, key: str, value: Any) -> None:
        self.transceivers.remove(number_of(key))

    def _add_channel(self, key: str, value: Any) -> None:
        self.channels.add(
            PlannedChannel("chat" if not len(self.channels) else f"chat{len(self.channels) + 1}")
        )

    def _change_channel(self, key: str, value: Any) -> None:
        member, _, row = key.partition("/")
        number = number_of(row)
        if member in ("label", "protocol"):
            self.channels.change(number, **{member: str(value)[:LONGEST]})
        elif member in ("maxRetransmits", "maxPacketLifeTime", "id"):
            self.channels.change(number, **{member: number_of(value)})
        elif member == "ordered":
            self.channels.change(number, ordered=bool(value))
        elif member == "negotiated":
            self.channels.change(number, negotiated=bool(value), id=0 if value else None)
        elif member == "limit":
            limits = {"maxRetransmits": None, "maxPacketLifeTime": None}
            starts = {"maxRetransmits": 0, "maxPacketLifeTime": 500}
            self.channels.change(number, **{**limits, **({value: starts[value]} if value in starts else {})})

    def _remove_channel(self, key: str, value: Any) -> None:
        self.channels.remove(number_of(key))

    # -- codecs

    async def _choose_codecs(self, kind: Any) -> None:
        """Ask the end for its codecs, so that they can be put in order."""
        if kind not in ("audio", "video"):
            return
        place = self.place
        have = await capabilities(place, kind)
        names = tuple(dict.fromkeys(str(codec["mimeType"]) for codec in have))
        self.orders[place, kind] = names
        before = self.codecs.get((place, kind))
        used = [row.name for row in before.values if row.name in names] if before else list(names)
        rest = [CodecRow(name, used=False) for name in names if name not in used]
        self.codecs[place, kind] = Entries([*map(CodecRow, used), *rest])

    def _change_codec(self, key: str, value: Any) -> None:
        what, _, rest = key.partition("/")
        kind, _, row = rest.partition("/")
        rows = self.codecs.get((self.place, kind))  # type: ignore[arg-type]
        if rows is None:
            return
        if what == "use":
            rows.change(number_of(row), used=bool(value))
        else:
            rows.move(number_of(row), -1 if what == "up" else 1)

    def _reset_codecs(self, key: str, value: Any) -> None:
        self.codecs.pop((self.place, key), None)  # type: ignore[arg-type]

    # -- building

    async def _build(self) -> None:
        plan, older = self.plan, self._pattern
        made = await build(plan, self.namespace)
        new = [owner for owner in made.values() if isinstance(owner, TestPattern)]
        self.peer, self.built, self._current = made[plan.variable], made, True
        self.typed_name = plan.name
        if older is not None and new:
            await older.stop()  # the one of this name that was made here before
        self._pattern = new[0] if new else older

    def _another(self, key: str, value: Any) -> None:
        """Begin with an empty form for the next peer, and leave what was built."""
        servers, place = self.servers, self.place
        self._fill(PeerPlan(name="", place=place))
        self.servers, self.peer, self.built, self._pattern = servers, None, {}, None

    # -- what is shown

    def draw(self) -> Iterable[Fragment]:
        """Return the form, and what comes of it."""
        plan = self.plan
        yield Fragment("form", builder_form.form(self, plan))
        yield Fragment("result", builder_form.result(self, plan))

    @property
    def current(self) -> bool:
        """Whether the form shows what was built."""
        return self._current

    @property
    def over(self) -> bool:
        """Whether what is shown was built: worth keeping in the notebook."""
        return self._current

    def watch(self, dirty: Callable[[], None]) -> Callable[[], None]:
        """Call `dirty` after each cell too: it may have made a track, or taken a name."""
        end = super().watch(dirty)
        shell = _shell()
        if shell is None:
            return end

        def ran(*_: Any) -> None:
            dirty()

        shell.events.register("post_run_cell", ran)

        def both() -> None:
            end()
            shell.events.unregister("post_run_cell", ran)

        return both

    def __repr__(self) -> str:
        plan = self.plan
        added = len(plan.tracks) + len(plan.transceivers) + len(plan.channels)
        return f"<Builder of {plan.name}, in the {plan.place}, {added} added>"


_ACTIONS: dict[str, Callable[[Builder, str, Any], None]] = {
    "name": Builder._set_name,
    "place": Builder._set_place,
    "policy": Builder._set_policy,
    "tick": Builder._tick,
    "transceiver-add": Builder._add_transceiver,
    "transceiver-direction": Builder._change_transceiver,
    "transceiver-remove": Builder._remove_transceiver,
    "channel-add": Builder._add_channel,
    "channel": Builder._change_channel,
    "channel-remove": Builder._remove_channel,
    "codec": Builder._change_codec,
    "codecs-reset": Builder._reset_codecs,
    "another": Builder._another,
}


def _shell() -> Any:
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


def _notebook() -> MutableMapping[str, Any]:
    """Return the notebook's variables; without a notebook those of the script."""
    shell = _shell()
    variables: MutableMapping[str, Any] = shell.user_ns if shell else vars(sys.modules["__main__"])
    return variables
