"""The times of Chrome's older dumps: ``10/20/2020, 3:04:05 PM``, local time as the browser's language writes it.

Neither the order of day and month nor the time zone is told. Where the statistics of the dump have the same moment
in both forms, that tells; else whichever reading lies nearest to the statistics is taken.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

NUMBERS = re.compile(r"\d{1,4}")
# Before and after noon, in the languages that count to twelve.
AM = re.compile(
    r"\ba\.?\s?m\b|上午|凌晨|清晨|早上|午前|오전|π\.?μ|ص|पूर्वाह्न|পূর্বাহ্ণ|ก่อนเที่ยง|\bSA\b", re.IGNORECASE
)
PM = re.compile(r"\bp\.?\s?m\b|下午|中午|晚上|午後|오후|μ\.?μ|م|अपराह्न|অপরাহ্ণ|หลังเที่ยง|\bCH\b", re.IGNORECASE)
MAX_LENGTH = 80
MAX_KNOWN = 100
ZONE = 900  # seconds; time zones are whole quarters of an hour from UTC
HOUR = 3600
MAX_OFFSET = 14 * HOUR
# Polls begin within this time after a connection was made, where the page of the dump was open before.
SLACK = 2.0


@dataclass(frozen=True)
class _Written:
    """A time as its numbers stand in the text: day and month in an unknown order."""

    year: int
    first: int
    second: int
    year_first: bool
    seconds_of_day: int
    ambiguous: str  # what stands between the numbers of the date

    def at(self, day_first: bool) -> float | None:
        """Return seconds since 1970, as if it were UTC; None where there is no such day."""
        day, month = (
            (self.first, self.second) if day_first and not self.year_first else (self.second, self.first)
        )
        try:
            return datetime(self.year, month, day, tzinfo=UTC).timestamp() + self.seconds_of_day
        except (ValueError, OverflowError):
            return None


def from_local_texts(
    texts: Sequence[object], known: Sequence[tuple[object, float]], first: float | None, capped: bool = False
) -> tuple[list[float | None], bool]:
    """Return the times of a dump.

    Parameters
    ----------
    texts : list of str
        All of one browser, in any order.
    known : list of (str, float)
        Moments of which the dump has the text and the seconds since 1970.
    first : float or None
        When the statistics of the dump begin, in seconds since 1970.
    capped : bool
        Whether they began earlier than that, and only the last are kept.

    Returns
    -------
    times : list of (float or None)
        Seconds since 1970, exact to the second; None for a text that is no time.
    zone_known : bool
        Whether the time zone could be told.
    """
    written = [_written(text) for text in texts]
    moments = [(w, at) for w, at in ((_written(text), at) for text, at in known[:MAX_KNOWN]) if w]
    best: tuple[float, list[float | None], float] | None = None
    for day_first in _orders([*written, *(w for w, _ in moments)]):
        times = [None if w is None else w.at(day_first) for w in written]
        told = [t for t in times if t is not None]
        pairs = [
            (local, at) for local, at in ((w.at(day_first), at) for w, at in moments) if local is not None
        ]
        if not told:
            continue
        if pairs:
            shift = median(round((local - at) / ZONE) * ZONE for local, at in pairs)
        else:
            shift = math.inf if first is None else _shift(min(told), first, HOUR if capped else ZONE)
        if best is None or abs(shift) < best[0]:
            best = (abs(shift), times, shift)
    if best is None:
        return [None] * len(texts), False
    size, times, shift = best
    zone_known = size <= MAX_OFFSET
    return [None if t is None else t - (shift if zone_known else 0) for t in times], zone_known


def _shift(begun: float, first: float, zone: int) -> float:
    """How far local time is ahead of UTC: what happened did so before the first statistics, or just after."""
    return -((first + SLACK - begun) // zone) * zone


def _orders(written: Sequence[_Written | None]) -> list[bool]:
    """Which orders of day and month are possible, the likelier one first: True is day before month."""
    dates = [w for w in written if w and not w.year_first]
    if any(w.first > 12 for w in dates):
        return [True]
    if any(w.second > 12 for w in dates):
        return [False]
    american = any(w.ambiguous == "/" for w in dates)
    return [not american, american]


def _written(text: object) -> _Written | None:
    if not isinstance(text, str) or len(text) > MAX_LENGTH:
        return None
    places = list(NUMBERS.finditer(text))
    if len(places) not in (5, 6):
        return None
    numbers = [int(place[0]) for place in places]  # of any script
    years = [i for i, place in enumerate(places) if len(place[0]) == 4]
    if len(years) != 1:
        return None
    at = years[0]
    date_first = at in (0, 2)
    date, clock = (numbers[:3], numbers[3:]) if date_first else (numbers[-3:], numbers[:-3])
    where = at if date_first else at - (len(numbers) - 3)
    if where not in (0, 2):
        return None
    hour, minute, second = (*clock, 0)[:3]
    if PM.search(text) and hour < 12:
        hour += 12
    elif AM.search(text) and hour == 12:
        hour = 0
    year = date[where] - 543 if date[where] > 2400 else date[where]  # the Buddhist calendar of Thailand
    if hour > 23 or minute > 59 or second > 59 or not 2000 <= year < 2200:
        return None
    first, second_number = (date[1], date[2]) if where == 0 else (date[0], date[1])
    if max(first, second_number) > 31 or min(first, second_number) > 12:
        return None
    start = 0 if date_first else len(numbers) - 3
    between = text[places[start].end() : places[start + 1].start()].strip()
    return _Written(year, first, second_number, where == 0, hour * 3600 + minute * 60 + second, between)
