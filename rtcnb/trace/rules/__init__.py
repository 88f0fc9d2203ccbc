"""The rules of the diagnosis, one for each cause; they read the evidence and nothing else."""

from __future__ import annotations

from . import ice, media, negotiation, security, servers
from .registry import RULES, Hit, Rule

__all__ = ["RULES", "Hit", "Rule", "ice", "media", "negotiation", "security", "servers"]
