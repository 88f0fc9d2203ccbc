"""Hints for the exercises of the course: each lesson's answers in a module of its name.

>>> from rtcnb import check                             # doctest: +SKIP
>>> check.six_steps.sections(2, answer)                 # doctest: +SKIP
✓ Right. An answer has the offer's sections, all of them and in their order.
"""

from __future__ import annotations

from . import camera, descriptions, faults, glare, post_mortem, six_steps, traces
from .verdict import Verdict

__all__ = [
    "Verdict",
    "camera",
    "descriptions",
    "faults",
    "glare",
    "post_mortem",
    "six_steps",
    "traces",
]
