"""Lesson 1: the six steps of caller and callee."""

from __future__ import annotations

from typing import Any

from ..sdp import SessionDescription
from ..trace import SelectedPair, Trace
from .verdict import Verdict, judge


def states(answer: Any, alice: Any, bob: Any) -> Verdict:
    """The signalingState of Alice and of Bob, predicted before the step was run."""
    right = (alice.signalingState, bob.signalingState)
    swapped = isinstance(answer, list | tuple) and tuple(answer) == right[::-1]
    return judge("six-steps.states", answer, right, "swapped" if swapped else "")


def sections(answer: Any, offer: SessionDescription) -> Verdict:
    """How many sections the answer to this offer will have."""
    right = len(offer.document.media)
    return judge("six-steps.sections", answer, right, "fewer" if _less(answer, right) else "")


def role(answer: Any, answered: SessionDescription) -> Verdict:
    """Who begins the DTLS handshake: ``alice``, who offered, or ``bob``."""
    right = "bob" if answered.document.media[0].setup == "active" else "alice"
    return judge("six-steps.role", answer, right)


def pair(answer: Any, trace: Trace, peer: str) -> Verdict:
    """The types of the selected pair as one peer sees it: ``("host", "prflx")``."""
    selected = [e for e in trace.select(peer, SelectedPair) if isinstance(e, SelectedPair)]
    if not selected:
        return Verdict(None, f"{peer} has no selected pair yet: run the exchange to its end first.")
    return judge("six-steps.pair", answer, (selected[-1].local_type, selected[-1].remote_type))


def _less(answer: Any, right: int) -> bool:
    return isinstance(answer, int) and answer < right
