"""Candidate: one ICE candidate, read, written and explained by its priority's arithmetic."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..errors import CandidateError
from .candidate_fields import CANDIDATE_FORM, Fields, read_fields
from .text import html, quote, shorten

COMPONENTS = {1: "rtp", 2: "rtcp"}
END_LINES = ("a=end-of-candidates", "end-of-candidates")


@dataclass(frozen=True, repr=False)
class Candidate:
    """An ICE candidate: an address at which a peer may be reached (W3C ``RTCIceCandidate``, RFC 8839).

    Like the W3C constructor, this one takes any single line and reads None where it is broken;
    `parse_candidate` and `Candidate.from_any` raise instead.

    Parameters
    ----------
    candidate : str
        The candidate-attribute, ``candidate:...``; ``""`` means that no more will come.
    sdpMid : str or None
        The ``a=mid`` of the media section it belongs to.
    sdpMLineIndex : int or None
        The 0-based index of that section.
    usernameFragment : str or None
        The ``a=ice-ufrag`` of the generation it belongs to.

    Raises
    ------
    CandidateError
        If `candidate` is no string or more than one line: it could bring other SDP lines in with it.
    """

    candidate: str = ""
    sdpMid: str | None = None
    sdpMLineIndex: int | None = None
    usernameFragment: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.candidate, str):
            raise CandidateError(f"candidate is {type(self.candidate).__name__}, not a string.")
        if "\n" in self.candidate or "\r" in self.candidate:
            raise CandidateError(f"candidate is more than one line: {quote(self.candidate)}.")

    @classmethod
    def from_any(cls, given: Any) -> Candidate:
        """Make a candidate from whatever holds one.

        Parameters
        ----------
        given : Candidate, dict, str, object or None
            Ours; the dict of a browser's ``toJSON()``; JSON text or a candidate line; an object such as
            aiortc's ``RTCIceCandidate``; None for end-of-candidates.

        Raises
        ------
        CandidateError
            If it is none of these, or a field is wrong; the message names the field.
        """
        if given is None:
            return cls()
        if isinstance(given, cls):
            return given
        if isinstance(given, str):
            return _from_text(given)
        if isinstance(given, Mapping):
            return _from_mapping(given)
        if isinstance(getattr(given, "candidate", None), str):
            names = ("candidate", "sdpMid", "sdpMLineIndex", "usernameFragment")
            return _from_mapping({name: getattr(given, name, None) for name in names})
        if hasattr(given, "foundation") and hasattr(given, "ip"):
            return parse_candidate(
                _line_of_object(given), getattr(given, "sdpMid", None), getattr(given, "sdpMLineIndex", None)
            )
        raise CandidateError(
            f"This is {type(given).__name__}, not a candidate. Give a Candidate, a dict with 'candidate' and "
            "'sdpMid', its JSON text, a line 'candidate:...', or None for end-of-candidates."
        )

    @cached_property
    def _fields(self) -> Fields | None:
        if not self.candidate:
            return None
        try:
            return read_fields(_without_prefix(self.candidate))
        except CandidateError:
            return None

    @property
    def is_end(self) -> bool:
        """True for end-of-candidates (RFC 8838 section 8.2)."""
        return not self.candidate

    @property
    def foundation(self) -> str | None:
        """Equal for candidates of one type, base address, protocol and server (RFC 8445 5.1.1.3)."""
        return self._fields and self._fields.foundation

    @property
    def component(self) -> str | None:
        """``"rtp"`` or ``"rtcp"`` as in the W3C's ``RTCIceComponent``; the number is `component_id`."""
        return COMPONENTS.get(self._fields.component_id) if self._fields else None

    @property
    def component_id(self) -> int | None:
        """The component as the line writes it: 1 for RTP and all that is multiplexed, 2 for RTCP."""
        return self._fields.component_id if self._fields else None

    @property
    def protocol(self) -> str | None:
        """``udp`` or ``tcp``, in lower case."""
        return self._fields and self._fields.protocol

    @property
    def priority(self) -> int | None:
        """See `priority_parts` (RFC 8445 section 5.1.2)."""
        return self._fields.priority if self._fields else None

    @property
    def address(self) -> str | None:
        """An IPv4 or IPv6 address, or a name such as ``x.local``."""
        return self._fields and self._fields.address

    @property
    def port(self) -> int | None:
        """0 or 9 for a TCP candidate that only opens connections (RFC 6544)."""
        return self._fields.port if self._fields else None

    @property
    def type(self) -> str | None:
        """``host``, ``srflx``, ``prflx`` or ``relay``."""
        return self._fields and self._fields.type

    @property
    def tcpType(self) -> str | None:
        """``active``, ``passive`` or ``so`` (RFC 6544); None for UDP."""
        return self._fields.extensions.get("tcptype") if self._fields else None

    @property
    def relatedAddress(self) -> str | None:
        """The base of a reflexive candidate; for a relay the address that the TURN server saw."""
        return self._fields and self._fields.related_address

    @property
    def relatedPort(self) -> int | None:
        """The port that belongs to `relatedAddress`."""
        return self._fields.related_port if self._fields else None

    @property
    def extensions(self) -> dict[str, str]:
        """What follows the type, by name: ``generation``, ``network-cost``, ``ufrag``, ..."""
        return dict(self._fields.extensions) if self._fields else {}

    @property
    def is_mdns(self) -> bool:
        """True where a browser hid its address behind a ``.local`` name (RFC 8828)."""
        return (self.address or "").lower().endswith(".local")

    @property
    def is_ipv6(self) -> bool:
        """True for an IPv6 address."""
        return ":" in (self.address or "")

    @property
    def priority_parts(self) -> tuple[int, int, int] | None:
        """Type preference, local preference and ``256 - component``.

        ``priority = first * 2**24 + second * 2**8 + third`` (RFC 8445 section 5.1.2.1).
        """
        if self.priority is None:
            return None
        return self.priority >> 24, self.priority >> 8 & 0xFFFF, self.priority & 0xFF

    def to_json(self) -> dict[str, str | int | None]:
        """The four members that a browser's ``toJSON()`` gives (W3C ``RTCIceCandidateInit``)."""
        return {
            "candidate": self.candidate,
            "sdpMid": self.sdpMid,
            "sdpMLineIndex": self.sdpMLineIndex,
            "usernameFragment": self.usernameFragment,
        }

    @property
    def _words(self) -> str:
        """What the candidate is, in a few words."""
        if self.is_end:
            return "end-of-candidates"
        if self._fields is None:
            return quote(self.candidate)
        address = f"[{self.address}]" if ":" in (self.address or "") else self.address
        return " ".join(
            str(x) for x in (self.type, self.protocol, f"{address}:{self.port}", self.tcpType) if x
        )

    def __repr__(self) -> str:
        where = f" mid {shorten(self.sdpMid, 20)!r}" if isinstance(self.sdpMid, str) else ""
        if not where and self.sdpMLineIndex is not None:
            where = f" m-line {self.sdpMLineIndex}"
        return f"Candidate({self._words}{where})"

    def __str__(self) -> str:
        return self.candidate

    def _repr_html_(self) -> str:
        parts = self.priority_parts
        priority = f"{self.priority} = {parts[0]}·2²⁴ + {parts[1]}·2⁸ + {parts[2]}" if parts else ""
        cells: dict[str, object] = {"candidate": self._words, "mid": self.sdpMid}
        if self.sdpMid is None:  # the mid says it already
            cells["m-line"] = self.sdpMLineIndex
        cells |= {"ufrag": self.usernameFragment, "priority = type · local · component": priority}
        if self.relatedAddress is not None:
            related_port = "" if self.relatedPort is None else f":{self.relatedPort}"
            cells["related address"] = f"{self.relatedAddress}{related_port}"
        shown = {name: value for name, value in cells.items() if value is not None and value != ""}
        left = ' style="text-align:left;white-space:nowrap;padding:2px 14px 2px 0"'
        head = "".join(f"<th{left}>{html(name)}</th>" for name in shown)
        body = "".join(f"<td{left}>{html(value)}</td>" for value in shown.values())
        return (
            '<div class="rtcnb-candidate" style="overflow-x:auto;font-size:12px"><table style="margin:0">'
            f"<thead><tr>{head}</tr></thead><tbody><tr>{body}</tr></tbody></table></div>"
        )


def parse_candidate(text: str, sdpMid: str | None = None, sdpMLineIndex: int | None = None) -> Candidate:
    """Read a candidate line (RFC 8839 section 5.1).

    Parameters
    ----------
    text : str
        ``candidate:...``, ``a=candidate:...`` or what follows these; ``""`` and
        ``a=end-of-candidates`` are the end.
    sdpMid, sdpMLineIndex
        The media section it belongs to, where known.

    Returns
    -------
    Candidate
        Its `usernameFragment` is the line's own ``ufrag``, if there is one.

    Raises
    ------
    CandidateError
        A ValueError that names the field that is wrong, and its value.
    """
    if not isinstance(text, str):
        raise CandidateError(f"candidate is {type(text).__name__}, not a string: {CANDIDATE_FORM}.")
    mid, index = _check_mid(sdpMid), _check_index(sdpMLineIndex)
    line = text.strip(" \t\r\n")
    if not text or line in END_LINES:
        return Candidate("", mid, index)
    if "\n" in line or "\r" in line:
        raise CandidateError(f"candidate is more than one line: {quote(line)}. Give one line at a time.")
    body = _without_prefix(line)
    return Candidate(f"candidate:{body}", mid, index, read_fields(body).extensions.get("ufrag"))


def _without_prefix(line: str) -> str:
    return line.removeprefix("a=").removeprefix("candidate:")


def _check_mid(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise CandidateError(f"sdpMid is {quote(str(value))} of type {type(value).__name__}, not a string.")


def _check_index(value: Any) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 65535):
        return value
    raise CandidateError(f"sdpMLineIndex is {quote(str(value))}, not a whole number from 0 to 65535.")


def _from_text(text: str) -> Candidate:
    if not text.lstrip().startswith("{") and text.strip() != "null":
        return parse_candidate(text)
    try:
        given = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise CandidateError(f"candidate is broken JSON ({error}): {quote(text)}.") from None
    return Candidate.from_any(given)


def _from_mapping(given: Mapping[Any, Any]) -> Candidate:
    line = given.get("candidate")
    if isinstance(line, Mapping):
        raise CandidateError("candidate is itself a dict: give the inner one, given['candidate'].")
    if not isinstance(line, str):
        raise CandidateError(
            f"candidate is missing: the dict has {quote(', '.join(map(str, given)))}; a browser's toJSON() "
            "gives {'candidate': 'candidate:...', 'sdpMid': '0', 'sdpMLineIndex': 0, ...}."
        )
    parsed = parse_candidate(line, given.get("sdpMid"), given.get("sdpMLineIndex"))
    fragment = given.get("usernameFragment")
    if fragment is None:
        return parsed
    if not isinstance(fragment, str):
        raise CandidateError(f"usernameFragment is {quote(str(fragment))}, not a string.")
    return Candidate(parsed.candidate, parsed.sdpMid, parsed.sdpMLineIndex, fragment)


def _line_of_object(given: Any) -> str:
    """Write an object with aiortc's attribute names as a candidate line (RFC 8839 section 5.1)."""
    names = ("foundation", "component", "protocol", "priority", "ip", "port")
    line = " ".join(str(getattr(given, name, "")) for name in names)
    line += f" typ {getattr(given, 'type', '')}"
    for word, name in (("raddr", "relatedAddress"), ("rport", "relatedPort"), ("tcptype", "tcpType")):
        value = getattr(given, name, None)
        if value is not None:
            line += f" {word} {value}"
    return f"candidate:{line}"
