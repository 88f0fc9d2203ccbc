"""What rtcstats leaves out because it was said before: statistics that did not change, sections of descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import written
from .rtcstats_codes import MEMBERS, TYPES
from .snapshots import Budget, Entry, is_legacy
from .untrusted import epoch_seconds, tame

SET = {"setLocalDescription": "local", "setRemoteDescription": "remote"}
CREATED = ("createOfferOnSuccess", "createAnswerOnSuccess")
NEAR = 10.0  # seconds; the clock of the statistics is the one of the log


class StatisticsDeltas:
    """The statistics of one peer as a file tells them: only what is other than before.

    Parameters
    ----------
    budget : Budget
    whole_ids : bool
        Whether an entry that a delta does not name is gone (jitsi); in v3 it is as before, and null says gone.
    as_they_are : bool
        Whether everything is kept: a file of our own.

    Attributes
    ----------
    legacy : bool
        Whether there were entries of the old getStats, which are left out.
    """

    def __init__(self, budget: Budget, whole_ids: bool, as_they_are: bool = False) -> None:
        self._known: dict[str, Entry] = {}
        self._budget = budget
        self._whole_ids = whole_ids
        self._as_they_are = as_they_are
        self.legacy = False

    def whole(self, delta: Mapping[str, Any], time: float, place: str) -> tuple[float, dict[str, Entry]]:
        """Return the time of a snapshot in seconds since 1970, and all its entries.

        Parameters
        ----------
        delta : mapping
        time : float
            When it was logged, in seconds since 1970.
        place : str
            For an error.

        Raises
        ------
        TraceError
            The file asks for more entries than are read.
        """
        told = delta.get("timestamp", delta.get("t"))
        at = epoch_seconds(told)
        at = time if at is None or abs(at - time) > NEAR else at
        # Both rtcstats leave out the member id; Chrome writes it, and everything anew.
        anew = not self._as_they_are and any(isinstance(x, Mapping) and "id" in x for x in delta.values())
        before = {} if anew else self._known
        after = {} if self._whole_ids else dict(before)
        for id, members in delta.items():
            if members is None:
                after.pop(id, None)
            elif isinstance(members, Mapping):
                after[id] = _merged(before.get(id, {}), members, self._as_they_are)
                if not self._as_they_are and after[id].get("timestamp") in (0, told):
                    after[id].pop("timestamp", None)  # 0, too, is the time of all
        old = (
            []
            if self._as_they_are
            else [i for i in delta if i in after and is_legacy(i, after[i].get("type"))]
        )
        for id in old:
            del after[id]
            self.legacy = True
        self._known = after
        self._budget.spend(len(after) + 1, place)
        return at, after


def _merged(before: Entry, members: Mapping[str, Any], as_they_are: bool) -> Entry:
    """Return an entry with what has changed; null takes a member away. In our own files objects are whole."""
    after = dict(before)
    for name, value in members.items():
        if not as_they_are and name.startswith("["):
            continue  # reckoned by chrome://webrtc-internals
        name, value = name if as_they_are else MEMBERS.get(name, name), tame(value)
        if name == "type" and type(value) is int:
            value = TYPES.get(value)
        old = before.get(name)
        if not as_they_are and isinstance(old, dict) and isinstance(value, dict):
            value = {**old, **value}
        if value is None:
            after.pop(name, None)
        else:
            after[name] = value
    return after


class DescriptionDeltas:
    """The descriptions of one peer: a section that is as before stands there as a bare ``v=`` or ``m=``."""

    def __init__(self) -> None:
        self._created: dict[str, str] = {}
        self._sides: dict[str, dict[str, str]] = {"local": {}, "remote": {}}

    def whole(self, method: str, value: Any) -> Any:
        """Return what a method was given or gave, with every section.

        None where a section is left out that is not known.
        """
        asked = method.removesuffix("OnSuccess")
        description = written.description_of(value)
        if description is None or not (method in CREATED or asked in SET):
            return value
        side = self._sides[SET.get(asked, "local")]
        sdp = description.sdp
        if _is_compressed(sdp):
            bases = [side.get(description.type), self._created.get(description.type)]
            sdp = next((whole for base in bases if base and (whole := _expanded(sdp, base))), "")
            if not sdp:
                return None
        if method in CREATED:
            self._created[description.type] = sdp
        else:
            side[description.type] = sdp
        return {"type": description.type, "sdp": sdp}


def _sections(sdp: str) -> list[str]:
    first, *rest = sdp.split("\nm=")
    return [first.strip(), *(f"m={part}".strip() for part in rest)]


def _is_compressed(sdp: str) -> bool:
    first, *rest = _sections(sdp)
    return first == "v=" or "m=" in rest


def _expanded(sdp: str, base: str) -> str:
    """Return the description with the sections of its base; ``""`` where the base has not that many."""
    sections, known = _sections(sdp), _sections(base)
    whole = []
    for i, section in enumerate(sections):
        if section == ("m=" if i else "v="):
            if i >= len(known):
                return ""
            section = known[i]
        whole.append(section)
    return "\r\n".join(whole) + "\r\n"
