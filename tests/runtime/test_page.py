"""The link to the page, with a page that is a few lines of Python."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from rtcnb.errors import NoPage, PageGone, PageRefused, PageTimeout
from rtcnb.media import device
from rtcnb.media.camera import Camera
from rtcnb.runtime import loop, page
from rtcnb.runtime.page_object import PageObject


class FakePage:
    """A page that says hello and answers each order as it is told to."""

    def __init__(self, link: page.Link, instance: str) -> None:
        self.link, self.instance = link, instance
        self.orders: list[dict[str, Any]] = []
        self.answers: dict[str, Any] = {}

    def say(self, kind: str, **members: Any) -> None:
        content = {"link": self.link.id, "from": self.instance, "kind": kind, **members}
        page._on_control_message(None, None, {"content": content, "buffers": []})

    def obey(self, order: dict[str, Any]) -> None:
        self.orders.append(order)
        name = order.get("method") or order["op"]
        answer = self.answers.get(name, {"value": None})
        if answer == "silence":
            return
        if order["op"] == "ping":
            self.say("alive")
        elif order["id"]:
            self.say("reply", id=order["id"], **answer)


class Pages:
    """The comm: what the kernel sends reaches the page it is addressed to."""

    def __init__(self, link: page.Link) -> None:
        self.link = link
        self.pages: dict[str, FakePage] = {}

    def open(self, instance: str, focused: bool = True, **more: Any) -> FakePage:
        self.pages[instance] = FakePage(self.link, instance)
        self.pages[instance].say("hello", focused=focused, secure=True, **more)
        return self.pages[instance]

    def send(self, content: dict[str, Any], buffers: Any = None) -> None:
        self.pages[content["to"]].obey(content)


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pages]:
    kernel = SimpleNamespace(control_handlers={})
    monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace(kernel=kernel))
    monkeypatch.setattr(page, "_link", None)
    link = page.link()
    pages = Pages(link)
    monkeypatch.setattr(link, "widget", SimpleNamespace(send=pages.send))
    assert kernel.control_handlers[page.MESSAGE_TYPE] is page._on_control_message
    yield pages


async def orders(page: FakePage, op: str) -> list[dict[str, Any]]:
    """Return what a page was ordered to do, once it was."""
    async with asyncio.timeout(2):
        while not (said := [o for o in page.orders if o["op"] == op]):
            await asyncio.sleep(0.01)
    return said


def an_object(on_event: Any = None, on_gone: Any = None) -> PageObject:
    return PageObject("peers/browser.js", {}, on_event or (lambda *a: None), on_gone)


def test_without_a_kernel_there_is_no_page_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "_link", None)
    started = time.monotonic()
    with pytest.raises(NoPage, match="KernelPeer and the SDP tools work"):
        page.link()
    assert time.monotonic() - started < 1


async def test_a_page_may_answer_before_the_link_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its widget's comm opens while the widget is being made; a page is heard on another thread."""
    kernel = SimpleNamespace(control_handlers={})
    monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace(kernel=kernel))
    monkeypatch.setattr(page, "_link", None)
    sent: list[dict[str, Any]] = []

    def held_up(link: str) -> Any:
        for instance, kind in (("p1", "hello"), ("p1", "lock"), ("p2", "hello"), ("p2", "lock")):
            said = {"link": link, "from": instance, "kind": kind, "at": 1.0, "heard": 0}
            page._on_control_message(None, None, {"content": said})
        loop.call(lambda: None)  # what came before this has been taken
        return SimpleNamespace(send=lambda content, buffers: sent.append(content))

    monkeypatch.setattr(page, "LinkWidget", held_up)
    link = page.link()
    assert (await loop.run(link.active_page())).instance in ("p1", "p2")
    assert set(link.pages) == {"p1", "p2"}
    watched = [(order["to"], order["page"]) for order in sent if order["op"] == "watch"]
    assert watched == [("p1", "p2"), ("p2", "p1")]


async def test_no_page_is_said_in_time(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "HELLO_TIMEOUT", 0.2)
    with pytest.raises(NoPage, match="No browser page answers"):
        await loop.run(an_object().call("ping"))


async def test_a_call_makes_the_object_once_and_returns_its_reply(pages: Pages) -> None:
    first = pages.open("p1")
    first.answers["ping"] = {"value": {"pong": 1}}
    thing = an_object()
    assert await loop.run(thing.call("ping", 7)) == {"pong": 1}
    await loop.run(thing.call("ping"))
    assert [o["op"] for o in first.orders] == ["module", "create", "call", "call"]
    assert first.orders[2]["args"] == [7]


@pytest.mark.parametrize("turns", range(8))
async def test_what_is_stopped_as_the_reply_comes_is_stopped(pages: Pages, turns: int) -> None:
    """However many turns of the loop lie between the two: what asks again and again would go on for ever."""
    first = pages.open("p1")
    first.answers["watch"] = "silence"
    thing = an_object()

    async def asks_for_ever() -> None:
        while True:
            await thing.call("watch")

    async def asking_goes_on() -> bool:
        asking = asyncio.ensure_future(asks_for_ever())
        [order] = await orders(first, "call")
        first.say("reply", id=order["id"], value=None)
        for _ in range(turns):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait({asking}, timeout=1)
        return not asking.done()

    assert not await loop.run(asking_goes_on())


@pytest.mark.parametrize("why", ["stopped", "too late"])
async def test_what_nobody_waits_for_any_more_does_not_stay_in_the_page(
    pages: Pages, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    """The page makes it though the wait for it was stopped, or took too long."""
    first = pages.open("p1")
    first.answers["create"] = "silence"
    thing = an_object()

    async def stopped() -> None:
        making = asyncio.ensure_future(thing.ready())
        await orders(first, "create")
        making.cancel()
        await asyncio.wait({making}, timeout=1)

    if why == "stopped":
        await loop.run(stopped())
    else:
        with monkeypatch.context() as impatient, pytest.raises(PageTimeout, match="create"):
            impatient.setattr(pages.link, "order", partial(pages.link.order, timeout=0.1))
            await loop.run(thing.ready())
    [create] = await orders(first, "create")
    assert [o["object"] for o in await orders(first, "drop")] == [create["object"]]
    first.answers.clear()
    await loop.run(thing.ready())
    assert [o["op"] for o in first.orders] == ["module", "create", "drop", "create"]


async def test_a_page_that_goes_right_behind_its_reply_is_gone(pages: Pages) -> None:
    first = pages.open("p1")
    first.answers["create"] = "silence"
    gone: list[bool] = []
    thing = an_object(on_gone=lambda: gone.append(True))

    async def made_as_it_goes() -> None:
        making = asyncio.ensure_future(thing.ready())
        [order] = await orders(first, "create")
        first.say("reply", id=order["id"], value=None)
        first.say("bye")
        await making

    with pytest.raises(PageGone, match="as this was made"):
        await loop.run(made_as_it_goes())
    assert thing.closed and gone == [True]


async def test_what_the_page_throws_comes_with_its_name(pages: Pages) -> None:
    first = pages.open("p1")
    error = {"name": "OverconstrainedError", "message": "no", "constraint": "width"}
    first.answers["start"] = {"error": error}
    with pytest.raises(PageRefused) as caught:
        await loop.run(an_object().call("start"))
    assert caught.value.name == "OverconstrainedError" and caught.value.data["constraint"] == "width"


async def test_a_notebook_that_is_opened_again_ends_what_its_closed_one_held(pages: Pages) -> None:
    pages.open("closed")
    gone: list[bool] = []
    await loop.run(an_object(on_gone=lambda: gone.append(True)).ready())
    pages.open("other tab")
    for nonsense in (None, 7, "closed", [["closed"], 7, "never heard of"]):
        pages.open("again", replaces=nonsense)
    await loop.run(asyncio.sleep(0))
    assert not gone and len(pages.link.pages) == 3
    pages.open("again", replaces=["closed"])
    await loop.run(asyncio.sleep(0))
    assert gone == [True] and set(pages.link.pages) == {"other tab", "again"}


async def test_pages_of_a_browser_tell_when_one_of_them_is_gone(pages: Pages) -> None:
    """A page may be gone before its last word has left the machine."""
    first, second = pages.open("first"), pages.open("second", focused=False)
    pages.open("of another browser", focused=False)
    first.answers["ask"] = "silence"
    pending = asyncio.ensure_future(loop.run(an_object().call("ask")))
    await orders(first, "call")
    for teller in (first, first, second, second):
        teller.say("lock")
    watching = [(o["to"], o["page"]) for p in (first, second) for o in await orders(p, "watch")]
    assert watching == [("first", "second"), ("second", "first")]
    for nonsense in (None, ["first"], "never heard of"):
        second.say("gone", page=nonsense)
    second.say("gone", page="first")
    with pytest.raises(PageGone, match="closed, reloaded or crashed"):
        await pending
    second.say("gone", page="first")
    assert set(pages.link.pages) == {"second", "of another browser"}


async def test_a_camera_opens_though_the_one_before_it_is_in_a_page_that_crashed(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "SILENT_AFTER", 0.2)
    monkeypatch.setattr(page, "PING_EVERY", 0.1)
    held: list[Camera] = []  # by the notebook's variable `camera`
    monkeypatch.setattr(device, "variables_of", lambda thing: {"camera"} if held[-1] is thing else set())
    described = {"value": {"video": {"settings": {"width": 640}}}}
    crashed = pages.open("crashed")
    crashed.answers["start"] = described
    held.append(Camera())
    await held[0].start()
    crashed.answers.update(dict.fromkeys(("stop", "drop", "ping"), "silence"))
    pages.open("other").answers["start"] = described
    held.append(Camera())
    await held[1].start()
    assert held[1].state == "live"


async def test_a_page_that_goes_fails_its_calls_at_once(pages: Pages) -> None:
    first = pages.open("p1")
    first.answers["wait"] = "silence"
    gone: list[bool] = []
    thing = an_object(on_gone=lambda: gone.append(True))
    waiting = asyncio.ensure_future(loop.run(thing.call("wait", timeout=30)))
    while not any(o.get("method") == "wait" for o in first.orders):
        await asyncio.sleep(0.01)
    started = time.monotonic()
    first.say("bye")
    with pytest.raises(PageGone, match="closed, reloaded or crashed"):
        await waiting
    assert time.monotonic() - started < 1 and gone == [True]
    with pytest.raises(PageGone):
        await loop.run(thing.call("wait"))


async def test_a_silent_page_is_a_timeout(pages: Pages) -> None:
    pages.open("p1").answers["wait"] = "silence"
    with pytest.raises(PageTimeout, match=r"did not finish wait within 0\.2 s"):
        await loop.run(an_object().call("wait", timeout=0.2))
    assert not pages.link._replies


@pytest.mark.alone
async def test_a_page_without_a_sign_of_life_is_gone_long_before_the_call_times_out(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PING_EVERY", 0.05)
    monkeypatch.setattr(page, "SILENT_AFTER", 0.3)
    crashed = pages.open("a")
    alice = an_object()
    await loop.run(alice.call("createOffer"))
    crashed.answers |= {"createOffer": "silence", "ping": "silence"}
    started = time.monotonic()
    with pytest.raises(PageGone, match="no sign of life"):
        await loop.run(alice.call("createOffer"))
    assert 0.3 < time.monotonic() - started < 1
    other = pages.open("b", focused=False)
    assert (await loop.run(page.link().active_page())).instance == other.instance
    crashed.say("focus")  # it only hung
    assert (await loop.run(page.link().active_page())).instance == crashed.instance


async def test_a_page_that_stays_silent_is_given_up_and_begins_anew_when_it_is_back(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PING_EVERY", 0.05)
    monkeypatch.setattr(page, "SILENT_AFTER", 0.1)
    hung, gone = pages.open("a"), asyncio.Event()
    here = asyncio.get_running_loop()
    alice = an_object(on_gone=lambda: here.call_soon_threadsafe(gone.set))
    await loop.run(alice.call("createOffer"))
    hung.answers |= {"createOffer": "silence", "ping": "silence"}
    with pytest.raises(PageGone):
        await loop.run(alice.call("createOffer"))
    assert not gone.is_set()
    monkeypatch.setattr(page, "GONE_AFTER", 0.3)
    await asyncio.wait_for(gone.wait(), 2)
    hung.orders.clear()
    hung.say("event", object=alice.id, event="state")
    await loop.run(asyncio.sleep(0))
    assert [order["op"] for order in hung.orders] == ["renew"]


async def test_a_page_that_works_on_a_call_for_long_is_not_gone(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PING_EVERY", 0.05)
    monkeypatch.setattr(page, "SILENT_AFTER", 0.2)
    pages.open("a").answers["createOffer"] = "silence"
    with pytest.raises(PageTimeout):
        await loop.run(an_object().call("createOffer", timeout=0.6))


async def test_a_loop_that_was_held_up_does_not_blame_the_page(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PING_EVERY", 0.1)
    monkeypatch.setattr(page, "SILENT_AFTER", 0.3)
    pages.open("a").answers["createOffer"] = "silence"
    alice = an_object()
    await loop.run(alice.call("createAnswer"))
    loop.background().call_soon_threadsafe(loop.background().call_later, 0.15, time.sleep, 0.6)
    with pytest.raises(PageTimeout):
        await loop.run(alice.call("createOffer", timeout=1.2))


async def test_a_loop_that_was_held_up_still_waits_for_a_page(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "HELLO_TIMEOUT", 0.8)
    background = loop.background()
    background.call_soon_threadsafe(background.call_later, 0.1, time.sleep, 1)
    background.call_soon_threadsafe(background.call_later, 1.2, pages.open, "p1")
    await loop.run(an_object().ready())
    with pytest.raises(NoPage):
        pages.pages["p1"].say("bye")
        await loop.run(an_object().ready())


async def test_the_page_focused_last_is_asked(pages: Pages) -> None:
    first, second = pages.open("p1"), pages.open("p2")
    await loop.run(an_object().call("ping"))
    assert second.orders and not first.orders
    first.say("focus")
    await loop.run(an_object().call("ping"))
    assert [o["op"] for o in first.orders] == ["module", "create", "call"]


async def test_the_survivor_is_asked_next(pages: Pages) -> None:
    first, second = pages.open("p1"), pages.open("p2")
    second.say("bye")
    await loop.run(an_object().call("ping"))
    assert first.orders


async def test_a_reload_ends_the_page_before_it_though_its_bye_was_lost(pages: Pages) -> None:
    pages.open("p1", tab="t")
    gone: list[str] = []
    thing = an_object(on_gone=lambda: gone.append("p1"))
    await loop.run(thing.call("ping"))
    pages.open("duplicate", tab="t")
    await loop.run(thing.call("ping"))
    assert gone == []
    pages.open("p2", tab="t", reloaded=True)
    with pytest.raises(PageGone):
        await loop.run(thing.call("ping"))
    assert gone == ["p1"]


async def test_posts_go_in_order_and_their_errors_surface_at_the_next_call(pages: Pages) -> None:
    first = pages.open("p1")
    first.answers["addTrack"] = {"error": {"name": "NotFoundError", "message": "no such track"}}
    thing = an_object()
    thing.post("createDataChannel", "a")
    thing.post("addTrack", "b")
    with pytest.raises(PageRefused, match="no such track"):
        await loop.run(thing.call("createOffer"))
    await loop.run(thing.call("createOffer"))
    methods = [o["method"] for o in first.orders if o["op"] == "call"]
    assert methods == ["createDataChannel", "addTrack", "createOffer"]


async def test_events_reach_their_object_and_no_other(pages: Pages) -> None:
    first = pages.open("p1")
    heard: list[tuple[str, Any]] = []
    thing = an_object(on_event=lambda event, detail, buffers: heard.append((event, detail)))
    await loop.run(thing.call("ping"))
    first.say("event", object=thing.id, event="state", detail={"a": 1})
    first.say("event", object="another", event="state", detail={})
    await loop.run(thing.call("ping"))
    assert heard == [("state", {"a": 1})]


async def test_a_message_of_a_page_that_is_gone_is_not_heard(pages: Pages) -> None:
    first = pages.open("p1")
    heard: list[str] = []
    thing = an_object(on_event=lambda event, *_: heard.append(event))
    await loop.run(thing.call("ping"))
    first.say("bye")
    first.say("event", object=thing.id, event="late", detail=None)
    loop.call(lambda: None)
    assert heard == []


def test_a_stranger_message_breaks_nothing(pages: Pages) -> None:
    for content in ({}, {"link": "x"}, {"link": pages.link.id, "from": "p1", "kind": "reply", "id": "9"}):
        page._on_control_message(None, None, {"content": content})
    loop.call(lambda: None)
