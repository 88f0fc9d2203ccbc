"""When a kernel peer needs another offer (W3C webrtc-pc section 4.7.3); aiortc does not tell."""

from __future__ import annotations

from collections.abc import Callable

from ..sdp import SessionDescription
from .aiortc_internals import TricklingConnection


class NegotiationNeeded:
    """Fires once, when stable, for what no description has carried yet.

    Parameters
    ----------
    connection : TricklingConnection
    local : callable
        Returns the local description as it was set, or None.
    fire : callable
        Called when an offer is needed.
    """

    def __init__(
        self,
        connection: TricklingConnection,
        local: Callable[[], SessionDescription | None],
        fire: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._local = local
        self._fire = fire
        self._fired = False

    def look(self) -> None:
        """Fire if something was added or changed; once until the next `reset`."""
        if self._connection.signalingState == "stable" and not self._fired and self._needed():
            self._fired = True
            self._fire()

    def reset(self) -> None:
        """Begin anew: an exchange has ended."""
        self._fired = False
        self.look()

    def _needed(self) -> bool:
        pc = self._connection
        if pc.sctp is not None and pc.sctp.mid is None:
            return True
        local = self._local()
        said = {m.mid: m.direction for m in local.document.media} if local is not None else {}
        transceivers = [t for t in pc.getTransceivers() if not t.stopped]
        return any(t.mid is None or _sends(t.direction) != _sends(said.get(t.mid)) for t in transceivers)


def _sends(direction: str | None) -> bool:
    return direction in ("sendrecv", "sendonly")
