"""BrowserPeer: the end of a call that lives in the page, the browser's own RTCPeerConnection."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

from .. import trace as traces
from ..errors import (
    CandidateError,
    ChannelError,
    DescriptionError,
    InvalidState,
    NotSupported,
    PageGone,
    PageRefused,
    PeerError,
    RtcnbError,
    WrongTrack,
)
from ..media.device_errors import stream_error
from ..media.track import Kind, PageTrack
from ..runtime.page_object import PageObject
from ..sdp import Candidate, SessionDescription
from . import refusals
from .channel import DataChannel, checked_options
from .ice_servers import checked as checked_servers
from .page_channel import PageChannel
from .page_reports import PageReports
from .page_transceivers import PageTransceivers
from .peer import Peer
from .tracks import page_track_of
from .transceiver import Sender, Transceiver


class BrowserPeer(Peer):
    """A peer in the browser page.

    It is made in the page that was focused last, at the first call, and ends with that page.

    Parameters
    ----------
    name : str
        How it appears on every view. A peer made again under a name closes the older one.
    iceServers : list of dict
        As in W3C's RTCConfiguration: ``[{"urls": "stun:..."}]``. None by default.
    trace : Trace, optional
    **configuration
        Other members of RTCConfiguration: ``iceTransportPolicy``, ``bundlePolicy``, ...

    Raises
    ------
    NoPage
        This Python runs in no notebook kernel.
    PeerError
        A server's URL cannot be read.
    """

    place = "page"

    def __init__(
        self, name: str, iceServers: Any = (), *, trace: traces.Trace | None = None, **configuration: Any
    ) -> None:
        config = {"rtcConfiguration": {"iceServers": checked_servers(iceServers), **configuration}}
        self._page = PageObject("peers/browser.js", config, self._on_event, self._on_gone)
        self._numbers = itertools.count(1)
        self._channels: dict[str, DataChannel] = {}
        self._transceivers = PageTransceivers(name, self._post)
        self._ufrag: str | None = None
        self._mirrored: dict[str, int] = {}
        self._event_time: float | None = None
        super().__init__(name, trace)  # last: it closes the older peer of this name
        self._reports = PageReports(self._own_trace, name)
        self._made(config["rtcConfiguration"])

    # -- what the page tells

    def _on_event(self, event: str, detail: Any, buffers: list[memoryview]) -> None:
        self._event_time = self._page.event_time
        self._reports.clock(self._page.page, self._page.clock_error_ms, self._event_time)
        try:
            self._hear(event, detail, buffers)
        finally:
            self._event_time = None

    def _record(self, event: Callable[..., Any], **members: Any) -> None:
        super()._record(event, **{"time": self._event_time or time.monotonic(), **members})

    def _hear(self, event: str, detail: Any, buffers: list[memoryview]) -> None:
        self._mirror(detail)
        if event == "icecandidate":
            self._on_candidate(detail.get("candidate"))
        elif event == "icecandidateerror":
            code, text = detail.get("errorCode"), str(detail.get("errorText"))
            self._record(traces.ServerEvent, url=str(detail.get("url")), error_code=code, text=text)
            self.emit("icecandidateerror", **detail)
        elif event == "statistics":
            self._reports.take(detail["changed"], detail["gone"], self._page.event_time)
        elif event == "negotiationneeded":
            self._needs_negotiation()
        elif event == "track":
            self._on_track(detail)
        elif event == "datachannel":
            options, state = detail["options"], detail["readyState"]
            self._announce(self._adopt(detail["channel"], detail["label"], options, state))
        elif event == "channel":
            self._on_channel(detail, buffers)

    def _mirror(self, snapshot: dict[str, Any]) -> None:
        """Take over what a snapshot says; a reply is looked at after events that the page sent behind it."""
        number = snapshot.get("number", 0)
        known = {name for name in ("local", "remote", "states") if name in snapshot}
        newer = {name for name in known if number >= self._mirrored.get(name, 0)}
        self._mirrored.update(dict.fromkeys(newer, number))
        for side in ("local", "remote"):
            if side in newer:
                described = snapshot[side]
                setattr(self, f"_{side}", described and SessionDescription.from_any(described))
        self._restarted()
        for state, value in (snapshot["states"] if "states" in newer else {}).items():
            self._set_state(state, value)
        if newer & {"local", "remote"}:
            for described in snapshot.get("transceivers", ()):
                self._transceivers.arrived(*described)
            self._changed()

    def _restarted(self) -> None:
        """Begin the candidates anew when the local ufrag has changed (ICE restart)."""
        media = self._local.document.media if self._local else []
        ufrag = media[0].ufrag if media else None
        if ufrag != self._ufrag:
            self._ufrag = ufrag
            self._candidates = []

    def _on_candidate(self, found: dict[str, Any] | None) -> None:
        if found is not None and not found.get("candidate"):
            return  # the end of one generation in one section; None follows for all of them
        self._gathered(Candidate.from_any(found))

    def _on_track(self, detail: dict[str, Any]) -> None:
        index = int(detail["track"].rpartition("/")[2])
        track = self.track(detail["kind"], index)
        self._record(traces.TrackEvent, action="received", track_kind=track.kind, track_id=track.id)
        described = (track.kind, detail["direction"], detail["mid"], detail["sender"])
        transceiver = self._transceivers.arrived(*described)
        self.emit("track", track=track, streams=detail["streams"], transceiver=transceiver)

    def _on_channel(self, detail: dict[str, Any], buffers: list[memoryview]) -> None:
        channel = self._channels.get(detail["channel"])
        if channel is None:
            return
        channel._buffered_bytes = detail["bufferedAmount"]
        event = detail["event"]
        if event == "open":
            channel.id = detail["options"]["id"]
            channel._opened()
        elif event == "message":
            channel._received(bytes(buffers[0]) if buffers else detail["data"])
        elif event == "close":
            channel._closed()
        elif event == "error":
            channel._failed(str(detail.get("reason")))
        else:
            channel.emit(event)

    def _on_gone(self) -> None:
        self._record(traces.PageEvent, action="gone", page=self._page.page or "")
        self._on_closed()

    # -- calls

    async def _call(self, method: str, *args: Any) -> Any:
        reply = await self._page.call(method, *args)
        self._mirror(reply)
        return reply.get("value")

    async def _ask(
        self,
        method: str,
        arguments: tuple[str, ...],
        args: tuple[Any, ...],
        refusal: Callable[[], Any],
        given: str = "",
    ) -> Any:
        """Call the page's peer, one operation after the other, and record it."""
        return await self._do(method, arguments, lambda: self._asked(method, args, refusal), given)

    async def _asked(self, method: str, args: tuple[Any, ...], refusal: Callable[[], Any]) -> Any:
        """Call the page's peer; where it refuses, say why in our words beside the browser's."""
        try:
            return await self._call(method, *args)
        except PageRefused as refused:
            raise (refusal() or self._error(method, refused)) from refused

    def _error(self, method: str, refused: PageRefused) -> RtcnbError:
        if refused.name == "StreamFailed":
            return stream_error(f"{self.name}.addTrack()", refused.detail)
        said = (
            f"{self.name}.{method}(): the browser refused: {refused.detail or refused.name} ({refused.name})"
        )
        if refused.name == "InvalidStateError":
            return InvalidState(f"{said}. {self.name} is in signalingState {self.signalingState!r}.")
        if refused.name == "NotFoundError":
            return WrongTrack(
                f"{self.name}.addTrack(): {refused.detail} Start its source first: await camera.start()."
            )
        if refused.name == "NoSuchCodec":
            return NotSupported(f"{self.name}.setCodecPreferences(): {refused.detail}")
        if method == "addIceCandidate":
            return CandidateError(f"{said}. Give it the candidate as it came from the other side.")
        if method == "createDataChannel" or method == "send":
            return ChannelError(f"{said}.")
        return DescriptionError(f"{said}. Look at the line that it names, or at the order of the calls.")

    def _post(self, method: str, *args: Any) -> None:
        if self.signalingState == "closed":
            raise refusals.closed(self.name, method)
        self._page.post(method, *args)
        self._record(traces.ApiCall, method=method, arguments=(), outcome="pending", error="")

    # -- tracks and channels

    def _new_track(self, kind: Kind, index: int) -> PageTrack:
        number = f" {index + 1}" if index else ""
        return PageTrack(f"{self._page.id}/{kind}/{index}", kind, f"{self.name}'s remote {kind}{number}")

    def addTrack(self, track: Any) -> Sender:
        """Send a track of the page: a camera's, a screen's, a page test pattern's, or an ipywebrtc stream.

        Raises
        ------
        WrongTrack
            It lives in the kernel, or is no track. That it is not running in the page surfaces at the next
            ``await`` on this peer.
        """
        sender = None
        for page_track in page_track_of(self.name, "addTrack", track):
            handle = f"sender-{next(self._numbers)}"
            self._post("addTrack", handle, page_track.id, page_track.arrives)
            self._record(
                traces.TrackEvent, action="added", track_kind=page_track.kind, track_id=page_track.id
            )
            sent = self._transceivers.sending(track, page_track.kind, handle)
            sender = sender or sent
        if sender is None:
            raise WrongTrack(f"{self.name}.addTrack(): this stream has no tracks.")
        return sender

    def addTransceiver(self, trackOrKind: Any, direction: str = "sendrecv") -> Transceiver:
        """Reserve a section for a track, or for a kind: ``"video"`` or ``"audio"``."""
        self._check_direction(direction)
        handle = f"sender-{next(self._numbers)}"
        if trackOrKind in ("audio", "video"):
            kind, subject, given = trackOrKind, trackOrKind, None
        else:
            track = page_track_of(self.name, "addTransceiver", trackOrKind)[0]
            kind, subject, given = track.kind, track.id, trackOrKind
        self._post("addTransceiver", handle, subject, {"direction": direction})
        return self._transceivers.made(kind, direction, handle, "addTransceiver", given)

    def getTransceivers(self) -> list[Transceiver]:
        """Return them in the order in which they were made, those of the other side's offer too."""
        return self._transceivers.all()

    def removeTrack(self, sender: Sender) -> None:
        """Stop sending what `addTrack` added; the next offer says so."""
        if not isinstance(sender, Sender) or sender.peer != self.name:
            raise WrongTrack(f"{self.name}.removeTrack() takes what {self.name}.addTrack() returned.")
        self._post("removeTrack", sender.handle)
        self._transceivers.removed(sender)

    def createDataChannel(self, label: str, **options: Any) -> DataChannel:
        """Make a data channel: ``ordered``, ``maxRetransmits``, ``maxPacketLifeTime`` (milliseconds),
        ``protocol``, ``negotiated`` and ``id``.

        Raises
        ------
        ChannelError
            An option that does not exist, or two that exclude each other.
        """
        wanted = checked_options(label, options)
        id = f"ours-{next(self._numbers)}"
        channel = self._adopt(id, label, wanted, "connecting")
        self._post("createDataChannel", id, label, wanted)
        self._channels_made.append(channel)
        return channel

    def _adopt(self, id: str, label: str, options: dict[str, Any], ready_state: str) -> DataChannel:
        channel = self._channels[id] = DataChannel(self, label, options, ready_state)
        channel._attach(PageChannel(self._page, id))
        return channel

    # -- negotiation

    async def createOffer(self, **options: Any) -> SessionDescription:
        """Return an offer of every track, transceiver and channel that was added.

        Parameters
        ----------
        **options
            RTCOfferOptions, such as ``iceRestart=True``.
        """
        return await self._describe("createOffer", options)

    async def createAnswer(self) -> SessionDescription:
        """Return the answer to the offer that was set.

        Raises
        ------
        InvalidState
            No offer of the other side is waiting.
        """
        return await self._describe("createAnswer")

    async def _describe(self, method: str, *args: Any) -> SessionDescription:
        async def operation() -> SessionDescription:
            self._created = SessionDescription.from_any(await self._asked(method, args, lambda: None))
            return self._created

        return await self._do(method, (), operation)

    async def setLocalDescription(self, description: Any = None) -> None:
        """Set what this side proposes or answers; gathering begins.

        Raises
        ------
        InvalidState, DescriptionError
        """
        given = None if description is None else self._read("setLocalDescription", description)
        await self._set("local", given)

    async def setRemoteDescription(self, description: Any) -> None:
        """Set what the other side proposes or answers: ours, aiortc's, a dict, or JSON text.

        Raises
        ------
        InvalidState, DescriptionError
        """
        await self._set("remote", self._read("setRemoteDescription", description))

    async def _set(self, side: refusals.Side, given: SessionDescription | None) -> None:
        def refusal() -> PeerError | None:
            offer = self._remote if side == "local" else self._local
            state = self.signalingState
            return refusals.of_description(self.name, state, side, given, offer) if given else None

        wire = None if given is None else {"type": given.type, "sdp": given.sdp}
        types = () if given is None else (given.type,)
        begun = time.monotonic()
        if side == "local":
            self._held = []
        try:
            await self._ask(
                f"set{side.capitalize()}Description", types, (wire,), refusal, given.sdp if given else ""
            )
            took_effect = given or (self._local if side == "local" else self._remote)
            if took_effect is not None:
                self._record_set(side, took_effect, begun)
        finally:
            held, self._held = self._held or [], None
            for candidate in held:
                self._send(candidate)

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
        wire = None if given.is_end else given.to_json()

        def refusal() -> PeerError | None:
            return refusals.of_candidate(self.name, self._remote, given)

        begun = time.monotonic()  # what comes of it, pairs and checks, may be known before the reply
        await self._ask("addIceCandidate", (given.candidate,), (wire,), refusal)
        self._record(traces.CandidateEvent, time=begun, action="added", candidate=given)

    # -- the rest

    async def getStats(self) -> dict[str, dict[str, Any]]:
        """Return the browser's statistics by id."""
        entries = await self._ask("getStats", (), (), lambda: None)
        return {entry["id"]: entry for entry in entries}

    def restartIce(self) -> None:
        """Ask for new ICE credentials with the next offer; `negotiationneeded` follows."""
        self._post("restartIce")

    def _gather_by(self, policy: str) -> None:
        self._page.post("gatherBy", policy)

    async def _close(self) -> None:
        try:
            await self._page.drop()
        except PageGone:
            pass  # the page took the peer with it
        self._on_closed()

    def _on_closed(self) -> None:
        for channel in self._channels.values():
            channel._closed()
        for state in ("iceConnectionState", "connectionState", "signalingState"):
            self._set_state(state, "closed")
