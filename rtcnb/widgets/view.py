"""What a view is: something that draws itself as HTML, and hears what is pressed.

A view is plain Python and knows no widget; `live.Live` shows it in the page, alone or with others in the Inspector.
What it draws for the page is also its static form.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from .markup import Markup, tag

STATIC_ROWS = 300


@dataclass(frozen=True)
class Rows:
    """A list too long to be drawn whole: the page asks for the rows that it shows.

    Attributes
    ----------
    count : int
    height_px : int
        Of each row.
    draw : callable
        ``draw(start, stop)`` returns the rows from `start` to before `stop`, as markup.
    focused : int
        The row that is chosen; -1 for none.
    press : str
        What a chosen row sends, with its number.
    enter : str
        What Enter and the space bar send of the chosen row, with its number.
    label : str
        For those who don't see it.
    version : int or str
        Another one when rows that were drawn already have changed.
    follow : bool
        Whether the page shows the end of the list when rows are added, and its reader was at the end.
    """

    count: int
    height_px: int
    draw: Callable[[int, int], list[Markup]]
    label: str
    press: str = ""
    enter: str = ""
    focused: int = -1
    version: int | str = 0
    follow: bool = False


@dataclass(frozen=True)
class Fragment:
    """A part of a view that is sent to the page when it has changed.

    Attributes
    ----------
    key : str
        Its name within the view.
    body : Markup
    rows : Rows or None
        A long list below it.
    below : Markup
        What stands below that list.
    """

    key: str
    body: Markup
    rows: Rows | None = None
    below: Markup | None = None


class View(ABC):
    """One view.

    Attributes
    ----------
    name, title : str
        For programs and for people.
    shown_by : list of callable
        What `changed` calls: one for each display, or the view that this one is a part of.
    """

    name: ClassVar[str]
    title: ClassVar[str]

    def __init__(self) -> None:
        self.shown_by: list[Callable[[], None]] = []

    @abstractmethod
    def draw(self) -> Iterable[Fragment]:
        """Return what is shown now, part by part; called on a worker thread, ten times a second at most."""

    def act(self, action: str, value: Any) -> Awaitable[None] | None:
        """Do what was pressed; runs on the background loop. What it raises is shown where it was pressed."""
        return None

    def watch(self, dirty: Callable[[], None]) -> Callable[[], None]:
        """Call `dirty` whenever what is shown may have changed, on any thread; return what ends that."""
        self.shown_by.append(dirty)
        return lambda: self.shown_by.remove(dirty)

    def changed(self) -> None:
        """Ask everyone who shows this view to draw it again."""
        for dirty in list(self.shown_by):
            dirty()

    @property
    def over(self) -> bool:
        """Whether nothing will change by itself any more: the static form can be made for good."""
        return True

    def still(self) -> Markup:
        """Return the static form: HTML without JavaScript."""
        return tag("div", *map(_still, self.draw()), class_=f"rtcnb-view rtcnb-{self.name}")

    def _ipython_display_(self, **kwargs: Any) -> None:
        from .live import Live

        Live(self).show()


def _still(fragment: Fragment) -> Markup:
    rows = fragment.rows
    if rows is None:
        return tag("div", fragment.body, fragment.below)
    start = max(0, rows.count - STATIC_ROWS) if rows.follow else 0
    stop = min(rows.count, start + STATIC_ROWS)
    left = rows.count - (stop - start)
    note = tag("p", f"… {left} more, {'before' if rows.follow else 'after'} these", class_="rtcnb-more")
    drawn = [tag("div", row, class_="rtcnb-row") for row in rows.draw(start, stop)]
    listed = tag("div", *drawn, class_="rtcnb-rows", role="list", aria_label=rows.label)
    return tag(
        "div",
        fragment.body,
        note if left and rows.follow else None,
        listed,
        note if left and not rows.follow else None,
        fragment.below,
    )
