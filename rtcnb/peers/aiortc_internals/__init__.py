"""The only home of underscore names of aiortc and aioice; a version that lacks one is named at import."""

from __future__ import annotations

from .jitter_buffer import PromptJitterBuffer
from .names import check_names
from .statistics import statistics_of
from .taps import address_text, attach
from .trickling import TricklingConnection

check_names()

__all__ = ["PromptJitterBuffer", "TricklingConnection", "address_text", "attach", "statistics_of"]
