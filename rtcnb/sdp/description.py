"""SessionDescription: an offer or an answer as people copy, read, change and deliver it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..errors import CandidateError, DescriptionError
from ..language import current
from .candidate import Candidate, parse_candidate
from .document import Document, parse
from .line import Line
from .lint_texts import load_texts
from .pasted import CANDIDATE_STARTS, damage_of
from .section import Media
from .static_view import description_html, description_text
from .text import count, quote

TYPES = ("offer", "answer", "pranswer", "rollback")
ENDING = "\r\n"


@dataclass(frozen=True, kw_only=True, repr=False)
class SessionDescription:
    """An offer, an answer, or what takes them back (W3C ``RTCSessionDescription``, RFC 9429).

    Any text is taken as it is, so that a broken one can be shown and explained; `problem_of` and
    ``document.errors`` tell what is wrong with it.

    Parameters
    ----------
    type : {"offer", "answer", "pranswer", "rollback"}
    sdp : str
        Empty for a rollback.

    Raises
    ------
    DescriptionError
        If `type` is none of these, or `sdp` is no string.
    """

    type: str
    sdp: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.type, str) or self.type not in TYPES:
            raise DescriptionError(
                "The type of a description is 'offer', 'answer', 'pranswer' or 'rollback', "
                f"not {quote(str(self.type))}."
            )
        if not isinstance(self.sdp, str):
            raise DescriptionError(f"The sdp of a description is a string, not {type(self.sdp).__name__}.")

    @classmethod
    def from_any(cls, given: Any) -> SessionDescription:
        """Make a description from whatever holds one.

        Parameters
        ----------
        given : SessionDescription, dict, str or object
            Ours; a dict or JSON text with ``type`` and ``sdp``; an object with these attributes, such as
            aiortc's ``RTCSessionDescription``.

        Raises
        ------
        DescriptionError
            Says what was given, and what to give.
        """
        if isinstance(given, cls):
            return given
        if isinstance(given, str):
            return _from_text(given)
        if isinstance(given, Mapping):
            return _from_members(given.get("type"), given.get("sdp"), f"a dict with {_names(given)}")
        if isinstance(getattr(given, "type", None), str) and hasattr(given, "sdp"):
            return _from_members(given.type, given.sdp, type(given).__name__)
        raise DescriptionError(
            f"This is {type(given).__name__}, not a description. Give a SessionDescription, an object or "
            "dict with 'type' and 'sdp', or its JSON text. Was an await forgotten, as in "
            "offer = await peer.createOffer()?"
        )

    @cached_property
    def document(self) -> Document:
        """The SDP, line by line."""
        return parse(self.sdp)

    def to_json(self) -> str:
        """One line of JSON, to be copied to wherever `paste` is.

        Apostrophes are escaped, so that a stranger's text cannot end ``rtcnb.paste(r'''...''')``.
        """
        return json.dumps({"type": self.type, "sdp": self.sdp}).replace("'", "\\u0027")

    def section(self, mid: str | None) -> Media | None:
        """Return the media section with this mid, or None."""
        return next((media for media in self.document.media if media.mid == mid), None)

    def with_candidates(self, candidates: Iterable[Any], complete: bool) -> SessionDescription:
        """The same description with candidates in it, as a browser's localDescription shows gathered ones.

        Parameters
        ----------
        candidates : iterable of Candidate
            Or of whatever `Candidate.from_any` takes. Each goes to the end of the media section that its
            sdpMid names, else its sdpMLineIndex; one that is already there is not repeated. An
            end-of-candidates goes to its section, or to all.
        complete : bool
            Write ``a=end-of-candidates`` into every section that is not rejected.

        Raises
        ------
        CandidateError
            If a candidate names no section of this description.
        """
        media = self.document.media
        by_mid = {section.mid: section.index for section in reversed(media)}
        added: list[dict[str, None]] = [{} for _ in media]
        ended = {section.index for section in media if complete and not section.rejected}
        for given in candidates:
            candidate = Candidate.from_any(given)
            if candidate.is_end and candidate.sdpMid is None and candidate.sdpMLineIndex is None:
                ended.update(section.index for section in media if not section.rejected)
                continue
            index = _section_of(candidate, by_mid, len(media))
            if candidate.is_end:
                ended.add(index)
            else:
                added[index][f"a={candidate.candidate}"] = None
        lines = [line.text + line.ending for line in self.document.session.lines]
        default = self.document.lines[0].ending or ENDING if self.document.lines else ENDING
        for section in media:
            lines += _section_with(section, added[section.index], section.index in ended, default)
        return SessionDescription(type=self.type, sdp="".join(lines))

    def without_candidates(self) -> SessionDescription:
        """The same description without candidates and end-of-candidates, as trickling peers send it."""
        names = ("candidate", "end-of-candidates")
        kept = (line.text + line.ending for line in self.document.lines if line.attribute not in names)
        return SessionDescription(type=self.type, sdp="".join(kept))

    def __str__(self) -> str:
        return self.sdp

    def __repr__(self) -> str:
        kinds = [str(media.kind)[:20] for media in self.document.media]
        more = " …" if len(kinds) > 12 else ""
        what = f"{count(len(kinds), 'section')}: {' '.join(kinds[:12])}{more}" if kinds else "no sections"
        return f"SessionDescription(type={self.type!r}, {what})"

    def _repr_html_(self) -> str:
        return description_html(self.type, self.document, self.to_json())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text("…" if cycle else description_text(self.type, self.document))


def problem_of(text: str) -> str | None:
    """Say why `text` is no SDP, where it was spoilt on its way here.

    Returns
    -------
    str or None
        A sentence with what to do; None where the text begins as SDP does. What single lines have wrong is
        in ``parse(text).errors``.
    """
    damage = damage_of(text)
    if damage is not None:
        told = load_texts(current())[damage]
        return f"{told.sentence} {told.remedy}"
    stripped = text.strip()
    if not stripped.startswith("v="):
        first = stripped.splitlines()[0]
        return (
            f"This does not begin with v=0, as SDP does, but with {quote(first)}: the beginning is missing."
        )
    if not text.startswith("v="):
        return "Blanks or empty lines stand before v=0: use textwrap.dedent(text).lstrip()."
    return None


def paste(text: str) -> SessionDescription | Candidate | list[SessionDescription | Candidate]:
    """Read what was copied from another notebook or a browser's console.

    Parameters
    ----------
    text : str
        JSON of a description or a candidate, a JSON list of them, one of them per line, or candidate lines.

    Returns
    -------
    SessionDescription, Candidate, or a list of them

    Raises
    ------
    DescriptionError
        If it is nothing of that kind; for raw SDP, which does not say whether it is an offer or an answer.
    CandidateError
        If it is a candidate that cannot be used.
    """
    if not isinstance(text, str):
        raise DescriptionError(f"paste() takes text, not {type(text).__name__}.")
    stripped = text.strip()
    if stripped.startswith(CANDIDATE_STARTS):
        return _one_or_all([parse_candidate(line) for line in stripped.splitlines() if line.strip()])
    if stripped == "null":
        return Candidate()
    if not stripped.startswith(("{", "[")):
        _refuse_bare_text(text)
    try:
        given = _load(stripped)
    except DescriptionError:
        rows = [row for row in stripped.splitlines() if row.strip()]
        if len(rows) < 2 or not all(row.lstrip().startswith(("{", "null")) for row in rows):
            raise
        given = [_load(row) for row in rows]
    if isinstance(given, list):
        return [_from_json(item) for item in given]
    return _from_json(given)


def _one_or_all(found: list[Candidate]) -> Candidate | list[SessionDescription | Candidate]:
    return found[0] if len(found) == 1 else [*found]


def _load(text: str) -> Any:
    try:
        # Not strict: pasted into a plain Python string, the \r\n of the JSON have become real line ends.
        return json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise DescriptionError(
            f"This is broken JSON ({error}): {quote(text)}. Copy the whole line, and paste it into a raw "
            "string, r'''...'''."
        ) from None


def _from_json(given: Any) -> SessionDescription | Candidate:
    if given is None:
        return Candidate()
    if isinstance(given, Mapping) and "candidate" in given:
        return Candidate.from_any(given)
    return SessionDescription.from_any(given)


def _from_text(text: str) -> SessionDescription:
    if not text.lstrip().startswith("{"):
        _refuse_bare_text(text)
    given = _load(text)
    return _from_members(given.get("type"), given.get("sdp"), f"JSON with {_names(given)}")


def _refuse_bare_text(text: str) -> None:
    """Raise for text that is not JSON: it cannot say what type the description has."""
    problem = problem_of(text)
    if problem is None:
        problem = (
            "This is SDP, but it does not say whether it is an offer or an answer: use "
            "SessionDescription(type='offer', sdp=text), or type='answer'."
        )
    raise DescriptionError(problem)


def _from_members(kind: Any, sdp: Any, given: str) -> SessionDescription:
    if kind is None or (sdp is None and kind != "rollback"):
        missing = "type" if kind is None else "sdp"
        raise DescriptionError(
            f"A description needs 'type' and 'sdp'; this is {given}, and '{missing}' is missing. "
            "The form is {'type': 'offer', 'sdp': 'v=0...'}."
        )
    description = SessionDescription(type=kind, sdp="" if sdp is None else sdp)
    problem = None if kind == "rollback" else problem_of(description.sdp)
    if problem:
        raise DescriptionError(problem)
    return description


def _names(given: Mapping[Any, Any]) -> str:
    return quote(", ".join(map(str, given))) if given else "nothing in it"


def _section_of(candidate: Candidate, by_mid: dict[str | None, int], sections: int) -> int:
    """The section a candidate belongs to; the mid counts first, as in the W3C's ``addIceCandidate``."""
    if candidate.sdpMid is not None:
        if candidate.sdpMid in by_mid:
            return by_mid[candidate.sdpMid]
        known = " ".join(mid for mid in by_mid if mid is not None)
        raise CandidateError(f"sdpMid is {quote(candidate.sdpMid)}, but the description has {quote(known)}.")
    if candidate.sdpMLineIndex is None:
        raise CandidateError(f"{candidate!r} has neither sdpMid nor sdpMLineIndex: it belongs to no section.")
    if candidate.sdpMLineIndex >= sections:
        raise CandidateError(
            f"sdpMLineIndex is {candidate.sdpMLineIndex}, but there are {count(sections, 'section')}."
        )
    return candidate.sdpMLineIndex


def _section_with(section: Media, candidates: Iterable[str], ended: bool, default: str) -> list[str]:
    """The lines of a section, with candidates and perhaps the end put after its last line."""
    lines: list[Line] = list(section.lines)
    present = {line.text for line in lines}
    added = [text for text in candidates if text not in present]
    end = "a=end-of-candidates"
    if ended or (end in present and added):
        lines = [line for line in lines if line.text != end]  # the end stays the last
        added.append(end)
    place = len(lines)
    while place > 1 and not lines[place - 1].text:
        place -= 1  # an empty line at the end of a pasted description stays the last
    texts = [line.text + line.ending for line in lines]
    if added and not lines[place - 1].ending:
        texts[place - 1] += default
    ending = lines[place - 1].ending or default
    texts[place:place] = [text + ending for text in added]
    return texts
