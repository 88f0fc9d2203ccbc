"""What a description says: SDP and ICE candidates as text, read, written and shown. Pure: no I/O."""

from __future__ import annotations

from .candidate import Candidate, parse_candidate
from .changes import Change, Changes, changed_lines, changes
from .codec import Codec
from .compare import IceOutcome, KeptCodec, LostCodec, MediaNegotiation, Negotiation, compare
from .description import SessionDescription, paste, problem_of
from .document import Document, parse
from .explain import ExplainedField, Explanation, explain
from .grammar import write_line
from .line import Line
from .lint import lint
from .section import Fingerprint, HeaderExtension, Media, Rid, Section, SsrcGroup

__all__ = [
    "Candidate",
    "Change",
    "Changes",
    "Codec",
    "Document",
    "ExplainedField",
    "Explanation",
    "Fingerprint",
    "HeaderExtension",
    "IceOutcome",
    "KeptCodec",
    "Line",
    "LostCodec",
    "Media",
    "MediaNegotiation",
    "Negotiation",
    "Rid",
    "Section",
    "SessionDescription",
    "SsrcGroup",
    "changed_lines",
    "changes",
    "compare",
    "explain",
    "lint",
    "parse",
    "parse_candidate",
    "paste",
    "problem_of",
    "write_line",
]
