"""What a description says: SDP and ICE candidates as text, read, written and shown. Pure: no I/O."""

from __future__ import annotations

from .candidate import Candidate, parse_candidate
from .codec import Codec
from .description import SessionDescription, paste, problem_of
from .document import Document, Fingerprint, Line, Media, Section, parse

__all__ = [
    "Candidate",
    "Codec",
    "Document",
    "Fingerprint",
    "Line",
    "Media",
    "Section",
    "SessionDescription",
    "parse",
    "parse_candidate",
    "paste",
    "problem_of",
]
