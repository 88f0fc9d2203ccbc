"""What a page's peer reports of itself, written to the Trace: statistics, and what they say happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import trace as traces
from ..runtime.clock import ErrorNews
from ..trace.derived import derived
from .own_trace import Writable


class PageReports:
    """The statistics of one peer of the page, which sends what has changed.

    Parameters
    ----------
    trace : Trace or OwnTrace
    name : str
        Of the peer.
    """

    def __init__(self, trace: Writable, name: str) -> None:
        self._trace = trace
        self._name = name
        self._report: dict[str, Mapping[str, Any]] = {}
        self._news = ErrorNews()

    def take(self, changed: dict[str, dict[str, Any]], gone: list[str], time: float) -> None:
        """Write down a snapshot.

        Parameters
        ----------
        changed : dict of str to dict
            By id, the members that are new or other than before.
        gone : list of str
            The ids that are there no more.
        time : float
            On the trace's clock.
        """
        before = self._report
        after = {id: entry for id, entry in before.items() if id not in gone}
        for id, members in changed.items():
            after[id] = {**after.get(id, {}), **members}  # a new one each time: earlier snapshots keep theirs
        self._report = after
        for event in derived(self._name, time, before, after):
            self._trace.append(event)
        self._trace.append(traces.StatisticsEvent(time=time, peer=self._name, report=after))

    def clock(self, page: str | None, error_ms: float, time: float) -> None:
        """Write down how well the page's clock is known, where that has changed much."""
        if self._news.is_news(error_ms):
            event = traces.PageEvent(
                time=time, peer=self._name, action="clock", page=page or "", clock_error_ms=round(error_ms, 3)
            )
            self._trace.append(event)
