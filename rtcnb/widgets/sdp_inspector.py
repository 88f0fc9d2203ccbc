"""SdpInspector: a box to paste or type a description into, explained and checked as it is edited."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, ClassVar

from ..errors import DescriptionError, PageTimeout
from ..runtime import loop
from ..sdp import Candidate, Document, Negotiation, SessionDescription, compare, parse_candidate
from ..sdp.compare_view import negotiation_body
from ..sdp.text import count
from .annotated import Annotated
from .markup import Markup, join, tag
from .sdp_reading import KINDS, Box, Edited, Reading, check_length, kind_in_json
from .view import Fragment, View

LINE_END = re.compile(r"\r\n|\r|\n")
NAMES = ("first", "second")


class SdpInspector(View):
    """A box to paste or type SDP into, explained line by line and checked as it is edited.

    A second box takes the answer; what the two agree on is told below.

    Parameters
    ----------
    text : str, SessionDescription, Candidate, Document, dict, optional
        SDP, JSON of a description, candidate lines, or whatever holds one of them.
    answer : as `text`, optional
        For the second box.

    Attributes
    ----------
    text : str
        As it was edited, with CRLF at the ends of its lines; can be set.
    answer_text : str or None
        That of the second box; None where there is none.

    Raises
    ------
    DescriptionError
        It is given something that holds no description, or one of more than 1,000,000 characters.

    Examples
    --------
    >>> inspector = rtcnb.SdpInspector(offer)              # doctest: +SKIP
    >>> await alice.setLocalDescription(inspector.description)   # doctest: +SKIP
    """

    name: ClassVar[str] = "sdp-inspector"
    title: ClassVar[str] = "SDP inspector"

    def __init__(self, text: Any = None, answer: Any = None) -> None:
        super().__init__()
        self._boxes = [Box(text)]
        if answer is not None:
            self._boxes.append(Box(answer))
        self._chosen = 0
        self._said = ""
        self._handed = False
        self._waiting: list[asyncio.Future[Edited]] = []

    # -- for cells

    @property
    def text(self) -> str:
        """The text as it was edited."""
        return self._boxes[0].text

    @text.setter
    def text(self, given: Any) -> None:
        box = Box(given)
        box.reader = self._boxes[0].reader
        self._boxes[0] = box
        self._edited()

    @property
    def answer_text(self) -> str | None:
        """The text of the second box."""
        return self._boxes[1].text if len(self._boxes) > 1 else None

    @answer_text.setter
    def answer_text(self, given: Any) -> None:
        self._boxes[1:] = [] if given is None else [Box(given)]
        self._chosen = min(self._chosen, len(self._boxes) - 1)
        self._edited()

    @property
    def description(self) -> SessionDescription:
        """What was edited, as a description.

        Raises
        ------
        DescriptionError
            It is none, or nothing says whether it is an offer or an answer.
        """
        return _description_of(self._boxes[0])

    @property
    def answer(self) -> SessionDescription | None:
        """The description in the second box; None where there is no such box. Raises as `description` does."""
        return _description_of(self._boxes[1]) if len(self._boxes) > 1 else None

    @property
    def candidate(self) -> Candidate:
        """What was edited, as a candidate.

        Raises
        ------
        CandidateError
            It is none, or a field is wrong.
        """
        return parse_candidate(self.text)

    @property
    def negotiation(self) -> Negotiation | None:
        """What offer and answer agree on; None where there are not two of them."""
        pair = self._pair()
        return _compared(*pair) if pair else None

    async def edited(self, timeout: float = 3600) -> Edited:
        """Wait until somebody presses "Use this text", and return what was edited.

        Parameters
        ----------
        timeout : float
            Seconds.

        Raises
        ------
        PageTimeout
            Nobody pressed it in time.
        """
        return await loop.run(self._until_used(timeout))

    async def _until_used(self, timeout: float) -> Edited:
        future: asyncio.Future[Edited] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            async with asyncio.timeout(timeout):
                return await future
        except TimeoutError:
            text = f'Nobody pressed "Use this text" within {timeout:g} s. Show the inspector in a cell of its own.'
            raise PageTimeout(text) from None
        finally:
            self._waiting.remove(future)

    # -- what is pressed

    def act(self, action: str, value: Any) -> None:
        """Take what was typed, mend it, hand it to the cell, or choose a line."""
        what, _, name = action.rpartition("-")
        place = NAMES.index(name) if name in NAMES else None
        if place is not None and place < len(self._boxes):
            self._act_on(what, place, value)
        elif action == "sdp-compare":
            self.answer_text = "" if len(self._boxes) == 1 else None
        else:
            self._boxes[self._chosen].reader.act(action, value)

    def _act_on(self, what: str, place: int, value: Any) -> None:
        box = self._boxes[place]
        if what == "sdp-text":
            text = LINE_END.sub("\r\n", str(value))
            check_length(text)
            if text != LINE_END.sub("\r\n", box.text):  # a field that was only touched changes no byte
                box.text = text
            self._chosen = place
            self._edited()
        elif what == "sdp-kind":
            box.kind = str(value) if value in KINDS else ""
            self._edited()
        elif what == "sdp-mend":
            reading = box.reading()
            if reading.mended:
                box.kind = box.kind or kind_in_json(box.text)
                box.text = reading.mended
                self._edited()
        elif what == "sdp-box":
            self._chosen = place
        elif what == "sdp-use":
            self._hand_over(box)

    def _hand_over(self, box: Box) -> None:
        edited = box.edited()
        for future in self._waiting:
            if not future.done():
                future.set_result(edited)
        self._handed = True
        self._said = f"Handed to the notebook: {edited!r}"

    def _edited(self) -> None:
        self._handed, self._said = False, ""
        self.changed()

    @property
    def over(self) -> bool:
        """Whether the text was handed over: its static form can be renewed."""
        return self._handed

    # -- what is shown

    def draw(self) -> Iterable[Fragment]:
        """Return the boxes, what happened to their texts, the lines with their explanation, the comparison."""
        boxes = list(self._boxes)
        place = min(self._chosen, len(boxes) - 1)
        yield Fragment("boxes", tag("div", *map(self._box, range(len(boxes))), class_="rtcnb-columns"))
        yield Fragment("damage", tag("div", *(_damage(i, box.reading()) for i, box in enumerate(boxes))))
        yield Fragment("said", tag("div", tag("small", self._said) if self._said else None, role="status"))
        if len(boxes) > 1:
            yield Fragment("choice", _choice(boxes, place))
        box = boxes[place]
        annotated = self._annotated(place)
        box.reader.show(annotated)
        yield box.reader.draw("sdp", _head(box, annotated))
        yield from self._agreed()

    def still(self) -> Markup:
        """Return the static form: what was edited, annotated; no text that holds passwords or keys."""
        parts: list[object] = []
        for place, box in enumerate(self._boxes):
            annotated = self._annotated(place)
            empty = tag("p", "Nothing was pasted yet.", class_="rtcnb-faint")
            shown = annotated.still() if annotated.document.lines else empty
            parts.append(tag("div", _damage(place, box.reading(), False), _head(box, annotated), shown))
        parts += [fragment.body for fragment in self._agreed()]
        return tag("div", *parts, class_=f"rtcnb-view rtcnb-{self.name}")

    def _pair(self) -> tuple[Document, Document] | None:
        readings = [box.reading() for box in self._boxes]
        if len(readings) < 2 or not all(reading.is_description for reading in readings):
            return None
        if readings[0].kind in ("answer", "pranswer") and readings[1].kind == "offer":
            readings.reverse()
        return readings[0].document, readings[1].document

    def _annotated(self, place: int) -> Annotated:
        return _annotated(self._boxes[place].reading(), self._pair())

    def _agreed(self) -> Iterable[Fragment]:
        negotiation = self.negotiation
        if negotiation is not None:
            # Made and escaped by rtcnb.sdp.
            body = tag("div", Markup(negotiation_body(negotiation)), class_="rtcnb-sdp")
            yield Fragment("agreed", join([tag("h4", "Offer against answer"), body]))

    def _box(self, place: int) -> Markup:
        box, name = self._boxes[place], NAMES[place]
        reading = box.reading()
        guess = f"as it looks: {reading.kind or 'not known'}"
        options = [tag("option", guess, value="", selected=not box.kind)]
        options += [tag("option", kind, value=kind, selected=box.kind == kind) for kind in KINDS]
        kind = tag(
            "select",
            *options,
            data_change=f"sdp-kind-{name}",
            title="An offer is checked otherwise than an answer",
        )
        use = _button(
            "Use this text",
            f"sdp-use-{name}",
            "Hand it to the notebook: await inspector.edited(), inspector.description",
        )
        second = "Compare with an answer" if len(self._boxes) == 1 else "Close the second box"
        compare = _button(second, "sdp-compare", "Offer and answer side by side, and what they agree on")
        lines = max(4, min(14, box.text.count("\n") + 2))
        area = tag(
            "textarea",
            # The first line end of a textarea's HTML is not part of its text.
            "\n" + box.text,
            rows=lines,
            spellcheck="false",
            autocapitalize="off",
            data_input=f"sdp-text-{name}",
            aria_label=f"SDP, JSON or candidate lines: the {name} text",
            placeholder="Paste or type SDP, JSON of a description, or a candidate line",
            class_="rtcnb-paste",
        )
        bar = tag(
            "div",
            tag("label", "type ", kind),
            use,
            None if place == 0 and len(self._boxes) > 1 else compare,
            class_="rtcnb-bar",
        )
        return tag("div", bar, area, data_key=name)

    def __repr__(self) -> str:
        told = [
            f"{b.reading().kind or 'SDP'}, {count(len(b.reading().document.lines), 'line')}"
            for b in self._boxes
        ]
        return f"<SdpInspector of {' and '.join(told)}>"


@lru_cache(maxsize=8)
def _compared(offer: Document, answer: Document) -> Negotiation:
    return compare(offer, answer)


@lru_cache(maxsize=8)
def _annotated(reading: Reading, pair: tuple[Document, Document] | None) -> Annotated:
    negotiation = _compared(*pair) if pair else None
    offered = negotiation is not None and negotiation.offer == reading.document
    return Annotated(reading.kind, reading.document, reading.findings, negotiation, offered)


def _description_of(box: Box) -> SessionDescription:
    edited = box.edited()
    if isinstance(edited, Candidate):
        raise DescriptionError("This is a candidate, not a description: inspector.candidate gives it.")
    return edited


def _damage(place: int, reading: Reading, pressable: bool = True) -> Markup | None:
    """What happened to a text on its way, and the button that undoes it."""
    if reading.damage is None:
        return None
    mend = _button(
        "Mend", f"sdp-mend-{NAMES[place]}", "Put the text in its place as it was before that happened"
    )
    below = tag("small", "Below it is explained as it reads when mended.") if reading.mended else None
    return tag(
        "div",
        tag("b", "▲ Damaged"),
        tag(
            "span",
            reading.damage.sentence,
            " ",
            None if reading.mended else reading.damage.remedy,
            " ",
            below,
        ),
        mend if reading.mended and pressable else None,
        class_="rtcnb-banner rtcnb-found-warning",
        data_rule=reading.damage.rule,
    )


def _head(box: Box, annotated: Annotated) -> Markup | None:
    """What a single candidate is, in a row; the fields are explained beside its line."""
    lines = annotated.document.lines
    if (
        annotated.kind != "candidate"
        or len(lines) != 1
        or lines[0].error
        or lines[0].attribute != "candidate"
    ):
        return None
    # Made and escaped by rtcnb.sdp.
    return Markup(parse_candidate(lines[0].text)._repr_html_())


def _choice(boxes: list[Box], chosen: int) -> Markup:
    tabs = [
        tag(
            "button",
            f"{name} text: {box.reading().kind or 'SDP'}",
            type="button",
            role="tab",
            aria_selected=place == chosen,
            tabindex=0 if place == chosen else -1,
            data_press=f"sdp-box-{name}",
            data_key=name,
        )
        for place, (name, box) in enumerate(zip(NAMES, boxes, strict=False))
    ]
    return tag(
        "div", *tabs, role="tablist", aria_label="Which text is explained", class_="rtcnb-choice rtcnb-bar"
    )


def _button(text: str, action: str, title: str) -> Markup:
    return tag("button", text, type="button", data_press=action, title=title)
