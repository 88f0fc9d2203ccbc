"""What a view has drawn, as elements: to look into in tests."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from rtcnb.widgets.view import View

VOID = {"br", "hr", "img", "input"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.builder = ElementTree.TreeBuilder()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in VOID:
            self.builder.end(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.builder.end(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        self.builder.end(tag)

    def handle_data(self, data: str) -> None:
        self.builder.data(data)


def page_of(view: View) -> Element:
    """Return all that a view draws."""
    reader = _Reader()
    reader.feed("<body>" + "".join(str(fragment.body) for fragment in view.draw()) + "</body>")
    return reader.builder.close()


def text_of(element: Element) -> str:
    """Return what is read in an element."""
    return "".join(element.itertext())


def having(element: Element, **attributes: str) -> Iterator[Element]:
    """Return the elements whose attributes are these; ``data_press`` is ``data-press``."""
    wanted = {name.replace("_", "-"): value for name, value in attributes.items()}
    for each in element.iter():
        if all(each.get(name) == value for name, value in wanted.items()):
            yield each
