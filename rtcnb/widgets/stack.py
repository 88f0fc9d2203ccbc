"""Stack: the parts of a WebRTC stack for each end, as a textbook draws them, with this call's figures on each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from ..trace.statistics import Statistics
from ..trace.timeline import Moment
from . import stack_figures
from .figures import short
from .markup import Markup, join, tag
from .stack_end import End
from .stack_parts import API, ENGINES, SESSION, TRANSPORT, Layer, Part
from .trace_view import TraceView, colour_of, peer_name
from .view import Fragment

PLACES = {"page": "in the page · the browser's own WebRTC", "kernel": "in the kernel · aiortc"}


class StackView(TraceView):
    """The parts of a WebRTC stack at each end, and what each does in this call; see `TraceView`."""

    name: ClassVar[str] = "stack"
    title: ClassVar[str] = "Stack"

    def draw(self) -> Iterable[Fragment]:
        """Return the stack of each end, side by side where there is room."""
        moment = self.moment()
        peers = self.shown_peers(moment)
        statistics = Statistics.of(self.timeline)
        if not peers:
            yield Fragment("none", tag("p", "No peer has been made yet.", class_="rtcnb-faint"))
        elif not any(statistics.at(peer, moment).streams for peer in peers):
            told = "No statistics yet: what follows is from states, descriptions and candidates."
            yield Fragment("none", tag("p", told, class_="rtcnb-faint"))
        ends = [_end(End(peer, moment, statistics.at(peer, moment)), moment) for peer in peers]
        yield Fragment("ends", tag("div", *ends, class_="rtcnb-columns"))


def _end(end: End, moment: Moment) -> Markup:
    colour = colour_of(end.peer, moment)
    title = tag("h4", peer_name(end.peer, moment), " ", tag("small", PLACES.get(end.place, "")))
    engines = tag("div", *[_layer(layer, end) for layer in ENGINES], class_="rtcnb-engines")
    return tag(
        "div",
        title,
        _layer(API, end),
        _layer(SESSION, end),
        engines,
        _layer(TRANSPORT, end),
        class_=f"rtcnb-stack rtcnb-peer-{colour}",
        data_key=end.peer,
        data_peer=short(end.peer),
    )


def _layer(layer: Layer, end: End) -> Markup:
    parts = [_part(part, end) for part in layer.parts]
    name = tag("div", layer.title, class_="rtcnb-layer-name")
    return tag(
        "section",
        name,
        tag("div", *parts, class_="rtcnb-layer-parts"),
        class_="rtcnb-layer",
        aria_label=layer.title,
        data_layer=layer.key,
    )


def _part(part: Part, end: End) -> Markup:
    made = stack_figures.of_part(part.key, end)
    by = part.kernel if end.place == "kernel" and not made.unused else ""
    explained = tag(
        "details",
        tag("summary", tag("b", part.title)),
        tag("p", part.sentence, " ", tag("small", part.reference)),
        title=part.sentence,
    )
    if made.unused:
        lines = [tag("div", tag("b", "not used"), f": {made.unused}")]
    else:
        lines = [tag("div", line) for line in made.lines]
    return tag(
        "div",
        explained,
        join(lines),
        tag("small", f"by {by}") if by else None,
        class_="rtcnb-stack-part rtcnb-unused" if made.unused else "rtcnb-stack-part",
        data_part=part.key,
        data_used="false" if made.unused else "true",
        data_key=part.key,
    )
