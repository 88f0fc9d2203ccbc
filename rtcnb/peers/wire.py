"""The path of messages between two peers: `connect` carries them all, in order and at once."""

from __future__ import annotations

import asyncio

from ..runtime import loop
from .peer import Peer


async def connect(alice: Peer, bob: Peer, timeout: float = 10.0) -> None:
    """Run the whole exchange, trickling: `alice` offers, `bob` answers, candidates go both ways.

    Parameters
    ----------
    alice, bob : Peer
        Either may be a BrowserPeer or a KernelPeer. What `alice` is to send must have been added.
    timeout : float
        Seconds for the connection, once the descriptions are exchanged.

    Raises
    ------
    ConnectionFailed
        They did not connect; its findings say why.
    PeerError
        A description or candidate was refused.
    """
    await loop.run(_connect(alice, bob, timeout))


async def _connect(alice: Peer, bob: Peer, timeout: float) -> None:
    offer = await alice.createOffer()
    await alice.setLocalDescription(offer)
    await bob.setRemoteDescription(offer)
    answer = await bob.createAnswer()
    await bob.setLocalDescription(answer)
    await alice.setRemoteDescription(answer)
    await _until_connected(alice, bob, timeout)


async def _until_connected(alice: Peer, bob: Peer, timeout: float) -> None:
    """Carry candidates until both are connected, or until the first error of any of it."""
    waiting = {asyncio.ensure_future(peer.wait_connected(timeout)) for peer in (alice, bob)}
    carrying = {asyncio.ensure_future(_carry(alice, bob)), asyncio.ensure_future(_carry(bob, alice))}
    tasks = waiting | carrying
    try:
        while not all(task.done() for task in waiting):
            done, _ = await asyncio.wait(
                {t for t in tasks if not t.done()}, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _carry(sender: Peer, receiver: Peer) -> None:
    async for candidate in sender.candidates():
        await receiver.addIceCandidate(candidate)
