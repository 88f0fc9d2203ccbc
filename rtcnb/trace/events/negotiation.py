"""Calls, states, descriptions and candidates, and the messages that carry them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from ...sdp.candidate import Candidate
from ...sdp.description import SessionDescription
from ..secrets import keys_hidden, without_credentials, without_keys
from .base import Event, one_line

Outcome = Literal["ok", "error", "pending"]
MAX_GIVEN = 65536  # characters of what a stranger sent
MARKS: dict[str, str] = {"ok": "", "error": " ✕", "pending": " …"}


@dataclass(frozen=True, kw_only=True, slots=True)
class PeerEvent(Event):
    """A peer was made, or configured anew.

    Attributes
    ----------
    action : str
        ``created`` or ``configured``.
    place : str
        ``page``, ``kernel``, or ``""`` where a file does not say.
    configuration : mapping
        Members of RTCConfiguration, without usernames and credentials; those that were set.
    """

    kind: ClassVar[str] = "peer"
    action: str = "created"
    place: str = ""
    configuration: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "configuration", without_credentials(self.configuration))

    def __str__(self) -> str:
        where = f" in the {self.place}" if self.place else ""
        given = ", ".join(f"{name} {value}" for name, value in self.configuration.items() if value)
        return one_line(f"peer {self.action}{where}" + (f": {given}" if given else ""))


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiCall(Event):
    """A method of a peer was called.

    Attributes
    ----------
    method : str
        The W3C's name, for example ``createOffer``.
    arguments : tuple of str
        Short, for people.
    outcome : {"ok", "error", "pending"}
    error : str
        What it raised.
    given : str
        The description or the candidate that was refused, as it came; the keys of ``a=crypto`` are left out.
    """

    kind: ClassVar[str] = "call"
    method: str
    arguments: tuple[str, ...] = ()
    outcome: Outcome = "ok"
    error: str = ""
    given: str = ""

    def __post_init__(self) -> None:
        if self.given:
            object.__setattr__(self, "given", keys_hidden(self.given[:MAX_GIVEN]))

    def __str__(self) -> str:
        why = f" {self.error}" if self.error else ""
        return one_line(f"{self.method}({', '.join(self.arguments)}){MARKS.get(self.outcome, '')}{why}")


@dataclass(frozen=True, kw_only=True, slots=True)
class StateChange(Event):
    """One of the W3C's state attributes changed.

    Attributes
    ----------
    state : str
        ``signalingState``, ``iceGatheringState``, ``iceConnectionState``, ``connectionState``, ...
    old, new : str
    """

    kind: ClassVar[str] = "state"
    state: str
    old: str = ""
    new: str

    def __str__(self) -> str:
        return one_line(f"{self.state}: {self.old} → {self.new}" if self.old else f"{self.state}: {self.new}")


@dataclass(frozen=True, kw_only=True, slots=True)
class DescriptionSet(Event):
    """A description took effect at a peer.

    Attributes
    ----------
    side : {"local", "remote"}
    description : SessionDescription
        As it was given; the keys of ``a=crypto`` are left out.
    created : SessionDescription or None
        Of a local one: what createOffer or createAnswer had made before it, where that is another text.
    """

    kind: ClassVar[str] = "description"
    side: Literal["local", "remote"]
    description: SessionDescription
    created: SessionDescription | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "description", without_keys(self.description))
        if self.created is not None:
            object.__setattr__(self, "created", without_keys(self.created))

    def __str__(self) -> str:
        munged = ", munged" if self.created is not None else ""
        return one_line(f"{self.side} description: {_kinds(self.description)}{munged}")


@dataclass(frozen=True, kw_only=True, slots=True)
class CandidateEvent(Event):
    """A candidate was found here, or came from the other end and was added."""

    kind: ClassVar[str] = "candidate"
    action: Literal["gathered", "added"]
    candidate: Candidate

    def __str__(self) -> str:
        return one_line(f"candidate {self.action}: {self.candidate!r}")


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageEvent(Event):
    """A description or a candidate on its way from `peer` to `receiver`.

    Attributes
    ----------
    action : str
        ``sent``, ``received``, ``refused``, ``dropped``, ``duplicated``, ``reordered``, ``delayed``, ``edited``.
    number : int
        The same for all that happens to one message.
    receiver : str
    description, candidate
        One of them is what the message carries.
    """

    kind: ClassVar[str] = "message"
    action: str
    number: int
    receiver: str = ""
    description: SessionDescription | None = None
    candidate: Candidate | None = None

    def __post_init__(self) -> None:
        if self.description is not None:
            object.__setattr__(self, "description", without_keys(self.description))

    def __str__(self) -> str:
        what = repr(self.candidate) if self.description is None else _kinds(self.description)
        return one_line(f"message {self.number} to {self.receiver} {self.action}: {what}")


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultEvent(Event):
    """A fault was made on purpose, or taken back."""

    kind: ClassVar[str] = "fault"
    fault: str
    action: str

    def __str__(self) -> str:
        return one_line(f"fault {self.fault} {self.action}")


def _kinds(description: SessionDescription) -> str:
    kinds = " ".join(str(section.kind) for section in description.document.media)
    return f"{description.type} ({kinds or 'no media'})"
