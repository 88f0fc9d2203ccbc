"""What reports to the Trace at the kernel's end of a call; a page's peer reports from there (browser.js)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiortc import RTCPeerConnection

from .. import trace as traces
from ..errors import WrongTrack
from ..sdp import Candidate, SessionDescription
from .aiortc_internals import TricklingConnection, address_text, attach, statistics_of
from .own_trace import Writable
from .peer import STATES

Report = dict[str, dict[str, Any]]
Statistics = Callable[[], Awaitable[Report]]

STATISTICS_EVERY = 1.0
RTCP_EVERY = 0.1  # reports are much like each other: so many of each direction are kept
RTCP_KEPT = range(203, 208)  # goodbyes, feedback and requests for key frames always are (RFC 3550, RFC 4585)
TRANSPORT_FEEDBACK = 205


class Reporter:
    """Writes what an aiortc connection does to a trace.

    Parameters
    ----------
    trace : Trace or OwnTrace
    name : str
        Of the peer.
    """

    def __init__(self, trace: Writable, name: str) -> None:
        self._trace = trace
        self._name = name
        self._rtcp_at = {"sent": 0.0, "received": 0.0}
        self._polling: asyncio.Task[None] | None = None
        self._tell_packets: Callable[[], None] = lambda: None

    def packet(
        self,
        time: float,
        direction: Any,
        protocol: str,
        local: str,
        remote: str,
        data: bytes,
        size: int,
        plain: bytes,
    ) -> None:
        """Write down a packet; of RTCP reports, some."""
        if protocol == "rtcp" and not self._keeps(direction, data, time):
            return
        self._trace.append(
            traces.PacketEvent(
                time=time,
                peer=self._name,
                direction=direction,
                protocol=protocol,
                local=local,
                remote=remote,
                size_bytes=size,
                data=data,
                plain=plain,
            )
        )

    def _keeps(self, direction: str, data: bytes, now: float) -> bool:
        if data[1] in RTCP_KEPT and data[1] != TRANSPORT_FEEDBACK:
            return True
        if now - self._rtcp_at[direction] < RTCP_EVERY:
            return False
        self._rtcp_at[direction] = now
        return True

    def pair(self, pair: Any, state: str) -> None:
        """Write down what became of a candidate pair."""
        self._trace.append(
            traces.PairEvent(peer=self._name, state=state, nominated=bool(pair.nominated), **_ends(pair))
        )

    def selected(self, pair: Any) -> None:
        """Write down which pair carries the call."""
        self._trace.append(traces.SelectedPair(peer=self._name, **_ends(pair)))

    def dtls(self, state: str, role: str, fingerprint: str, expected: tuple[str, ...]) -> None:
        """Write down how far the handshake is."""
        self._tell_packets()
        self._trace.append(
            traces.DtlsEvent(
                peer=self._name, state=state, role=role, fingerprint=fingerprint, expected=expected
            )
        )

    def attach(self, pc: RTCPeerConnection) -> None:
        """Hear of everything that this connection does, from its first gathering on."""
        self._tell_packets = attach(pc, self)

    def poll(self, statistics: Statistics, drops: Callable[[], dict[str, int]] = dict) -> None:
        """Write down the statistics once a second, and what was dropped meanwhile; from now until `stop`."""
        if self._polling is None:
            self._polling = asyncio.ensure_future(self._poll(statistics, drops))

    async def _poll(self, statistics: Statistics, drops: Callable[[], dict[str, int]]) -> None:
        before: dict[str, int] = {}
        report: Report = {}
        while True:
            await asyncio.sleep(STATISTICS_EVERY)
            self._tell_packets()
            report = shared(report, await statistics())
            self._trace.append(traces.StatisticsEvent(peer=self._name, report=report))
            now = drops()
            for what, count in now.items():
                if (more := count - before.get(what, 0)) > 0:
                    text = f"{more} {what}"
                    self._trace.append(
                        traces.MediaEvent(peer=self._name, action="dropped", text=text, frames=more)
                    )
            before = now

    def stop(self) -> None:
        """Write down no more statistics."""
        self._tell_packets()
        if self._polling is not None:
            self._polling.cancel()


def shared(before: Report, now: Report) -> Report:
    """Return a snapshot without timestamps, which is the event's, its unchanged entries those of the one before.

    A long call has thousands of snapshots; most candidates, pairs and codecs are in all of them.
    """
    report: Report = {}
    for id, entry in now.items():
        entry.pop("timestamp", None)
        old = before.get(id)
        report[id] = old if old == entry else entry
    return report


def dropped(pc: TricklingConnection, tracks: Iterable[Any]) -> dict[str, int]:
    """Return how many packets and frames were left out so far, by what and why."""
    drops = {f"packets came too late for {name}": count for name, count in pc.late_packets().items()}
    for track in tracks:
        drops[f"frames of {track.label} came faster than they were read"] = track.counters.skipped
    return drops


def _ends(pair: Any) -> dict[str, Any]:
    local, remote = pair.local_candidate, pair.remote_candidate
    return {
        "local": address_text(local.host, local.port),
        "remote": address_text(remote.host, remote.port),
        "local_type": local.type,
        "remote_type": remote.type,
    }


def observe(pc: Any, name: str = "aiortc", trace: traces.Trace | None = None) -> traces.Trace:
    """Write down what an aiortc connection does that rtcnb did not make.

    Call it before the connection's first ``setLocalDescription``: what happened before is not known. Its methods
    do what they did; those of this one object are wrapped to hear of them.

    Parameters
    ----------
    pc : aiortc.RTCPeerConnection
        On any event loop of asyncio.
    name : str
        How it appears on every view.
    trace : Trace, optional
        The notebook's current one by default.

    Returns
    -------
    Trace

    Raises
    ------
    WrongTrack
        It is no RTCPeerConnection of aiortc.
    """
    if not isinstance(pc, RTCPeerConnection):
        raise WrongTrack(f"observe() takes an aiortc RTCPeerConnection, not a {type(pc).__name__}.")
    into = trace if trace is not None else traces.current()
    _Observed(pc, name, into)
    return into


class _Observed:
    """An aiortc connection of somebody else."""

    def __init__(self, pc: RTCPeerConnection, name: str, trace: traces.Trace) -> None:
        self._pc, self._name, self._trace = pc, name, trace
        self._reporter = Reporter(trace, name)
        self._states = {state: getattr(pc, state) for state in STATES}
        self._created = ""
        self._record(traces.PeerEvent, place="kernel")
        self._reporter.attach(pc)
        for state in STATES:
            pc.on(state.lower() + "change", lambda state=state: self._state_changed(state))
        pc.on(
            "track", lambda track: self._record(traces.TrackEvent, action="received", track_kind=track.kind)
        )
        for method, after in AFTER.items():
            setattr(pc, method, self._watched(method, getattr(pc, method), after))

    def _record(self, event: Callable[..., traces.Event], **members: Any) -> None:
        self._trace.append(event(peer=self._name, **members))

    def _state_changed(self, state: str) -> None:
        old, new = self._states[state], getattr(self._pc, state)
        if new == old:
            return
        self._states[state] = new
        self._record(traces.StateChange, state=state, old=old, new=new)
        if state == "signalingState" and new == "closed":
            self._reporter.stop()

    def _watched(self, method: str, original: Callable[..., Any], after: Callable[..., None]) -> Any:
        async def watched(*arguments: Any, **named: Any) -> Any:
            if method != "close":
                self._reporter.poll(lambda: statistics_of(self._pc))
            begun = time.monotonic()
            try:
                result = await original(*arguments, **named)
            except Exception as error:
                said = f"{type(error).__name__}: {error}"
                self._record(traces.ApiCall, time=begun, method=method, outcome="error", error=said)
                raise
            self._record(traces.ApiCall, time=begun, method=method)
            after(self, begun, result, *arguments, *named.values())
            return result

        return watched

    def _made(self, begun: float, result: Any) -> None:
        self._created = result.sdp

    def _local_set(self, begun: float, result: Any, *arguments: Any) -> None:
        made = self._pc.localDescription
        given = SessionDescription.from_any(arguments[0] if arguments else made)
        munged = bool(self._created) and given.sdp != self._created
        created = SessionDescription(type=given.type, sdp=self._created) if munged else None
        self._record(traces.DescriptionSet, time=begun, side="local", description=given, created=created)
        for media in SessionDescription.from_any(made).document.media:
            for line in media.candidates:
                found = Candidate(str(line.candidate), media.mid, media.index, media.ufrag)
                self._record(traces.CandidateEvent, action="gathered", candidate=found)
        self._record(traces.CandidateEvent, action="gathered", candidate=Candidate())

    def _remote_set(self, begun: float, result: Any, description: Any) -> None:
        given = SessionDescription.from_any(description)
        self._record(traces.DescriptionSet, time=begun, side="remote", description=given)

    def _added(self, begun: float, result: Any, candidate: Any = None) -> None:
        self._record(
            traces.CandidateEvent, time=begun, action="added", candidate=Candidate.from_any(candidate)
        )

    def _nothing(self, begun: float, result: Any, *arguments: Any) -> None:
        pass


AFTER: dict[str, Callable[..., None]] = {
    "createOffer": _Observed._made,
    "createAnswer": _Observed._made,
    "setLocalDescription": _Observed._local_set,
    "setRemoteDescription": _Observed._remote_set,
    "addIceCandidate": _Observed._added,
    "close": _Observed._nothing,
}
