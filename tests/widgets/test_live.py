"""A view in the page: what is sent to which page, and what is pressed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from rtcnb.errors import PeerError
from rtcnb.runtime import loop
from rtcnb.widgets.live import _Drawer, static_html
from rtcnb.widgets.markup import Markup, tag
from rtcnb.widgets.view import STATIC_ROWS, Fragment, Rows, View


class FakeLink:
    """Keeps what is pushed; a page that is not busy says at once that it shows what was drawn."""

    def __init__(self) -> None:
        self.pushed: list[tuple[str, str, Any]] = []
        self.news = asyncio.Event()
        self.busy: set[str] = set()
        self.made: _Drawer | None = None

    def push(self, page: str, id: str, name: str, detail: Any) -> None:
        self.pushed.append((page, name, detail))
        self.news.set()
        if name == "draw" and page not in self.busy:
            self.shows(page, detail["number"])

    def shows(self, page: str, number: int, took_ms: float = 1) -> None:
        """Say so for a page, a moment later."""
        assert self.made is not None
        told = {"number": number, "took_ms": took_ms}
        asyncio.get_running_loop().call_soon(self.made.hear, "shown", told, [], page)

    def unlisten(self, id: str) -> None:
        pass

    async def wait(self, name: str, count: int = 1, page: str = "p") -> list[Any]:
        """Return the details of a name once there are so many."""
        async with asyncio.timeout(10):
            while len(found := [d for p, n, d in self.pushed if n == name and p == page]) < count:
                self.news.clear()
                await self.news.wait()
        return found


class Counter(View):
    """A number that can be pressed, and a long list."""

    name = "counter"
    title = "Counter"

    def __init__(self) -> None:
        super().__init__()
        self.number = 0
        self.broken = False
        self.ended = False

    def draw(self) -> Iterable[Fragment]:
        if self.broken:
            raise ValueError("no <ink>")
        yield Fragment("same", tag("p", "always"))
        yield Fragment("number", tag("p", self.number))
        if self.number < 3:
            yield Fragment("list", tag("p", "list"), Rows(1000, 20, self.rows, "numbers"))

    def rows(self, start: int, stop: int) -> list[Markup]:
        return [tag("b", n) for n in range(start, stop)]

    def act(self, action: str, value: Any) -> Any:
        if action == "refuse":
            raise PeerError("not <now>")
        if action == "later":
            return self.later()
        if action == "long":
            return self.long()
        self.number += 1
        return None

    async def later(self) -> None:
        await asyncio.sleep(0)
        self.number = 10

    async def long(self) -> None:
        self.number = 20
        await asyncio.Event().wait()

    @property
    def over(self) -> bool:
        return self.ended


async def on_loop(body: Any) -> None:
    """Run a test's body where drawers live."""
    await loop.run(body())


def drawer(view: View, link: FakeLink, renewed: list[int] | None = None) -> _Drawer:
    display = SimpleNamespace(still="as it was", renew=lambda: renewed is not None and renewed.append(1))
    link.made = _Drawer(link, "id", view, display)  # type: ignore[arg-type]
    return link.made


async def busy_page(view: View, link: FakeLink) -> _Drawer:
    """Have a view drawn for a page that does not say that it shows it."""
    link.busy = {"p"}
    made = drawer(view, link)
    made.hear("watch", {}, [], "p")
    await link.wait("draw")
    return made


async def test_only_what_has_changed_is_sent() -> None:
    async def body() -> None:
        link, view = FakeLink(), Counter()
        made = drawer(view, link)
        made.hear("watch", {}, [], "p")
        (first,) = await link.wait("draw")
        assert first["keys"] == ["same", "number", "list"] == list(first["changed"])
        made.hear("press", {"action": "more", "value": None}, [], "p")
        second = (await link.wait("draw", 2))[1]
        assert list(second["changed"]) == ["number"] and (first["number"], second["number"]) == (1, 2)
        view.number = 2
        made.hear("press", {"action": "more"}, [], "p")
        third = (await link.wait("draw", 3))[2]
        assert third["keys"] == ["same", "number"], "a part that is gone is named no more"
        made.close()

    await on_loop(body)


async def test_each_page_has_its_own_list_and_a_page_that_asks_again_gets_all() -> None:
    async def body() -> None:
        link = FakeLink()
        made = drawer(Counter(), link)
        made.hear("watch", {}, [], "p")
        await link.wait("draw")
        made.hear("watch", {}, [], "q")
        (other,) = await link.wait("draw", page="q")
        assert len(other["changed"]) == 3
        made.hear("watch", {}, [], "p")
        again = (await link.wait("draw", 2))[1]
        assert len(again["changed"]) == 3 and again["number"] == 1
        made.hear("unwatch", {}, [], "p")
        made.page_gone("q")
        assert made.task is None
        made.close()

    await on_loop(body)


async def test_a_busy_page_is_sent_the_latest_when_it_shows_what_it_has() -> None:
    async def body() -> None:
        link, view = FakeLink(), Counter()
        made = await busy_page(view, link)
        made.hear("watch", {}, [], "q")
        await link.wait("draw", page="q")
        for number in (1, 2):
            view.number = number
            view.changed()
            await link.wait("draw", 1 + number, page="q")
        assert len(await link.wait("draw")) == 1, "the other page is not waited for"
        link.shows("p", 0)  # of a drawing before
        view.number = 3
        view.changed()
        await link.wait("draw", 4, page="q")
        assert len(await link.wait("draw")) == 1
        link.shows("p", 1)
        second = (await link.wait("draw", 2))[1]
        assert second["number"] == 2 and "3" in second["changed"]["number"]
        made.close()

    await on_loop(body)


async def test_a_busy_page_answers_its_reader_as_soon_as_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    for pace in ("DRAW_EVERY", "LONGEST_REST"):
        monkeypatch.setattr(f"rtcnb.widgets.live.{pace}", 60)

    async def body() -> None:
        link, view = FakeLink(), Counter()
        made = await busy_page(view, link)
        made.hear("press", {"action": "more"}, [], "p")
        await link.wait("acted")
        await asyncio.sleep(0.05)
        link.shows("p", 1)
        second = (await link.wait("draw", 2))[1]
        assert list(second["changed"]) == ["number"]
        made.close()

    await on_loop(body)


async def test_what_takes_long_is_seen_to_have_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    for pace in ("DRAW_EVERY", "LONGEST_REST"):
        monkeypatch.setattr(f"rtcnb.widgets.live.{pace}", 60)

    async def body() -> None:
        link, view = FakeLink(), Counter()
        made = drawer(view, link)
        made.hear("watch", {}, [], "p")
        await link.wait("draw")
        await asyncio.sleep(0.05)
        made.hear("press", {"action": "long"}, [], "p")
        assert (await link.wait("draw", 2))[1]["changed"]["number"] == "<p>20</p>"
        made.close()

    await on_loop(body)


async def test_a_page_that_never_says_what_it_shows_is_sent_more_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rtcnb.widgets.live.SHOWN_WITHIN", 0.3)

    async def body() -> None:
        link, view = FakeLink(), Counter()
        made = await busy_page(view, link)
        view.number = 1
        view.changed()
        await link.wait("draw", 2)
        made.close()

    await on_loop(body)


async def test_it_rests_longer_where_showing_keeps_the_page() -> None:
    async def body() -> None:
        link, view = FakeLink(), Counter()
        made = await busy_page(view, link)
        link.shows("p", 1, took_ms=400)
        view.number = 1
        view.changed()
        await link.wait("draw", 2)
        link.shows("p", 2, took_ms=400)
        begun = asyncio.get_running_loop().time()
        view.number = 2
        view.changed()
        await link.wait("draw", 3)
        assert asyncio.get_running_loop().time() - begun > 0.7
        made.close()

    await on_loop(body)


async def test_a_view_that_is_shown_twice_is_drawn_twice() -> None:
    async def body() -> None:
        links, view = (FakeLink(), FakeLink()), Counter()
        first, second = (drawer(view, link) for link in links)
        for made, link in zip((first, second), links, strict=True):
            made.hear("watch", {}, [], "p")
            await link.wait("draw")
        view.number = 1
        view.changed()
        await links[0].wait("draw", 2)
        await links[1].wait("draw", 2)
        second.close()
        await asyncio.sleep(0)
        view.number = 2
        view.changed()
        await links[0].wait("draw", 3)
        first.close()
        await asyncio.sleep(0)
        assert view.shown_by == []

    await on_loop(body)


async def test_what_stands_for_a_drawing_goes_when_a_page_draws() -> None:
    async def body() -> None:
        link = FakeLink()
        made = drawer(Counter(), link)
        assert made.display.still == "as it was"
        made.hear("watch", {}, [], "p")
        await link.wait("draw")
        assert made.display.still == ""
        made.close()

    await on_loop(body)


async def test_what_an_action_raises_is_told_where_it_was_pressed() -> None:
    async def body() -> None:
        link = FakeLink()
        made = drawer(Counter(), link)
        for page in "pq":
            made.hear("watch", {}, [], page)
        await link.wait("draw")
        made.hear("press", {"action": "refuse"}, [], "p")
        assert (await link.wait("acted"))[0]["error"] == "PeerError: not <now>"
        made.hear("press", {"action": "later"}, [], "p")
        assert (await link.wait("acted", 2))[1]["error"] == ""
        assert (await link.wait("draw", 2))[1]["changed"]["number"] == "<p>10</p>"
        assert not [1 for page, name, _ in link.pushed if name == "acted" and page == "q"]
        made.close()

    await on_loop(body)


async def test_rows_are_drawn_when_they_are_seen_and_bounded() -> None:
    async def body() -> None:
        link = FakeLink()
        made = drawer(Counter(), link)
        made.hear("watch", {}, [], "p")
        await link.wait("draw")
        for start, stop in ((100, 103), (998, 5000), (-5, 1), (7, 2)):
            made.hear("rows", {"key": "list", "start": start, "stop": stop}, [], "p")
        for nonsense in (
            {"key": "list", "start": "1", "stop": None},
            {"key": "?", "start": 0, "stop": 9},
            None,
        ):
            made.hear("rows", nonsense, [], "p")
        told = await link.wait("rows", 4)
        assert [(t["start"], len(t["rows"])) for t in told] == [(100, 3), (998, 2), (0, 1), (7, 0)]
        assert told[0]["rows"][0] == "<b>100</b>"
        made.close()

    await on_loop(body)


async def test_a_view_that_cannot_be_drawn_says_so_and_recovers() -> None:
    async def body() -> None:
        link, view = FakeLink(), Counter()
        view.broken = True
        made = drawer(view, link)
        made.hear("watch", {}, [], "p")
        (said,) = await link.wait("draw")
        assert "no &lt;ink&gt;" in said["changed"]["failed"]
        view.broken = False
        view.changed()
        assert (await link.wait("draw", 2))[1]["keys"][0] == "same"
        made.close()

    await on_loop(body)


async def test_the_static_form_is_made_again_when_the_call_has_ended() -> None:
    async def body() -> None:
        renewed: list[int] = []
        link, view = FakeLink(), Counter()
        made = drawer(view, link, renewed)
        made.hear("watch", {}, [], "p")
        await link.wait("draw")
        assert not renewed
        view.ended = True
        for count in (2, 3):
            made.hear("press", {"action": "more"}, [], "p")
            await link.wait("draw", count)
        made.close()
        assert renewed == [1], "once"

    await on_loop(body)


async def test_what_was_over_when_it_was_shown_is_not_shown_again() -> None:
    async def body() -> None:
        renewed: list[int] = []
        link, view = FakeLink(), Counter()
        view.ended = True
        made = drawer(view, link, renewed)
        made.hear("watch", {}, [], "p")
        await link.wait("draw")
        made.close()
        assert renewed == []

    await on_loop(body)


def test_the_static_form_has_the_first_rows_and_says_how_many_there_are() -> None:
    html = static_html(Counter())
    assert f"<b>{STATIC_ROWS - 1}</b>" in html and f"<b>{STATIC_ROWS}</b>" not in html
    assert f"{1000 - STATIC_ROWS} more" in html
    assert "<script" not in html


@pytest.mark.parametrize("detail", [None, [], "x", {"action": None}, {"action": {"a": 1}, "value": [1]}])
async def test_nonsense_from_a_page_disturbs_nobody(detail: Any) -> None:
    async def body() -> None:
        link = FakeLink()
        made = drawer(Counter(), link)
        made.hear("watch", detail, [], "p")
        for event in ("press", "rows", "unheard of"):
            made.hear(event, detail, [], "p")
        await link.wait("draw")
        made.close()

    await on_loop(body)
