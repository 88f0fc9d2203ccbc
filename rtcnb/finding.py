"""Finding: a plain sentence with cause, evidence and remedy; lint and diagnosis both produce them."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, Literal

Severity = Literal["error", "warning", "advice"]

MARKS = {"error": "✕", "warning": "▲", "advice": "●"}


class Printed:
    """Shows ``str(self)`` in a terminal; IPython asks for it by this name."""

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text("…" if cycle else str(self))


@dataclass(frozen=True, kw_only=True)
class Finding(Printed):
    """What is wrong, or may be, in words that a newcomer understands.

    Parameters
    ----------
    severity : {"error", "warning", "advice"}
    rule : str
        A stable name, for example ``no-remote-candidates``.
    sentence : str
        What happened, in one sentence.
    remedy : str
        What to do about it.
    evidence : tuple
        The events or lines that show it.
    reference : str
        The clause that says so, for example ``RFC 8445 section 6.1.2``.
    confidence : float
        From 0 to 1; 1 where the evidence leaves no other cause.
    """

    severity: Severity
    rule: str
    sentence: str
    remedy: str = ""
    evidence: tuple[Any, ...] = ()
    reference: str = ""
    confidence: float = 1.0

    def __str__(self) -> str:
        text = f"{MARKS[self.severity]} {self.severity} · {self.sentence}"
        if self.remedy:
            text += f" {self.remedy}"
        details = " · ".join(x for x in (self.rule, self.reference) if x)
        return f"{text} ({details})"

    def _repr_html_(self) -> str:
        details = " · ".join(escape(x) for x in (self.rule, self.reference) if x)
        return (
            f'<div class="rtcnb-finding rtcnb-{self.severity}" style="margin:4px 0">'
            f"<b>{MARKS[self.severity]} {self.severity}</b> {escape(self.sentence)} "
            f"{escape(self.remedy)} <small>{details}</small></div>"
        )


class Findings(Printed, list[Finding]):
    """A list of findings that shows itself, one below the other."""

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or "nothing found"

    def _repr_html_(self) -> str:
        return "".join(finding._repr_html_() for finding in self) or "<div>nothing found</div>"
