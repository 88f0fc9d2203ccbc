"""Message: a description or a candidate on its way over a Wire."""

from __future__ import annotations

import asyncio
import itertools
import json
import weakref
from collections.abc import Callable, Generator
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

from .. import trace as traces
from ..errors import PeerError
from ..runtime import loop
from ..sdp import Candidate, SessionDescription
from .peer import Peer

if TYPE_CHECKING:
    from .wire import Wire

Content = SessionDescription | Candidate
_numbers = itertools.count(1)
_known: weakref.WeakValueDictionary[int, Message] = weakref.WeakValueDictionary()


def waiting(number: int) -> Message | None:
    """Return the message of that number, if it waits on its wire."""
    message = _known.get(number)
    return message if message is not None and message in message.wire.pending else None


class Delivery:
    """What `deliver` returns: it is under way already; awaiting it waits for its end and raises its error."""

    def __init__(self, work: Any) -> None:
        self._future = loop.submit(work)

    def __await__(self) -> Generator[Any, None, None]:
        return loop.run(_result(self._future)).__await__()

    def __repr__(self) -> str:
        return "<delivered>" if self._future.done() else "<on its way; await it to see its end>"


async def _result(future: Any) -> None:
    await asyncio.wrap_future(future)


class Message:
    """A description or a candidate that waits to be delivered.

    Attributes
    ----------
    number : int
    sender, receiver : str
        Names of peers; the receiver is ``""`` where it is in another notebook.
    content : SessionDescription or Candidate
    """

    def __init__(self, wire: Wire, sender: Peer, receiver: Peer | None, content: Content) -> None:
        self.number = next(_numbers)
        self.sender = sender.name
        self.receiver = receiver.name if receiver is not None else ""
        self.content = content
        self._wire = wire
        self._from = sender
        self._to = receiver
        _known[self.number] = self

    @property
    def wire(self) -> Wire:
        """The wire that it is on."""
        return self._wire

    @property
    def trace(self) -> traces.Trace:
        """Where it is written down."""
        return self._from.trace

    def deliver(self) -> Delivery:
        """Give it to the receiver: ``setRemoteDescription`` or ``addIceCandidate``.

        Await it for the end; what the receiver refuses is raised there, and stands in the trace.

        Raises
        ------
        PeerError
            It waits no more, or its receiver is in another notebook.
        """
        self._take("deliver")
        return Delivery(self._wire._deliver(self))

    def drop(self) -> None:
        """Lose it."""
        self._take("drop")
        self._record("dropped")

    def duplicate(self) -> Message:
        """Put a copy right behind it, and return the copy."""
        copy = self.copy()
        with self._wire._lock:
            self._wire._pending.insert(self._place("duplicate") + 1, copy)
        copy._record("duplicated")
        return copy

    def copy(self) -> Message:
        """Return another message with the same content, which waits nowhere yet."""
        return Message(self._wire, self._from, self._to, self.content)

    def reorder(self, position: int = -1) -> None:
        """Move it to another position among those that wait; by default to the end."""
        with self._wire._lock:
            self._take("reorder")
            pending = self._wire._pending
            pending.insert(len(pending) if position == -1 else position, self)
        self._record("reordered")

    def delay(self, seconds: float) -> Delivery:
        """Deliver it later by itself; await it for the end."""
        self._take("delay")
        self._record("delayed")
        return Delivery(self._wire._deliver_later(self, seconds))

    def edit(self, change: Callable[[str], str] | str | Content) -> None:
        """Change it on its way.

        Parameters
        ----------
        change : callable, str, SessionDescription or Candidate
            Called with the SDP or the candidate's line, it returns another; or the other one itself.

        Raises
        ------
        PeerError
            It waits no more.
        """
        self._place("edit")
        self.content = edited(self.content, change)
        self._record("edited")

    def to_json(self) -> str:
        """Return it as one line, for ``rtcnb.paste`` or ``wire.paste`` in another notebook."""
        if isinstance(self.content, SessionDescription):
            return self.content.to_json()
        return json.dumps(self.content.to_json()).replace("'", "\\u0027")

    def _place(self, what: str) -> int:
        if self not in self._wire._pending:
            raise PeerError(
                f"{what}(): message {self.number} waits no more. wire.pending lists those that do."
            )
        return self._wire._pending.index(self)

    def _take(self, what: str) -> None:
        with self._wire._lock:  # cells and the background loop both take messages off
            del self._wire._pending[self._place(what)]

    def _record(self, action: str) -> None:
        if isinstance(self.content, SessionDescription):
            carried: dict[str, Any] = {"description": self.content}
        else:
            carried = {"candidate": self.content}
        self._from.trace.append(
            traces.MessageEvent(
                peer=self.sender, action=action, number=self.number, receiver=self.receiver, **carried
            )
        )

    def __repr__(self) -> str:
        way = f"{self.sender} → {self.receiver or 'another notebook'}"
        return f"<message {self.number}, {way}: {self._words()}>"

    def _words(self) -> str:
        if isinstance(self.content, SessionDescription):
            kinds = " ".join(str(media.kind) for media in self.content.document.media)
            return f"{self.content.type} ({kinds or 'no media'})"
        return self.content.candidate or "end of candidates"

    def _repr_html_(self) -> str:
        return f"<code>{escape(repr(self))}</code>"


def edited(content: Content, change: Callable[[str], str] | str | Content) -> Content:
    """Return a description with another SDP, or a candidate with another line."""
    if isinstance(change, SessionDescription | Candidate):
        return change
    if isinstance(content, SessionDescription):
        return replace(content, sdp=change(content.sdp) if callable(change) else change)
    return replace(content, candidate=change(content.candidate) if callable(change) else change)
