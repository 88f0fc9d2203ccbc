"""Live: a view in the page. It is drawn in Python and sent part by part, what has changed alone.

Each page that shows it has its own list of what it was sent, and is sent no more until it has shown that. Ten times
a second at most the view is drawn again, on a worker thread. Neither drawing nor showing takes more than a third of
the time: a view of a long trace, or on a busy page, slows itself down, not the call.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from IPython.display import display

from ..errors import NoPage
from ..runtime import loop
from ..runtime import page as pages
from ..runtime.displays import displayed
from ..sdp.static_view import STYLE as SDP_STYLE
from ..web.esm import module, stylesheet
from .markup import Markup, tag
from .view import Fragment, Rows, View

log = logging.getLogger("rtcnb")

HERE = Path(__file__).parent
DRAW_EVERY = 0.1
IDLE_SHARE = 2  # times as long as drawing took, it rests
LONGEST_REST = 2.0
SHOWN_WITHIN = 3.0  # seconds: a page that has not said by then that it shows a drawing is sent the next
MOST_ROWS = 1000  # of one request
FIRST, LAST = "live.css", "static.css"
STYLES = (FIRST, *sorted(p.name for p in HERE.glob("*.css") if p.name not in (FIRST, LAST)), LAST)


class Live(anywidget.AnyWidget):
    """A view, shown in the page.

    Parameters
    ----------
    view : View

    Attributes
    ----------
    still : str
        What shows until a page of this kernel draws the view; empty where there is a page. A notebook that is
        executed without one keeps the state of its widgets, and exports show that in the place of the static form.
    """

    _esm = module("widgets/live.js")
    _css = stylesheet(SDP_STYLE, *((HERE / name).read_text(encoding="utf-8") for name in STYLES))
    link = traitlets.Unicode().tag(sync=True)
    object = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    still = traitlets.Unicode().tag(sync=True)

    def __init__(self, view: View) -> None:
        self.view = view
        self._drawer: _Drawer | None = None
        self._display_id = secrets.token_hex(8)
        id = f"live-{secrets.token_hex(6)}"
        super().__init__(object=id, label=view.title, name=view.name)
        try:
            link = pages.link()
        except NoPage:
            return  # no kernel, so nobody to show it to; the static form remains
        self._drawer = _Drawer(link, id, view, self)
        loop.call(link.listen, id, self._drawer.hear, self._drawer.page_gone)
        self.link = link.id

    def show(self) -> None:
        """Show it below the running cell."""
        displayed(self)
        display(self._bundle(), raw=True, display_id=self._display_id)

    def renew(self) -> None:
        """Put what is shown now in the place of the static form, when a call has ended."""
        if self.comm is not None:
            display(self._bundle(), raw=True, display_id=self._display_id, update=True)

    def close(self) -> None:
        """Show it no more, in any page."""
        drawer, self._drawer = self._drawer, None
        if drawer is not None:
            loop.background().call_soon_threadsafe(drawer.close)
        super().close()
        self.layout.close()

    def _bundle(self) -> dict[str, Any]:
        still = self.view.still()
        self.still = "" if self._drawer is not None and self._drawer.link.pages else still
        made = super()._repr_mimebundle_()
        data = dict(made[0] if isinstance(made, tuple) else made or {})
        return {**data, "text/plain": repr(self.view), "text/html": _static_html(still)}


def static_html(view: View) -> str:
    """Return what a view shows, as HTML that needs neither JavaScript nor a kernel."""
    return _static_html(view.still())


def _static_html(still: Markup) -> str:
    style = Markup(f"<style>{Live._css}</style>")
    return tag("div", style, still, class_="rtcnb rtcnb-live rtcnb-static")


@dataclass
class _Shown:
    """What one page shows of a view."""

    sent: dict[str, str] = field(default_factory=dict)  # by key
    number: int = 0
    sent_at: float | None = None  # of what it does not show yet
    took: float = 0.0  # seconds for which showing kept the page
    behind: bool = False
    hurry: bool = False  # what it is behind with answers its reader

    @property
    def busy(self) -> bool:
        return self.sent_at is not None and time.monotonic() - self.sent_at < SHOWN_WITHIN


class _Drawer:
    """Draws one view for all pages that show it; everything runs on the background loop."""

    def __init__(self, link: pages.Link, id: str, view: View, display: Any) -> None:
        self.link, self.id, self.view, self.display = link, id, view, display
        self.shown: dict[str, _Shown] = {}  # by page
        self.rows: dict[str, Rows] = {}
        self.drawing = asyncio.Lock()
        self.dirty = asyncio.Event()
        self.hurry = asyncio.Event()
        self.marked = False
        self.pressed = False
        self.over = view.over  # what is over already has its static form
        self.task: asyncio.Future[None] | None = None
        self.working: set[asyncio.Future[None]] = set()

    # -- from the page

    def hear(self, event: str, detail: Any, buffers: list[memoryview], page: str) -> None:
        """Take an event of the view in one page."""
        detail = detail if isinstance(detail, dict) else {}
        if event == "watch":
            self.shown[page] = _Shown()
            self.display.still = ""
            if self.task is None:
                self.task = asyncio.ensure_future(self.keep_drawing())
            self.now()
        elif event == "unwatch":
            self.page_gone(page)
        elif event == "shown" and page in self.shown:
            self.page_shows(self.shown[page], detail)
        elif event == "rows":
            self.start(self.send_rows(page, detail))
        elif event == "press":
            self.start(self.act(str(detail.get("action")), detail.get("value"), page))

    def start(self, work: Any) -> None:
        self.working.add(task := asyncio.ensure_future(work))
        task.add_done_callback(self.working.discard)

    def page_shows(self, shown: _Shown, detail: dict[str, Any]) -> None:
        """Send a page what has changed while it was busy with what it shows now."""
        if detail.get("number") != shown.number:
            return
        shown.sent_at = None
        took_ms = detail.get("took_ms")
        if isinstance(took_ms, int | float) and took_ms >= 0:
            shown.took = took_ms / 1000
        if shown.hurry:
            self.now()
        elif shown.behind:
            self.mark()

    def page_gone(self, page: str) -> None:
        """Draw no more for a page."""
        self.shown.pop(page, None)
        if not self.shown and self.task is not None:
            self.task.cancel()
            self.task = None

    def close(self) -> None:
        """Draw no more at all."""
        self.link.unlisten(self.id)
        for page in list(self.shown):
            self.page_gone(page)
        for task in list(self.working):
            task.cancel()

    async def act(self, action: str, value: Any, page: str) -> None:
        """Do what was pressed, and show what it raised."""
        said = ""
        try:
            done = self.view.act(action, value)
            if isinstance(done, Awaitable):
                # That it has begun is seen at once, not its end alone.
                asyncio.get_running_loop().call_soon(self.now)
                await done
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            log.info("%s in %r: %s", action, self.view, said)
        if page in self.shown:
            self.link.push(page, self.id, "acted", {"action": action, "error": said})
        self.now()

    # -- drawing

    def mark(self) -> None:
        """Note that something has changed; from any thread, often, and quick."""
        if not self.marked:
            self.marked = True
            loop.background().call_soon_threadsafe(self.dirty.set)

    def now(self) -> None:
        """Draw without resting first."""
        self.pressed = True
        self.dirty.set()
        self.hurry.set()

    async def keep_drawing(self) -> None:
        unwatch = self.view.watch(self.mark)
        try:
            while True:
                await self.dirty.wait()
                self.dirty.clear()
                self.hurry.clear()
                self.marked = False
                took = await self.draw()
                work = max([took, *(shown.took for shown in self.shown.values())])
                rest = min(max(DRAW_EVERY - took, IDLE_SHARE * work), LONGEST_REST)
                await _wait(self.hurry, rest)
        finally:
            unwatch()

    async def draw(self) -> float:
        """Draw once and send what has changed; return how long it took."""
        begun = time.monotonic()
        async with self.drawing:
            pressed, self.pressed = self.pressed, False
            try:
                fragments, over = await asyncio.get_running_loop().run_in_executor(None, self.drawn)
            except Exception as error:
                log.exception("%r cannot be drawn", self.view)
                fragments, over = [_failed(error)], False
            self.rows = {f.key: f.rows for f in fragments if f.rows is not None}
            for page, shown in self.shown.items():
                if shown.busy:
                    self.put_off(shown, pressed)
                else:
                    self.send(page, shown, fragments)
            if over and not self.over:
                await self.renewed()
            self.over = over
        return time.monotonic() - begun

    async def renewed(self) -> None:
        """Make the static form anew, on a worker thread: it is the whole view, and other calls go on."""
        try:
            await asyncio.get_running_loop().run_in_executor(None, self.display.renew)
        except Exception:
            log.exception("the static form of %r cannot be drawn", self.view)

    def drawn(self) -> tuple[list[Fragment], bool]:
        """Draw, on a worker thread."""
        timeline = getattr(self.view, "timeline", None)
        if timeline is not None:
            timeline.refresh()
        return list(self.view.draw()), self.view.over

    def put_off(self, shown: _Shown, hurry: bool) -> None:
        """Leave a busy page as it is; what it was sent may have been lost, so not for ever."""
        if not shown.behind:
            asyncio.get_running_loop().call_later(SHOWN_WITHIN, self.mark)
        shown.behind, shown.hurry = True, shown.hurry or hurry

    def send(self, page: str, shown: _Shown, fragments: list[Fragment]) -> None:
        shown.behind = shown.hurry = False
        whole = {f.key: f"{f.body}{_rows_markup(f)}{f.below or ''}" for f in fragments}
        changed = {key: text for key, text in whole.items() if shown.sent.get(key) != text}
        if changed or list(whole) != list(shown.sent):
            # A page that misses a number asks for all of it again.
            shown.number += 1
            shown.sent, shown.sent_at = whole, time.monotonic()
            detail = {"number": shown.number, "keys": list(whole), "changed": changed}
            self.link.push(page, self.id, "draw", detail)

    async def send_rows(self, page: str, detail: dict[str, Any]) -> None:
        key, start, stop = str(detail.get("key")), detail.get("start"), detail.get("stop")
        if not isinstance(start, int) or not isinstance(stop, int):
            return
        async with self.drawing:
            rows = self.rows.get(key)
            if rows is None or page not in self.shown:
                return
            start = max(0, min(start, rows.count))
            stop = max(start, min(stop, rows.count, start + MOST_ROWS))
            try:
                drawn = await asyncio.get_running_loop().run_in_executor(None, rows.draw, start, stop)
            except Exception as error:
                log.exception("rows of %r cannot be drawn", self.view)
                drawn = [_failed(error).body]
        told = {"key": key, "start": start, "rows": drawn, "version": str(rows.version)}
        self.link.push(page, self.id, "rows", told)


def _rows_markup(fragment: Fragment) -> str:
    """The list itself; the page fills it with the rows that are seen."""
    rows = fragment.rows
    if rows is None:
        return ""
    return tag(
        "div",
        class_="rtcnb-rows",
        role="listbox",
        tabindex=0,
        aria_label=rows.label,
        data_rows=fragment.key,
        data_count=rows.count,
        data_height=rows.height_px,
        data_press=rows.press or None,
        data_enter=rows.enter or None,
        data_focused=rows.focused,
        data_version=rows.version,
        data_follow=rows.follow,
    )


def _failed(error: Exception) -> Fragment:
    text = f"This view cannot be drawn: {type(error).__name__}: {error}"
    return Fragment("failed", tag("div", text, class_="rtcnb-error", role="alert"))


async def _wait(event: asyncio.Event, timeout: float) -> None:
    try:
        async with asyncio.timeout(timeout):
            await event.wait()
    except TimeoutError:
        pass
