"""Descriptions: what the two sides told each other, line by line, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, ClassVar

from ..language import Language, current
from ..sdp import Changes, Line, Negotiation, SessionDescription, changed_lines, changes, compare, lint
from ..sdp.compare_view import facts_html, negotiation_body
from ..sdp.text import count
from ..trace import CandidateEvent, DescriptionSet, Event
from ..trace.evidence import ufrags
from ..trace.timeline import Moment
from .annotated import Annotated
from .markup import Markup, join, tag
from .sdp_reader import SdpReader
from .trace_view import TraceView, colour_of, peer_name
from .view import Fragment

Place = tuple[str, str]  # a peer, and its side: local or remote
# What a browser writes into its own description by itself once it has candidates.
GATHERED = ("candidate", "end-of-candidates", "rtcp")


class DescriptionsView(TraceView):
    """The descriptions of each peer, annotated; offer against answer; see `TraceView`."""

    name: ClassVar[str] = "descriptions"
    title: ClassVar[str] = "Descriptions"

    def __init__(self, *of: Any, timeline: Any = None) -> None:
        super().__init__(*of, timeline=timeline)
        self._place: Place | None = None
        self._pinned: str = ""  # the label of an earlier one
        self._readers: dict[str, SdpReader] = {}
        self._shown = ""

    # -- what is pressed

    def act(self, action: str, value: Any) -> None:
        """Choose a description, a section or a line."""
        if action == "description-of":
            peer, _, side = str(value).rpartition(" ")
            self._place, self._pinned = (peer, side), ""
        elif action == "description-at":
            self._pinned = str(value)
        else:
            self._reader(self._shown).act(action, value)

    def focus(self, event: Event, line: int = 0) -> None:
        """Show a description of the trace, and one of its lines."""
        if isinstance(event, DescriptionSet):
            self._pinned = _label(event)
            reader = self._reader(self._pinned)
            reader.show(self._annotated(event, self.moment()))
            if line:
                reader.focus(line)

    def _reader(self, label: str) -> SdpReader:
        return self._readers.setdefault(label, SdpReader())

    # -- what is shown

    def draw(self) -> Iterable[Fragment]:
        """Return the choice, the lines with their explanation, what was changed, and what came of it."""
        moment = self.moment()
        every = self._sets(moment)
        event = self._event(every)
        if event is None:
            yield Fragment("none", _nothing(moment))
            return
        self._shown = _label(event) if _label(event) == self._pinned else f"{event.peer} {event.side}"
        annotated = self._annotated(event, moment)
        reader = self._reader(self._shown)
        reader.show(annotated)
        yield Fragment("choose", self._choice(every, event, moment))
        yield reader.draw("sdp", _about(event, moment))
        yield from self._outcome(event, moment)

    def _sets(self, moment: Moment) -> list[DescriptionSet]:
        """All descriptions of the peers that are shown, since they were made."""
        since = {peer: moment.made(peer) for peer in self.shown_peers(moment)}
        return [e for e in moment.of(DescriptionSet) if e.peer in since and e.time >= since[e.peer]]

    def _event(self, every: list[DescriptionSet]) -> DescriptionSet | None:
        pinned = [e for e in every if _label(e) == self._pinned]
        places = in_force(every)
        if pinned or not places:
            return pinned[-1] if pinned else None
        first = next((e for e in places.values() if e.side == "local"), next(iter(places.values())))
        return places.get(self._place or (first.peer, first.side), first)

    def _annotated(self, event: DescriptionSet, moment: Moment) -> Annotated:
        return annotate(event, counterpart(event, moment), origin_of(event, moment), current())

    def _choice(self, every: list[DescriptionSet], event: DescriptionSet, moment: Moment) -> Markup:
        tabs = [_tab(e, e is event, moment) for e in in_force(every).values()]
        pinned = event if _label(event) == self._pinned else None
        options = [tag("option", "in force now", value="", selected=pinned is None)]
        options += [
            tag("option", _words(e, moment), value=_label(e), selected=e is pinned) for e in reversed(every)
        ]
        earlier = tag("select", *options, data_change="description-at", title="Also the earlier ones")
        return tag(
            "div",
            tag("div", *tabs, role="tablist", aria_label="Descriptions in force", class_="rtcnb-choice"),
            tag("label", "shown ", earlier, class_="rtcnb-push"),
            class_="rtcnb-bar",
        )

    def _outcome(self, event: DescriptionSet, moment: Moment) -> Iterable[Fragment]:
        origin = origin_of(event, moment)
        if origin and (found := _changes(event, origin[0])):
            yield Fragment("munged", _munged(event, origin[1], found))
        other = counterpart(event, moment)
        if other is None:
            waits = tag("p", f"No answer to this {event.description.type} yet.", class_="rtcnb-faint")
            yield Fragment("agreed", waits if event.description.type == "offer" else tag("div"))
        else:
            yield Fragment("agreed", _agreed(event, other, moment))

    def still(self) -> Markup:
        """Return the static form: every description in force, and what came of them."""
        self.timeline.refresh()
        moment = self.moment()
        events = list(in_force(self._sets(moment)).values())
        if not events:
            return tag("div", _nothing(moment), class_=f"rtcnb-view rtcnb-{self.name}")
        told: dict[str, DescriptionSet] = {}
        parts: list[Markup] = []
        for event in events:
            same = told.setdefault(event.description.sdp, event)
            if same is not event:
                text = f"the same text as that of {same.peer} ({same.side})"
                parts.append(tag("div", _about(event, moment), tag("p", text, class_="rtcnb-faint")))
                continue
            drawn = [f.body for f in self._outcome(event, moment) if f.key == "munged"]
            parts.append(tag("div", _about(event, moment), self._annotated(event, moment).still(), *drawn))
        other = counterpart(events[0], moment)
        parts += [_agreed(events[0], other, moment)] if other else []
        return tag("div", *parts, class_=f"rtcnb-view rtcnb-{self.name}")


def in_force(every: Iterable[DescriptionSet]) -> dict[Place, DescriptionSet]:
    """Return the last description of each side of each peer."""
    return {(e.peer, e.side): e for e in every if e.description.type != "rollback"}


def counterpart(event: DescriptionSet, moment: Moment) -> DescriptionSet | None:
    """Return the answer to an offer, or the offer of an answer, as the same peer has it."""
    own = [e for e in moment.of(DescriptionSet, peer=event.peer) if e.description.type != "rollback"]
    if event.description.type == "offer":
        later = [e for e in own if e.time >= event.time and e is not event]
        ours = next((i for i, e in enumerate(later) if e.description.type == "offer"), len(later))
        answers = [e for e in later[:ours] if e.side != event.side]
        return answers[-1] if answers else None
    offers = [e for e in own if e.time <= event.time and e.description.type == "offer"]
    return next((e for e in reversed(offers) if e.side != event.side), None)


def origin_of(event: DescriptionSet, moment: Moment) -> tuple[SessionDescription, str] | None:
    """Return what a description was before somebody changed it, and who had it so."""
    if event.side == "local":
        made = "createOffer" if event.description.type == "offer" else "createAnswer"
        return (event.created, made) if event.created is not None else None
    names = ufrags(event.description)
    for other in reversed(moment.of(DescriptionSet)):
        fits = other.side == "local" and other.peer != event.peer and other.time <= event.time
        if fits and other.description.type == event.description.type and names & ufrags(other.description):
            return other.description, other.peer
    return None


@lru_cache(maxsize=64)
def annotate(
    event: DescriptionSet,
    other: DescriptionSet | None,
    origin: tuple[SessionDescription, str] | None,
    language: Language,
) -> Annotated:
    """Put together what is known of a description."""
    description = event.description
    offered = description.type == "offer"
    negotiation = None
    if other is not None:
        pair = (description, other.description) if offered else (other.description, description)
        negotiation = _compared(*pair)
    lines = description.document.lines
    before = changed_lines(origin[0], description) if origin else {}
    return Annotated(
        description.type,
        description.document,
        lint(description, language=language),
        negotiation,
        offered,
        {
            n: was
            for n, was in before.items()
            if event.side == "local" or not _by_gathering(lines[n - 1], was)
        },
        origin[1] if origin else "",
    )


@lru_cache(maxsize=32)
def _compared(offer: SessionDescription, answer: SessionDescription) -> Negotiation:
    return compare(offer, answer)


def _by_gathering(line: Line, was: str | None) -> bool:
    """Whether a browser changed the line itself, when it had found its candidates."""
    if line.type == "m" and was is not None:
        words, old = line.text.split(" "), was.split(" ")
        return words[:1] + words[2:] == old[:1] + old[2:]
    return line.attribute in GATHERED or line.type == "c"


def _changes(event: DescriptionSet, before: SessionDescription) -> Changes:
    found = changes(before, event.description)
    if event.side == "local":
        return found
    own = ("port", "candidate-added", "candidate-removed", "end-of-candidates")
    lines = ("c=", "a=rtcp:")
    return Changes(
        x
        for x in found
        if x.what not in own
        and not (x.what in ("line-added", "line-removed") and str(x.after or x.before).startswith(lines))
    )


def _label(event: DescriptionSet) -> str:
    return f"{event.time:.6f} {event.side} {event.peer}"


def _words(event: DescriptionSet, moment: Moment) -> str:
    munged = ", munged" if event.created is not None else ""
    at = f"{(event.time - moment.begin) * 1000:.0f} ms"
    return f"{at} · {event.peer} · {event.side} {event.description.type}{munged}"


def _tab(event: DescriptionSet, chosen: bool, moment: Moment) -> Markup:
    return tag(
        "button",
        peer_name(event.peer, moment),
        f" {event.side} {event.description.type}",
        type="button",
        role="tab",
        aria_selected=chosen,
        tabindex=0 if chosen else -1,
        data_press="description-of",
        data_value=f"{event.peer} {event.side}",
        data_key=f"{event.peer} {event.side}",
        class_=f"rtcnb-peer-{colour_of(event.peer, moment)}",
        title=f"{event.side}Description of {event.peer}",
    )


def _about(event: DescriptionSet, moment: Moment) -> Markup:
    """When it was set and where, and what came after it."""
    later = [
        e
        for e in moment.of(CandidateEvent, peer=event.peer)
        if e.time > event.time and not e.candidate.is_end
    ]
    action = "gathered" if event.side == "local" else "added"
    trickled = sum(e.action == action for e in later)
    method = "setLocalDescription" if event.side == "local" else "setRemoteDescription"
    facts = [f"{(event.time - moment.begin) * 1000:.1f} ms"]
    facts += [f"{count(trickled, 'candidate')} came after it, one by one"] if trickled else []
    return tag(
        "div",
        peer_name(event.peer, moment),
        " ",
        tag("code", f"{method}({event.description.type})"),
        " ",
        tag("small", " · ".join(facts)),
        class_="rtcnb-about",
    )


def _munged(event: DescriptionSet, origin: str, found: Changes) -> Markup:
    title = f"Munged: changed between {origin}() and setLocalDescription()"
    if event.side == "remote":
        title = f"Edited on the way from {origin} to {event.peer}"
    # Made and escaped by rtcnb.sdp.
    rows = Markup(facts_html([(change.where, change.sentence) for change in found]))
    return join([tag("h4", "≠ ", title), tag("div", rows, class_="rtcnb-sdp")])


def _agreed(event: DescriptionSet, other: DescriptionSet, moment: Moment) -> Markup:
    offer, answer = (event, other) if event.description.type == "offer" else (other, event)
    title = tag("h4", f"Offer against answer, as {event.peer} has them")
    far = moment.side(event.peer)
    name = far.other.name if far and far.other else "the other side"
    who = [event.peer if x.side == "local" else name for x in (offer, answer)]
    told = tag("p", f"offerer: {who[0]} · answerer: {who[1]}", class_="rtcnb-faint")
    body = Markup(negotiation_body(_compared(offer.description, answer.description)))
    return join([title, told, tag("div", body, class_="rtcnb-sdp")])


def _nothing(moment: Moment) -> Markup:
    lacks = ", ".join(moment.trace.missing)
    told = tag("p", "No description has been set yet.", class_="rtcnb-faint")
    return join([told, tag("p", f"This trace lacks: {lacks}.", class_="rtcnb-faint") if lacks else None])
