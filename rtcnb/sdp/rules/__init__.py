"""The rules of lint, by what they look at. Importing this package registers all of them."""

from __future__ import annotations

from . import codecs, lines, paste, streams, structure, transport
from .registry import RULES, Hit, Rule

__all__ = ["RULES", "Hit", "Rule", "codecs", "lines", "paste", "streams", "structure", "transport"]
