"""The background event loop: one daemon thread on which everything of aiortc lives.

A notebook's own loop stands still while a cell blocks (``time.sleep``, a long computation), and with it
would every packet, check and frame. So aiortc runs here, and cells await it across the threads.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from ..errors import LoopError

T = TypeVar("T")
log = logging.getLogger("rtcnb")

# A sleeping tornado loop is not woken by the stop button's SIGINT; waking this often, it notices.
WAKE_EVERY = 0.05
CLOSE_TIMEOUT = 5.0

EndpointHook = Callable[[Callable[[], asyncio.DatagramProtocol], dict[str, Any]], Callable[[], Any]]


class MediaLoop(asyncio.SelectorEventLoop):
    """An event loop whose sockets can be watched, and later be replaced.

    Attributes
    ----------
    endpoint_hooks : list of callable
        Each is called as ``hook(protocol_factory, arguments)`` before a socket opens and returns
        the protocol factory to use: a packet tap wraps it. Virtual hosts will plug in here too.
    """

    def __init__(self) -> None:
        super().__init__()
        self.endpoint_hooks: list[EndpointHook] = []

    async def create_datagram_endpoint(self, protocol_factory: Any, *args: Any, **kwargs: Any) -> Any:
        """Open a datagram socket, its protocol wrapped by every hook."""
        for hook in self.endpoint_hooks:
            protocol_factory = hook(protocol_factory, kwargs)
        return await super().create_datagram_endpoint(protocol_factory, *args, **kwargs)

    async def create_connection(self, protocol_factory: Any, *args: Any, **kwargs: Any) -> Any:
        """Open a TCP connection, its protocol wrapped by every hook: a TURN server may be reached by TCP."""
        for hook in self.endpoint_hooks:
            protocol_factory = hook(protocol_factory, kwargs)
        return await super().create_connection(protocol_factory, *args, **kwargs)


def add_endpoint_hook(loop: asyncio.AbstractEventLoop, hook: EndpointHook) -> None:
    """Have `hook` asked for every socket that this loop opens from now on; once, however often it is added.

    Raises
    ------
    LoopError
        The loop, not made of Python, cannot be watched.
    """
    if isinstance(loop, MediaLoop):
        if hook not in loop.endpoint_hooks:
            loop.endpoint_hooks.append(hook)
        return
    hooked: list[EndpointHook] = vars(loop).setdefault("rtcnb_hooks", []) if hasattr(loop, "__dict__") else []
    if hook in hooked:
        return
    try:
        for name in ("create_datagram_endpoint", "create_connection"):
            setattr(loop, name, _hooked(getattr(loop, name), hook))
    except AttributeError:
        raise LoopError(
            f"The sockets of a {type(loop).__name__} cannot be watched; asyncio's own can."
        ) from None
    hooked.append(hook)


def _hooked(create: Callable[..., Awaitable[Any]], hook: EndpointHook) -> Callable[..., Awaitable[Any]]:
    def create_hooked(protocol_factory: Any, *args: Any, **kwargs: Any) -> Awaitable[Any]:
        return create(hook(protocol_factory, kwargs), *args, **kwargs)

    return create_hooked


class _Background:
    """The loop with its thread, and what must be closed when the interpreter ends."""

    def __init__(self) -> None:
        self.loop = MediaLoop()
        self.loop.set_exception_handler(_log_exception)
        self.closers: dict[object, Callable[[], Awaitable[None]]] = {}
        self.thread = threading.Thread(target=self._run, name="rtcnb", daemon=True)
        self.thread.start()
        # aiortc's decoder threads are no daemons: they would keep an ended script alive for ever. A main
        # thread that ends is joined before they are, so this is the moment to close what is still open.
        threading.Thread(target=self._close_with_main_thread, name="rtcnb-exit", daemon=True).start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def _close_with_main_thread(self) -> None:
        threading.main_thread().join()
        try:
            asyncio.run_coroutine_threadsafe(self._close_all(), self.loop).result(CLOSE_TIMEOUT)
        except (concurrent.futures.TimeoutError, RuntimeError):
            log.warning("rtcnb: some peers did not close in time while Python was ending")

    async def _close_all(self) -> None:
        closers, self.closers = list(self.closers.values()), {}
        await asyncio.gather(*(close() for close in closers), return_exceptions=True)


_background: _Background | None = None
_starting = threading.Lock()


def _get() -> _Background:
    global _background
    with _starting:
        if _background is None or not _background.thread.is_alive():
            _background = _Background()
        return _background


def _log_exception(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    # aiortc sends from tasks that nobody waits for, also when the other end has just gone: states tell of that.
    level = logging.DEBUG if isinstance(error, ConnectionError) and "future" in context else logging.ERROR
    log.log(level, "rtcnb: %s", context.get("message"), exc_info=error)


def background() -> MediaLoop:
    """Return the background loop, which starts at its first use."""
    return _get().loop


def on_background() -> bool:
    """Say whether the caller runs on the background loop's thread."""
    return _background is not None and threading.current_thread() is _background.thread


def close_at_exit(owner: object, close: Callable[[], Awaitable[None]] | None) -> None:
    """Have `close` awaited on the background loop when Python ends; None takes that back."""
    if close is None:
        if _background is not None:
            _background.closers.pop(owner, None)
    else:
        _get().closers[owner] = close


def submit(coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
    """Start `coroutine` on the background loop from any thread, without waiting for it."""
    return asyncio.run_coroutine_threadsafe(coroutine, background())


async def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Await `coroutine` on the background loop, from that loop or from any other.

    A cell that awaits this stops within 0.2 s of the stop button, with the CancelledError that the
    notebook makes of it (and that ``asyncio.timeout`` needs); the coroutine is then cancelled too.
    """
    if on_background():
        return await coroutine
    future = asyncio.wrap_future(submit(coroutine))
    try:
        while not future.done():
            await asyncio.wait({future}, timeout=WAKE_EVERY)
    except asyncio.CancelledError:
        future.cancel()
        raise asyncio.CancelledError("Stopped while waiting. What was waited for may still happen.") from None
    return future.result()


def call(function: Callable[..., T], *args: Any, timeout: float = 5.0) -> T:
    """Call a quick, plain function on the background loop's thread and return its result.

    Raises
    ------
    LoopError
        The loop did not get to it within `timeout` seconds.
    """
    if on_background():
        return function(*args)

    async def on_loop() -> T:
        return function(*args)

    future = submit(on_loop())
    try:
        return future.result(timeout)
    except concurrent.futures.TimeoutError:
        if future.done():  # the function's own TimeoutError
            raise
        future.cancel()
        raise LoopError(
            f"rtcnb's background loop was busy for {timeout:g} s. Something blocks it: look for a handler or "
            "track of your own that computes in a coroutine, and move that work to a thread."
        ) from None
