"""What went wrong in a call, from its trace: one rule for each cause."""

from __future__ import annotations

from ..finding import Finding
from .trace import Trace


def diagnose(trace: Trace) -> list[Finding]:
    """Return what is known, the likeliest cause first; see `Trace.diagnose`."""
    return []
