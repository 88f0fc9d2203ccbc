"""Lesson 6: both sides offer at once."""

from __future__ import annotations

from typing import Any

from ..trace import ApiCall, DescriptionSet, Trace
from .verdict import Verdict, judge


def survivor(answer: Any, trace: Trace) -> Verdict:
    """Whose offer was answered in the end."""
    answered = [
        e.peer
        for e in trace.select(kind=DescriptionSet)
        if isinstance(e, DescriptionSet) and e.side == "remote" and e.description.type == "answer"
    ]
    if not answered:
        return Verdict(None, "No offer has been answered yet.")
    return judge("glare.survivor", answer, answered[-1])


def polite(answer: Any, trace: Trace) -> Verdict:
    """Which peer is the polite one, that gives its offer up."""
    gave_up = [
        e.peer for e in trace.select(kind=ApiCall) if isinstance(e, ApiCall) and "rollback" in e.arguments
    ]
    if not gave_up:
        return Verdict(None, "No offer has been taken back yet.")
    return judge("glare.polite", answer, gave_up[0])
