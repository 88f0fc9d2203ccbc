"""The transceivers of a KernelPeer: ours for each of aiortc's, and aiortc's codecs."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from aiortc import RTCRtpReceiver

from ..media.track import Kind
from .codecs import Codec, chosen
from .transceiver import MadeBy, Sender, Transceiver

if TYPE_CHECKING:
    from .kernel import KernelPeer

NOT_SENDING = {"sendrecv": "recvonly", "sendonly": "inactive"}


def capabilities_of(kind: Kind) -> list[tuple[Codec, Any]]:
    """Return aiortc's codecs in its own order: as the W3C tells them, beside aiortc's own object."""
    return [(_told(codec), codec) for codec in RTCRtpReceiver.getCapabilities(kind).codecs]


def _told(codec: Any) -> Codec:
    line = ";".join(f"{name}={value}" for name, value in codec.parameters.items())
    members = {
        "mimeType": codec.mimeType,
        "clockRate": codec.clockRate,
        "channels": codec.channels,
        "sdpFmtpLine": line,
    }
    return {name: value for name, value in members.items() if value}


class KernelTransceivers:
    """Ours for each of aiortc's, always the same one; used on the background loop."""

    def __init__(self, peer: KernelPeer) -> None:
        self._peer = peer
        self._ours: dict[Any, Transceiver] = {}

    def all(self) -> list[Transceiver]:
        """Return them in the order in which they were made."""
        return [self.of(theirs) for theirs in self._peer._pc.getTransceivers()]

    def of(self, theirs: Any, made_by: MadeBy = "setRemoteDescription", given: Any = None) -> Transceiver:
        """Return ours for one of aiortc's, as it stands."""
        ours = self._ours.get(theirs)
        if ours is None:
            sender = Sender(self._peer.name, given, theirs.sender)
            prefer = functools.partial(self._prefer, theirs)
            ours = Transceiver(theirs.kind, theirs.direction, None, sender, theirs, made_by, prefer=prefer)
            self._ours[theirs] = ours
        ours.direction, ours.mid = theirs.direction, theirs.mid
        return ours

    def sending(self, given: Any, their_sender: Any) -> Sender:
        """Return our sender for one of aiortc's, which sends what was given from now on."""
        theirs = next(t for t in self._peer._pc.getTransceivers() if t.sender is their_sender)
        ours = self.of(theirs, "addTrack")
        if ours.sender is None or ours.sender.track is not None:
            ours.sender = Sender(self._peer.name, given, their_sender)
        ours.sender.track = given
        return ours.sender

    def removed(self, sender: Sender) -> None:
        """Have a sender send nothing more."""
        sender.handle.replaceTrack(None)
        sender.track = None
        for theirs in self._peer._pc.getTransceivers():
            if theirs.sender is sender.handle:
                theirs.direction = NOT_SENDING.get(theirs.direction, theirs.direction)

    def usable(self, names: dict[str, set[str]]) -> dict[str, set[str]]:
        """Return the names of codecs by kind, without those that every transceiver of that kind forbids."""
        found = dict(names)
        for kind in names:
            preferred = [ours.preferred for ours in self._ours.values() if ours.kind == kind]
            if preferred and all(preferred):
                allowed = {
                    codec["mimeType"].partition("/")[2].lower() for each in preferred for codec in each
                }
                found[kind] = {name for name in names[kind] if name.lower() in allowed}
        return found

    def _prefer(self, theirs: Any, wanted: list[Codec]) -> None:
        known = capabilities_of(theirs.kind)
        codecs = chosen(wanted, [told for told, _ in known], self._peer.name)
        objects = [next(codec for told, codec in known if told == each) for each in codecs]
        self._peer._quick("setCodecPreferences", lambda: theirs.setCodecPreferences(objects))
