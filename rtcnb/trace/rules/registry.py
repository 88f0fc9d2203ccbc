"""How a rule is written: a function of one side of a call that yields what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...finding import Severity
from ..evidence import Side


@dataclass(frozen=True)
class Hit:
    """What a rule found.

    Attributes
    ----------
    evidence : tuple
        The events or lines that show it.
    values : dict
        What the sentence names.
    confidence : float
    """

    evidence: tuple[Any, ...] = ()
    values: Mapping[str, object] = field(default_factory=dict)
    confidence: float = 1.0


@dataclass(frozen=True)
class Rule:
    """One cause.

    Attributes
    ----------
    symptom : bool
        It says what is seen, not why; it is told only where no cause was found.
    """

    name: str
    severity: Severity
    reference: str
    symptom: bool
    find: Callable[[Side], Iterator[Hit]]


# In the order in which things happen: an earlier cause explains a later one.
RULES: list[Rule] = []


def rule(
    name: str, severity: Severity, reference: str, *, symptom: bool = False
) -> Callable[[Callable[[Side], Iterator[Hit]]], Callable[[Side], Iterator[Hit]]]:
    """Register a function as a rule; its texts stand in the catalogue under its name."""

    def register(find: Callable[[Side], Iterator[Hit]]) -> Callable[[Side], Iterator[Hit]]:
        RULES.append(Rule(name, severity, reference, symptom, find))
        return find

    return register
