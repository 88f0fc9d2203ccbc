"""Events by their W3C names: handlers run on the notebook's loop, and what they raise is shown."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

from . import loop

Handler = Callable[[Any], Any]


class Event(SimpleNamespace):
    """An event: `type`, `target` and what the W3C's event of that name carries."""

    type: str
    target: Any


@dataclass(frozen=True)
class _Registration:
    handler: Handler
    home: asyncio.AbstractEventLoop
    context: contextvars.Context


class Emitter:
    """Something that events happen to.

    Attributes
    ----------
    EVENTS : frozenset of str
        The names that `on` takes.
    """

    EVENTS: ClassVar[frozenset[str]] = frozenset()

    def __init__(self) -> None:
        self._registrations: dict[str, list[_Registration]] = {}

    def on(self, event: str, handler: Handler | None = None) -> Any:
        """Call `handler(event)`, plain or ``async def``, whenever the event happens.

        The handler runs on the loop of the cell that registers it, as soon as that loop is free, and prints
        into that cell; what it raises is shown there and stops nothing. Without a running loop, as in a
        script, it runs on the background loop and must not block. Without `handler`, this is a decorator.

        Raises
        ------
        ValueError
            No event of that name happens here.
        """
        if event not in self.EVENTS:
            known = ", ".join(sorted(self.EVENTS))
            raise ValueError(f"{type(self).__name__} has no event {event!r}. It has: {known}.")
        if handler is None:
            return lambda function: self.on(event, function)
        try:
            home: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        except RuntimeError:
            home = loop.background()
        registration = _Registration(handler, home, contextvars.copy_context())
        self._registrations.setdefault(event, []).append(registration)
        return handler

    def off(self, event: str, handler: Handler) -> None:
        """Take a handler back."""
        kept = [r for r in self._registrations.get(event, []) if r.handler != handler]
        self._registrations[event] = kept

    def emit(self, event: str, then: Callable[[], None] | None = None, **members: Any) -> None:
        """Hand the event to its handlers, from any thread; call `then` after the last of them."""
        happened = Event(type=event, target=self, **members)
        home: asyncio.AbstractEventLoop = loop.background()
        for registration in list(self._registrations.get(event, [])):
            home = loop.background() if registration.home.is_closed() else registration.home
            home.call_soon_threadsafe(_run, registration.handler, happened, context=registration.context)
        if then is not None:
            home.call_soon_threadsafe(then)

    def _forget_handlers(self) -> None:
        self._registrations.clear()


def _run(handler: Handler, event: Event) -> None:
    try:
        result = handler(event)
        if inspect.isawaitable(result):
            _running.add(task := asyncio.ensure_future(_finish(result)))
            task.add_done_callback(_running.discard)
    except Exception:
        traceback.print_exc()


async def _finish(result: Any) -> None:
    try:
        await result
    except Exception:
        traceback.print_exc()


# A loop keeps only weak references to its tasks.
_running: set[asyncio.Future[None]] = set()
