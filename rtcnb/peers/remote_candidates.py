"""The other side's candidates, as a KernelPeer takes them: one by one, until the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ..sdp import Candidate, SessionDescription
from .aiortc_internals import TricklingConnection
from .aiortc_types import to_ice_candidate


class RemoteCandidates:
    """What came after one remote description.

    Parameters
    ----------
    connection : TricklingConnection
    description : SessionDescription
        The remote description as it was set.
    note : callable
        Told in a sentence what the reader should know.
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
        self._unresolved = False

    @property
    def description(self) -> SessionDescription:
        """The remote description with the candidates added so far."""
        if not self._added and not self._ended:
            return self._as_set
        return self._as_set.with_candidates(self._added, self._ended)

    async def add(
        self, candidate: Candidate, ask: Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]
    ) -> None:
        """Give the candidate to aiortc by `ask`, which puts aiortc's errors into words."""
        if self._ended:
            return
        if candidate.is_end:
            await self._end(ask)
            return
        theirs = to_ice_candidate(candidate, self._mids)
        await ask(lambda: self._connection.addIceCandidate(theirs))
        self._added.append(candidate)
        if candidate.is_mdns and not self._connection.remote_candidates():
            self._unresolved = True
            self._note(
                f"The browser hid its address behind {candidate.address}, which does not resolve here. Its own "
                "checks will show the address (peer-reflexive), if this kernel's candidates reach it."
            )

    async def _end(self, ask: Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]) -> None:
        self._ended = True
        # Told the end with nothing to check, aioice gives up, although the browser's checks are on their way.
        if not (self._unresolved and not self._connection.remote_candidates()):
            await ask(lambda: self._connection.addIceCandidate(None))
