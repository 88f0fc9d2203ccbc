"""The link to the browser page: calls with replies, events, frames, and what lives there, by id.

Page to kernel goes on the control channel of the notebook's own connection, which the kernel reads on a
thread of its own: a cell may await the page, and the page is heard while a cell computes. Kernel to page
goes as comm messages. Neither needs a port or a proxy. All of this module's state lives on the background
loop; the widget and the control handler only hand over to it.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar

import anywidget
import traitlets

from .. import trace
from ..errors import NoPage, PageError, PageGone, PageRefused, PageTimeout
from ..web.esm import module
from . import loop
from .clock import PageClock
from .fast_lane import FastLane

log = logging.getLogger("rtcnb")

MESSAGE_TYPE = "rtcnb"
HELLO_TIMEOUT = 4.0  # a cell that needs a page says within 5 s that there is none
LOOKS = 8  # in that time
EARLY = 100  # messages of pages that have heard of nothing but the link: few
CALL_TIMEOUT = 10.0
PING_EVERY = 1.0  # while a call waits
SILENT_AFTER = 4.0
GONE_AFTER = 30.0  # of silence; a page that hung for so long begins anew when it is back

Listener = Callable[[str, Any, list[memoryview], str], None]

NO_PAGE = (
    "No browser page answers this kernel. What you asked for lives in the page: open this notebook in "
    "JupyterLab 4.2 or newer, or Notebook 7.2 or newer, and run the cell again (if it is open, reload the "
    "page). Other notebook hosts may not carry messages from the page while a cell waits. Without a page, "
    "as in nbclient, papermill or a script, KernelPeer and the SDP tools work."
)


SILENT = (
    "The browser page that holds this gives no sign of life: it crashed, hangs, shows a dialog that blocks it, or "
    "is cut off from the kernel. Answer the dialog, or reload the page and run the call from its first step."
)


@dataclass
class PageInfo:
    """A browser page that said hello; a silent one is asked only where there is no other."""

    instance: str
    focused_at: float
    heard_at: float
    silent: bool = False
    has_lock: bool = False
    secure: bool = True
    agent: str = ""
    tab: str = ""
    modules: set[str] = field(default_factory=set)
    fast_lane: asyncio.Future[str] | None = None
    clock: PageClock = field(default_factory=PageClock)


class LinkWidget(anywidget.AnyWidget):
    """The invisible widget whose comm carries messages to the page."""

    _esm = module("runtime/page.js")
    link = traitlets.Unicode().tag(sync=True)


class Link:
    """The kernel's end of the link; one a kernel, made by `link()` at first use.

    Attributes
    ----------
    pages : dict of str to PageInfo
    message_time : float
        When the page sent the message that is being taken, in seconds on this kernel's monotonic clock.
    """

    _handlers: ClassVar[dict[str, Link]] = {}

    def __init__(self) -> None:
        handlers = _control_handlers()
        self.id = secrets.token_urlsafe(12)
        self.pages: dict[str, PageInfo] = {}
        self._listeners: dict[str, Listener] = {}
        self._gone_listeners: dict[str, Callable[[str], None]] = {}
        self._replies: dict[str, tuple[str, asyncio.Future[Any]]] = {}
        self._numbers = itertools.count(1)
        self._sent = itertools.count(1)
        self.message_time = 0.0
        self._hello = asyncio.Event()
        self._fast_lane: FastLane | None = None
        self._opening = asyncio.Lock()
        self._watching: set[asyncio.Future[None]] = set()
        # A page may speak once the widget's comm opens, and that is before the widget can send.
        self._early: deque[tuple[dict[str, Any], list[memoryview]]] | None = deque(maxlen=EARLY)
        Link._handlers[self.id] = self
        handlers[MESSAGE_TYPE] = _on_control_message
        self.widget = LinkWidget(link=self.id)
        loop.background().call_soon_threadsafe(self._begin)

    # -- from the page

    def receive(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        """Take one message of a page; runs on the background loop."""
        if self._early is not None:
            self._early.append((content, buffers))
            return
        kind, page = content.get("kind"), str(content.get("from"))
        now = self.message_time = time.monotonic()
        if (known := self.pages.get(page)) is not None:
            known.heard_at, known.silent = now, False
            at_ms, after = content.get("at"), content.get("heard")
            if isinstance(at_ms, int | float) and isinstance(after, int):
                self.message_time = known.clock.heard(at_ms, after, now)
                if known.clock.wants_exchange(now):
                    self._send({"to": page, "id": "", "op": "ping"})
        if kind == "hello":
            self._welcome(page, content)
        elif page not in self.pages:
            self._send({"to": page, "id": "", "op": "renew"})
        elif kind == "focus":
            self.pages[page].focused_at = time.monotonic()
        elif kind == "lock" and not self.pages[page].has_lock:
            self._watch_each_other(self.pages[page])
        elif kind == "bye":
            self._page_gone(page)
        elif kind == "gone":
            self._page_gone(str(content.get("page")))
        elif kind == "reply":
            self._reply(content, buffers)
        elif kind == "event":
            listener = self._listeners.get(str(content.get("object")))
            if listener is not None:
                listener(str(content.get("event")), content.get("detail"), buffers, page)

    def _begin(self) -> None:
        early, self._early = self._early or (), None
        for content, buffers in early:
            self.receive(content, buffers)

    def _welcome(self, page: str, content: dict[str, Any]) -> None:
        tab = str(content.get("tab"))
        if content.get("reloaded"):
            # The "bye" of a page that reloads may be lost with its socket.
            for old in [p.instance for p in self.pages.values() if p.tab == tab]:
                self._page_gone(old)
        # Nor can a notebook say it that was closed while its kernel went on; the one that opened it again does.
        replaced = content.get("replaces")
        for old in [i for i in self.pages if isinstance(replaced, list) and i in replaced]:
            self._page_gone(old)
        now = time.monotonic()
        focused_at = now if content.get("focused") or not self.pages else 0.0
        secure, agent = bool(content.get("secure")), str(content.get("agent", ""))
        self.pages[page] = PageInfo(page, focused_at, now, secure=secure, agent=agent, tab=tab)
        trace.current().append(trace.PageEvent(time=now, peer="", action="hello", page=page))
        self._hello.set()

    def _watch_each_other(self, page: PageInfo) -> None:
        """Let pages tell when another is gone: Jupyter's server may lose a "bye" with its socket."""
        for other in self.pages.values():
            if other.has_lock:
                self._send({"to": other.instance, "id": "", "op": "watch", "page": page.instance})
                self._send({"to": page.instance, "id": "", "op": "watch", "page": other.instance})
        page.has_lock = True

    def _page_gone(self, page: str) -> None:
        if self.pages.pop(page, None) is None:
            return  # told twice
        if not self.pages:
            self._hello.clear()
        trace.current().append(trace.PageEvent(time=time.monotonic(), peer="", action="gone", page=page))
        for number, (to, reply) in list(self._replies.items()):
            if to == page and not reply.done():
                reply.set_exception(PageGone(gone_sentence("while it was working on this call")))
                del self._replies[number]
        for tell in list(self._gone_listeners.values()):
            tell(page)

    def _silent(self, page: PageInfo) -> None:
        if not page.silent:
            page.silent = True
            self._watching.add(task := asyncio.ensure_future(self._watch(page)))
            task.add_done_callback(self._watching.discard)

    async def _watch(self, page: PageInfo) -> None:
        """Look whether a silent page comes back; one that crashed never does."""
        while page.silent and page.instance in self.pages:
            if time.monotonic() - page.heard_at > GONE_AFTER:
                self._page_gone(page.instance)
                return
            self._send({"to": page.instance, "id": "", "op": "ping"})
            await asyncio.sleep(PING_EVERY)

    def _reply(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        _, reply = self._replies.pop(str(content.get("id")), ("", None))
        if reply is None or reply.done():
            return
        error = content.get("error")
        if isinstance(error, dict):
            data = {k: v for k, v in error.items() if k not in ("name", "message")}
            reply.set_exception(PageRefused(str(error.get("name")), str(error.get("message", "")), data))
        else:
            value = content.get("value")
            reply.set_result({**(value or {}), "$buffers": buffers} if buffers else value)

    def listen(self, id: str, listener: Listener, gone: Callable[[str], None] | None = None) -> None:
        """Hear the events that the page sends in the name of `id`, and of pages that go away."""
        self._listeners[id] = listener
        if gone is not None:
            self._gone_listeners[id] = gone

    def unlisten(self, id: str) -> None:
        """Hear no more of `id`."""
        self._listeners.pop(id, None)
        self._gone_listeners.pop(id, None)

    # -- to the page

    async def active_page(self) -> PageInfo:
        """Return the page that was focused last; wait up to 4 s for the first one.

        Raises
        ------
        NoPage
            None said hello in that time.
        """
        looks = 0
        while not self._hello.is_set():
            if looks == LOOKS:
                raise NoPage(NO_PAGE)
            looks += 1  # one, for however long this loop was held up meanwhile
            with suppress(TimeoutError):
                async with asyncio.timeout(HELLO_TIMEOUT / LOOKS):
                    await self._hello.wait()
        return max(self.pages.values(), key=lambda p: (not p.silent, p.focused_at))

    async def order(
        self,
        page: str,
        op: str,
        *,
        buffers: Sequence[bytes] = (),
        timeout: float = CALL_TIMEOUT,
        **members: Any,
    ) -> Any:
        """Send an order to one page and return its reply.

        Raises
        ------
        PageGone, PageTimeout, PageRefused
        """
        if page not in self.pages:
            raise PageGone(gone_sentence("before this call"))
        number = str(next(self._numbers))
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        reply.add_done_callback(lambda r: r.cancelled() or r.exception())  # nobody may be left to look at it
        self._replies[number] = (page, reply)
        self._send({"to": page, "id": number, "op": op, **members}, buffers)
        try:
            async with asyncio.timeout(timeout):
                return await self._answer(self.pages[page], reply)
        except TimeoutError:
            what = members.get("method") or members.get("name") or op
            raise PageTimeout(
                f"The page did not finish {what} within {timeout:g} s. If it shows a question (camera, "
                "microphone), answer it; if the tab hangs, reload it."
            ) from None
        finally:
            self._replies.pop(number, None)

    async def _answer(self, page: PageInfo, reply: asyncio.Future[Any]) -> Any:
        """Wait for a reply, and make sure meanwhile that the page lives: one that crashed says no "bye"."""
        asked_at = looked_at = time.monotonic()
        while True:
            await asyncio.wait({reply}, timeout=PING_EVERY)
            if reply.done():
                return reply.result()
            now = time.monotonic()
            held_up = now - looked_at > 2 * PING_EVERY  # this loop was, not the page: it is asked once more
            looked_at = now
            if not held_up and now - max(asked_at, page.heard_at) > SILENT_AFTER:
                self._silent(page)
                raise PageGone(SILENT)
            self._send({"to": page.instance, "id": "", "op": "ping"})

    def push(self, page: str, id: str, name: str, detail: Any, buffers: Sequence[bytes] = ()) -> None:
        """Send something to `id` without waiting for a reply: by the fast lane where there is one."""
        content = {"to": page, "id": "", "op": "push", "object": id, "name": name, "detail": detail}
        self._send(content, buffers, self._fast_lane)

    def drop(self, page: str, id: str) -> None:
        """Have the page dispose of an object, without waiting for a reply."""
        self._send({"to": page, "id": "", "op": "drop", "object": id})

    def _send(
        self, content: dict[str, Any], buffers: Sequence[bytes] = (), fast_lane: FastLane | None = None
    ) -> None:
        """Send a message, numbered: the page tells which was the last that it heard."""
        content["n"] = next(self._sent)
        page = self.pages.get(content["to"])
        if page is not None:
            page.clock.sent(content["n"], time.monotonic())
        if fast_lane is None or not fast_lane.send(content["to"], content, buffers):
            self.widget.send(content, list(buffers))

    async def load(self, page: PageInfo, name: str) -> None:
        """Give the page a JavaScript module of this package, once."""
        if name not in page.modules:
            await self.order(page.instance, "module", name=name, source=module(name))
            page.modules.add(name)

    def want_fast_lane(self, instance: str) -> None:
        """Open a WebSocket for frames between this page and the kernel, if that can be done and was not."""
        info = self.pages.get(instance)
        if info is not None and info.fast_lane is None:
            info.fast_lane = asyncio.ensure_future(self._open_fast_lane(instance))

    async def _open_fast_lane(self, instance: str) -> str:
        """Return the lane's address, or nothing where the page cannot reach the kernel's port."""
        async with self._opening:
            if self._fast_lane is None:
                lane = FastLane(self.receive)
                await lane.listen()
                loop.close_at_exit(lane, lane.close)
                self._fast_lane = lane
        lane = self._fast_lane
        try:
            return str(await self.order(instance, "fast-lane", port=lane.port, key=lane.key))
        except PageError as error:
            log.info("frames take the notebook's own connection: %s", error)
            return ""


def gone_sentence(when: str) -> str:
    return (
        f"The browser page that held this was closed, reloaded or crashed {when}. Cameras and "
        "peers of the page end with it: make the peer again and run the call from its first step."
    )


def _control_handlers() -> dict[str, Any]:
    """Return the kernel's table of control messages; NoPage where there is no kernel with one."""
    try:
        from IPython import get_ipython
    except ImportError:
        raise NoPage(NO_PAGE) from None
    kernel = getattr(get_ipython(), "kernel", None)
    handlers = getattr(kernel, "control_handlers", None)
    if not isinstance(handlers, dict):
        raise NoPage(NO_PAGE)
    return handlers


def _on_control_message(stream: Any, ident: Any, message: dict[str, Any]) -> None:
    """Hand a page's message over to the background loop; runs on the kernel's control thread."""
    content = message.get("content") or {}
    target = Link._handlers.get(str(content.get("link")))
    if target is not None:
        buffers = [memoryview(b) for b in message.get("buffers") or []]
        loop.background().call_soon_threadsafe(target.receive, content, buffers)


_link: Link | None = None


def link() -> Link:
    """Return this kernel's link to its pages, which is made at first use.

    Raises
    ------
    NoPage
        This Python runs in no notebook kernel.
    """
    global _link
    if _link is None:
        _link = Link()
    return _link
