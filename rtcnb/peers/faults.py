"""Faults, made on purpose: one line makes one, ``undo()`` takes it back.

Each does on the wire what goes wrong there in earnest; no state is faked. What was delivered or gathered stays so:
undoing one concerns what follows.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from .. import trace as traces
from ..errors import PeerError
from ..runtime import loop
from ..sdp import Candidate, SessionDescription
from .message import Message, edited
from .wire import Filter, Wire

Change = Callable[[SessionDescription], str]
HIDDEN = "hidden"
_hidden: ContextVar[bool] = ContextVar("rtcnb_hidden_fault", default=False)
# For peers that are made so: KernelPeer(..., **RELAY_ONLY).
RELAY_ONLY: dict[str, Any] = {"iceTransportPolicy": "relay"}


class Fault:
    """A fault on a wire, or of the peers at its ends.

    Attributes
    ----------
    name : str
    active : bool
    """

    def __init__(
        self, wire: Wire, name: str, make: Callable[[], None], take_back: Callable[[], None]
    ) -> None:
        self.name = HIDDEN if _hidden.get() else name
        self.active = True
        self._wire = wire
        self._take_back = take_back
        make()
        self._record("made")

    def undo(self) -> None:
        """Let messages pass, and peers gather, as they did before."""
        if self.active:
            self.active = False
            self._take_back()
            self._record("undone")

    def _record(self, action: str) -> None:
        self._wire.trace.append(traces.FaultEvent(fault=self.name, action=action))

    def __enter__(self) -> Fault:
        return self

    def __exit__(self, *error: object) -> None:
        self.undo()

    def __repr__(self) -> str:
        return f"<fault {self.name}{'' if self.active else ', undone'}; fault.undo() takes it back>"


def wrong_pwd(wire: Wire, to: str | None = None) -> Fault:
    """Give the other side another ``a=ice-pwd``: its checks arrive, and their integrity fails (RFC 8445 7.3).

    Parameters
    ----------
    wire : Wire
    to : str, optional
        The name of the peer that is told wrong; by default both are.
    """
    return _on_descriptions(wire, "wrong-pwd", to, _every(r"(?m)^(a=ice-pwd:)\S+", _pwd))


def wrong_fingerprint(wire: Wire, to: str | None = None) -> Fault:
    """Give the other side another ``a=fingerprint``: it meets a certificate that is not the one (RFC 8122)."""
    change = lambda d: re.sub(r"(?m)^(a=fingerprint:\S+ )(\S+)", _another, d.sdp)  # noqa: E731
    return _on_descriptions(wire, "wrong-fingerprint", to, change)


def both_active(wire: Wire) -> Fault:
    """Tell the offerer that the answerer is passive, which it is not: both begin the DTLS handshake (RFC 8842)."""

    def change(description: SessionDescription) -> str:
        if description.type == "offer":
            return description.sdp
        return description.sdp.replace("a=setup:active", "a=setup:passive")

    return _on_descriptions(wire, "both-active", None, change)


def sections_swapped(wire: Wire) -> Fault:
    """Put the answer's media sections into another order than the offer's (RFC 9429 section 5.3.1)."""

    def change(description: SessionDescription) -> str:
        if description.type == "offer":
            return description.sdp
        begin, *sections = re.split(r"(?m)^(?=m=)", description.sdp)
        return begin + "".join(reversed(sections))

    return _on_descriptions(wire, "sections-swapped", None, change)


def codec_removed(wire: Wire, kind: str = "video") -> Fault:
    """Leave the offer's video (or audio) only a codec that nobody has any more: H.261 (RFC 4587)."""

    def change(description: SessionDescription) -> str:
        if description.type != "offer":
            return description.sdp
        sections = re.split(r"(?m)^(?=m=)", description.sdp)
        return "".join(_with_codec(s) if s.startswith(f"m={kind} ") else s for s in sections)

    return _on_descriptions(wire, "codec-removed", None, change)


def candidates_withheld(wire: Wire, of: str | None = None) -> Fault:
    """Carry no candidates, as signaling that forgets them.

    Parameters
    ----------
    wire : Wire
    of : str, optional
        The name of the peer whose candidates are lost; by default both.
    """

    def change(message: Message) -> list[Message]:
        if isinstance(message.content, Candidate) and of in (None, message.sender):
            message._record("dropped")
            return []
        return [_edited(message, SessionDescription.without_candidates, None)]

    return _on_wire(wire, "candidates-withheld", change)


def candidate_first(wire: Wire) -> Fault:
    """Let the offerer's first candidate overtake the offer (an InvalidStateError, webrtc-pc 4.4.2)."""
    held: list[Message] = []

    def change(message: Message) -> list[Message]:
        if isinstance(message.content, SessionDescription) and message.content.type == "offer":
            held.append(message)
            return []
        overtaken = [m for m in held if m.sender == message.sender]
        held.clear()
        return [message, *overtaken]

    return _on_wire(wire, "candidate-first", change)


def answer_twice(wire: Wire) -> Fault:
    """Deliver each answer twice."""

    def change(message: Message) -> list[Message]:
        is_answer = isinstance(message.content, SessionDescription) and message.content.type == "answer"
        return [message, message.copy()] if is_answer else [message]

    return _on_wire(wire, "answer-twice", change)


def stale_offer(wire: Wire) -> Fault:
    """Deliver the offer of an earlier session of the offerer: its credentials and certificate are no more.

    That is what a signaling server does that keeps an offer for whoever comes late.
    """
    pwd, ufrag = _pwd(), secrets.token_hex(4)

    def change(description: SessionDescription) -> str:
        if description.type != "offer":
            return description.sdp
        sdp = re.sub(r"(?m)^(a=ice-pwd:)\S+", rf"\g<1>{pwd}", description.sdp)
        sdp = re.sub(r"(?m)^(a=ice-ufrag:)\S+", rf"\g<1>{ufrag}", sdp)
        return re.sub(r"(?m)^(o=\S+ )\d+", rf"\g<1>{secrets.randbits(62)}", sdp)

    return _on_descriptions(wire, "stale-offer", None, change)


def mdns_only(wire: Wire) -> Fault:
    """Hide every address behind a ``.local`` name that nobody resolves, as browsers without a camera do."""
    names: dict[str, str] = {}

    def hidden(line: str) -> str:
        parts = line.split()
        if len(parts) < 8:
            return line
        parts[4] = names.setdefault(parts[4], f"{secrets.token_hex(4)}-rtcnb.local")
        return " ".join(parts)

    def change(message: Message) -> list[Message]:
        return [_edited(message, SessionDescription.without_candidates, hidden)]

    return _on_wire(wire, "mdns-only", change)


def relay_only(wire: Wire) -> Fault:
    """Have both peers gather and use relay candidates only, as on a network that lets nothing else through.

    It sets their ``iceTransportPolicy`` (W3C webrtc-pc section 4.4.1.6), so it concerns what is gathered from now
    on: make it before the first ``setLocalDescription``. With a TURN server that gives a relay the call connects
    over that; without one there is nothing to check.
    """
    peers = wire.peers
    before = [peer._transport_policy for peer in peers]

    def make() -> None:
        for peer in peers:
            peer._use_transport_policy("relay")

    def take_back() -> None:
        for peer, policy in zip(peers, before, strict=True):
            peer._use_transport_policy(policy)

    return Fault(wire, "relay-only", make, take_back)


NAMED: dict[str, Callable[..., Fault]] = {
    "wrong-pwd": wrong_pwd,
    "wrong-fingerprint": wrong_fingerprint,
    "both-active": both_active,
    "sections-swapped": sections_swapped,
    "codec-removed": codec_removed,
    "candidates-withheld": candidates_withheld,
    "candidate-first": candidate_first,
    "answer-twice": answer_twice,
    "stale-offer": stale_offer,
    "mdns-only": mdns_only,
    "relay-only": relay_only,
}


def make(wire: Wire, name: str, *, hidden: bool = False, **options: Any) -> Fault:
    """Make a fault by its name.

    Parameters
    ----------
    wire : Wire
    name : str
    hidden : bool
        Neither the fault nor the trace says which it is: it is to be found.
    **options
        Of the fault.

    Raises
    ------
    PeerError
        There is no such fault.
    """
    if name not in NAMED:
        raise PeerError(f"There is no fault {name!r}; there are {', '.join(NAMED)}.")
    before = _hidden.set(hidden)
    try:
        return NAMED[name](wire, **options)
    finally:
        _hidden.reset(before)


# -- what they share


def _on_wire(wire: Wire, name: str, change: Filter) -> Fault:
    """Return a fault that changes what messages there are, and what is in them."""
    filters = wire.filters
    return Fault(
        wire, name, lambda: loop.call(filters.append, change), lambda: loop.call(filters.remove, change)
    )


def _on_descriptions(wire: Wire, name: str, to: str | None, change: Change) -> Fault:
    def on_message(message: Message) -> list[Message]:
        content = message.content
        if isinstance(content, SessionDescription) and to in (None, message.receiver):
            changed = change(content)
            if changed != content.sdp:
                message.content = edited(content, changed)
        return [message]

    return _on_wire(wire, name, on_message)


def _edited(
    message: Message,
    of_description: Callable[[SessionDescription], SessionDescription],
    of_candidate: Callable[[str], str] | None,
) -> Message:
    content = message.content
    if isinstance(content, SessionDescription):
        message.content = of_description(content)
    elif of_candidate is not None and not content.is_end:
        message.content = edited(content, of_candidate)
    return message


def _every(pattern: str, value: Callable[[], str]) -> Change:
    """Return a change that puts the same new value into every line that fits."""
    new = value()
    return lambda description: re.sub(pattern, rf"\g<1>{new}", description.sdp)


def _pwd() -> str:
    return secrets.token_hex(12)  # RFC 8839 section 5.4: at least 22 characters


def _another(line: re.Match[str]) -> str:
    octets = line[2].count(":") + 1
    return line[1] + ":".join(f"{byte:02X}" for byte in secrets.token_bytes(octets))


def _with_codec(section: str) -> str:
    """Return a media section with H.261 for its only codec."""
    first, *lines = section.splitlines(keepends=True)
    kept = [line for line in lines if not re.match(r"a=(rtpmap|fmtp|rtcp-fb):", line)]
    media = " ".join(first.split()[:3])
    ending = first[len(first.rstrip("\r\n")) :]
    return f"{media} 31{ending}{''.join(kept)}a=rtpmap:31 H261/90000{ending}"
