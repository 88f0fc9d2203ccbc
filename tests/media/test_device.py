"""A device of the page, by what the page tells in which order; tests/browser/test_camera.py has a real one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import rtcnb
from rtcnb.media import device as devices

Told = tuple[str, dict[str, Any]]


def of_height(height: int) -> Told:
    return "obtained", {"video": {"settings": {"height": height}, "capabilities": {}, "label": "a screen"}}


class FakePage:
    """Opens at once; what it tells just after its reply is there before who called it goes on."""

    before: tuple[Told, ...] = ()
    after: tuple[Told, ...] = ()
    page, closed = "p", False

    def __init__(self, module: str, config: Any, hear: Any, *rest: Any, **options: Any) -> None:
        self.hear = hear

    async def call(self, method: str, *arguments: Any, **options: Any) -> Any:
        for event, detail in self.before:
            self.hear(event, detail, [])
        reply = asyncio.get_running_loop().create_future()
        reply.set_result(True)
        for event, detail in self.after:
            self.hear(event, detail, [])
        return await reply


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> type[FakePage]:
    fake = type("Page", (FakePage,), {})
    monkeypatch.setattr(devices, "PageObject", fake)
    return fake


async def test_what_is_told_last_holds(page: type[FakePage]) -> None:
    """A screen tells its true size with its first picture, which may come with the reply."""
    page.before, page.after = (of_height(1000),), (of_height(720),)
    screen = rtcnb.Screen()
    await screen.start()
    assert (screen.state, screen.settings) == ("live", {"height": 720})


async def test_one_that_ends_as_it_opens_has_ended(page: type[FakePage]) -> None:
    page.before, page.after = (of_height(1000),), (("ended", {"kind": "video", "left": 0}),)
    screen = rtcnb.Screen()
    await screen.start()
    assert screen.state == "ended" and screen.note


async def test_one_that_is_off_takes_nothing_in(page: type[FakePage]) -> None:
    page.before = (of_height(1000),)
    screen = rtcnb.Screen()
    await screen.start()
    screen._become("off")
    screen._hear(*of_height(720), [])
    assert screen.settings == {"height": 1000}
