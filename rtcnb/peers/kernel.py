"""KernelPeer: the end of a call that lives in this kernel, an aiortc RTCPeerConnection.

What aiortc lacks is said instead of hidden: no ICE restart, no rollback, no simulcast, one STUN and one TURN
server. Its description comes back at once, without candidates, and they follow by event and by
`candidates()`; aioice begins its own checks only when all its gathering is done (see aiortc_internals).
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
import warnings
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from aiortc import InvalidAccessError, InvalidStateError

from .. import trace as traces
from ..errors import DescriptionError, InvalidState, NotSupported, PeerError, WrongTrack
from ..media.outgoing import Outgoing
from ..media.track import KernelTrack, Kind
from ..runtime import loop
from ..sdp import Candidate, SessionDescription
from . import refusals
from .aiortc_internals import TricklingConnection, statistics_of
from .aiortc_types import codec_names, server_error, to_configuration, to_session_description
from .channel import DataChannel, checked_options
from .ice_servers import checked, for_aiortc
from .instruments import Reporter, dropped
from .kernel_channel import KernelChannel
from .kernel_statistics import add_tracks
from .kernel_transceivers import KernelTransceivers
from .negotiation import NegotiationNeeded
from .peer import STATES, Peer
from .remote_candidates import RemoteCandidates
from .tracks import kernel_track_of
from .transceiver import Sender, Transceiver


class KernelPeer(Peer):
    """A peer in the kernel.

    Parameters
    ----------
    name : str
        How it appears on every view. A peer made again under a name closes the older one.
    iceServers : list of dict
        As in W3C's RTCConfiguration: ``[{"urls": "stun:..."}]``. None by default. aiortc uses one STUN and
        one TURN server; the others are named in a warning.
    iceTransportPolicy : {"all", "relay"}
    bundlePolicy : {"balanced", "max-compat", "max-bundle"}
    trace : Trace, optional

    Raises
    ------
    PeerError
        A server's URL cannot be read, or there is no such policy.
    """

    place = "kernel"

    def __init__(
        self,
        name: str,
        iceServers: Any = (),
        *,
        iceTransportPolicy: Literal["all", "relay"] = "all",
        bundlePolicy: Literal["balanced", "max-compat", "max-bundle"] = "balanced",
        trace: traces.Trace | None = None,
    ) -> None:
        servers, unused = for_aiortc(iceServers)
        configuration = to_configuration(servers, iceTransportPolicy, bundlePolicy)
        super().__init__(name, trace)
        for sentence in unused:
            warnings.warn(f"{name}: {sentence}", stacklevel=2)
            self._note(sentence)
        policies = {"iceTransportPolicy": iceTransportPolicy, "bundlePolicy": bundlePolicy}
        self._made({"iceServers": checked(iceServers), **policies})
        self._remote_candidates: RemoteCandidates | None = None
        self._local_as_set: SessionDescription | None = None
        self._remote_as_set: SessionDescription | None = None
        self._outgoing: list[Outgoing] = []
        self._reporter = Reporter(self._own_trace, name)
        self._transceivers = KernelTransceivers(self)
        self._pc = loop.call(self._make, configuration)
        self._negotiation = NegotiationNeeded(self._pc, lambda: self._local_as_set, self._needs_negotiation)
        loop.close_at_exit(self, self._close)

    def _make(self, configuration: Any) -> TricklingConnection:
        pc = TricklingConnection(configuration, self._on_candidate, self._on_server, self._on_gathered)
        self._reporter.attach(pc)
        for state in STATES:
            pc.on(state.lower() + "change", lambda state=state: self._set_state(state, getattr(pc, state)))
        pc.on("signalingstatechange", self._on_signaling)
        pc.on("track", self._on_track)
        pc.on("datachannel", self._on_datachannel)
        return pc

    # -- what aiortc tells

    def _on_candidate(self, found: Any) -> None:
        section = self._local_as_set.section(found.sdpMid) if self._local_as_set else None
        ufrag = section.ufrag if section is not None else None
        candidate = dataclasses.replace(Candidate.from_any(found), usernameFragment=ufrag)
        if self._candidates and self._candidates[-1].is_end:
            self._candidates.pop()  # a section added later gathers anew
        self._gathered(candidate)
        self._describe_local()

    def _on_server(self, url: str, error: BaseException) -> None:
        code, text = server_error(error)
        self._record(traces.ServerEvent, url=url, error_code=code, text=text)
        self.emit("icecandidateerror", url=url, errorText=text, errorCode=code)

    def _on_gathered(self) -> None:
        self._gathered(Candidate.from_any(None))
        self._describe_local()

    def _on_signaling(self) -> None:
        if self._pc.signalingState == "stable":
            self._negotiation.reset()
        elif self._pc.signalingState == "closed":
            for track in self._tracks.values():
                if isinstance(track, KernelTrack):
                    track.end()

    def _on_track(self, track: Any) -> None:
        transceiver = next(t for t in self._pc.getTransceivers() if t.receiver.track is track)
        same_kind = [t for t in self._pc.getTransceivers() if t.kind == track.kind and t.receiver.track]
        ours = self.track(track.kind, same_kind.index(transceiver))
        ours.attach(track)
        self._record(traces.TrackEvent, action="received", track_kind=track.kind, track_id=ours.id)
        handle = self._transceivers.of(transceiver)
        section = self._remote_as_set.section(transceiver.mid) if self._remote_as_set else None
        stream = ((section.msid if section is not None else None) or "-").split()[0]
        self.emit("track", track=ours, streams=[stream] if stream != "-" else [], transceiver=handle)

    def _on_datachannel(self, theirs: Any) -> None:
        self._announce(KernelChannel.wrap(self, theirs))

    # -- tracks and channels

    def _new_track(self, kind: Kind, index: int) -> KernelTrack:
        number = f" {index + 1}" if index else ""
        return KernelTrack(kind, f"{self.name}'s remote {kind}{number}", always_drain=True)

    def addTrack(self, track: Any) -> Sender:
        """Send a track of the kernel: one of rtcnb's, the result of `process`, or one of aiortc's.

        Raises
        ------
        WrongTrack
            It lives in the page, is already being sent, or is no track.
        InvalidState
            The peer is closed.
        """
        outgoing = self._to_send("addTrack", track)
        sender = self._quick("addTrack", lambda: self._pc.addTrack(outgoing))
        self._record(traces.TrackEvent, action="added", track_kind=outgoing.kind, track_id=outgoing.id)
        return loop.call(self._transceivers.sending, track, sender)

    def addTransceiver(self, trackOrKind: Any, direction: str = "sendrecv") -> Transceiver:
        """Reserve a section for a track, or for a kind: ``"video"`` or ``"audio"``."""
        self._check_direction(direction)
        is_kind = trackOrKind in ("audio", "video")
        subject = trackOrKind if is_kind else self._to_send("addTransceiver", trackOrKind)
        made = self._quick("addTransceiver", lambda: self._pc.addTransceiver(subject, direction))
        return loop.call(self._transceivers.of, made, "addTransceiver", None if is_kind else trackOrKind)

    def getTransceivers(self) -> list[Transceiver]:
        """Return them in the order in which they were made, those of the other side's offer too."""
        return loop.call(self._transceivers.all)

    def _to_send(self, method: str, track: Any) -> Any:
        """Return aiortc's track for one that was given; ours are stopped with the peer, yours are not."""
        if self.signalingState == "closed":
            raise refusals.closed(self.name, method)
        outgoing = kernel_track_of(self.name, method, track)
        if isinstance(outgoing, Outgoing):
            self._outgoing.append(outgoing)
        return outgoing

    def removeTrack(self, sender: Sender) -> None:
        """Stop sending what `addTrack` added; the next offer says so."""
        if not isinstance(sender, Sender) or sender.peer != self.name:
            raise WrongTrack(f"{self.name}.removeTrack() takes what {self.name}.addTrack() returned.")

        def remove() -> None:
            if sender.handle.track in self._outgoing:
                sender.handle.track.stop()
                self._outgoing.remove(sender.handle.track)
            self._transceivers.removed(sender)

        self._quick("removeTrack", remove)

    def createDataChannel(self, label: str, **options: Any) -> DataChannel:
        """Make a data channel: ``ordered``, ``maxRetransmits``, ``maxPacketLifeTime`` (milliseconds),
        ``protocol``, ``negotiated`` and ``id``.

        Raises
        ------
        ChannelError
            An option that does not exist, or two that exclude each other.
        """
        wanted = checked_options(label, options)
        make = lambda: KernelChannel.wrap(self, self._pc.createDataChannel(label, **wanted))  # noqa: E731
        channel: DataChannel = self._quick("createDataChannel", make)
        self._channels_made.append(channel)
        return channel

    def _quick(self, method: str, function: Callable[[], Any]) -> Any:
        """Do something at once on the background loop, its errors in our words."""
        if self.signalingState == "closed":
            raise refusals.closed(self.name, method)
        try:
            result = loop.call(function)
        except InvalidAccessError:
            raise WrongTrack(
                f"{self.name}.{method}(): this track is already being sent by {self.name}."
            ) from None
        except (InvalidStateError, ValueError) as error:
            raise InvalidState(f"{self.name}.{method}(): {error}") from None
        self._record(traces.ApiCall, method=method, arguments=(), outcome="ok", error="")
        loop.background().call_soon_threadsafe(self._negotiation.look)
        return result

    # -- negotiation

    async def createOffer(self, **options: Any) -> SessionDescription:
        """Return an offer of every track, transceiver and channel that was added.

        Raises
        ------
        NotSupported
            ``iceRestart`` was asked for.
        """
        if options.get("iceRestart"):
            raise refusals.no_restart(self.name)
        if options:
            raise NotSupported(f"{self.name}.createOffer(): aiortc takes no options ({', '.join(options)}).")
        return await self._do("createOffer", (), self._create_offer)

    async def _create_offer(self) -> SessionDescription:
        return await self._describe("createOffer", self._pc.createOffer)

    async def createAnswer(self) -> SessionDescription:
        """Return the answer to the offer that was set.

        Raises
        ------
        InvalidState
            No offer of the other side is waiting.
        """
        return await self._do("createAnswer", (), self._create_answer)

    async def _create_answer(self) -> SessionDescription:
        if refused := refusals.of_create_answer(self.name, self.signalingState):
            raise refused
        if unasked := [t.kind for t in self._pc.getTransceivers() if t.mid is None]:
            raise refusals.unasked(self.name, unasked)
        return await self._describe("createAnswer", self._pc.createAnswer)

    async def _describe(self, method: str, create: Callable[[], Awaitable[Any]]) -> SessionDescription:
        made = await self._aiortc(method, create)
        self._created = SessionDescription(type=made.type, sdp=made.sdp)
        return self._created

    async def setLocalDescription(self, description: Any = None) -> None:
        """Set what this side proposes or answers; it returns at once, and gathering goes on.

        Raises
        ------
        InvalidState, DescriptionError, NotSupported
        """
        given = None if description is None else self._read("setLocalDescription", description)
        await self._do("setLocalDescription", _types(given), lambda: self._set_local(given))

    async def _set_local(self, given: SessionDescription | None) -> None:
        if given is None:
            answering = self.signalingState == "have-remote-offer"
            given = await (self._create_answer() if answering else self._create_offer())
        self._refuse("local", given)
        bare = given.without_candidates()
        before = self._local_as_set
        self._local_as_set = bare  # whether another offer is needed is asked when the state changes
        theirs, begun = to_session_description(bare), time.monotonic()
        try:
            await self._aiortc("setLocalDescription", lambda: self._pc.setLocalDescription(theirs))
        except PeerError:
            self._local_as_set = before
            raise
        self._describe_local()
        self._record_set("local", given, begun)
        self._reporter.poll(self._stats, lambda: dropped(self._pc, self._tracks.values()))
        self._changed()

    def _describe_local(self) -> None:
        if self._local_as_set is None:
            return
        complete = bool(self._candidates) and self._candidates[-1].is_end
        found = [c for c in self._candidates if not c.is_end]
        self._local = self._local_as_set.with_candidates(found, complete)

    async def setRemoteDescription(self, description: Any) -> None:
        """Set what the other side proposes or answers: ours, aiortc's, a dict, or JSON text.

        Raises
        ------
        InvalidState, DescriptionError, NotSupported
        """
        given = self._read("setRemoteDescription", description)
        await self._do("setRemoteDescription", _types(given), lambda: self._set_remote(given), given.sdp)

    async def _set_remote(self, given: SessionDescription) -> None:
        self._refuse("remote", given)
        error = refusals.of_codecs(self.name, given, self._transceivers.usable(codec_names()))
        if error is not None:
            raise error
        before = self._remote_as_set
        self._remote_as_set = given  # handlers of `track` look at it
        candidates = RemoteCandidates(self._pc, given, self._note)
        theirs, begun = to_session_description(candidates.shown), time.monotonic()
        try:
            await self._aiortc("setRemoteDescription", lambda: self._pc.setRemoteDescription(theirs))
        except PeerError:
            self._remote_as_set = before
            raise
        self._pc.hand_over_frames_promptly()
        self._remote, self._remote_candidates = given, candidates
        self._record_set("remote", given, begun)
        self._changed()
        await candidates.begin()

    def _refuse(self, side: refusals.Side, given: SessionDescription) -> None:
        if given.type == "rollback":
            raise refusals.no_rollback(self.name)
        own, other = self._local_as_set, self._remote_as_set
        before, offer = (own, other) if side == "local" else (other or own, own)
        error = refusals.of_description(self.name, self.signalingState, side, given, offer, before)
        if error is not None:
            raise error

    # -- candidates

    async def addIceCandidate(self, candidate: Any = None) -> None:
        """Add one of the other side's candidates; None, or an empty one, is end-of-candidates.

        Raises
        ------
        InvalidState
            There is no remote description yet.
        CandidateError
            It cannot be read, or names a section that does not exist.
        """
        given = Candidate.from_any(candidate)
        await self._do("addIceCandidate", (given.candidate,), lambda: self._add_candidate(given))

    async def _add_candidate(self, given: Candidate) -> None:
        remote = self._remote_candidates
        error = refusals.of_candidate(self.name, self._remote, given)
        if error is not None or remote is None:
            raise error or refusals.closed(self.name, "addIceCandidate")
        begun = time.monotonic()  # pairs come of it before it returns
        await remote.add(given, lambda operation: self._aiortc("addIceCandidate", operation))
        self._remote = remote.description
        self._record(traces.CandidateEvent, time=begun, action="added", candidate=given)
        self._changed()

    async def _aiortc(self, method: str, operation: Callable[[], Awaitable[Any]]) -> Any:
        """Await aiortc, with its errors in our words: many of its own have none."""
        try:
            return await operation()
        except InvalidStateError as error:
            raise InvalidState(f"{self.name}.{method}(): {error}") from error
        except (asyncio.CancelledError, PeerError):
            raise
        except Exception as error:
            said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise DescriptionError(
                f"{self.name}.{method}(): aiortc cannot use this ({said}). Something in it is missing or not "
                "as the standard wants; look at the description's lines, or compare it with one that works."
            ) from error

    # -- the rest

    async def getStats(self) -> dict[str, dict[str, Any]]:
        """Return the statistics by id, members named as in webrtc-stats; what aiortc lacks is added.

        Timestamps are in milliseconds since the epoch, as a browser gives them.
        """
        return await self._do("getStats", (), self._stats)

    async def _stats(self) -> dict[str, dict[str, Any]]:
        stats = await statistics_of(self._pc)
        senders = [(f"outbound-rtp_{id(sender)}", sender.track) for sender in self._pc.getSenders()]
        add_tracks(stats, self._tracks, [(i, t) for i, t in senders if isinstance(t, Outgoing)])
        return stats

    def restartIce(self) -> None:
        """Raise NotSupported: aiortc has no ICE restart."""
        raise refusals.no_restart(self.name)

    def _gather_by(self, policy: str) -> None:
        loop.call(self._pc.gather_by, policy)

    async def _close(self) -> None:
        loop.close_at_exit(self, None)
        self._reporter.stop()
        await self._pc.close()
        for track in self._outgoing:
            track.stop()
        self._outgoing.clear()
        self._changed()


def _types(description: SessionDescription | None) -> tuple[str, ...]:
    return () if description is None else (description.type,)
