"""Make the peer of a PeerPlan, as its generated Python would; and read the plan off a peer that exists."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from ..errors import PeerError, RtcnbError
from ..media.sources import TestPattern
from ..media.track import PageTrack
from ..peers.channel import DataChannel
from ..peers.peer import Peer
from ..peers.transceiver import Transceiver
from ..runtime import loop
from ..trace import PeerEvent
from .peer_code import by_variable, starts
from .peer_plan import (
    PeerPlan,
    Place,
    PlannedChannel,
    PlannedServer,
    PlannedTrack,
    PlannedTransceiver,
    with_variables,
)
from .peer_sources import Source, source_of, sources_in


async def build(plan: PeerPlan, namespace: MutableMapping[str, Any]) -> dict[str, Any]:
    """Make the peer, and bind it and what goes with it to their names.

    Returns
    -------
    dict of str to object
        What was bound, the peer last.

    Raises
    ------
    PeerError
        The plan cannot be carried out; nothing is bound then.
    RtcnbError
        What the peer, a device or the page had against it.
    """
    if problems := plan.problems(namespace):
        raise PeerError(" ".join(problems))
    tracks, made = await _sources(plan, namespace)
    peer = _peer(plan)
    try:
        made |= _fill(peer, plan, tracks)
        await _settled(peer)
    except RtcnbError:
        await peer.close()
        raise
    made[plan.variable] = peer
    namespace.update(made)
    return made


async def _sources(plan: PeerPlan, namespace: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the tracks by expression, started, and the test patterns by name that were made for them."""
    known = {source.planned.expression: source for source in sources_in(namespace)}
    tracks: dict[str, Any] = {}
    made: dict[str, Any] = {}
    for variable, planned in by_variable(plan).items():
        if planned[0].new:
            audio = any(t.kind == "audio" for t in planned)
            owner: Any = TestPattern(audio=audio, place=plan.place)
            made[variable] = owner
            tracks |= {t.expression: getattr(owner, t.kind) for t in planned}
        else:
            lost = [t.expression for t in planned if t.expression not in known]
            if lost:
                raise PeerError(f"{lost[0]} is gone from this notebook; untick it, or run its cell again.")
            owner = known[planned[0].expression].owner
            tracks |= {t.expression: known[t.expression].track for t in planned}
        if starts(planned[0]):
            await owner.start()
    return tracks, made


def _peer(plan: PeerPlan) -> Peer:
    from ..peers.browser import BrowserPeer
    from ..peers.kernel import KernelPeer

    kinds: dict[Place, type[Peer]] = {"page": BrowserPeer, "kernel": KernelPeer}
    kind: Any = kinds[plan.place]
    made: Peer = kind(plan.name, iceServers=[s.to_dict() for s in plan.servers], **plan.policies())
    return made


def _fill(peer: Peer, plan: PeerPlan, tracks: dict[str, Any]) -> dict[str, Any]:
    """Add what is to be added, in the order of the generated code; return the channels by name."""
    for track in plan.tracks:
        peer.addTrack(tracks[track.expression])
    for each in plan.transceivers:
        subject = each.kind if each.track is None else tracks[each.track.expression]
        peer.addTransceiver(subject, direction=each.direction)
    for kind, names in plan.codecs:
        for transceiver in peer.getTransceivers():
            if transceiver.kind == kind:
                transceiver.setCodecPreferences(list(names))
    return {c.variable: peer.createDataChannel(c.label, **c.options()) for c in plan.channels}


async def _settled(peer: Peer) -> None:
    """Wait until the page has done what it was told, so that what it refused is shown where it was pressed."""
    from ..peers.browser import BrowserPeer

    if isinstance(peer, BrowserPeer):
        await loop.run(peer._call("reply"))


# -- a peer that exists


def plan_of(peer: Peer, namespace: Mapping[str, Any]) -> PeerPlan:
    """Return how a peer was built: its configuration from the trace, the rest from what it has now.

    A trace keeps no credentials, so the plan has none; `PlannedServer.hidden` says where one was.
    """
    made = [e for e in peer.trace.select() if isinstance(e, PeerEvent) and e.peer == peer.name]
    created = [e for e in made if e.action == "created"]
    configuration = dict(created[-1].configuration) if created else {}
    sources = sources_in(namespace)
    transceivers = [t for t in peer.getTransceivers() if t.made_by == "addTransceiver"]
    sending = [t for t in peer.getTransceivers() if t.made_by != "addTransceiver" and _given(t) is not None]
    return PeerPlan(
        name=peer.name,
        place=peer.place,
        servers=tuple(map(_server, configuration.pop("iceServers", None) or ())),
        iceTransportPolicy=str(configuration.pop("iceTransportPolicy", "all")),
        bundlePolicy=str(configuration.pop("bundlePolicy", "balanced")),
        others=tuple(configuration.items()),
        tracks=tuple(_track(t, sources, peer) for t in sending),
        transceivers=tuple(_transceiver(t, sources, peer) for t in transceivers),
        codecs=_codecs(peer.getTransceivers()),
        channels=with_variables(map(_channel, peer._channels_made), peer.name, namespace),
    )


def _server(server: Mapping[str, Any]) -> PlannedServer:
    urls = server["urls"]
    listed = (urls,) if isinstance(urls, str) else tuple(map(str, urls))
    return PlannedServer(listed, hidden=any(url.startswith("turn") for url in listed))


def _given(transceiver: Transceiver) -> Any:
    return transceiver.sender.track if transceiver.sender is not None else None


def _track(transceiver: Transceiver, sources: list[Source], peer: Peer) -> PlannedTrack:
    given = _given(transceiver)
    found = source_of(given, [s for s in sources if s.planned.kind == transceiver.kind])
    if found is not None:
        return found.planned
    place: Place = "page" if isinstance(given, PageTrack) or peer.place == "page" else "kernel"
    return PlannedTrack("track", "track", transceiver.kind, place)  # under no name any more


def _transceiver(transceiver: Transceiver, sources: list[Source], peer: Peer) -> PlannedTransceiver:
    track = None if _given(transceiver) is None else _track(transceiver, sources, peer)
    return PlannedTransceiver(transceiver.kind, transceiver.direction, track)


def _codecs(transceivers: list[Transceiver]) -> tuple[Any, ...]:
    """Return the preferences by kind; of several sections, those of the first that has any."""
    found: dict[Any, tuple[str, ...]] = {}
    for transceiver in transceivers:
        if transceiver.preferred:
            names = dict.fromkeys(codec["mimeType"] for codec in transceiver.preferred)
            found.setdefault(transceiver.kind, tuple(names))
    return tuple(found.items())


def _channel(channel: DataChannel) -> PlannedChannel:
    return PlannedChannel(
        label=channel.label,
        ordered=channel.ordered,
        maxRetransmits=channel.maxRetransmits,
        maxPacketLifeTime=channel.maxPacketLifeTime,
        protocol=channel.protocol,
        negotiated=channel.negotiated,
        id=channel.id if channel.negotiated else None,
    )
