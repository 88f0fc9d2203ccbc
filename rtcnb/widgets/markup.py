"""HTML from data, for views: whatever is not markup already is escaped."""

from __future__ import annotations

from collections.abc import Iterable

from ..sdp.text import html

VOID = frozenset({"br", "hr", "img", "input", "path", "circle", "line", "rect", "polyline"})


class Markup(str):
    """HTML that may go to a page as it is; everything else is text."""

    __slots__ = ()


Child = object  # Markup stays, None and False vanish, lists are laid out, all else is text


def tag(name: str, /, *children: Child, **attributes: object) -> Markup:
    """Return an element.

    Parameters
    ----------
    name : str
    *children
        Markup, text, numbers, lists of these; None and False are left out.
    **attributes
        ``class_``, ``data_press``, ``aria_label``: a trailing underscore goes, the others become hyphens. None
        and False leave an attribute out, True writes it without a value; ``aria_*`` have the words.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID and not children:
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{join(children)}</{name}>")


def join(children: Iterable[Child], between: str = "") -> Markup:
    """Return children one after the other; `between` is text."""
    return Markup(
        html(between).join(_child(child) for child in children if child is not None and child is not False)
    )


def _child(child: Child) -> str:
    if isinstance(child, Markup):
        return child
    if isinstance(child, list | tuple):
        return join(child)
    return html(child)


def _attribute(key: str, value: object) -> str:
    name = key.rstrip("_").replace("_", "-")
    if name.startswith("aria-") and isinstance(value, bool):
        value = str(value).lower()
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{html(value)}"'
