"""Lesson 5: why a call failed, from what a browser wrote down."""

from __future__ import annotations

from typing import Any

from ..trace import CandidateEvent, Trace
from .verdict import Verdict, judge

NOT_THIS = ("no-candidates", "turn-unreachable", "unreachable")  # near enough to have a hint each


def cause(answer: Any, trace: Trace) -> Verdict:
    """The cause: the name of a rule of the diagnosis, such as ``turn-login``."""
    findings = trace.diagnose()
    right = findings[0].rule if findings else "nothing"
    known = any(finding.rule == answer for finding in findings)
    hint = "also" if known else answer if answer in NOT_THIS else ""
    return judge("post-mortem.cause", answer, right, hint)


def candidates(answer: Any, trace: Trace, peer: str) -> Verdict:
    """The types of candidates that a peer gathered, as a set: ``{"host", "srflx"}``."""
    events = trace.select(peer, CandidateEvent)
    gathered = [e.candidate for e in events if isinstance(e, CandidateEvent) and e.action == "gathered"]
    right = sorted({str(c.type) for c in gathered if not c.is_end})
    given = sorted(map(str, answer)) if isinstance(answer, set | frozenset | list | tuple) else answer
    more = isinstance(given, list) and set(given) > set(right)
    return judge(
        "post-mortem.candidates", given, right, "more" if more else "", told=", ".join(right) or "none"
    )
