"""Document -> Findings: what is wrong with a description, or soon will be, in plain sentences."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from ..errors import DescriptionError
from ..finding import Finding, Findings
from ..language import Language, check
from .document import Document, parse
from .line import Line
from .lint_texts import RuleText, load_texts
from .rules import RULES, Rule
from .rules.registry import DescriptionType
from .text import quote

if TYPE_CHECKING:
    from .description import SessionDescription

# What must not be lost among hundreds: no rule tells more than this of one document.
MOST_PER_RULE = 20
SEVERITIES = ("error", "warning", "advice")


def lint(
    document: Document | SessionDescription | str,
    type: DescriptionType | None = None,
    language: Language | None = None,
) -> Findings:
    """Find what is wrong with a description.

    Errors are what Chromium or the standard without exception refuses, warnings what goes wrong somewhere,
    advice what can be done better.

    Parameters
    ----------
    document : Document, SessionDescription or str
    type : {"offer", "answer", "pranswer"}, optional
        Default: that of the SessionDescription; None leaves out the rules that hold for one of them alone.
    language : {"en", "zh"}, optional
        Default: the current one of `rtcnb.language`.

    Returns
    -------
    Findings
        A list of Finding. Errors first, each kind in the order of the lines; what happened to a spoilt paste comes
        before all. `Finding.evidence` has the Line, where there is one.

    Raises
    ------
    DescriptionError
        If `type` is none of these.
    """
    kind: str | None = type
    if isinstance(document, str):
        document = parse(document)
    elif not isinstance(document, Document):
        kind, document = kind or document.type, document.document
    if kind not in (None, "offer", "answer", "pranswer", "rollback"):
        raise DescriptionError(f"The type is 'offer', 'answer' or 'pranswer', not {quote(str(type))}.")
    kind = "answer" if kind == "pranswer" else kind
    texts = load_texts(check(language))
    found: list[Finding] = []
    names = document.names
    for rule in RULES.values():
        fits = rule.only is None or rule.only == kind
        if fits and not (rule.about and rule.about.isdisjoint(names)):
            hits = islice(rule.find(document), MOST_PER_RULE)
            found += [_finding(rule, texts[rule.name], line, values) for line, values in hits]
    spoilt = [finding for finding in found if finding.rule.startswith("paste-")]
    if spoilt and spoilt[0].rule != "paste-truncated":
        return Findings(spoilt)  # whatever the other rules say is about a text that nobody wrote
    return Findings(sorted(found, key=_place))


def _finding(rule: Rule, text: RuleText, line: Line | None, values: dict[str, Any]) -> Finding:
    values = {"line": line.number if line else 0, **values}
    return Finding(
        severity=rule.severity,
        rule=rule.name,
        sentence=text.sentence.format_map(values),
        remedy=text.remedy.format_map(values),
        evidence=(line,) if line else (),
        reference=rule.reference,
    )


def _place(finding: Finding) -> tuple[bool, int, int]:
    number = finding.evidence[0].number if finding.evidence else 0
    return not finding.rule.startswith("paste-"), SEVERITIES.index(finding.severity), number
