"""What the rules of lint and of compare say, from the files ``catalogue/lint_*.toml`` and ``compare_*.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from ..language import Language


class RuleText(NamedTuple):
    """What a rule says: a sentence and a remedy, with places for values."""

    sentence: str
    remedy: str


@cache
def load_texts(language: Language, what: str = "lint") -> dict[str, RuleText]:
    """Read what the rules say in a language: those of ``lint``, or of ``compare``."""
    text = files(__package__).joinpath("catalogue", f"{what}_{language}.toml").read_text("utf-8")
    return {name: RuleText(raw["sentence"], raw["remedy"]) for name, raw in tomllib.loads(text).items()}
