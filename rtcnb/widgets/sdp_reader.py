"""SdpReader: a description line by line, and beside it the explanation of the line that is chosen."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..finding import MARKS, Finding
from ..sdp import Document, Line
from ..sdp.compare_view import facts_html, rows_of
from ..sdp.outcome import payloads_kept
from ..sdp.static_view import (
    explained,
    explanation_html,
    facts_of,
    finding_html,
    line_html,
    media_facts,
    media_name,
    shown_text,
    worst_of,
)
from ..sdp.text import count, number, shorten
from .annotated import Annotated
from .markup import Markup, join, tag
from .view import Fragment, Rows

ROW_PX = 22
LONGEST_IN_ROW = 400
LONGEST_SHOWN = 4000
MOST_FINDINGS = 20
SESSION = -1
WORDS = {True: "kept", False: "lost", None: ""}
_versions = itertools.count()


class Entry(NamedTuple):
    """A row: the heading of a section, or one of its lines."""

    section: int
    line: Line | None


class SdpReader:
    """What a reader has chosen in a description, and how it is drawn.

    Attributes
    ----------
    revealed : bool
        Whether ICE passwords are shown.
    """

    def __init__(self) -> None:
        self.revealed = False
        self._annotated: Annotated | None = None
        self._folds: dict[int, bool] = {}
        self._focus: tuple[int, int] | None = None  # a section, and the number of a line or 0
        self._entries: list[Entry] = []
        self._drawn: tuple[object, ...] = ()
        self._version = 0

    # -- what is pressed

    def act(self, action: str, value: Any) -> bool:
        """Do what was pressed; return whether it was for the reader."""
        chosen = number(str(value)) if value is not None else None
        if action in ("sdp-line", "sdp-enter") and chosen is not None and chosen < len(self._entries):
            entry = self._entries[chosen]
            self._focus = (entry.section, entry.line.number if entry.line else 0)
            if action == "sdp-enter" and entry.line is None:
                self._fold(entry.section)
        elif action == "sdp-fold":
            self._fold(SESSION if str(value) == str(SESSION) else chosen if chosen is not None else SESSION)
        elif action == "sdp-go" and chosen:
            self.focus(chosen)
        elif action == "sdp-all":
            self._fold_all(str(value) == "fold")
        elif action == "sdp-reveal":
            self.revealed = not self.revealed
        else:
            return action in ("sdp-line", "sdp-enter", "sdp-go")
        return True

    def focus(self, line_number: int) -> None:
        """Show a line and its explanation."""
        document = self._annotated.document if self._annotated else None
        if document is not None and 0 < line_number <= len(document.lines):
            section = document.lines[line_number - 1].section
            self._focus = (SESSION if section is None else section, line_number)
            self._folds[self._focus[0]] = False

    def _fold(self, section: int) -> None:
        self._folds[section] = not self._is_folded(section)

    def _fold_all(self, folded: bool) -> None:
        sections = len(self._annotated.document.media) if self._annotated else 0
        self._folds = dict.fromkeys(range(SESSION, sections), folded)

    def _is_folded(self, section: int) -> bool:
        """Open by itself is the first media section, and what has something to see to."""
        if section in self._folds or self._annotated is None:
            return self._folds.get(section, True)
        if not self._annotated.document.media:
            return False
        return section != 0 and not any(
            line.number in self._annotated.before or worst_of(self._hits(line)) in ("error", "warning")
            for line in _lines_of(self._annotated.document, section)
        )

    def _hits(self, line: Line) -> list[Finding]:
        return self._annotated.hits.get(line.number, []) if self._annotated else []

    # -- what is shown

    def show(self, annotated: Annotated) -> None:
        """Show a description; where it replaces one, the chosen line stays chosen."""
        before, self._annotated = self._annotated, annotated
        lines = annotated.document.lines
        if self._focus is None or before is None or not before.document.lines:
            self._focus = _first_focus(annotated)
        elif before.document is not annotated.document:
            self._focus = _same_line(before.document, self._focus, annotated.document)
        section, at = self._focus
        if at > len(lines) or section >= len(annotated.document.media):
            self._focus = _first_focus(annotated)

    def draw(self, key: str, head: Markup | None = None) -> Fragment:
        """Return the lines with the explanation of the chosen one; `show` was called before."""
        annotated = self._annotated
        if annotated is None or not annotated.document.lines:
            self._entries = []
            return Fragment(key, tag("div", head))
        self._entries = list(self._listed(annotated))
        folds = tuple(e.section for e in self._entries if e.line is None and self._is_folded(e.section))
        drawn = (annotated, folds, self.revealed)
        if drawn != self._drawn:
            self._drawn, self._version = drawn, next(_versions)
        place = {(e.section, e.line.number if e.line else 0): i for i, e in enumerate(self._entries)}
        focused = place.get(self._focus or (SESSION, 0), -1)
        entries, hidden = self._entries, not self.revealed
        rows = Rows(
            len(entries),
            ROW_PX,
            lambda start, stop: [
                self._row(annotated, e, e.section in folds, hidden) for e in entries[start:stop]
            ],
            f"Lines of the {annotated.kind or 'description'}",
            press="sdp-line",
            enter="sdp-enter",
            focused=focused,
            version=self._version,
        )
        return Fragment(
            key, tag("div", head, self._head(annotated), class_="rtcnb-reader"), rows, self._told(annotated)
        )

    def _listed(self, annotated: Annotated) -> Iterator[Entry]:
        for section in range(SESSION, len(annotated.document.media)):
            lines = _lines_of(annotated.document, section)
            if section == SESSION and not lines:
                continue
            yield Entry(section, None)
            if not self._is_folded(section):
                yield from (Entry(section, line) for line in lines)

    def _head(self, annotated: Annotated) -> Markup:
        passwords = bool(annotated.document.lines_of("ice-pwd"))
        reveal = tag(
            "button",
            "Hide ICE passwords" if self.revealed else "Show ICE passwords",
            type="button",
            data_press="sdp-reveal",
            aria_pressed=self.revealed,
            title="Who knows an ICE password can send checks in its owner's name",
        )
        return tag(
            "div",
            tag("span", tag("b", annotated.kind or "SDP"), " ", tag("small", facts_of(annotated.document))),
            _counts(annotated.findings),
            _button("Unfold all", "sdp-all", "unfold", "Show the lines of every section", "rtcnb-push"),
            _button("Fold all", "sdp-all", "fold", "Show only the headings of the sections"),
            reveal if passwords else None,
            class_="rtcnb-bar",
        )

    def _row(self, annotated: Annotated, entry: Entry, folded: bool, hidden: bool) -> Markup:
        if entry.line is None:
            return _heading(annotated, entry.section, folded)
        line = entry.line
        worst = worst_of(annotated.hits.get(line.number, ()))
        mark = (
            tag("span", MARKS[worst], class_=f"rtcnb-{worst}", role="img", aria_label=worst, title=worst)
            if worst
            else None
        )
        changed = (
            tag("span", "≠", role="img", aria_label="changed", title="changed")
            if line.number in annotated.before
            else None
        )
        outcome = annotated.outcome(line)
        text = (
            _m_line(annotated, line) if line.type == "m" else Markup(line_html(line, hidden, LONGEST_IN_ROW))
        )
        return tag(
            "span",
            tag("span", line.number, class_="no"),
            tag("span", mark, changed, class_="marks"),
            tag(
                "span",
                text,
                class_=WORDS[outcome.kept] if outcome else None,
                title=outcome and outcome.sentence,
            ),
            class_="rtcnb-sdp-line",
        )

    # -- the explanation

    def _told(self, annotated: Annotated) -> Markup:
        section, at = self._focus or (SESSION, 0)
        told = (
            self._told_of_line(annotated, annotated.document.lines[at - 1])
            if at
            else self._told_of_section(annotated, section)
        )
        findings = annotated.findings if self.revealed else annotated.safe_findings
        # What is about no line comes first: it is about all of them.
        others = [f for f in findings if not f.evidence or f.evidence[0].number != at][:MOST_FINDINGS]
        return tag(
            "div",
            tag("div", told, aria_live="polite"),
            tag("h4", "Also found") if others else None,
            *map(_other, others),
            class_="rtcnb-sdp rtcnb-explained",
            data_key="explained",
        )

    def _told_of_line(self, annotated: Annotated, line: Line) -> Markup:
        hidden = not self.revealed
        text = shown_text(line, hidden)
        outcome, changed = annotated.outcome(line), annotated.changed(line, hidden)
        findings = annotated.findings if self.revealed else annotated.safe_findings
        where = "session" if line.media is None else media_name(line.media)
        return join(
            [
                Markup(explanation_html(explained(line, hidden))),
                tag("div", outcome.sentence, class_="outcome", data_kept=outcome.kept is True)
                if outcome
                else None,
                tag("div", tag("b", "≠ "), changed, class_="outcome") if changed else None,
                *(
                    Markup(finding_html(f))
                    for f in findings
                    if f.evidence and f.evidence[0].number == line.number
                ),
                tag("code", shorten(text, LONGEST_SHOWN), class_="whole"),
                tag("div", f"line {line.number} of {len(line.document.lines)} · {where}", class_="dim"),
            ]
        )

    def _told_of_section(self, annotated: Annotated, section: int) -> Markup:
        folded = self._is_folded(section)
        fold = _button("Unfold" if folded else "Fold", "sdp-fold", section, "Enter does the same in the list")
        if section == SESSION:
            return join([tag("div", tag("b", "session")), tag("p", "What holds for all sections."), fold])
        media = annotated.document.media[section]
        agreed = annotated.agreed(section)
        facts = Markup(facts_html(rows_of(agreed))) if agreed else tag("p", media_facts(media))
        return join([tag("div", tag("b", media_name(media))), facts, fold])


def _heading(annotated: Annotated, section: int, folded: bool) -> Markup:
    lines = _lines_of(annotated.document, section)
    media = annotated.document.media[section] if section != SESSION else None
    facts = (
        [annotated.facts(media)]
        if media
        else [f"BUNDLE {' '.join(mids)}" for mids in annotated.document.bundle]
    )
    name = media_name(media) if media else "candidates" if annotated.kind == "candidate" else "session"
    fold = tag(
        "button",
        "▸" if folded else "▾",
        type="button",
        tabindex=-1,
        data_press="sdp-fold",
        data_value=section,
        aria_expanded=not folded,
        aria_label=f"{'Unfold' if folded else 'Fold'} {name}",
        title="Unfold" if folded else "Fold",
    )
    here = [f for line in lines for f in annotated.hits.get(line.number, ())]
    told = " · ".join([*facts, count(len(lines), "line")])
    return tag("span", fold, tag("b", name), " ", tag("small", told), _counts(here), class_="rtcnb-sdp-head")


def _m_line(annotated: Annotated, line: Line) -> Markup:
    """An m= line whose payload types say whether both sides have them."""
    agreed = annotated.agreed(line.section)
    words = line.value.split(" ")
    if agreed is None or len(words) < 4 or len(words) > LONGEST_IN_ROW:
        return Markup(line_html(line, longest=LONGEST_IN_ROW))
    kept = payloads_kept(agreed, annotated.offered)
    known = set(line.document.media[line.section or 0].formats) if agreed.codecs or agreed.lost else set()
    formats = [
        tag("span", word, class_=WORDS[word in kept], title=WORDS[word in kept]) if word in known else word
        for word in words[3:]
    ]
    return join([tag("span", "m=", class_="key"), join([" ".join(words[:3]), *formats], " ")])


def _lines_of(document: Document, section: int) -> tuple[Line, ...]:
    return document.session.lines if section == SESSION else document.media[section].lines


def _first_focus(annotated: Annotated) -> tuple[int, int]:
    """The first line with something to see to, else the first m= line."""
    lines = annotated.document.lines
    bad = (n for n in sorted(annotated.hits) if worst_of(annotated.hits[n]) in ("error", "warning"))
    first = next(iter(sorted(annotated.before)), None) or next(bad, None)
    if first is None:
        first = next((line.number for line in lines if line.type == "m"), 1)
    if not 0 < first <= len(lines):
        return SESSION, 0
    section = lines[first - 1].section
    return SESSION if section is None else section, first


def _same_line(before: Document, focus: tuple[int, int], after: Document) -> tuple[int, int]:
    """Where the chosen line is now: the nearest one of the same text, else the one in its place."""
    at = focus[1]
    if not at or at > len(before.lines) or not after.lines:
        return focus
    text = before.lines[at - 1].text
    near = [line for line in after.lines if line.text == text]
    line = min(
        near, key=lambda line: abs(line.number - at), default=after.lines[min(at, len(after.lines)) - 1]
    )
    return SESSION if line.section is None else line.section, line.number


def _counts(findings: list[Finding]) -> Markup:
    numbers = [
        (mark, severity, sum(f.severity == severity for f in findings)) for severity, mark in MARKS.items()
    ]
    told = [
        tag(
            "span",
            tag("span", mark, class_=f"rtcnb-{severity}"),
            f" {n} {severity}{'s' if n > 1 and severity != 'advice' else ''}",
            class_="rtcnb-count",
        )
        for mark, severity, n in numbers
        if n
    ]
    return join(told)


def _other(finding: Finding) -> Markup:
    if not finding.evidence:
        return Markup(finding_html(finding))
    at = finding.evidence[0].number
    mark = tag("span", MARKS[finding.severity], class_=f"rtcnb-{finding.severity}")
    go = tag(
        "button",
        mark,
        f" line {at}",
        type="button",
        data_press="sdp-go",
        data_value=at,
        title=finding.severity,
    )
    return tag(
        "div",
        go,
        " ",
        finding.sentence,
        " ",
        tag("span", finding.rule, class_="dim"),
        class_="finding",
        data_rule=finding.rule,
    )


def _button(text: str, action: str, value: object, title: str, look: str | None = None) -> Markup:
    return tag("button", text, type="button", data_press=action, data_value=value, title=title, class_=look)
