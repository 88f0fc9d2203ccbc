"""Document -> Findings: what is wrong with a description, or soon will be, in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import DescriptionError
from ..finding import Finding
from ..language import Language, check
from .document import Document, parse
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
) -> list[Finding]:
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
    list of Finding
        Errors first, each kind in the order of the lines; what happened to a spoilt paste comes before all.
        `Finding.evidence` has the Line, where there is one.

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
    found = [finding for rule in RULES.values() for finding in _apply(rule, document, kind, texts)]
    spoilt = [finding for finding in found if finding.rule.startswith("paste-")]
    if spoilt and spoilt[0].rule != "paste-truncated":
        return spoilt  # whatever the other rules say is about a text that nobody wrote
    return sorted(found, key=_place)


def _apply(rule: Rule, document: Document, kind: str | None, texts: dict[str, RuleText]) -> list[Finding]:
    if rule.only is not None and rule.only != kind:
        return []
    text = texts[rule.name]
    found: list[Finding] = []
    for line, values in rule.find(document):
        if len(found) == MOST_PER_RULE:
            break
        values = {"line": line.number if line else 0, **values}
        found.append(
            Finding(
                severity=rule.severity,
                rule=rule.name,
                sentence=text.sentence.format_map(values),
                remedy=text.remedy.format_map(values),
                evidence=(line,) if line else (),
                reference=rule.reference,
            )
        )
    return found


def _place(finding: Finding) -> tuple[bool, int, int]:
    number = finding.evidence[0].number if finding.evidence else 0
    return not finding.rule.startswith("paste-"), SEVERITIES.index(finding.severity), number
