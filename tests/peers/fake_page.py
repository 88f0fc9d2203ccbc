"""A page that answers nothing, for a BrowserPeer without a browser."""

from __future__ import annotations

from typing import Any


class FakePage:
    """Stands in for the PageObject: what was posted."""

    event_time = 5.0
    clock_error_ms = float("inf")
    page = "p"
    id = "browser-1"

    def __init__(self, *arguments: Any) -> None:
        self.posted: list[tuple[Any, ...]] = []

    def post(self, *call: Any) -> None:
        self.posted.append(call)

    async def drop(self) -> None:
        pass
