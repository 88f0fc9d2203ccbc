"""Lesson 4: a call with a fault in it, to be found."""

from __future__ import annotations

import random
from typing import Any

from ..errors import RtcnbError
from ..peers import faults
from ..peers.wire import Wire
from .verdict import Verdict, judge

# What each does, by what can be seen: the hints tell apart how far the call came.
FARTHEST = {
    "sections-swapped": "signaling",
    "codec-removed": "signaling",
    "candidate-first": "signaling",
    "stale-offer": "network",
    "wrong-pwd": "network",
    "candidates-withheld": "network",
    "mdns-only": "network",
    "wrong-fingerprint": "security",
    "both-active": "security",
}
ORDER = 3  # the seed with which what the lesson has just shown does not come first


class Mystery:
    """A fault on a wire that doesn't say which it is.

    Parameters
    ----------
    wire : Wire
    number : int
        The same number makes the same fault; 1 to 9 make each of them once.
    """

    def __init__(self, wire: Wire, number: int) -> None:
        order = random.Random(ORDER).sample(sorted(FARTHEST), len(FARTHEST))
        self._name = order[(number - 1) % len(order)]
        self._fault = faults.make(wire, self._name, hidden=True)

    def is_(self, answer: Any) -> Verdict:
        """Judge a guess: the name of a fault."""
        guess = str(answer).replace("_", "-") if isinstance(answer, str) else answer
        if isinstance(guess, str) and guess not in FARTHEST:
            return Verdict(False, f"There is no such fault here. There are: {', '.join(sorted(FARTHEST))}.")
        near = isinstance(guess, str) and FARTHEST[guess] == FARTHEST[self._name]
        return judge("faults.mystery", guess, self._name, "near" if near else FARTHEST[self._name])

    def undo(self) -> None:
        """Let messages pass as they are again."""
        self._fault.undo()

    def __repr__(self) -> str:
        return "<Mystery: a fault; mystery.is_('...') judges a guess>"


def names() -> list[str]:
    """Return the faults that a Mystery may be."""
    return sorted(FARTHEST)


def explain(name: str) -> str:
    """Return in a sentence what a fault does.

    Raises
    ------
    RtcnbError
        There is no such fault.
    """
    if name not in faults.NAMED:
        raise RtcnbError(f"There is no fault {name!r}; there are {', '.join(faults.NAMED)}.")
    return (faults.NAMED[name].__doc__ or "").split("\n\n")[0].strip()
