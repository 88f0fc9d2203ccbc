"""Inspector: a call in all its views, as it stands or as it stood at any moment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Iterable
from dataclasses import replace
from typing import Any, ClassVar

from ..errors import RtcnbError
from ..finding import MARKS
from ..trace import (
    CandidateEvent,
    DescriptionSet,
    Event,
    PacketEvent,
    PairEvent,
    PeerEvent,
    SelectedPair,
    ServerEvent,
    StateChange,
    StatisticsEvent,
)
from ..trace.timeline import Moment
from .descriptions import DescriptionsView
from .findings_view import FindingsView, Shown, severity_word
from .ice_view import IceView
from .ladder import Ladder
from .markup import Markup, join, tag
from .packet_view import PacketView
from .stack import StackView
from .states import StatesView
from .stats_view import StatisticsView
from .trace_view import TraceView, peer_name
from .view import Fragment

VIEWS: tuple[type[TraceView], ...] = (
    Ladder,
    DescriptionsView,
    IceView,
    StatesView,
    StackView,
    StatisticsView,
    PacketView,
    FindingsView,
)
# Which view shows an event; the ladder has them all.
HOMES: dict[type[Event], str] = {
    DescriptionSet: "descriptions",
    StateChange: "states",
    CandidateEvent: "ice",
    PairEvent: "ice",
    SelectedPair: "ice",
    ServerEvent: "ice",
    PacketEvent: "packets",
    StatisticsEvent: "statistics",
}
STATES = ("signalingState", "iceGatheringState", "iceConnectionState", "connectionState")
# What a state means for the call; the mark is never colour alone.
MEANING = {
    "new": "idle",
    "stable": "ok",
    "complete": "ok",
    "connected": "ok",
    "completed": "ok",
    "closed": "idle",
}
MEANING |= {"failed": "bad", "disconnected": "bad"}


class Inspector(TraceView):
    """A call in all its views, with a slider for the time.

    Parameters
    ----------
    *of : Peer, Trace, or path
        Two peers, a trace, or a file that `Trace.load` takes; by default the notebook's current trace.

    Attributes
    ----------
    views : dict of str to TraceView
        By name: ``ladder``, ``descriptions``, ``ice``, ``states``, ``stack``, ``statistics``, ``packets``,
        ``findings``.
    tab : str
        The name of the one that is shown.

    Raises
    ------
    PeerError
        It is about something else.
    TraceError, OSError
        The file cannot be read.

    Examples
    --------
    >>> rtcnb.Inspector(alice, bob)                         # doctest: +SKIP
    >>> rtcnb.Inspector("webrtc_internals_dump.txt")        # doctest: +SKIP
    """

    name: ClassVar[str] = "inspector"
    title: ClassVar[str] = "Inspector"

    def __init__(self, *of: Any) -> None:
        super().__init__(*of)
        self.views = {view.name: view(*self.peers, timeline=self.timeline) for view in VIEWS}
        self.tab = VIEWS[0].name
        for view in self.views.values():
            view.shown_by.append(self.changed)
        self.findings = FindingsView(*self.peers, timeline=self.timeline)
        if isinstance(found := self.views.get(FindingsView.name), FindingsView):
            self.findings = found
        self.findings.go = self.go

    # -- what is pressed

    def act(self, action: str, value: Any) -> Awaitable[None] | None:
        """Choose a view or a moment; the rest is for the view that is shown."""
        if action == "inspector-tab" and value in self.views:
            self.tab = str(value)
        elif action == "inspector-time":
            self.show_at(_milliseconds(value) / 1000)
        elif action == "inspector-live":
            self.show_at(None)
        elif action == "inspector-finding":
            self.tab = self.findings.name if self.findings.name in self.views else self.tab
        elif action == "inspector-save":
            return asyncio.to_thread(self._save)  # a long trace takes seconds, which the call must not wait
        else:
            return self.views[self.tab].act(action, value)
        return None

    def show_at(self, seconds: float | None) -> None:
        """Show the call as it stood `seconds` after its beginning; None for now."""
        self._cut(None if seconds is None else self.timeline.begin + seconds)

    def go(self, event: Event, line: int = 0) -> None:
        """Show the call as it stood at an event, in the view that shows it best."""
        self._cut(event.time)
        home = HOMES.get(type(event), "ladder")
        self.tab = next((name for name in (home, "ladder", self.tab) if name in self.views), self.tab)
        if self.tab == self.findings.name:
            self.findings.show_event(event)
        else:
            self.views[self.tab].focus(event, line)

    def _cut(self, until: float | None) -> None:
        self.until = None if until is None or until >= self.timeline.end else until
        for view in self.views.values():
            view.until = self.until
        self.changed()

    def _save(self) -> None:
        name = time.strftime("rtcnb-%Y%m%d-%H%M%S.jsonl")
        self.trace.save(name)
        self._saved = name

    _saved = ""

    # -- what is shown

    def draw(self) -> Iterable[Fragment]:
        """Return head, tabs, the view that is chosen, and the slider."""
        moment, tab = self.moment(), self.tab  # another may be chosen meanwhile
        found = self.findings.current()
        yield Fragment("head", self._head(moment))
        yield Fragment("finding", _banner(found, moment))
        yield Fragment("tabs", self._tabs(found, tab))
        for fragment in self.views[tab].draw():
            yield replace(fragment, key=f"{tab}/{fragment.key}")
        yield Fragment("time", self._time(moment))

    def _head(self, moment: Moment) -> Markup:
        ends = [_end(peer, moment) for peer in self.shown_peers(moment)]
        middle = tag("div", _way_of(self.shown_peers(moment), moment), class_="rtcnb-way")
        parts = [*ends[:1], middle, *ends[1:]]
        return tag("div", *parts, class_="rtcnb-head")

    def _tabs(self, found: list[Shown], chosen: str) -> Markup:
        numbers = {self.findings.name: f" {len(found)}"} if found else {}
        tabs = [
            tag(
                "button",
                f"{view.title}{numbers.get(name, '')}",
                type="button",
                role="tab",
                aria_selected=name == chosen,
                tabindex=0 if name == chosen else -1,
                data_press="inspector-tab",
                data_value=name,
                data_key=name,
            )
            for name, view in self.views.items()
        ]
        return tag("div", *tabs, role="tablist", aria_label="Views of the call", class_="rtcnb-tabs")

    def _time(self, moment: Moment) -> Markup:
        length = max(0.0, moment.timeline.end - moment.begin)
        at = length if self.until is None else self.until - moment.begin
        live = self.trace.ended is None
        slider = tag(
            "input",
            type="range",
            min=0,
            max=round(length * 1000),
            value=round(at * 1000),
            step=1,
            data_input="inspector-time",
            aria_label="The moment that is shown, in milliseconds",
            aria_valuetext=f"{at:.3f} s of {length:.3f} s",
        )
        now = tag(
            "button",
            "Live" if live else "End",
            type="button",
            data_press="inspector-live",
            disabled=self.until is None,
            title="Show the call as it stands",
        )
        save = tag(
            "button",
            "Save trace",
            type="button",
            data_press="inspector-save",
            title="Write it to a file beside the notebook",
        )
        saved = tag("small", f"saved as {self._saved}", role="status") if self._saved else None
        return tag(
            "div",
            tag("span", _clock(at), class_="rtcnb-mono"),
            slider,
            tag("span", f"of {_clock(length)}", class_="rtcnb-mono"),
            now,
            save,
            saved,
            class_="rtcnb-time",
        )

    def still(self) -> Markup:
        """Return the static form: every view, one below the other."""
        self.timeline.refresh()
        moment = self.moment()
        views = [
            tag("details", tag("summary", view.title), view.still(), open=name == self.tab)
            for name, view in self.views.items()
        ]
        banner = _banner(self.findings.current(), moment)
        return tag("div", self._head(moment), banner, *views, class_="rtcnb-view rtcnb-inspector")


def _banner(found: list[Shown], moment: Moment) -> Markup:
    """The worst of what is wrong, the newest first; of lint, errors alone."""
    loud = [
        x
        for x in found
        if x.finding.severity == "error" or (x.finding.severity == "warning" and not x.from_lint)
    ]
    first = min(loud, key=lambda x: list(MARKS).index(x.finding.severity), default=None)
    if first is None:
        return tag("div", role="status")
    show = tag(
        "button", "show evidence", type="button", data_press="inspector-finding", title="Show all findings"
    )
    return tag(
        "div",
        tag(
            "b",
            tag("span", MARKS[first.finding.severity], aria_hidden=True),
            f" {severity_word(first, moment)}",
        ),
        tag("span", first.finding.sentence),
        show,
        role="status",
        class_=f"rtcnb-banner rtcnb-found-{first.finding.severity}",
        data_rule=first.finding.rule,
    )


def _end(peer: str, moment: Moment) -> Markup:
    place = moment.last(PeerEvent, peer)
    states = {e.state: e.new for e in moment.of(StateChange, peer=peer) if e.time >= moment.made(peer)}
    pills = [
        _pill(state, states.get(state, "stable" if state == "signalingState" else "new")) for state in STATES
    ]
    where = {"page": "in the page", "kernel": "in the kernel · aiortc"}.get(place.place if place else "", "")
    return tag(
        "div",
        tag("div", peer_name(peer, moment), " ", tag("small", where)),
        tag("div", *pills, class_="rtcnb-pills"),
        data_peer=peer,
        class_="rtcnb-end",
    )


def _pill(state: str, value: str) -> Markup:
    meaning = MEANING.get(value, "wait")
    label = {
        "signalingState": "signaling",
        "iceGatheringState": "gathering",
        "iceConnectionState": "ICE",
    }.get(state, "connection")
    return tag(
        "span",
        f"{label} ",
        tag("b", value),
        class_=f"rtcnb-state rtcnb-{meaning}",
        title=state,
        data_state=state,
    )


def _way_of(peers: list[str], moment: Moment) -> Markup:
    found = next((e for peer in peers if (e := moment.last(SelectedPair, peer))), None)
    length = moment.time - moment.begin
    if found is None:
        return join([tag("b", "no pair yet"), tag("div", f"{length:.1f} s", class_="rtcnb-faint")])
    types = f"{found.local_type or '?'} ↔ {found.remote_type or '?'}"
    return join(
        [
            tag("b", types),
            tag("div", tag("code", f"{found.local} → {found.remote}"), class_="rtcnb-faint"),
            tag("div", f"{length:.1f} s", class_="rtcnb-faint"),
        ]
    )


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60):02}:{seconds % 60:06.3f}"


def _milliseconds(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise RtcnbError(f"The moment is a number of milliseconds, not {value!r}.") from None
