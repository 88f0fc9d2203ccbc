"""What went wrong in a call, from its trace: one rule for each cause, told in the chosen language."""

from __future__ import annotations

import math
import time
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import islice

from ..finding import Finding, Findings
from ..language import Language
from ..language import current as current_language
from ..sdp.text import shorten
from .evidence import Side, sides_of
from .rules import RULES, Hit, Rule
from .trace import Trace

MAX_HITS = 10  # of one rule at one peer
MAX_FINDINGS = 100
MAX_VALUE = 200  # characters of a name or an error in a sentence
RANK = {"error": 0, "warning": 1, "advice": 2}
ORDER = {rule.name: place for place, rule in enumerate(RULES)}
# What the evidence for a verdict on a call would be, and the kinds of events that hold it.
WANTED = {"state": "states", "description": "descriptions", "candidate": "candidates", "pair": "checks"}


def diagnose(trace: Trace, peer: str | None = None, *, given_up: bool = False) -> Findings:
    """Return what is known, the likeliest cause first; see `Trace.diagnose`.

    Where whoever waited has `given_up`, what is not connected by now counts as hanging, however short it was.
    """
    events = trace.select()
    last = events[-1].time if events else 0.0
    end = time.monotonic() if trace.ended is None else max(trace.ended, last)
    sides = sides_of(events, math.inf if given_up else end, guess=not trace.source)
    if peer is None:
        sides.append(Side("", [e for e in events if not e.peer], last))
    else:
        sides = [s for s in sides if s.name == peer or (s.other is not None and s.other.name == peer)]
    found = [
        (rule, side, hit) for rule in RULES for side in sides for hit in islice(rule.find(side), MAX_HITS)
    ]
    if any(rule.severity == "error" and not rule.symptom for rule, _, _ in found):
        found = [(rule, side, hit) for rule, side, hit in found if not rule.symptom]
    found.sort(key=lambda x: (RANK[x[0].severity], -round(x[2].confidence, 1), ORDER[x[0].name]))
    findings = Findings(_finding(rule, side, hit) for rule, side, hit in found[:MAX_FINDINGS])
    if not any(f.severity == "error" for f in findings):
        findings[:0] = [_cannot_tell(side, trace) for side in sides if side.in_trouble][:1]
    return findings


def _finding(rule: Rule, side: Side, hit: Hit) -> Finding:
    sentence, remedy = _texts(rule.name, side, hit.values)
    return Finding(
        severity=rule.severity,
        rule=rule.name,
        sentence=sentence,
        remedy=remedy,
        evidence=tuple(x for x in hit.evidence if x is not None),
        reference=rule.reference,
        confidence=hit.confidence,
    )


def _cannot_tell(side: Side, trace: Trace) -> Finding:
    kinds = {event.kind for event in side.events}
    missing = [what for kind, what in WANTED.items() if kind not in kinds]
    if side.other is None:
        missing.append("the other end's own trace")
    missing += trace.missing
    sentence, remedy = _texts("cannot-tell", side, {"missing": ", ".join(missing) or "-"})
    return Finding(
        severity="error",
        rule="cannot-tell",
        sentence=sentence,
        remedy=remedy,
        confidence=0.1,
        evidence=(trace,),
    )


def _texts(name: str, side: Side, values: Mapping[str, object]) -> tuple[str, str]:
    texts = catalogue(current_language())[name]
    places = {name: shorten(str(x), MAX_VALUE) for name, x in {"peer": side.name, **values}.items()}
    sentence, remedy = (
        texts.get(f"{part}-{values.get('variant')}", texts[part]) for part in ("sentence", "remedy")
    )
    return sentence.format(**places), remedy.format(**places)


@cache
def catalogue(language: Language) -> dict[str, dict[str, str]]:
    """Return what the rules say in a language, by rule: a sentence and a remedy, with places for values."""
    text = files(__package__).joinpath("catalogue", f"{language}.toml").read_text("utf-8")
    return tomllib.loads(text)
