"""What the rules of lint say, from ``catalogue/lint_en.toml`` and ``catalogue/lint_zh.toml``."""

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
def load_texts(language: Language) -> dict[str, RuleText]:
    """Read what the rules say in a language."""
    text = files(__package__).joinpath("catalogue", f"lint_{language}.toml").read_text("utf-8")
    return {name: RuleText(raw["sentence"], raw["remedy"]) for name, raw in tomllib.loads(text).items()}
