"""Annotated: a description and what is known of it: findings, what the other side made of it, what was changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ..finding import Finding
from ..sdp import Document, Line, MediaNegotiation, Negotiation
from ..sdp.compare_view import codec_facts
from ..sdp.outcome import Outcome, outcome_of
from ..sdp.passwords import is_password
from ..sdp.section import Media
from ..sdp.static_view import Notes, by_line, description_body, media_facts, without_passwords
from ..sdp.text import count, shorten
from .markup import Markup, tag

LONGEST_BEFORE = 400


@dataclass(frozen=True, eq=False)
class Annotated:
    """A description and all that is known of it.

    Attributes
    ----------
    kind : str
        ``offer``, ``answer``, ...; ``""`` where it is not known.
    document : Document
    findings : list of Finding
    negotiation : Negotiation or None
        With the other side's description, where there is one.
    offered : bool
        Whether it is the offer of that negotiation.
    before : dict of int to (str or None)
        The lines that were changed, as `rtcnb.sdp.changed_lines` gives them.
    origin : str
        Who had it before that change: ``createOffer``, or the name of a peer.
    """

    kind: str
    document: Document
    findings: list[Finding] = field(default_factory=list)
    negotiation: Negotiation | None = None
    offered: bool = True
    before: Mapping[int, str | None] = field(default_factory=dict)
    origin: str = ""

    @cached_property
    def hits(self) -> dict[int, list[Finding]]:
        """The findings by the number of their line."""
        return by_line(self.findings)

    @cached_property
    def safe_findings(self) -> list[Finding]:
        """The findings, without ICE passwords."""
        return without_passwords(self.findings, self.document)

    def agreed(self, section: int | None) -> MediaNegotiation | None:
        """What became of a section; None where nothing is known."""
        media = self.negotiation.media if self.negotiation else ()
        return media[section] if section is not None and 0 <= section < len(media) else None

    def outcome(self, line: Line) -> Outcome | None:
        """What became of a line."""
        media = self.agreed(line.section)
        return outcome_of(line, media, self.offered) if media else None

    def facts(self, media: Media) -> str:
        """A section in a few words, and what the other side made of it."""
        agreed = self.agreed(media.index)
        if agreed is None or media.is_data or not (told := codec_facts(agreed)):
            return media_facts(media)
        candidates = [count(len(media.candidates), "candidate")] if media.candidates else []
        return " · ".join([media.direction, told, *candidates])

    def changed(self, line: Line, hidden: bool) -> str:
        """What a line was before somebody changed it; ``""`` where nobody did."""
        if line.number not in self.before:
            return ""
        was = self.before[line.number]
        if was is None:
            return f"Added after {self.origin}." if self.origin else "Added."
        if hidden and is_password(line):
            return f"Changed after {self.origin}." if self.origin else "Changed."
        return f"Changed; {self.origin or 'before'} had: {shorten(was, LONGEST_BEFORE)}"

    def still(self) -> Markup:
        """Return it as HTML that needs no JavaScript; ICE passwords are dots."""
        lines = self.document.lines
        notes = Notes(
            {media.index: self.facts(media) for media in self.document.media},
            {n: self.changed(lines[n - 1], True) for n in self.before},
            True,
        )
        # Made and escaped by rtcnb.sdp, as is all of its HTML.
        body = Markup(description_body(self.kind or "SDP", self.document, self.findings, notes))
        return tag("div", body, class_="rtcnb-sdp")
