"""PeerPlan: what a peer connection is to be made of; peer_code.py writes it down, peer_building.py makes it."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ..errors import RtcnbError
from ..media.track import Kind
from ..peers.channel import DataChannel, checked_options
from ..peers.ice_servers import checked, for_aiortc
from ..peers.peer import Peer

Place = Literal["page", "kernel"]
CLASSES: dict[Place, str] = {"page": "BrowserPeer", "kernel": "KernelPeer"}
POLICIES = {"iceTransportPolicy": "all", "bundlePolicy": "balanced"}  # their defaults (webrtc-pc section 4.2)
NOT_ALONE = frozenset({"rtx", "red", "ulpfec", "flexfec-03", "cn", "telephone-event"})  # repair, not a codec
OURS = frozenset(
    {"rtcnb", "os", "transceiver", "audio_codecs", "video_codecs"}
)  # names that the code itself uses
MOST_ID = 65534  # RFC 8832 section 6
MOST_COUNT = 65535  # webrtc-pc section 6.1: unsigned short


@dataclass(frozen=True)
class PlannedServer:
    """A STUN or TURN server.

    Attributes
    ----------
    urls : tuple of str
    username, credential : str
    hidden : bool
        There is a login, and nobody kept it: of a peer that exists already.
    """

    urls: tuple[str, ...]
    username: str = ""
    credential: str = field(default="", repr=False)
    hidden: bool = False

    @property
    def has_login(self) -> bool:
        """Whether it is one that wants to know who asks."""
        return self.hidden or any(url.startswith("turn") for url in self.urls)

    def to_dict(self) -> dict[str, Any]:
        """Return it as W3C's RTCIceServer, credential and all."""
        server: dict[str, Any] = {"urls": self.urls[0] if len(self.urls) == 1 else list(self.urls)}
        login = {"username": self.username, "credential": self.credential}
        return {**server, **{name: value for name, value in login.items() if value}}


@dataclass(frozen=True)
class PlannedTrack:
    """A track to be sent.

    Attributes
    ----------
    expression : str
        As a cell writes it: ``camera.video``.
    variable : str
        The name in it that the notebook has, or that a new source is to get.
    kind : {"audio", "video"}
    place : {"page", "kernel"}
        Where it lives.
    source : str
        ``camera``, ``microphone``, ``screen``, ``pattern``, ``remote``, or ``track`` for any other.
    constraints : str
        What getUserMedia or getDisplayMedia is asked for, as JSON.
    new : bool
        It is a test pattern that is to be made too.
    """

    expression: str
    variable: str
    kind: Kind
    place: Place
    source: str = "track"
    constraints: str = ""
    new: bool = False


@dataclass(frozen=True)
class PlannedTransceiver:
    """A section that is reserved for a kind, or for a track."""

    kind: Kind = "video"
    direction: str = "sendrecv"
    track: PlannedTrack | None = None


@dataclass(frozen=True)
class PlannedChannel:
    """A data channel, with W3C's RTCDataChannelInit.

    Attributes
    ----------
    label : str
    variable : str
        The name that it gets in the notebook.
    """

    label: str
    variable: str = ""
    ordered: bool = True
    maxRetransmits: int | None = None
    maxPacketLifeTime: int | None = None  # milliseconds
    protocol: str = ""
    negotiated: bool = False
    id: int | None = None

    def options(self) -> dict[str, Any]:
        """Return the options that are not the default."""
        options: dict[str, Any] = {}
        if not self.ordered:
            options["ordered"] = False
        limits = {"maxRetransmits": self.maxRetransmits, "maxPacketLifeTime": self.maxPacketLifeTime}
        options |= {name: value for name, value in limits.items() if value is not None}
        if self.protocol:
            options["protocol"] = self.protocol
        if self.negotiated:
            options |= {"negotiated": True, "id": self.id}
        return options


@dataclass(frozen=True)
class Section:
    """A media section that the first offer will have."""

    kind: str
    direction: str
    what: str


@dataclass(frozen=True)
class PeerPlan:
    """What a peer connection is to be made of.

    Attributes
    ----------
    name : str
        Of the peer, and of the variable that holds it.
    place : {"page", "kernel"}
    servers : tuple of PlannedServer
    iceTransportPolicy, bundlePolicy : str
    others : tuple of (str, object)
        Further members of RTCConfiguration.
    tracks : tuple of PlannedTrack
    transceivers : tuple of PlannedTransceiver
    codecs : tuple of (kind, tuple of str)
        The MIME types in order of preference, of the kinds where it is not the default.
    channels : tuple of PlannedChannel
    """

    name: str = "alice"
    place: Place = "page"
    servers: tuple[PlannedServer, ...] = ()
    iceTransportPolicy: str = "all"
    bundlePolicy: str = "balanced"
    others: tuple[tuple[str, Any], ...] = ()
    tracks: tuple[PlannedTrack, ...] = ()
    transceivers: tuple[PlannedTransceiver, ...] = ()
    codecs: tuple[tuple[Kind, tuple[str, ...]], ...] = ()
    channels: tuple[PlannedChannel, ...] = ()

    @property
    def variable(self) -> str:
        """The variable that holds the peer: its name, made into one where it is none."""
        return identifier(self.name, "peer")

    @property
    def sources(self) -> list[PlannedTrack]:
        """Every track, those of transceivers too."""
        return [*self.tracks, *(t.track for t in self.transceivers if t.track is not None)]

    def policies(self) -> dict[str, Any]:
        """Return the members of RTCConfiguration that are not the default, apart from ``iceServers``."""
        asked = {"iceTransportPolicy": self.iceTransportPolicy, "bundlePolicy": self.bundlePolicy}
        return {n: v for n, v in asked.items() if v != POLICIES[n]} | dict(self.others)

    def sections(self) -> list[Section]:
        """Return what the first offer will have, in its order (RFC 9429 section 5.2.1)."""
        found = [Section(t.kind, "sendrecv", f"sends {t.expression}") for t in self.tracks]
        for each in self.transceivers:
            what = f"sends {each.track.expression}" if each.track else "reserved"
            found.append(Section(each.kind, each.direction, what))
        if self.channels:
            labels = ", ".join(channel.label or "(no label)" for channel in self.channels)
            found.append(Section("application", "", f"data channels: {labels}"))
        return found

    def problems(self, namespace: Mapping[str, Any]) -> list[str]:
        """Return what keeps it from being made, a sentence each."""
        found = [name_problem(self.name, namespace)]
        found += [_server_problem(server, self.place) for server in self.servers]
        found += [
            f"{t.expression} lives in the {t.place}, and this peer in the {self.place}."
            for t in self.sources
            if t.place != self.place
        ]
        found += [
            f"{t.expression} is under no name in this notebook any more: untick it, or bind it again."
            for t in self.sources
            if not t.new and t.variable not in namespace
        ]
        found += [_codec_problem(kind, names) for kind, names in self.codecs]
        found += [_channel_problem(channel) for channel in self.channels]
        ids = [c.id for c in self.channels if c.negotiated and c.id is not None]
        if len(set(ids)) < len(ids):
            found.append("Two negotiated channels have the same id; each needs its own.")
        return [sentence for sentence in found if sentence]

    def notes(self) -> list[str]:
        """Return what will not be as asked, or is of no use, a sentence each."""
        found: list[str] = []
        if self.place == "kernel" and not any(_server_problem(s, self.place) for s in self.servers):
            found += for_aiortc([server.to_dict() for server in self.servers])[1]
        if self.iceTransportPolicy == "relay" and not any(server.has_login for server in self.servers):
            found.append(
                "iceTransportPolicy relay without a TURN server: there will be no candidates at all."
            )
        if not self.sections():
            found.append(
                "Nothing is added: this peer can answer an offer, but its own would have no sections."
            )
        return found


def name_problem(name: str, namespace: Mapping[str, Any]) -> str:
    """Return why a peer cannot be bound to this name, or nothing."""
    if not name:
        return "The peer needs a name; it becomes a variable of the notebook."
    if not name.isidentifier() or keyword.iskeyword(name):
        return f"{name[:40]!r} is no Python name: letters, digits and _, no digit first, no word of the language."
    if name in OURS or hasattr(builtins, name):
        return f"{name!r} is a name that Python code here needs for something else; choose another."
    if name in namespace and not isinstance(namespace[name], Peer):
        held = type(namespace[name]).__name__
        return (
            f"{name!r} holds a {held} in this notebook, which the peer would displace; choose another name."
        )
    return ""


def identifier(text: str, otherwise: str) -> str:
    """Return a Python name that is like `text`."""
    name = re.sub(r"\W", "_", text.strip(), flags=re.ASCII).strip("_")[:40]
    if not name or name[0].isdigit():
        name = f"{otherwise}_{name}" if name else otherwise
    name = text if text.isidentifier() else name
    return f"{name}_" if keyword.iskeyword(name) or hasattr(builtins, name) or name in OURS else name


def free_name(wanted: str, taken: Mapping[str, Any], ours: Callable[[Any], bool]) -> str:
    """Return `wanted`, with a number where that name holds something that may not be displaced."""
    name, number = wanted, 1
    while name in taken and not ours(taken[name]):
        number += 1
        name = f"{wanted}_{number}"
    return name


def with_variables(
    channels: Iterable[PlannedChannel], peer: str, taken: Mapping[str, Any]
) -> tuple[PlannedChannel, ...]:
    """Return the channels of a peer, each with a variable of its own, named for its label."""
    used: dict[str, Any] = {**taken, identifier(peer, "peer"): None}
    named = []
    for channel in channels:
        ours = lambda held: isinstance(held, DataChannel) and held.peer == peer  # noqa: E731
        variable = free_name(identifier(channel.label, "channel"), used, ours)
        used[variable] = None
        named.append(replace(channel, variable=variable))
    return tuple(named)


def _server_problem(server: PlannedServer, place: Place) -> str:
    if not server.urls:
        return "An ICE server has no address yet: stun:host:port or turn:host:port."
    if server.hidden and not server.credential:
        return f"The login of {server.urls[0]} is kept nowhere: type it again to build with it."
    try:
        checked([server.to_dict()])
        if place == "kernel":
            for_aiortc([server.to_dict()])
    except RtcnbError as error:
        return str(error)
    return ""


def _codec_problem(kind: Kind, names: tuple[str, ...]) -> str:
    if all(name.partition("/")[2].lower() in NOT_ALONE for name in names):
        return f"No {kind} codec is left: rtx, red and the like only repair what a codec sends."
    return ""


def _channel_problem(channel: PlannedChannel) -> str:
    try:
        checked_options(channel.label, channel.options())
    except RtcnbError as error:
        return str(error)
    if channel.negotiated and not 0 <= (channel.id or 0) <= MOST_ID:
        return f"The id of a negotiated channel is from 0 to {MOST_ID}, not {channel.id}."
    for name in ("maxRetransmits", "maxPacketLifeTime"):
        if not 0 <= (getattr(channel, name) or 0) <= MOST_COUNT:
            return f"{name} is from 0 to {MOST_COUNT}, not {getattr(channel, name)}."
    return ""
