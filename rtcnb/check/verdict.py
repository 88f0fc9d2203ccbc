"""Verdict: whether an answer is right, and if not, where to look."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ..language import Language
from ..language import current as current_language
from ..sdp.text import html, shorten

MARKS = {True: "✓", False: "✕", None: "…"}


@dataclass(frozen=True, repr=False)
class Verdict:
    """What an exercise says of an answer.

    Attributes
    ----------
    right : bool or None
        None where nothing was answered yet.
    sentence : str
        Why it is right; else a hint, which is not the answer.
    """

    right: bool | None
    sentence: str

    def __bool__(self) -> bool:
        return bool(self.right)

    def __str__(self) -> str:
        return f"{MARKS[self.right]} {self.sentence}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        mark, said = MARKS[self.right], html(self.sentence)
        return f'<div class="rtcnb-verdict" style="margin:4px 0"><b>{mark}</b> {said}</div>'


def judge(exercise: str, answer: Any, right: Any, hint: str = "", **values: object) -> Verdict:
    """Compare an answer with the right one.

    Parameters
    ----------
    exercise : str
        Its table in the catalogue: ``six-steps.sections``.
    answer, right
        Texts are compared without regard to case and blanks. None is no answer yet.
    hint : str
        Which hint fits this wrong answer, where there are several; else ``wrong``.
    **values
        What the texts name.
    """
    texts = _texts(current_language(), exercise)
    places = {"answer": shorten(str(answer)), "right": right, **values}
    if answer is None or answer is ...:
        return Verdict(None, texts["question"].format(**places))
    if _plain(answer) == _plain(right):
        return Verdict(True, texts["right"].format(**places))
    return Verdict(False, texts[hint if hint in texts else "wrong"].format(**places))


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return "".join(value.lower().split())
    if isinstance(value, list | tuple):
        return tuple(map(_plain, value))
    return value


def _texts(language: Language, exercise: str) -> Mapping[str, str]:
    lesson, _, name = exercise.partition(".")
    texts: Mapping[str, str] = catalogue(language)[lesson][name]
    return texts


@cache
def catalogue(language: Language) -> dict[str, Any]:
    """Return the texts of all exercises in a language, by lesson and exercise."""
    return tomllib.loads(files(__package__).joinpath("catalogue", f"{language}.toml").read_text("utf-8"))
