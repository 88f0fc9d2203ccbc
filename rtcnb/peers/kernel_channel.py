"""What aiortc does for a DataChannel of a KernelPeer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..runtime import loop
from .channel import DataChannel

if TYPE_CHECKING:
    from .kernel import KernelPeer


class KernelChannel:
    """The backend of a DataChannel: an aiortc RTCDataChannel."""

    def __init__(self, theirs: Any) -> None:
        self.theirs = theirs

    @staticmethod
    def wrap(peer: KernelPeer, theirs: Any) -> DataChannel:
        """Return our channel for one of aiortc's; runs on the background loop."""
        names = ("ordered", "maxPacketLifeTime", "maxRetransmits", "protocol", "negotiated", "id")
        ours = DataChannel(peer, theirs.label, {n: getattr(theirs, n) for n in names}, theirs.readyState)
        ours._attach(KernelChannel(theirs))
        theirs.on("message", ours._received)
        theirs.on("error", lambda error: ours._failed(str(error)))
        theirs.on("bufferedamountlow", lambda: ours.emit("bufferedamountlow"))

        def opened() -> None:
            ours.id = theirs.id
            ours._opened()

        theirs.on("open", opened)
        theirs.on("close", ours._closed)
        return ours

    def send(self, data: str | bytes) -> None:
        """Send one message."""
        loop.call(self.theirs.send, data)

    def close(self) -> None:
        """Close the channel."""
        loop.call(self.theirs.close)

    def buffered_amount(self) -> int:
        """Return the bytes not yet sent."""
        return int(self.theirs.bufferedAmount)
