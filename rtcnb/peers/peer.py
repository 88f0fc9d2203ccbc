"""Peer: what both ends of a call promise, by the W3C's names (webrtc-pc section 4.4)."""

from __future__ import annotations

import asyncio
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, ClassVar, Literal, TypeVar

from .. import trace as traces
from ..errors import DescriptionError, InvalidState, PeerError, RtcnbError
from ..media.track import KernelTrack, Kind, PageTrack
from ..runtime import loop
from ..runtime.emitter import Emitter
from ..sdp import Candidate, SessionDescription
from . import refusals
from .own_trace import OwnTrace
from .transceiver import DIRECTIONS, Sender, Transceiver
from .waiting import Work, until_connected

T = TypeVar("T")
Track = KernelTrack | PageTrack

STATES = {
    "signalingState": "stable",
    "iceGatheringState": "new",
    "iceConnectionState": "new",
    "connectionState": "new",
}
CANDIDATE_TIMEOUT = 30.0
COLOURS = 6  # in web/theme.css; a name keeps its own


class Peer(Emitter, ABC):
    """One end of a call. `BrowserPeer` lives in the page, `KernelPeer` in this kernel.

    Parameters
    ----------
    name : str
        How it appears on every view. A peer made again under a name closes the older one.
    trace : Trace, optional
        Where everything is written down; the notebook's current trace by default.
    """

    EVENTS: ClassVar[frozenset[str]] = frozenset(
        {
            "connectionstatechange",
            "datachannel",
            "icecandidate",
            "icecandidateerror",
            "iceconnectionstatechange",
            "icegatheringstatechange",
            "negotiationneeded",
            "signalingstatechange",
            "track",
        }
    )
    place: ClassVar[Literal["page", "kernel"]]
    _colours: ClassVar[dict[str, int]] = {}
    _named: ClassVar[weakref.WeakValueDictionary[str, Peer]] = weakref.WeakValueDictionary()

    def __init__(self, name: str, trace: traces.Trace | None = None) -> None:
        super().__init__()
        self.name = name
        self.trace = trace if trace is not None else traces.current()
        self._own_trace = OwnTrace(self.trace)
        self._states = dict(STATES)
        self._local: SessionDescription | None = None
        self._remote: SessionDescription | None = None
        self._created: SessionDescription | None = None
        self._created_and_set: SessionDescription | None = None
        self._negotiation_needed = False
        self._candidates: list[Candidate] = []
        self._tracks: dict[tuple[Kind, int], Track] = {}
        self._channels_made: list[Any] = []  # by createDataChannel here
        self._changes: set[asyncio.Future[None]] = set()
        self._work = Work()
        self._operations = asyncio.Lock()
        self._observers: list[Callable[[], None]] = []
        self._held: list[Candidate] | None = None  # what a page may tell before its description is noted here
        self._outlets: list[
            Callable[[SessionDescription | Candidate], None]
        ] = []  # wires, on the background loop
        self.colour = Peer._colours.setdefault(name, len(Peer._colours) % COLOURS)
        older = Peer._named.get(name)
        Peer._named[name] = self
        if older is not None:
            if older.trace is self.trace:
                older._own_trace.end()
            loop.submit(older._close_quietly())

    # -- state

    @property
    def signalingState(self) -> str:
        """``stable``, ``have-local-offer``, ``have-remote-offer``, ... or ``closed``."""
        return self._states["signalingState"]

    @property
    def iceGatheringState(self) -> str:
        """``new``, ``gathering`` or ``complete``."""
        return self._states["iceGatheringState"]

    @property
    def iceConnectionState(self) -> str:
        """``new``, ``checking``, ``connected``, ``completed``, ``disconnected``, ``failed`` or ``closed``."""
        return self._states["iceConnectionState"]

    @property
    def connectionState(self) -> str:
        """``new``, ``connecting``, ``connected``, ``disconnected``, ``failed`` or ``closed``."""
        return self._states["connectionState"]

    @property
    def localDescription(self) -> SessionDescription | None:
        """The description set last on this side, with the candidates gathered so far."""
        return self._local

    @property
    def remoteDescription(self) -> SessionDescription | None:
        """The other side's description, with the candidates added so far."""
        return self._remote

    def __repr__(self) -> str:
        states = ", ".join(f"{k.removesuffix('State')} {v}" for k, v in self._states.items())
        return f"<{type(self).__name__} {self.name}: {states}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        from .peer_view import bundle

        return bundle(self, **kwargs)

    def _set_state(self, state: str, value: str) -> None:
        old = self._states[state]
        if value == old:
            return
        self._states[state] = value
        if value == "stable":
            self._negotiation_needed = False  # and perhaps again, when the event comes
        self._record(traces.StateChange, state=state, old=old, new=value)
        self.emit(state.lower() + "change")
        self._changed()

    def _changed(self) -> None:
        waiting, self._changes = self._changes, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)
        for observer in list(self._observers):
            observer()

    async def _until(self, condition: Callable[[], T], timeout: float) -> T:
        """Wait on the background loop until `condition()` is true; TimeoutError after `timeout` seconds."""
        async with asyncio.timeout(timeout):
            while not (result := condition()):
                future = asyncio.get_running_loop().create_future()
                self._changes.add(future)
                try:
                    await future
                finally:
                    self._changes.discard(future)
        return result

    def _record(self, event: Callable[..., Any], **members: Any) -> None:
        self._own_trace.append(event(**{"time": time.monotonic(), "peer": self.name, **members}))

    def _needs_negotiation(self) -> None:
        self._negotiation_needed = True
        self.emit("negotiationneeded")
        self._changed()

    def _made(self, configuration: dict[str, Any]) -> None:
        self._transport_policy = str(configuration.get("iceTransportPolicy", "all"))
        self._record(traces.PeerEvent, place=self.place, configuration=configuration)

    def _use_transport_policy(self, policy: str) -> None:
        """Gather by another ``iceTransportPolicy`` from now on."""
        self._transport_policy = policy
        self._gather_by(policy)
        self._record(
            traces.PeerEvent,
            action="configured",
            place=self.place,
            configuration={"iceTransportPolicy": policy},
        )

    def _note(self, text: str) -> None:
        self._record(traces.Note, text=text)

    def _record_set(self, side: Literal["local", "remote"], given: SessionDescription, begun: float) -> None:
        """Write down a description that took effect, beside what was created here where that is another."""
        created = self._created if side == "local" else None
        if created is not None and (created.type != given.type or created.sdp == given.sdp):
            created = None
        if side == "local":  # before the trace says so: what reads it asks then what may be done next
            self._created_and_set = self._created
        self._record(traces.DescriptionSet, time=begun, side=side, description=given, created=created)
        if side == "local" and given.type != "rollback":
            self._send(given)

    def _send(self, content: SessionDescription | Candidate) -> None:
        if self._held is not None and isinstance(content, Candidate):
            self._held.append(content)
            return
        for outlet in list(self._outlets):
            outlet(content)

    async def _do(
        self, method: str, arguments: tuple[str, ...], operation: Callable[[], Awaitable[T]], given: str = ""
    ) -> T:
        """Run one operation after the other (webrtc-pc 4.4.1.2) on the background loop, and record it."""

        async def chained() -> T:
            async with self._operations:
                if self.signalingState == "closed" and method != "close":
                    raise refusals.closed(self.name, method)
                return await operation()

        try:
            result = await loop.run(self._work.of(chained()))
        except RtcnbError as error:
            first_line = str(error).partition("\n")[0]
            refused = {"outcome": "error", "error": first_line, "given": given}
            self._record(traces.ApiCall, method=method, arguments=arguments, **refused)
            raise
        self._record(traces.ApiCall, method=method, arguments=arguments, outcome="ok", error="")
        return result

    def _read(self, method: str, given: Any) -> SessionDescription:
        """Return a description that was given; what is none is refused, and stands in the trace."""
        try:
            return SessionDescription.from_any(given)
        except DescriptionError as error:
            said, text = str(error).partition("\n")[0], given.get("sdp") if isinstance(given, dict) else given
            self._record(traces.ApiCall, method=method, outcome="error", error=said, given=str(text))
            raise

    # -- what both kinds do alike

    def track(self, kind: Kind = "video", index: int = 0) -> Any:
        """Return what the other side sends of this kind; it may be asked for before it arrives.

        Parameters
        ----------
        kind : {"video", "audio"}
        index : int
            0 for the first track of that kind.
        """
        if kind not in ("video", "audio"):
            raise PeerError(f"{self.name}.track({kind!r}): a track is 'video' or 'audio'.")
        return self._tracks.setdefault((kind, index), self._new_track(kind, index))

    async def candidates(self, timeout: float = CANDIDATE_TIMEOUT) -> AsyncIterator[Candidate]:
        """Iterate over this peer's candidates, from the first; the last one is end-of-candidates.

        It ends early when the peer is closed.

        Parameters
        ----------
        timeout : float
            Seconds to wait for each.

        Raises
        ------
        InvalidState
            No local description is set: gathering begins with ``setLocalDescription``.
        PeerError
            Nothing came within `timeout`.
        """
        if self.localDescription is None:
            raise InvalidState(
                f"{self.name}.candidates(): {self.name} has no local description. Gathering begins with "
                "setLocalDescription(); call that first."
            )
        if not self.localDescription.document.media:
            return
        position = 0
        while True:
            candidate = await loop.run(self._candidate_at(position, timeout))
            if candidate is None:
                return
            yield candidate
            position += 1
            if candidate.is_end:
                return

    async def _candidate_at(self, position: int, timeout: float) -> Candidate | None:
        try:
            await self._until(
                lambda: len(self._candidates) > position or self.signalingState == "closed", timeout
            )
        except TimeoutError:
            raise PeerError(
                f"{self.name} gathered no further candidate within {timeout:g} s and did not finish either. "
                "A STUN or TURN server may not answer; try without iceServers."
            ) from None
        return self._candidates[position] if len(self._candidates) > position else None

    async def wait_connected(self, timeout: float = 10.0) -> None:
        """Wait until ``connectionState`` is ``connected``.

        Raises
        ------
        ConnectionFailed
            It failed, or did not connect within `timeout` seconds; its findings say what is missing.
        """
        await loop.run(until_connected(self, timeout))

    async def wait_gathered(self, timeout: float = CANDIDATE_TIMEOUT) -> SessionDescription:
        """Wait until every candidate is known and return ``localDescription`` with all of them.

        That is the way without trickle: one description carries everything.
        """
        async for _ in self.candidates(timeout):
            pass
        if self.localDescription is None:
            raise refusals.closed(self.name, "wait_gathered")
        return self.localDescription

    async def close(self) -> None:
        """End the call. A second close does nothing, as the standard says (webrtc-pc 4.4.2); the trace notes it."""
        if self.signalingState == "closed":
            self._record(traces.Note, text=f"close(): {self.name} is closed already, so nothing happened")
            return
        await self._do("close", (), self._close)

    def _check_direction(self, direction: str) -> None:
        if direction not in DIRECTIONS:
            raise PeerError(
                f"{self.name}.addTransceiver(): direction {direction!r}; it is one of {', '.join(DIRECTIONS)}."
            )

    async def _close_quietly(self) -> None:
        try:
            await self.close()
        except RtcnbError:
            pass  # the page that held it may be gone: then it is closed already

    def _announce(self, channel: Any) -> None:
        """Tell of a channel that the other side made; that it is open, to those whom this told of it."""
        is_open = channel.readyState == "open"
        if is_open:
            channel._record("open")
        self.emit("datachannel", (lambda: channel.emit("open")) if is_open else None, channel=channel)

    def _gathered(self, candidate: Candidate) -> None:
        """Take note of one more local candidate, the last being end-of-candidates."""
        self._candidates.append(candidate)
        self._record(traces.CandidateEvent, action="gathered", candidate=candidate)
        self.emit("icecandidate", candidate=None if candidate.is_end else candidate)
        self._send(candidate)
        self._changed()

    # -- what each kind does its own way

    @abstractmethod
    def _new_track(self, kind: Kind, index: int) -> Track: ...

    @abstractmethod
    def addTrack(self, track: Any) -> Sender:
        """Send this track to the other side."""

    @abstractmethod
    def addTransceiver(self, trackOrKind: Any, direction: str = "sendrecv") -> Transceiver:
        """Reserve a section for this track, or for a kind of media."""

    @abstractmethod
    def getTransceivers(self) -> list[Transceiver]:
        """Return the transceivers (webrtc-pc section 5.1)."""

    @abstractmethod
    def removeTrack(self, sender: Sender) -> None:
        """Stop sending what `addTrack` added."""

    @abstractmethod
    def createDataChannel(self, label: str, **options: Any) -> Any:
        """Make a data channel (webrtc-pc section 6.1)."""

    @abstractmethod
    def createOffer(self, **options: Any) -> Coroutine[Any, Any, SessionDescription]:
        """Return an offer of everything that was added."""

    @abstractmethod
    def createAnswer(self) -> Coroutine[Any, Any, SessionDescription]:
        """Return the answer to the offer that was set."""

    @abstractmethod
    def setLocalDescription(self, description: Any = None) -> Coroutine[Any, Any, None]:
        """Set what this side proposes or answers; gathering begins."""

    @abstractmethod
    def setRemoteDescription(self, description: Any) -> Coroutine[Any, Any, None]:
        """Set what the other side proposes or answers."""

    @abstractmethod
    def addIceCandidate(self, candidate: Any = None) -> Coroutine[Any, Any, None]:
        """Add one of the other side's candidates; None or the last one is end-of-candidates."""

    @abstractmethod
    def getStats(self) -> Coroutine[Any, Any, dict[str, dict[str, Any]]]:
        """Return the statistics by id, members named as in webrtc-stats."""

    @abstractmethod
    def restartIce(self) -> None:
        """Ask for new ICE credentials with the next offer."""

    @abstractmethod
    def _gather_by(self, policy: str) -> None:
        """Have the connection take an ``iceTransportPolicy`` for what it gathers next."""

    @abstractmethod
    async def _close(self) -> None:
        """End the call, on the background loop."""
