"""A log of method names and their values, as dumps have it, turned into the events that a live peer writes."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Literal

from ...sdp.description import SessionDescription
from ..events import (
    ApiCall,
    CandidateEvent,
    ChannelEvent,
    DescriptionSet,
    DtlsEvent,
    Event,
    Note,
    PeerEvent,
    ServerEvent,
    StateChange,
    TrackEvent,
)
from . import written
from .untrusted import MAX_NAME, text_of, word

STATES = {
    "signalingState": "stable",
    "iceGatheringState": "new",
    "iceConnectionState": "new",
    "connectionState": "new",
}
CHANGES = {f"{state.lower()}change": state for state in STATES}
DTLS_STATES = ("new", "connecting", "connected", "closed", "failed")
Ending = Literal["", "success", "failure", "alone"]  # alone: without the row of its call
ENDINGS: tuple[tuple[str, Ending], ...] = (
    ("onsuccess", "success"),
    ("onfailure", "failure"),
    ("failed", "alone"),
)
# What the same thing was called before, in small letters and without "on".
ALIASES = {
    "stop": "close",
    "renegotiationneeded": "negotiationneeded",
    "createlocaldatachannel": "createdatachannel",
    "remotedatachannel": "datachannel",
    "setlocaldescriptionimplicitcreateofferoranswer": "setlocaldescription",
}
# Methods with an answer, and those without, by their W3C names.
ASKED = ("createOffer", "createAnswer", "setLocalDescription", "setRemoteDescription", "addIceCandidate")
CALLED = (
    "addTrack",
    "addTransceiver",
    "removeTrack",
    "replaceTrack",
    "setParameters",
    "setCodecPreferences",
    "setHeaderExtensionsToNegotiate",
    "createDataChannel",
    "restartIce",
    "setConfiguration",
    "close",
    "addStream",
    "removeStream",
)
NAMES = {name.lower(): name for name in (*ASKED, *CALLED)}
# Said in other words elsewhere, or by every dump without meaning for the call.
SILENT = frozenset(
    {
        "iceconnectionstatechange (legacy)",
        "legacyiceconnectionstatechange",
        "constraints",
        "onaddstream",
        "onremovestream",
    }
)
MAX_ARGUMENT = 200


@dataclass(frozen=True)
class _Pending:
    """A call that has no answer yet."""

    method: str
    time: float
    value: Any


class PeerLog:
    """Turns what a dump logged of one peer into events, in the order in which it is told.

    Parameters
    ----------
    name : str
        Of the peer.
    infer : bool
        Whether to tell what a dump leaves out: that a closed peer's states are closed, which tracks there are.
    """

    def __init__(self, name: str, infer: bool = True) -> None:
        self.name = name
        self._infer = infer
        self.events: list[Event] = []
        self.told: set[str] = set()  # kinds of evidence: what is not here the dump may lack
        # Chrome logs addIceCandidate when it is done, rtcstats when it is called, and again when it is done.
        self._candidates_answered = False
        self._states = dict(STATES)
        self._created: SessionDescription | None = None
        self._pending: dict[str, OrderedDict[str, _Pending]] = {}
        self._calls = 0
        self._sent: set[str] = set()
        self._received: set[str] = set()
        self._transceivers: list[tuple[float, bool, dict[str, str]]] = []
        self._tracks_told = False

    def made(self, time: float, configuration: Any, place: str = "page") -> None:
        """Note that the peer was made."""
        members = written.configuration_of(configuration)
        self._add(PeerEvent(time=time, peer=self.name, place=place, configuration=members))

    def take(self, time: float, method: str, value: Any, key: str = "", pending: bool = False) -> None:
        """Note one entry of the log.

        Parameters
        ----------
        time : float
            Seconds on the trace's clock.
        method : str
            ``setLocalDescription``, ``createOfferOnSuccess``, ``oniceconnectionstatechange``, ...
        value
            As the dump has it; JSON opened.
        key : str
            What belongs together has the same; ``""`` where the dump does not say.
        pending : bool
            Whether it is not known how a call without an answer ended.
        """
        name = method.lower()
        if name in SILENT:
            return
        name, ending = _split(name if name in NAMES else name.removeprefix("on"))
        if name in CHANGES:
            self.become(time, CHANGES[name], written.state_of(value))
        elif name in NAMES and NAMES[name] in ASKED:
            self._asked(time, NAMES[name], ending, value, key)
        elif name in NAMES:
            self._called(time, NAMES[name], ending, value, "pending" if pending else "ok")
        elif name == "icecandidate":
            self._gathered(time, value)
        elif name == "icecandidateerror":
            self._server(time, value)
        elif name == "track":
            self._track(time, "received", value)
        elif name == "datachannel":
            label = written.label_of(value)
            self._add(ChannelEvent(time=time, peer=self.name, label=label, action="arrived"))
        elif name.startswith("transceiver"):
            self._transceivers.append((time, name.endswith("added"), written.transceiver_of(value)))
        elif name == "dtlsstatechange" and value in DTLS_STATES:
            self._add(DtlsEvent(time=time, peer=self.name, state=str(value)))
        else:
            self.note(time, method, value)

    def note(self, time: float, method: str, value: Any) -> None:
        """Keep as a text what is nothing known."""
        text = f"{word(method)}: {text_of(value)}".removesuffix(": ")
        self._add(Note(time=time, peer=self.name, text=text))

    def become(self, time: float, state: str, new: str) -> None:
        """Note a state; the same again is no change."""
        old = self._states[state]
        if new and new != old:
            self._states[state] = new
            self._add(StateChange(time=time, peer=self.name, state=state, old=old, new=new))

    def finish(self) -> list[Event]:
        """Return all events, also of what never had an answer."""
        for calls in self._pending.values():
            for call in calls.values():
                if call.method == "addIceCandidate" and not self._candidates_answered:
                    self._candidate_added(call.time, call.time, call.value)
                    continue
                arguments = _arguments(call.method, call.value)
                self._call(call.time, call.method, arguments, outcome="pending")
        self._pending.clear()
        for time, added, transceiver in self._transceivers if self._infer else ():
            self._infer_tracks(time, added, transceiver)
        self._transceivers.clear()
        return self.events

    # -- calls

    def _asked(self, time: float, method: str, ending: Ending, value: Any, key: str) -> None:
        if ending == "":
            self._calls += 1
            calls = self._pending.setdefault(method, OrderedDict())
            calls[key or f"\0{self._calls}"] = _Pending(method, time, value)
            return
        if ending == "alone":
            self._refused(time, method, value, "")
            return
        self._candidates_answered |= method == "addIceCandidate"
        calls = self._pending.get(method, OrderedDict())
        call = calls.pop(key, None) if key else None
        if call is None and calls:
            call = calls.popitem(last=False)[1]
        given = call.value if call else None
        begun = call.time if call else time
        if ending == "failure":
            self._refused(time, method, given, value)
        elif method in ("createOffer", "createAnswer"):
            self._created = written.description_of(value)
            self._call(time, method, _arguments(method, given))
        elif method == "addIceCandidate":
            self._candidate_added(time, begun, given)
        else:
            self._set(time, begun, method, given, value)

    def _refused(self, time: float, method: str, given: Any, error: Any) -> None:
        description = written.description_of(given)
        candidate = written.candidate_of(given) if given and method == "addIceCandidate" else None
        text = given if isinstance(given, str) else ""
        if description is not None:
            text = description.sdp
        elif candidate is not None:
            text = candidate.candidate
        arguments = _arguments(method, given)
        self._call(time, method, arguments, outcome="error", error=text_of(error) or "refused", given=text)

    def _set(self, time: float, begun: float, method: str, given: Any, result: Any) -> None:
        description = written.description_of(given) or written.description_of(result)
        explicit = written.description_of(given) is not None
        self._call(time, method, (description.type,) if description and explicit else ())
        if description is None:
            return
        side: Literal["local", "remote"] = "local" if method == "setLocalDescription" else "remote"
        created = self._created if side == "local" else None
        if created is not None and (created.type != description.type or created.sdp == description.sdp):
            created = None
        members = {"side": side, "description": description, "created": created}
        self._add(DescriptionSet(time=begun, peer=self.name, **members))  # type: ignore[arg-type]

    def _candidate_added(self, time: float, begun: float, value: Any) -> None:
        if value == "":
            self._call(time, "addIceCandidate", ())  # jitsi's are left out
            return
        candidate = written.candidate_of(value)
        self._call(time, "addIceCandidate", _arguments("addIceCandidate", value))
        if candidate is not None:
            self._add(CandidateEvent(time=begun, peer=self.name, action="added", candidate=candidate))

    def _called(self, time: float, method: str, ending: Ending, value: Any, outcome: str) -> None:
        if ending == "success":
            return
        if ending in ("failure", "alone"):
            self._call(time, method, (), outcome="error", error=text_of(value))
            return
        if method == "setConfiguration":
            members = written.configuration_of(value)
            self._call(time, method, ())
            self._add(PeerEvent(time=time, peer=self.name, action="configured", configuration=members))
            return
        self._call(time, method, _arguments(method, value), outcome=outcome)
        track = written.track_of(value)
        if track and (
            method == "addTrack" or (method == "addTransceiver" and track[1])
        ):  # which takes a kind too
            self._track(time, "added", value)
        elif method == "close" and self._infer:
            for state in ("iceConnectionState", "connectionState", "signalingState"):
                self.become(time, state, "closed")

    def _call(self, time: float, method: str, arguments: tuple[str, ...], **members: Any) -> None:
        self._add(ApiCall(time=time, peer=self.name, method=method, arguments=arguments, **members))

    # -- events

    def _gathered(self, time: float, value: Any) -> None:
        candidate = written.candidate_of(value)
        if candidate is None:
            self.note(time, "icecandidate", value)
        elif not candidate.is_end or value is None or value == "":
            # One without a line ends a generation in one section; None follows for all of them.
            self._add(CandidateEvent(time=time, peer=self.name, action="gathered", candidate=candidate))

    def _server(self, time: float, value: Any) -> None:
        found = written.server_error_of(value)
        if found is None:
            self.note(time, "icecandidateerror", value)
        else:
            url, code, text = found
            self._add(ServerEvent(time=time, peer=self.name, url=url, error_code=code, text=text))

    def _track(self, time: float, action: str, value: Any) -> None:
        track = written.track_of(value)
        if track is None:
            self.note(time, action, value)
            return
        (self._sent if action == "added" else self._received).add(track[1])
        self._tracks_told |= action == "received"
        self._add(
            TrackEvent(time=time, peer=self.name, action=action, track_kind=track[0], track_id=track[1])
        )

    def _infer_tracks(self, time: float, added: bool, transceiver: dict[str, str]) -> None:
        """Tell from a transceiver which tracks were added and arrived, where the dump has no events of that."""
        reason, kind = transceiver.get("reason", ""), transceiver.get("kind", "")
        sent, received = transceiver.get("sent"), transceiver.get("received")
        if reason in ("addTrack", "addTransceiver") and sent and sent not in self._sent:
            self._sent.add(sent)
            self._call(time, reason, (kind,) if kind else ())
            self._add(TrackEvent(time=time, peer=self.name, action="added", track_kind=kind, track_id=sent))
        receives = added or transceiver.get("direction") in ("sendrecv", "recvonly")
        new = received and received not in self._received and not self._tracks_told
        if reason == "setRemoteDescription" and receives and received and new:
            self._received.add(received)
            members = {"action": "received", "track_kind": kind, "track_id": received}
            self._add(TrackEvent(time=time, peer=self.name, **members))

    def _add(self, event: Event) -> None:
        self.told.add(event.kind)
        self.events.append(event)


def _split(name: str) -> tuple[str, Ending]:
    """Return the bare method, and how it ended: ``createofferonsuccess``."""
    for suffix, ending in ENDINGS:
        bare = name.removesuffix(suffix)
        bare = ALIASES.get(bare, bare)
        if bare != name and bare in NAMES and name.endswith(suffix):
            return bare, ending
    return ALIASES.get(name, name), ""


def _arguments(method: str, value: Any) -> tuple[str, ...]:
    """Return what a call was given, short, for people."""
    if method.endswith("Description"):
        description = written.description_of(value)
        return (description.type,) if description else ()
    if method == "addIceCandidate":
        candidate = written.candidate_of(value) if value != "" else None
        return (candidate.candidate,) if candidate else ()
    if method == "createDataChannel":
        return () if value is None else (written.label_of(value),)
    if method in ("addTrack", "addTransceiver") and (track := written.track_of(value)):
        return (track[0],)
    if method in ("createOffer", "createAnswer"):
        return written.options_of(value)
    if isinstance(value, list) and all(isinstance(x, str) for x in value):
        return tuple(x[:MAX_NAME] for x in value[:4])
    text = text_of(value, MAX_ARGUMENT)
    return (text,) if text else ()
