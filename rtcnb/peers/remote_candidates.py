"""The other side's candidates, as a KernelPeer takes them: one by one, until the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ..sdp import Candidate, SessionDescription
from .aiortc_internals import TricklingConnection
from .aiortc_types import to_ice_candidate

MAX_LOOKUPS = 50  # at the same time


class RemoteCandidates:
    """What came with one remote description, and after it.

    A browser that may not use a camera hides each address behind a ``.local`` name (RFC 8828). aioice waits a
    second for a name that nobody answers, so all are looked up at the same time, and nothing else waits for them.

    Parameters
    ----------
    connection : TricklingConnection
    description : SessionDescription
        The remote description as it is set.
    note : callable
        Told in a sentence what the reader should know.

    Attributes
    ----------
    shown : SessionDescription
        What aiortc is to be given: without the names, and then without the end. Told both at once, it drops a
        section of which no name resolves.
    """

    def __init__(
        self,
        connection: TricklingConnection,
        description: SessionDescription,
        note: Callable[[str], None],
    ) -> None:
        self._connection = connection
        self._as_set = description
        self._mids = [m.mid or "" for m in description.document.media]
        self._note = note
        self._added: list[Candidate] = []
        self._ended = False
        self._lookups: set[asyncio.Task[None]] = set()
        self._unresolved: set[str] = set()
        written = [c for m in description.document.media for c in m.candidates]
        self._hidden = [c for c in written if c.is_mdns]
        self.shown = description
        if self._hidden:
            visible = [c for c in written if not c.is_mdns]
            self.shown = description.without_candidates().with_candidates(visible, complete=False)

    @property
    def description(self) -> SessionDescription:
        """The remote description with the candidates added so far."""
        if not self._added and not self._ended:
            return self._as_set
        return self._as_set.with_candidates(self._added, self._ended)

    async def begin(self) -> None:
        """Go on with what `shown` lacks, once aiortc has that."""
        for candidate in self._hidden:
            self._look_up(candidate)
        document = self._as_set.document
        ends = [m.line("end-of-candidates") for m in document.media if m.candidates]
        if self._hidden and (all(ends) or document.session.line("end-of-candidates")):
            await self._end()

    async def add(
        self, candidate: Candidate, ask: Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]
    ) -> None:
        """Give the candidate to aiortc by `ask`, which puts aiortc's errors into words."""
        if self._ended:
            return
        if candidate.is_end:
            await self._end()
            return
        if candidate.is_mdns:
            self._look_up(candidate)
        else:
            theirs = to_ice_candidate(candidate, self._mids)
            await ask(lambda: self._connection.addIceCandidate(theirs))
        self._added.append(candidate)

    def _look_up(self, candidate: Candidate) -> None:
        name = str(candidate.address)
        if len(self._lookups) >= MAX_LOOKUPS:
            self._unknown(name, f"more than {MAX_LOOKUPS} such names at once")
            return
        theirs = to_ice_candidate(candidate, self._mids)
        lookup = self._connection.beside(self._connection.addIceCandidate(theirs))
        lookup.add_done_callback(lambda done: self._looked_up(name, done))
        self._lookups.add(lookup)

    def _looked_up(self, name: str, lookup: asyncio.Task[None]) -> None:
        self._lookups.discard(lookup)
        if lookup.cancelled():  # the peer was closed
            return
        error = lookup.exception()
        if not self._connection.remote_candidates():
            self._unknown(name, str(error or ""))

    def _unknown(self, name: str, why: str) -> None:
        if name in self._unresolved:
            return
        self._unresolved.add(name)
        because = f" ({why})" if why else ""
        self._note(
            f"The browser hid its address behind {name}, which does not resolve here{because}. Its own checks "
            "will show the address (peer-reflexive), if this kernel's candidates reach it."
        )

    async def _end(self) -> None:
        self._ended = True
        if self._lookups:
            self._connection.beside(self._end_after(set(self._lookups)))
        else:
            await self._tell_end()

    async def _end_after(self, lookups: set[asyncio.Task[None]]) -> None:
        await asyncio.wait(lookups)
        await self._tell_end()

    async def _tell_end(self) -> None:
        # Told the end with nothing to check, aioice gives up, although the browser's checks are on their way.
        if not self._unresolved or self._connection.remote_candidates():
            await self._connection.addIceCandidate(None)
