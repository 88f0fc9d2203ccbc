"""Waiting until a peer is connected, no longer than it takes to know what is missing."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from typing import TYPE_CHECKING, TypeVar

from ..errors import ConnectionFailed
from ..finding import Finding
from ..trace.diagnose import diagnose
from ..trace.evidence import SILENCE_AFTER

if TYPE_CHECKING:
    from .peer import Peer

T = TypeVar("T")
# Seconds of waiting; aioice gives a server that says nothing 5, Chromium 9.5.
ASK_AFTER = (SILENCE_AFTER, 6.0, 10.5)
BUSY_WITHIN = 1.0  # seconds: whoever was told something just now may be told the rest


class Work:
    """What is done with a peer, and to its other end on its behalf: slow is not the same as silent."""

    def __init__(self) -> None:
        self._under_way = 0
        self._ended_at = time.monotonic()

    async def of(self, doing: Awaitable[T]) -> T:
        """Await something on the background loop, and count it as work."""
        self._under_way += 1
        try:
            return await doing
        finally:
            self._under_way -= 1
            self._ended_at = time.monotonic()

    @property
    def quiet_s(self) -> float:
        """For how many seconds nothing has been done."""
        return 0.0 if self._under_way else time.monotonic() - self._ended_at


async def until_connected(peer: Peer, timeout: float) -> None:
    """Wait on the background loop; see `Peer.wait_connected`."""
    begun = time.monotonic()
    for moment in (*(after for after in ASK_AFTER if after < timeout), timeout):
        if await _settled_by(peer, begun + moment):
            break
        _refuse_to_hang(peer)
    if peer.connectionState == "connected":
        return
    sentence = (
        f"{peer.name} did not connect within {timeout:g} s: "
        if peer.connectionState not in ("failed", "closed")
        else f"{peer.name} is {peer.connectionState}: "
    )
    sentence += f"connectionState {peer.connectionState}, iceConnectionState {peer.iceConnectionState}."
    raise ConnectionFailed(sentence, _causes(peer, given_up=True))


async def _settled_by(peer: Peer, moment: float) -> bool:
    """Wait for an end of connecting; where the loop itself was kept from working, as much longer."""
    for late in (False, True):
        overdue = time.monotonic() - moment
        try:
            await peer._until(
                lambda: peer.connectionState in ("connected", "failed", "closed"),
                overdue if late else max(0.0, -overdue),
            )
            return True
        except TimeoutError:
            pass
    return False


def _refuse_to_hang(peer: Peer) -> None:
    """Raise where nothing was done for seconds and it is known what is missing: waiting would not help."""
    quiet_s = peer._work.quiet_s
    if quiet_s < BUSY_WITHIN or peer.connectionState == "connected":
        return
    if causes := _causes(peer):
        sentence = f"{peer.name} hangs: nothing was done for {quiet_s:.0f} s, and something is missing."
        raise ConnectionFailed(sentence, causes)


def _causes(peer: Peer, given_up: bool = False) -> list[Finding]:
    found = diagnose(peer.trace, peer.name, given_up=given_up)
    return [f for f in found if f.severity == "error" and f.rule != "cannot-tell"]
