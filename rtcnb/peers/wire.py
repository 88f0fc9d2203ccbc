"""Wire: the path of messages between two peers, by hand or at once; `connect` runs a whole exchange over one."""

from __future__ import annotations

import asyncio
import threading
import time
import weakref
from collections.abc import Callable
from functools import partial
from html import escape

from ..errors import PeerError, RtcnbError
from ..runtime import loop
from ..sdp import SessionDescription, paste
from .message import Content, Delivery, Message
from .peer import Peer

MAX_PENDING = 1000
LAST_CANDIDATES = 0.5  # seconds, for what is still being gathered
LAST_DELIVERIES = 10.0  # seconds, for what is on its way: a page under load takes its time
_open: weakref.WeakSet[Wire] = weakref.WeakSet()
Filter = Callable[[Message], list[Message]]


class Wire:
    """The path of messages between two peers of this notebook, or from one to another notebook.

    What `alice` or `bob` sets as its local description, and each of its candidates, becomes a message that
    waits in `pending`. ``createAnswer`` stays with you.

    Parameters
    ----------
    alice : Peer
    bob : Peer, optional
        Without one, messages are copied: ``wire.pending[0].to_json()`` here, ``wire.paste(...)`` there.
    auto : bool
        Deliver each at once, those of one side in order; what goes one way does not wait for the other way.

    Attributes
    ----------
    errors : list of RtcnbError
        What receivers refused of what was delivered by itself.
    filters : list of callable
        Each is given every new message and returns those to go on with; `rtcnb.faults` are made of them.
    trace : Trace
        Of `alice`.

    Examples
    --------
    >>> wire = Wire(alice, bob)                                    # doctest: +SKIP
    >>> await alice.setLocalDescription(await alice.createOffer())  # doctest: +SKIP
    >>> wire.pending                                               # doctest: +SKIP
    [<message 1, alice → bob: offer (video)>]
    >>> await wire.deliver()                                       # doctest: +SKIP
    """

    def __init__(self, alice: Peer, bob: Peer | None = None, *, auto: bool = False) -> None:
        if not isinstance(alice, Peer) or not (bob is None or isinstance(bob, Peer)):
            raise PeerError("Wire(alice, bob) takes two peers, KernelPeer or BrowserPeer.")
        if alice is bob:
            raise PeerError(f"Wire(): both ends are {alice.name}. A call has two peers.")
        self.errors: list[RtcnbError] = []
        self.filters: list[Filter] = []
        self.trace = alice.trace
        self._pending: list[Message] = []
        self._auto = auto
        self._lock = threading.RLock()
        self._ends = [(alice, bob), *([(bob, alice)] if bob is not None else [])]
        self._delivering = {sender: asyncio.Lock() for sender, _ in self._ends}
        self._working: dict[Peer, asyncio.Future[None]] = {}  # by sender
        self._outlets = []
        for sender, receiver in self._ends:
            outlet = self._outlet(sender, receiver)
            sender._outlets.append(outlet)
            self._outlets.append((sender, outlet))
        _open.add(self)

    def _outlet(self, sender: Peer, receiver: Peer | None) -> Callable[[Content], None]:
        def take(content: Content) -> None:
            message = Message(self, sender, receiver, content)
            message._record("sent")
            self._add([message])

        return take

    def _add(self, messages: list[Message]) -> None:
        for change in self.filters:
            messages = [new for old in messages for new in change(old)]
        with self._lock:
            self._pending += messages
            lost = self._pending[:-MAX_PENDING]
            del self._pending[:-MAX_PENDING]
        for message in lost:
            message._record("dropped")
        self._go_on()

    @property
    def peers(self) -> list[Peer]:
        """The peers of this notebook at its ends."""
        return [peer for peer, _ in self._ends]

    # -- by hand

    @property
    def pending(self) -> list[Message]:
        """The messages that wait, the oldest first."""
        return list(self._pending)

    @property
    def auto(self) -> bool:
        """Whether each message is delivered at once; it may be switched at any time."""
        return self._auto

    @auto.setter
    def auto(self, auto: bool) -> None:
        self._auto = auto
        loop.call(self._go_on)

    def deliver(self) -> Delivery:
        """Deliver the oldest message; see `Message.deliver`."""
        return self._oldest("deliver").deliver()

    async def deliver_all(self) -> None:
        """Deliver the messages that wait now, in order; the first error ends it."""
        for message in self.pending:
            if message in self._pending:
                await message.deliver()

    def drop(self) -> None:
        """Lose the oldest message."""
        self._oldest("drop").drop()

    def duplicate(self) -> Message:
        """Put a copy behind the oldest message."""
        return self._oldest("duplicate").duplicate()

    def reorder(self, position: int = -1) -> None:
        """Move the oldest message to the end, or to another position."""
        self._oldest("reorder").reorder(position)

    def delay(self, seconds: float) -> Delivery:
        """Deliver the oldest message later by itself."""
        return self._oldest("delay").delay(seconds)

    def edit(self, change: Callable[[str], str] | str | Content) -> None:
        """Change the oldest message; see `Message.edit`."""
        self._oldest("edit").edit(change)

    async def paste(self, text: str) -> None:
        """Give `alice` what was copied in another notebook: one message, or several lines of them.

        Raises
        ------
        DescriptionError
            It is nothing of that kind.
        PeerError
            `alice` refuses it.
        """
        found = paste(text)
        for content in found if isinstance(found, list) else [found]:
            await loop.run(_give(self._ends[0][0], content))

    def close(self) -> None:
        """Carry no more messages; those that wait are lost."""
        _open.discard(self)
        for peer, outlet in self._outlets:
            if outlet in peer._outlets:
                peer._outlets.remove(outlet)
        for message in self.pending:
            message.drop()

    def _oldest(self, what: str) -> Message:
        if not self._pending:
            raise PeerError(
                f"wire.{what}(): no message waits. Descriptions come with setLocalDescription(), candidates follow."
            )
        return self._pending[0]

    # -- on the background loop

    async def _deliver(self, message: Message) -> None:
        if message._to is None:
            raise PeerError(
                f"The other end of this wire is in another notebook: copy wire.pending[0].to_json() and give it to "
                f"wire.paste() there. (Message {message.number} is taken off now; message.to_json() still has it.)"
            )
        async with self._delivering[message._from]:  # one after the other, as they were sent off
            message._record("received")
            # The sender may wait for what comes behind it.
            try:
                await message._from._work.of(_give(message._to, message.content))
            except RtcnbError:
                message._record("refused")
                raise

    async def _deliver_later(self, message: Message, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._deliver(message)

    def _go_on(self) -> None:
        for sender, _ in self._ends:
            if self._auto and sender not in self._working and any(m._from is sender for m in self.pending):
                task = asyncio.ensure_future(self._deliver_by_itself(sender))
                self._working[sender] = task
                task.add_done_callback(partial(self._ended, sender))

    def _ended(self, sender: Peer, task: asyncio.Future[None]) -> None:
        del self._working[sender]
        self._go_on()

    async def _deliver_by_itself(self, sender: Peer) -> None:
        while self._auto and (message := self._next(sender)) is not None:
            try:
                await self._deliver(message)
            except RtcnbError as error:
                self.errors.append(error)

    def _next(self, sender: Peer) -> Message | None:
        with self._lock:
            oldest = next((m for m in self._pending if m._from is sender), None)
            if oldest is not None:
                self._pending.remove(oldest)
            return oldest

    def __repr__(self) -> str:
        ends = " – ".join(peer.name for peer, _ in self._ends)
        return f"<Wire {ends}{', auto' if self._auto else ''}: {len(self._pending)} pending>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{i}</td><td>{escape(m.sender)} → {escape(m.receiver)}</td><td>{escape(m._words())}</td></tr>"
            for i, m in enumerate(self._pending)
        )
        head = "<tr><th>pending</th><th>way</th><th>message</th></tr>"
        return f"<div>{escape(repr(self))}</div>" + (f"<table>{head}{rows}</table>" if rows else "")


def wires_between(alice: Peer, bob: Peer) -> list[Wire]:
    """Return the wires between two peers that are not closed, the busiest first."""
    found = [wire for wire in list(_open) if {id(p) for p, _ in wire._ends} == {id(alice), id(bob)}]
    return sorted(found, key=lambda wire: -len(wire.pending))


async def _give(peer: Peer, content: Content) -> None:
    if isinstance(content, SessionDescription):
        await peer.setRemoteDescription(content)
    else:
        await peer.addIceCandidate(content)


async def connect(alice: Peer, bob: Peer, timeout: float = 10.0) -> None:
    """Run the whole exchange, trickling: `alice` offers, `bob` answers, candidates go both ways.

    Parameters
    ----------
    alice, bob : Peer
        Either may be a BrowserPeer or a KernelPeer. What `alice` is to send must have been added.
    timeout : float
        Seconds for the connection, once the descriptions are exchanged. Where an end is slow to take the last
        candidates, they are waited for up to 10 s more: what it has not taken then is lost.

    Raises
    ------
    ConnectionFailed
        They did not connect; its findings say why.
    PeerError
        A description or candidate was refused.
    """
    await loop.run(_connect(alice, bob, timeout))


async def _connect(alice: Peer, bob: Peer, timeout: float) -> None:
    wire = Wire(alice, bob)
    try:
        await exchange(wire, alice, bob)
        wire.auto = True
        await _until_connected(wire, alice, bob, timeout)
        await _until_quiet(wire)
    finally:
        wire.close()


async def exchange(wire: Wire, alice: Peer, bob: Peer) -> None:
    """Offer and answer over a wire; candidates that were gathered meanwhile go along."""
    await alice.setLocalDescription(await alice.createOffer())
    await wire.deliver_all()
    await bob.setLocalDescription(await bob.createAnswer())
    await wire.deliver_all()


async def _until_quiet(wire: Wire) -> None:
    """Let the last candidates arrive, end-of-candidates too; a server that is silent is not waited for."""
    begun = time.monotonic()
    while (waited := time.monotonic() - begun) < LAST_DELIVERIES:
        gathered = all(peer._candidates and peer._candidates[-1].is_end for peer in wire.peers)
        if not wire._pending and not wire._working and (gathered or waited > LAST_CANDIDATES):
            return
        await asyncio.sleep(0.01)


async def _until_connected(wire: Wire, alice: Peer, bob: Peer, timeout: float) -> None:
    """Wait until both are connected, or until the first error of either or of the wire."""
    waiting = tasks = {asyncio.ensure_future(peer.wait_connected(timeout)) for peer in (alice, bob)}
    try:
        while waiting:
            done, waiting = await asyncio.wait(waiting, timeout=0.1, return_when=asyncio.FIRST_COMPLETED)
            if wire.errors:
                raise wire.errors[0]
            for task in done:
                task.result()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)  # both may have failed, and one was told
