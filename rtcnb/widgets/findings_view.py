"""Findings: what is wrong or odd in a call, newest first, each with the events that show it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, ClassVar

from ..finding import MARKS, Finding
from ..language import Language, current
from ..sdp import Line, SessionDescription, lint
from ..sdp.passwords import hidden_in, hide, hide_lines
from ..sdp.static_view import without_passwords
from ..sdp.text import count, number, shorten
from ..trace import DescriptionSet, Event, MediaEvent, PacketEvent, StatisticsEvent
from ..trace.evidence import SILENCE_AFTER
from ..trace.packets import decode
from ..trace.timeline import Moment
from .descriptions import in_force
from .markup import Markup, join, tag
from .trace_view import TraceView, peer_name
from .view import Fragment

AGAIN_AFTER = 1.0  # seconds; a diagnosis of a long trace costs
QUIET_AFTER = SILENCE_AFTER + 0.5  # silence, packets and statistics are looked at again this often
PATIENCE = 12.0  # after which silence says nothing new
MOST_EVIDENCE = 12
LONGEST_SHOWN = 2000
CONFIDENCE = ((0.95, "certain"), (0.8, "very likely"), (0.5, "likely"), (0.25, "possible"), (0, "a guess"))
FREQUENT = (PacketEvent, StatisticsEvent)


@dataclass(frozen=True)
class Evidence:
    """What shows a finding: an event of the trace, and perhaps a line of the description that it set.

    Attributes
    ----------
    event : Event
    line : int
        Its number; 0 where it is about none.
    """

    event: Event
    line: int = 0


@dataclass(frozen=True)
class Shown:
    """A finding as it is shown.

    Attributes
    ----------
    finding : Finding
    evidence : tuple of Evidence
        By time.
    peer : str
        Of the newest evidence.
    """

    finding: Finding
    evidence: tuple[Evidence, ...] = ()

    @property
    def time(self) -> float:
        """When the newest evidence happened, on the trace's clock; 0 where there is none."""
        return max((x.event.time for x in self.evidence), default=0.0)

    @property
    def from_lint(self) -> bool:
        """Whether it is about a line, and no diagnosis."""
        return any(x.line for x in self.evidence)


class FindingsView(TraceView):
    """What is wrong or odd, newest first; see `TraceView`.

    Attributes
    ----------
    go : callable
        ``go(event, line)`` is called when a piece of evidence is pressed; by default the event is shown below.
    """

    name: ClassVar[str] = "findings"
    title: ClassVar[str] = "Findings"

    def __init__(self, *of: Any, timeline: Any = None) -> None:
        super().__init__(*of, timeline=timeline)
        self.go: Callable[[Event, int], None] = self.show_event
        self._event: Event | None = None
        self._found: list[Shown] = []
        self._key: tuple[object, ...] = ()
        self._news, self._news_at = -1, 0.0
        self._looked = -math.inf
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    # -- what is pressed

    def act(self, action: str, value: Any) -> None:
        """Go to a piece of evidence."""
        if action == "evidence":
            first, _, second = str(value).partition(".")
            which, at = number(first), number(second)
            if which is not None and at is not None and which < len(self._found):
                evidence = self._found[which].evidence
                if at < len(evidence):
                    self.go(evidence[at].event, evidence[at].line)
        elif action == "evidence-close":
            self._event = None

    def show_event(self, event: Event, line: int = 0) -> None:
        """Show the content of an event below the findings."""
        self._event = event
        self.changed()

    # -- what was found

    def current(self) -> list[Shown]:
        """Return what is wrong or odd at the moment that is shown, newest first.

        A live trace is diagnosed at most once a second.
        """
        with self._lock:
            if self._is_stale():
                self._looked = time.monotonic()
                self._found = self._diagnosed(self.moment())
            return list(self._found)

    def _is_stale(self) -> bool:
        live = self.until is None and self.trace.ended is None
        counts = self.timeline.counts_by_kind(math.inf if self.until is None else self.until)
        news = sum(number for kind, number in counts.items() if not (live and kind in FREQUENT))
        key = (self.until, self.trace.ended, current())
        now, since = time.monotonic(), time.monotonic() - self._looked
        if news != self._news:
            self._news, self._news_at = news, now
        stale = key != self._key or (self._news_at > self._looked and (since >= AGAIN_AFTER or not live))
        if not stale and live and self._news_at > self._looked:
            self._look_again(AGAIN_AFTER - since)
        if not stale and live and since >= QUIET_AFTER:
            stale = True
        if stale and live and now - self._news_at < PATIENCE:
            self._look_again(
                QUIET_AFTER
            )  # a call that hangs is told by its silence: nothing new would draw it
        self._key = key
        return stale

    def _look_again(self, delay: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(delay, lambda: self.changed())
        self._timer.daemon = True
        self._timer.start()

    def watch(self, dirty: Callable[[], None]) -> Callable[[], None]:
        """Call `dirty` whenever the trace grows, and when silence may mean something."""
        end = super().watch(dirty)

        def end_all() -> None:
            end()
            if self._timer is not None:
                self._timer.cancel()

        return end_all

    def _diagnosed(self, moment: Moment) -> list[Shown]:
        peers = self.shown_peers(moment)
        found = [
            Shown(finding, tuple(_evidence(finding)))
            for finding in moment.as_trace().diagnose()
            if not self.peers or _is_about(finding, peers)
        ]
        found += _of_lines(moment, peers)
        return sorted(found, key=lambda shown: -shown.time)

    # -- what is shown

    def draw(self) -> Iterable[Fragment]:
        """Return the findings, and the event that was chosen."""
        found, moment = self.current(), self.moment()
        if not found:
            yield Fragment("findings", _nothing(moment, self.shown_peers(moment)))
        else:
            listed = [_finding(i, shown, moment) for i, shown in enumerate(found)]
            yield Fragment("findings", tag("div", *listed, class_="rtcnb-findings"))
        if self._event is not None and self._event.time <= moment.time:
            yield Fragment("event", _content(self._event, moment))


def severity_word(shown: Shown, moment: Moment) -> str:
    """Return ``Error``, ``Warning``, ``Advice``, or ``Waiting`` where nothing has failed yet."""
    failed_at_once = any(isinstance(x.event, MediaEvent) for x in shown.evidence)
    if shown.finding.severity == "error" and not shown.from_lint and not failed_at_once:
        names = {x.event.peer for x in shown.evidence}
        known = [side for side in moment.sides if side.name in names or not names]
        if any(side.hangs for side in known) and not any(side.failed or side.errors for side in known):
            return "Waiting"
    return shown.finding.severity.capitalize()


def confidence_words(confidence: float) -> str:
    """Return how sure a finding is, in words."""
    return next(words for least, words in CONFIDENCE if confidence >= least)


def _evidence(finding: Finding) -> list[Evidence]:
    events = {id(x): x for x in finding.evidence if isinstance(x, Event)}
    return [Evidence(event) for event in sorted(events.values(), key=lambda e: e.time)]


def _is_about(finding: Finding, peers: list[str]) -> bool:
    named = {x.peer for x in finding.evidence if isinstance(x, Event) and x.peer}
    return not named or bool(named & set(peers))


def _of_lines(moment: Moment, peers: list[str]) -> list[Shown]:
    """What lint says of the descriptions in force; where two peers have the same text, once."""
    found: dict[tuple[str, int, str], Shown] = {}
    every = [e for peer in peers for e in moment.of(DescriptionSet, peer=peer) if e.time >= moment.made(peer)]
    for event in sorted(in_force(every).values(), key=lambda e: e.time):
        for finding in _linted(event.description, current()):
            line = finding.evidence[0] if finding.evidence else None
            at, text = (line.number, line.text) if isinstance(line, Line) else (0, finding.sentence)
            found.setdefault((finding.rule, at, text), Shown(finding, (Evidence(event, at),)))
    return list(found.values())


@lru_cache(maxsize=64)
def _linted(description: SessionDescription, language: Language) -> tuple[Finding, ...]:
    findings = [f for f in lint(description, language=language) if f.severity != "advice"]
    return tuple(without_passwords(findings, description.document))


def _finding(place: int, shown: Shown, moment: Moment) -> Markup:
    finding = shown.finding
    evidence = [_piece(f"{place}.{i}", x, moment) for i, x in enumerate(shown.evidence)]
    left = len(evidence) - MOST_EVIDENCE
    if left > 0:  # the newest say most
        evidence = [tag("li", f"… {left} before these", class_="rtcnb-faint"), *evidence[left:]]
    sure = None if shown.from_lint else f"{confidence_words(finding.confidence)} ({finding.confidence:.0%})"
    facts = " · ".join(x for x in (sure, finding.rule, finding.reference) if x)
    word = severity_word(shown, moment)
    return tag(
        "div",
        tag("div", _mark(finding), " ", tag("b", word), " ", finding.sentence),
        tag("div", finding.remedy, class_="rtcnb-remedy") if finding.remedy else None,
        tag("small", facts),
        tag("ul", *evidence, aria_label="Evidence") if evidence else None,
        class_=f"rtcnb-found rtcnb-found-{finding.severity}",
        data_rule=finding.rule,
        data_key=f"{finding.rule} {finding.sentence}",
    )


def _mark(finding: Finding) -> Markup:
    return tag("span", MARKS[finding.severity], class_=f"rtcnb-{finding.severity}", aria_hidden=True)


def _piece(value: str, evidence: Evidence, moment: Moment) -> Markup:
    event = evidence.event
    at = f"{(event.time - moment.begin) * 1000:.1f} ms"
    text = f"line {evidence.line}: {_line(evidence)}" if evidence.line else shorten(str(event), 160)
    go = tag(
        "button",
        tag("span", at, class_="rtcnb-mono"),
        " ",
        text,
        type="button",
        data_press="evidence",
        data_value=value,
        title="Go to it",
    )
    return tag("li", peer_name(event.peer, moment) if event.peer else None, " ", go)


def _line(evidence: Evidence) -> str:
    event = evidence.event
    lines = event.description.document.lines if isinstance(event, DescriptionSet) else ()
    if not isinstance(event, DescriptionSet) or evidence.line > len(lines):
        return ""
    return shorten(hide(lines[evidence.line - 1].text, hidden_in(event.description.document)), 120)


def _nothing(moment: Moment, peers: list[str]) -> Markup:
    """Nothing is wrong: and what was looked at to say so."""
    counts = moment.timeline.counts_by_kind(moment.until)
    if not counts:
        return tag("p", "Nothing has happened yet, so there is nothing to find.", class_="rtcnb-faint")
    looked = ", ".join(f"{n} {kind.kind}" for kind, n in sorted(counts.items(), key=lambda x: -x[1]))
    descriptions = [e for e in moment.of(DescriptionSet) if e.peer in peers]
    told = (
        f"Looked at: {count(sum(counts.values()), 'event')} ({looked}) of {' and '.join(peers) or 'no peer'}"
    )
    lines = f"; {count(len(in_force(descriptions)), 'description')} in force, line by line"
    lacks = ", ".join(moment.trace.missing)
    return tag(
        "div",
        tag(
            "p",
            tag("span", "✓", class_="rtcnb-ok-text", aria_hidden=True),
            " ",
            tag("b", "Nothing is wrong."),
        ),
        tag("p", told, lines if descriptions else None, ".", class_="rtcnb-faint"),
        tag("p", f"This trace lacks: {lacks}.", class_="rtcnb-faint") if lacks else None,
    )


def _content(event: Event, moment: Moment) -> Markup:
    """An event with all its members."""
    rows = [(f.name, getattr(event, f.name)) for f in fields(event) if f.name not in ("time", "peer")]
    if isinstance(event, PacketEvent):
        rows += [(f.name, f.text or f.value) for f in decode(event.data).fields]
    close = tag(
        "button", "Close", type="button", data_press="evidence-close", title="Show the findings alone"
    )
    at = f"{(event.time - moment.begin) * 1000:.1f} ms"
    cells = [tag("tr", tag("th", name, scope="row"), tag("td", _value(value))) for name, value in rows]
    return tag(
        "div",
        tag(
            "div", tag("h4", at, " ", event.kind), tag("span", close, class_="rtcnb-push"), class_="rtcnb-bar"
        ),
        tag("p", shorten(str(event), LONGEST_SHOWN)),
        tag("div", tag("table", *cells), class_="rtcnb-scroll"),
        class_="rtcnb-event",
    )


def _value(value: object) -> Markup:
    if isinstance(value, SessionDescription):
        return tag("pre", shorten(hide_lines(value.sdp), 10 * LONGEST_SHOWN))
    if isinstance(value, bytes | bytearray):
        return tag("code", shorten(value.hex(" ", 2), LONGEST_SHOWN))
    return join([shorten(hide_lines(str(value)), LONGEST_SHOWN)])
