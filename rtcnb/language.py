"""The language of every text that explains: English or Chinese.

Names of the standards, of exceptions and of Python's own messages stay as they are.
"""

from __future__ import annotations

import os
from typing import Literal, get_args

from .errors import RtcnbError

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
VARIABLE = "RTCNB_LANGUAGE"

_chosen: Language | None = None


def use(language: Language) -> None:
    """Choose the language of all explanations from now on.

    Parameters
    ----------
    language : {"en", "zh"}

    Raises
    ------
    RtcnbError
        If it is none of these.
    """
    global _chosen
    _chosen = check(language)


def current() -> Language:
    """The chosen language; else that of the environment variable ``RTCNB_LANGUAGE``; else ``"en"``."""
    if _chosen:
        return _chosen
    wanted = os.environ.get(VARIABLE, "").lower()[:2]
    return next((language for language in LANGUAGES if language == wanted), "en")


def check(language: str | None) -> Language:
    """Return `language`, or the current one for None; raise RtcnbError for one that we do not speak."""
    if language is None:
        return current()
    for known in LANGUAGES:
        if language == known:
            return known
    raise RtcnbError(f"Explanations are written in {' and '.join(LANGUAGES)}, not in {str(language)[:20]!r}.")
