"""Rule: a name, a severity, a clause, and the function that finds what breaks it. Texts are in the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

from ...finding import Severity
from ..document import Document
from ..line import Line

DescriptionType = Literal["offer", "answer", "pranswer"]
# The line (None where it is missing), and what the sentence says of it.
Hit = tuple[Line | None, dict[str, Any]]
Finder = Callable[[Document], Iterator[Hit]]


class Rule(NamedTuple):
    """What lint looks for.

    Attributes
    ----------
    name : str
    severity : {"error", "warning", "advice"}
        An error is what Chromium, or the standard without exception, refuses.
    reference : str
    find : callable
        Takes a document and yields what breaks the rule.
    only : {"offer", "answer", None}
        The type of description that the rule is for.
    about : frozenset of str
        Without a line of one of these attributes or types there is nothing to find; empty where any will do.
    """

    name: str
    severity: Severity
    reference: str
    find: Finder
    only: Literal["offer", "answer"] | None = None
    about: frozenset[str] = frozenset()


RULES: dict[str, Rule] = {}


def rule(
    name: str,
    severity: Severity,
    reference: str,
    only: Literal["offer", "answer"] | None = None,
    about: str = "",
) -> Callable[[Finder], Finder]:
    """Register the function below as a rule; `about` has names with blanks between."""

    def register(find: Finder) -> Finder:
        RULES[name] = Rule(name, severity, reference, find, only, frozenset(about.split()))
        return find

    return register
