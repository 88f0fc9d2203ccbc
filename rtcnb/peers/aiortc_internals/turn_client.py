"""What aioice's TURN client lacks: it hears of a closed port at once, and its good-bye ends.

The clients of rtcnb's own peers only: they are told by a context variable that the question to the server sets.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import aioice.turn

from ...runtime.loop import add_endpoint_hook

T = TypeVar("T")
RELEASE_TIMEOUT = 1.5  # seconds; an allocation that is not released expires (RFC 8656 section 6)

_refusal: contextvars.ContextVar[asyncio.Future[Exception] | None] = contextvars.ContextVar(
    "rtcnb_refusal", default=None
)


def watch_turn_clients() -> None:
    """Have `unless_refused` hear of TURN clients on the running loop."""
    add_endpoint_hook(asyncio.get_running_loop(), _hook)


async def unless_refused(asking: Coroutine[Any, Any, T]) -> T:
    """Await an answer, or the hard ICMP error that says that there will be none.

    RFC 8489 section 6.2.1 has the transaction fail then; aioice waits on.

    Raises
    ------
    ConnectionRefusedError
        The server's UDP port is closed.
    """
    refusal: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
    token = _refusal.set(refusal)
    try:
        task = asyncio.ensure_future(asking)  # inherits the variable, as does the socket's opening in it
    finally:
        _refusal.reset(token)
    try:
        either: set[asyncio.Future[Any]] = {task, refusal}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise refusal.result()
        return task.result()
    finally:
        refusal.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})  # it closes its socket


def _hook(factory: Callable[[], Any], arguments: dict[str, Any]) -> Callable[[], Any]:
    refusal = _refusal.get()
    if refusal is None:
        return factory

    def watched() -> Any:
        client = factory()
        if isinstance(client, aioice.turn.TurnClientMixin):
            client.delete = _bounded(client.delete)
            client.error_received = lambda error: _refuse(refusal, error)
        return client

    return watched


def _refuse(refusal: asyncio.Future[Exception], error: Exception) -> None:
    if isinstance(error, ConnectionRefusedError) and not refusal.done():
        refusal.set_result(error)


def _bounded(delete: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], Coroutine[Any, Any, None]]:
    """Wait for the release of an allocation no longer than that: a server that is gone answers none."""

    async def deleted() -> None:
        try:
            async with asyncio.timeout(RELEASE_TIMEOUT):
                await delete()
        except TimeoutError:
            pass  # its socket is closed all the same

    return deleted
