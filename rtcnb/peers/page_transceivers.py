"""The transceivers of a BrowserPeer, as far as the kernel knows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..media.track import Kind
from .codecs import Codec
from .transceiver import MadeBy, Sender, Transceiver

SENDING = {"recvonly": "sendrecv", "inactive": "sendonly"}


class PageTransceivers:
    """Each by the handle that the page has for its sender.

    Parameters
    ----------
    name : str
        Of the peer.
    post : callable
        Calls a method of the page's peer without waiting.
    """

    def __init__(self, name: str, post: Callable[..., None]) -> None:
        self._name, self._post = name, post
        self._known: dict[str, Transceiver] = {}
        self._used: list[Transceiver] = []  # have sent: another track gets another transceiver

    def all(self) -> list[Transceiver]:
        """Return them in the order in which they were made."""
        return list(self._known.values())

    def sending(self, given: Any, kind: Kind, handle: str) -> Sender:
        """Take note of a track that was added; as in the page, one that has not sent yet takes it up."""
        idle = (t for t in self.all() if t.kind == kind and t not in self._used and _sends_nothing(t))
        found = next(idle, None) or self.made(kind, "sendrecv", handle, "addTrack")
        found.sender = Sender(self._name, given, handle)
        found.direction = SENDING.get(found.direction, found.direction)
        return found.sender

    def made(
        self, kind: Kind, direction: str, handle: str, made_by: MadeBy, given: Any = None
    ) -> Transceiver:
        """Take note of a transceiver."""

        def prefer(codecs: list[Codec]) -> None:
            self._post("setCodecPreferences", handle, codecs)

        sender = Sender(self._name, given, handle)
        self._known[handle] = Transceiver(kind, direction, None, sender, handle, made_by, prefer=prefer)
        return self._known[handle]

    def removed(self, sender: Sender) -> None:
        """Take note of a track that is no longer sent."""
        sender.track = None
        self._used += [t for t in self.all() if t.sender is sender]

    def arrived(self, kind: Kind, direction: str, mid: str | None, handle: str) -> Transceiver:
        """Return one that the page tells of, as it stands."""
        of_sender = (t for t in self.all() if t.sender is not None and t.sender.handle == handle)
        found = self._known.get(handle) or next(of_sender, None)
        found = found or self.made(kind, direction, handle, "setRemoteDescription")
        found.direction, found.mid = direction, mid
        return found


def _sends_nothing(transceiver: Transceiver) -> bool:
    return transceiver.sender is not None and transceiver.sender.track is None
