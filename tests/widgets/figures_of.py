"""What a view shows, read from its HTML."""

from __future__ import annotations

from html.parser import HTMLParser

from rtcnb.widgets.view import View

EVIL = "<img src=x onerror=alert(1)>"
VOID = {"br", "hr", "img", "input"}


class Drawn(HTMLParser):
    """Elements with their attributes, their text and what they stand in.

    Attributes
    ----------
    elements : list of (str, dict, list of str)
        Name, attributes, and the texts within.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.feed(html)
        self.close()
        assert not self._open, f"not closed: {[name for name, _, _ in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))
        if tag not in VOID:
            self._open.append(self.elements[-1])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for _, _, texts in self._open:
            texts.append(data)

    @property
    def text(self) -> str:
        """All that is written."""
        return "".join(self.elements[0][2])

    def with_attribute(self, name: str, value: str | None = None) -> list[tuple[dict[str, str | None], str]]:
        """Return attributes and text of the elements that have an attribute."""
        found = [(a, "".join(t)) for _, a, t in self.elements if name in a]
        return [(a, t) for a, t in found if value is None or a[name] == value]

    def figures(self) -> dict[str, list[tuple[str, str]]]:
        """Return exact values and texts of all figures, by name."""
        found: dict[str, list[tuple[str, str]]] = {}
        for attributes, text in self.with_attribute("data-stat"):
            found.setdefault(str(attributes["data-stat"]), []).append((str(attributes["data-value"]), text))
        return found

    @property
    def names(self) -> set[str]:
        """The names of all elements."""
        return {name for name, _, _ in self.elements}


def drawn(view: View) -> Drawn:
    """Draw a view."""
    return Drawn("<div>" + "".join(f"<div>{f.body}</div>" for f in view.draw()) + "</div>")
