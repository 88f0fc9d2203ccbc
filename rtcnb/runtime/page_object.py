"""The kernel's handle on an object that lives in a browser page."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import PageGone, PageTimeout, RtcnbError
from . import loop
from .page import CALL_TIMEOUT, gone_sentence, link

log = logging.getLogger("rtcnb")


class PageObject:
    """The kernel's handle on an object that lives in the page.

    It is made in the page that was focused last, at the first `call` or `post`, and dies with that page.

    Parameters
    ----------
    name : str
        The JavaScript module that makes it, as a path in this package.
    config : dict
        What the module is given, as JSON.
    on_event : callable
        Called on the background loop with event name, detail and buffers.
    on_gone : callable, optional
        Called on the background loop when the page went away.
    prefer : str, optional
        The page to make it in, where that page is still there.
    """

    def __init__(
        self,
        name: str,
        config: dict[str, Any],
        on_event: Callable[[str, Any, list[memoryview]], None],
        on_gone: Callable[[], None] | None = None,
        *,
        prefer: str | None = None,
    ) -> None:
        self.id = f"{name.rsplit('/', 1)[-1].removesuffix('.js')}-{secrets.token_hex(6)}"
        self.page: str | None = None
        self.closed = False
        self._name = name
        self._config = config
        self._on_event = on_event
        self._on_gone = on_gone
        self._prefer = prefer
        self._link = link()
        self._in_order = asyncio.Lock()
        self._deferred: list[Exception] = []
        self._posts: set[asyncio.Future[None]] = set()

    async def call(
        self, method: str, *args: Any, buffers: Sequence[bytes] = (), timeout: float = CALL_TIMEOUT
    ) -> Any:
        """Call a method in the page and return its reply; errors of earlier `post`s surface here.

        `buffers`, if any, arrive as the method's last argument, an array of DataView.

        Raises
        ------
        NoPage, PageGone, PageTimeout, PageRefused
        """
        if self._posts:
            await asyncio.wait(set(self._posts))
        if self._deferred:
            raise self._deferred.pop(0)
        return await self._call(method, args, buffers, timeout)

    async def _call(self, method: str, args: Sequence[Any], buffers: Sequence[bytes], timeout: float) -> Any:
        # The lock is fair and `order` sends before it first waits: calls reach the page as they were made.
        async with self._in_order:
            await self._ensure()
        members = {"object": self.id, "method": method, "args": list(args)}
        return await self._link.order(self.page or "", "call", buffers=buffers, timeout=timeout, **members)

    def post(self, method: str, *args: Any, buffers: Sequence[bytes] = ()) -> None:
        """Call a method from any thread without waiting; an error surfaces at the next `call`."""
        loop.call(self._post, method, args, buffers)

    def _post(self, method: str, args: tuple[Any, ...], buffers: Sequence[bytes]) -> None:
        task = asyncio.ensure_future(self._posted(method, args, buffers))
        self._posts.add(task)
        task.add_done_callback(self._posts.discard)

    async def _posted(self, method: str, args: tuple[Any, ...], buffers: Sequence[bytes]) -> None:
        try:
            await self._call(method, args, buffers, CALL_TIMEOUT)
        except RtcnbError as error:
            self._deferred.append(error)

    async def _ensure(self) -> None:
        if self.closed:
            raise PageGone(gone_sentence("or this was closed"))
        if self.page is not None:
            return
        page = self._link.pages.get(self._prefer or "") or await self._link.active_page()
        self._link.listen(self.id, self._event, self._gone)
        await self._link.load(page, self._name)
        config = dict(self._config)
        try:
            await self._link.order(page.instance, "create", object=self.id, module=self._name, config=config)
        except (asyncio.CancelledError, PageTimeout):
            self._link.drop(page.instance, self.id)  # the page makes it all the same
            raise
        self.page = page.instance
        if self.page not in self._link.pages:  # it went right behind its reply
            self._gone(self.page)
            raise PageGone(gone_sentence("as this was made"))

    @property
    def event_time(self) -> float:
        """When the page sent the event that is being heard, on the kernel's monotonic clock."""
        return self._link.message_time

    @property
    def clock_error_ms(self) -> float:
        """By how much that may be wrong, in milliseconds; infinite where it is not known yet."""
        page = self._link.pages.get(self.page or "")
        return page.clock.error_ms if page is not None else float("inf")

    def _event(self, event: str, detail: Any, buffers: list[memoryview], page: str) -> None:
        self._on_event(event, detail, buffers)

    def _gone(self, page: str) -> None:
        if page == self.page:
            self.closed = True
            self._link.unlisten(self.id)
            if self._on_gone is not None:
                self._on_gone()

    async def ready(self) -> None:
        """Make it in the page now, instead of at the first call.

        Raises
        ------
        NoPage, PageGone, PageTimeout, PageRefused
        """
        async with self._in_order:
            await self._ensure()

    def discard(self) -> None:
        """Dispose of it in the page without waiting; nothing is wrong if the page is gone already."""
        task = asyncio.ensure_future(self.drop())
        self._posts.add(task)
        task.add_done_callback(self._discarded)

    def _discarded(self, task: asyncio.Future[None]) -> None:
        self._posts.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.info("%s could not be dropped: %s", self.id, task.exception())

    async def drop(self) -> None:
        """Dispose of the object in the page; calls after this raise PageGone."""
        if self.closed:
            return
        self.closed = True
        self._link.unlisten(self.id)
        if self.page in self._link.pages:
            await self._link.order(self.page, "drop", object=self.id)
