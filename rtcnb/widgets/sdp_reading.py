"""What a pasted text is: a description, candidates, or what was one before something happened to it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ..errors import DescriptionError
from ..finding import Finding
from ..language import Language, current
from ..sdp import Candidate, Document, SessionDescription, lint, parse, parse_candidate
from ..sdp.description import TYPES
from ..sdp.lint_texts import load_texts
from ..sdp.pasted import CANDIDATE_STARTS, damage_of, mended
from ..trace.secrets import HIDDEN, INLINE, keys_hidden
from .sdp_reader import SdpReader

LONGEST = 1_000_000  # characters
KINDS = ("offer", "answer", "pranswer")
Edited = SessionDescription | Candidate


@dataclass(frozen=True, eq=False)
class Reading:
    """What a text is.

    Attributes
    ----------
    kind : str
        ``offer``, ``answer``, ``pranswer``, ``candidate``; ``""`` where nothing says it.
    document : Document
        What is explained: the text without the keys of ``a=crypto``, mended where that is possible.
    findings : list of Finding
    damage : Finding or None
        What happened to the text on its way here.
    mended : str
        The text without that damage; ``""`` where it cannot be undone.
    """

    kind: str
    document: Document
    findings: list[Finding] = field(default_factory=list)
    damage: Finding | None = None
    mended: str = ""

    @property
    def is_description(self) -> bool:
        """Whether it is SDP, or can be made SDP."""
        return bool(self.document.lines) and self.kind != "candidate"


@lru_cache(maxsize=16)
def read(text: str, kind: str, language: Language) -> Reading:
    """Find out what a text is.

    Parameters
    ----------
    text : str
    kind : str
        ``offer`` or ``answer`` where somebody said so; ``""`` for what the text says.
    language : {"en", "zh"}
    """
    shown = keys_hidden(text)
    damage = damage_of(shown)
    if damage == "paste-empty":
        return Reading("", parse(""))
    lines = candidate_lines(text, damage)
    if lines:
        return _candidates(lines, language)
    if damage is None:
        return _description(parse(shown), kind, language)
    undone = mended(text)
    told = next(iter(lint(shown, language=language)), None)
    if damage_of(undone) not in (None, damage):  # JSON of a candidate, in base64
        lines = candidate_lines(undone, damage_of(undone))
    if lines or damage_of(undone) is not None:
        # Of what cannot be taken apart, lines don't tell where keys are.
        return Reading("", parse(INLINE.sub(rf"\1{HIDDEN}", shown)), [told] if told else [], told)
    found = _description(parse(keys_hidden(undone)), kind or kind_in_json(text), language)
    return Reading(found.kind, found.document, found.findings, told, undone)


def _description(document: Document, kind: str, language: Language) -> Reading:
    kind = kind or guessed_kind(document)
    known: Any = kind if kind in ("offer", "answer", "pranswer") else None
    return Reading(kind, document, lint(document, known, language))


def _candidates(lines: list[str], language: Language) -> Reading:
    document = parse("".join(f"a={line.removeprefix('a=')}\r\n" for line in lines))
    text = load_texts(language)["bad-candidate"]
    findings = [
        Finding(
            severity="error",
            rule="bad-candidate",
            sentence=text.sentence.format(line=line.number, reason=line.error),
            remedy=text.remedy,
            evidence=(line,),
            reference="RFC 8839 section 5.1",
        )
        for line in document.lines
        if line.error
    ]
    return Reading("candidate", document, findings)


def candidate_lines(text: str, damage: str | None) -> list[str]:
    """Return the candidate lines that a text consists of; none where it is something else."""
    if damage == "paste-json":
        given = _loaded(text)
        line = given.get("candidate") if isinstance(given, dict) else None
        return [line] if isinstance(line, str) and line and len(line.splitlines()) == 1 else []
    lines = [line.strip(" \t") for line in text.splitlines() if line.strip(" \t")]
    return lines if all(line.startswith(CANDIDATE_STARTS) for line in lines) else []


def guessed_kind(document: Document) -> str:
    """Return ``offer`` where the DTLS role is left open, ``answer`` where it is chosen (RFC 8842 section 5)."""
    roles = {media.setup for media in document.media if not media.rejected}
    if "actpass" in roles:
        return "offer"
    return "answer" if roles & {"active", "passive"} else ""


def kind_in_json(text: str) -> str:
    """Return the type that JSON of a description gives; ``""`` where it gives none."""
    given = _loaded(text)
    kind = given.get("type") if isinstance(given, dict) else None
    return kind if isinstance(kind, str) and kind in TYPES else ""


def _loaded(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def given_text(given: Any) -> tuple[str, str]:
    """Return the text and the type of whatever a cell gives: text, a description, a candidate, JSON.

    Raises
    ------
    DescriptionError
        It is nothing of that kind.
    """
    if given is None:
        return "", ""
    if isinstance(given, Candidate):
        return given.candidate, ""
    if isinstance(given, Document):
        return str(given), ""
    if isinstance(given, bytes | bytearray):
        return str(parse(bytes(given))), ""
    if isinstance(given, str):
        kind = kind_in_json(given)
        sdp = _loaded(given).get("sdp") if kind else None
        return (sdp, kind) if isinstance(sdp, str) else (given, "")
    description = SessionDescription.from_any(given)
    return description.sdp, description.type


def check_length(text: str) -> None:
    """Refuse a text that is no description; what is drawn at each key must be quick.

    Raises
    ------
    DescriptionError
        It has more than 1,000,000 characters.
    """
    if len(text) > LONGEST:
        raise DescriptionError(
            f"This has {len(text):,} characters; more than {LONGEST:,} are no description."
        )


class Box:
    """A text that is edited, and what its reader has chosen in it."""

    def __init__(self, given: Any) -> None:
        self.text, self.kind = given_text(given)
        check_length(self.text)
        self.reader = SdpReader()

    def reading(self) -> Reading:
        """Return what the text is."""
        return read(self.text, self.kind, current())

    def edited(self) -> Edited:
        """Return what the text is, to be given to a peer.

        Raises
        ------
        DescriptionError
            It is neither, or nothing says whether it is an offer or an answer.
        CandidateError
            It is a candidate that is broken.
        """
        reading = self.reading()
        if reading.kind == "candidate":
            return parse_candidate(self.text)
        if reading.damage is not None:
            raise DescriptionError(f"{reading.damage.sentence} Press Mend, or paste it again.")
        if not reading.document.lines:
            raise DescriptionError("There is no text: paste or type one first.")
        if reading.kind not in KINDS:
            raise DescriptionError(
                "Nothing says whether this is an offer or an answer: choose it above the text."
            )
        return SessionDescription(type=reading.kind, sdp=self.text)
