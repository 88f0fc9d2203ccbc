"""Parts of forms: fields with their labels, buttons, lists whose rows come, go and move."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from .markup import Child, Markup, tag

T = TypeVar("T")


@dataclass(frozen=True)
class Option:
    """A choice of a `select`; with a reason it is not to be chosen."""

    value: str
    text: str
    reason: str = ""


def field(label: str, control: Markup, hint: Child = None, kind: str = "") -> Markup:
    """Return a control under its label, with a hint below."""
    small = tag("small", hint) if hint else None
    return tag("label", tag("span", label), control, small, class_=f"rtcnb-field {kind}".strip())


def text_input(action: str, value: object = "", **attributes: Any) -> Markup:
    """Return a field for text that tells while it is typed in, and when it is left."""
    given = {"type": "text", "spellcheck": "false", "autocomplete": "off", **attributes}
    return tag("input", value=value, data_input=action, data_change=action, **given)


def number_input(action: str, value: int | None, **attributes: Any) -> Markup:
    """Return a field for a whole number; empty for none."""
    shown = "" if value is None else value
    return text_input(action, shown, **{"type": "number", "min": 0, "step": 1, **attributes})


def select(action: str, value: str, options: Iterable[Option], **attributes: Any) -> Markup:
    """Return a choice; what cannot be chosen says why."""
    drawn = [
        tag(
            "option",
            each.text + (f" – {each.reason}" if each.reason else ""),
            value=each.value,
            selected=each.value == value,
            disabled=bool(each.reason),
        )
        for each in options
    ]
    return tag("select", *drawn, data_change=action, **attributes)


def checkbox(
    action: str, checked: bool, label: Child, reason: str = "", note: Child = None, **attributes: Any
) -> Markup:
    """Return a box to tick with its label; where it cannot be ticked, the reason stands beside it."""
    given = {"title": reason or None, **attributes}
    box = tag("input", type="checkbox", checked=checked, disabled=bool(reason), data_change=action, **given)
    small = tag("small", reason or note) if reason or note else None
    return tag("label", box, tag("span", label, " ", small), class_="rtcnb-check")


def button(action: str, text: Child, reason: str = "", **attributes: Any) -> Markup:
    """Return a button; with a reason it does nothing and says why."""
    if reason:
        attributes |= {"title": reason, "aria_disabled": True}
    return tag("button", text, type="button", data_press=action, **attributes)


def section(title: str, *children: Child, note: Child = None) -> Markup:
    """Return a part of a form under its heading."""
    small = tag("small", note, class_="rtcnb-note") if note else None
    return tag("fieldset", tag("legend", title), small, *children, class_="rtcnb-section", data_key=title)


class Entries(Generic[T]):
    """Rows of a form, each with a number that it keeps while others come, go and move."""

    def __init__(self, items: Iterable[T] = ()) -> None:
        self._numbers = itertools.count(1)
        self._items: dict[int, T] = {next(self._numbers): item for item in items}

    def __iter__(self) -> Iterator[tuple[int, T]]:
        return iter(list(self._items.items()))

    def __len__(self) -> int:
        return len(self._items)

    @property
    def values(self) -> list[T]:
        """The rows in order."""
        return list(self._items.values())

    def add(self, item: T) -> None:
        """Add a row at the end."""
        self._items = {**self._items, next(self._numbers): item}

    def remove(self, number: int | None) -> None:
        """Take a row out, where it is still there."""
        self._items = {n: item for n, item in self._items.items() if n != number}

    def change(self, number: int | None, **members: Any) -> None:
        """Give a row other members, where it is still there."""
        if number in self._items:
            item: Any = self._items[number]
            self._items = {**self._items, number: replace(item, **members)}

    def move(self, number: int | None, step: int) -> None:
        """Move a row up (-1) or down (1), where it is still there."""
        if number not in self._items:
            return
        order = list(self._items)
        at = order.index(number)
        order.insert(max(0, at + step), order.pop(at))
        self._items = {n: self._items[n] for n in order}


def number_of(value: Any) -> int | None:
    """Return the whole number that a field or a button holds; None for nothing or anything else."""
    text = str(value).strip() if value is not None else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
