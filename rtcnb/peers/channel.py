"""DataChannel: text and bytes between two peers, the same object for both kinds (webrtc-pc section 6.2)."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from .. import trace as traces
from ..errors import ChannelError, InvalidState
from ..runtime import loop
from ..runtime.emitter import Emitter

if TYPE_CHECKING:
    from .peer import Peer

BACKLOG = 1000  # messages kept for `async for`; the oldest are dropped
DEFAULT_MAX_MESSAGE_BYTES = 65536  # RFC 8841 section 6: what holds where no a=max-message-size is said


class Backend(Protocol):
    """What a kind of peer does for its channels."""

    def send(self, data: str | bytes) -> None:
        """Send one message."""

    def close(self) -> None:
        """Close the channel."""

    def buffered_amount(self) -> int | None:
        """Return the bytes not yet sent, or None where only events tell."""


def checked_options(label: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of ``createDataChannel``, checked as the standard does.

    Raises
    ------
    ChannelError
        An unknown option, or two that exclude each other.
    """
    known = {"ordered", "maxPacketLifeTime", "maxRetransmits", "protocol", "negotiated", "id"}
    if not isinstance(label, str):
        raise ChannelError(f"createDataChannel: the label must be text, not {type(label).__name__}.")
    unknown = set(options) - known
    if unknown:
        raise ChannelError(
            f"createDataChannel: no option {', '.join(sorted(unknown))}. There are {', '.join(sorted(known))}."
        )
    if options.get("maxPacketLifeTime") is not None and options.get("maxRetransmits") is not None:
        raise ChannelError(
            "createDataChannel: give maxPacketLifeTime (milliseconds) or maxRetransmits (a count), not both."
        )
    if options.get("negotiated") and options.get("id") is None:
        raise ChannelError("createDataChannel: a negotiated channel needs the same id on both sides: id=0.")
    return {k: v for k, v in options.items() if v is not None}


class DataChannel(Emitter):
    """A channel for messages.

    Iterate over it for the messages, text as str and binary as bytes: ``async for message in channel``. It
    ends when the channel closes. Events: ``open``, ``message`` (``event.data``), ``close``, ``error``,
    ``bufferedamountlow``.

    Attributes
    ----------
    peer, label, protocol : str
        The peer's name, and what the channel was made with.
    ordered, negotiated : bool
    maxPacketLifeTime : int or None
        Milliseconds.
    maxRetransmits, id : int or None
    readyState : {"connecting", "open", "closing", "closed"}
    dropped : int
        Messages that nobody iterated over and that found no more room.
    """

    EVENTS: ClassVar[frozenset[str]] = frozenset({"open", "message", "close", "error", "bufferedamountlow"})

    def __init__(
        self, peer: Peer, label: str, options: dict[str, Any], ready_state: str = "connecting"
    ) -> None:
        super().__init__()
        self.label = label
        self.ordered: bool = options.get("ordered", True)
        self.maxPacketLifeTime: int | None = options.get("maxPacketLifeTime")
        self.maxRetransmits: int | None = options.get("maxRetransmits")
        self.protocol: str = options.get("protocol", "")
        self.negotiated: bool = options.get("negotiated", False)
        self.id: int | None = options.get("id")
        self.readyState = ready_state
        self.dropped = 0
        self.peer = peer.name
        self._peer = peer
        self._backend: Backend | None = None
        self._buffered_bytes = 0
        self._messages: deque[str | bytes] = deque()
        self._changed = asyncio.Event()

    def __repr__(self) -> str:
        return f"<DataChannel {self.label!r} of {self._peer.name}: {self.readyState}>"

    @property
    def bufferedAmount(self) -> int:
        """Bytes given to `send` that have not left yet; of a page's channel, as of its last event."""
        live = self._backend.buffered_amount() if self._backend is not None else None
        return self._buffered_bytes if live is None else live

    def send(self, data: str | bytes | bytearray | memoryview) -> None:
        """Send one message, text or binary.

        Raises
        ------
        InvalidState
            The channel is not open.
        ChannelError
            Neither text nor bytes, or larger than the other side takes.
        """
        if isinstance(data, bytearray | memoryview):
            data = bytes(data)
        if not isinstance(data, str | bytes):
            raise ChannelError(
                f"{self.label}.send(): a message is text or bytes, not {type(data).__name__}. For an object: "
                "send(json.dumps(...)); for an array: send(array.tobytes())."
            )
        if self.readyState != "open" or self._backend is None:
            raise InvalidState(
                f"{self.label}.send(): the channel is {self.readyState}. {self._why_not_open()}"
            )
        size = len(data.encode()) if isinstance(data, str) else len(data)
        limit = self._max_message_bytes()
        if limit and size > limit:
            raise ChannelError(
                f"{self.label}.send(): {size} bytes, and the other side takes at most {limit} a message "
                "(a=max-message-size in its description). Send it in pieces."
            )
        self._record("sent", size)
        self._buffered_bytes += size
        self._backend.send(data)

    def close(self) -> None:
        """Close the channel; messages on their way may be lost."""
        if self.readyState in ("closing", "closed") or self._backend is None:
            return
        self.readyState = "closing"
        self._backend.close()

    async def wait_open(self, timeout: float = 10.0) -> None:
        """Wait until messages can be sent.

        Raises
        ------
        ChannelError
            It was closed, or did not open within `timeout` seconds.
        """
        await loop.run(self._wait_open(timeout))

    async def _wait_open(self, timeout: float) -> None:
        try:
            async with asyncio.timeout(timeout):
                while self.readyState == "connecting":
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            pass
        if self.readyState != "open":
            raise ChannelError(f"The channel {self.label!r} is {self.readyState}. {self._why_not_open()}")

    def __aiter__(self) -> DataChannel:
        return self

    async def __anext__(self) -> str | bytes:
        message = await loop.run(self._next())
        if message is None:
            raise StopAsyncIteration
        return message

    async def _next(self) -> str | bytes | None:
        while not self._messages:
            if self.readyState == "closed":
                return None
            self._changed.clear()
            await self._changed.wait()
        return self._messages.popleft()

    def _why_not_open(self) -> str:
        if self.readyState != "connecting":
            return "Make a new one with createDataChannel()."
        local = self._peer.localDescription
        if local is not None and not any(m.kind == "application" for m in local.document.media):
            return "The SDP never negotiated SCTP (no m=application). Do one more offer/answer."
        return "It opens once the peers are connected: await channel.wait_open()."

    def _max_message_bytes(self) -> int:
        """Return what the other side takes; 0 is any size (RFC 8841 section 6)."""
        remote = self._peer.remoteDescription
        for media in remote.document.media if remote is not None else []:
            line = media.line("max-message-size")
            if media.kind == "application" and line is not None:
                value = line.attribute_value or ""
                return int(value) if value.isdecimal() and len(value) < 16 else DEFAULT_MAX_MESSAGE_BYTES
        return DEFAULT_MAX_MESSAGE_BYTES

    def _record(self, action: str, size_bytes: int = 0) -> None:
        event = traces.ChannelEvent(
            time=time.monotonic(),
            peer=self._peer.name,
            label=self.label,
            action=action,
            size_bytes=size_bytes,
        )
        self._peer._own_trace.append(event)

    # -- what the backend tells, on the background loop

    def _attach(self, backend: Backend) -> None:
        self._backend = backend

    def _opened(self) -> None:
        if self.readyState == "connecting":
            self.readyState = "open"
            self._record("open")
            self.emit("open")
            self._changed.set()

    def _received(self, data: str | bytes) -> None:
        if len(self._messages) >= BACKLOG:
            self._messages.popleft()
            self.dropped += 1
        self._messages.append(data)
        self._record("received", len(data.encode()) if isinstance(data, str) else len(data))
        self.emit("message", data=data)
        self._changed.set()

    def _failed(self, reason: str) -> None:
        self._record("error")
        self.emit("error", error=ChannelError(f"The channel {self.label!r} failed: {reason}"))

    def _closed(self) -> None:
        if self.readyState != "closed":
            self.readyState = "closed"
            self._record("closed")
            self.emit("close")
            self._changed.set()
