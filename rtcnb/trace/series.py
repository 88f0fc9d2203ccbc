"""Series: a figure over time, and fewer points of it for a drawing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
EMPTY: Numbers = np.empty(0)


@dataclass(frozen=True)
class Series:
    """A figure over time.

    Attributes
    ----------
    times : ndarray of shape (N,)
        Of the snapshots, in seconds of the trace's clock.
    values : ndarray of shape (N,)
        NaN where a snapshot did not tell.
    """

    times: Numbers
    values: Numbers

    def between(self, since: float, until: float) -> Series:
        """Return what lies in ``since <= time <= until``."""
        first = int(np.searchsorted(self.times, since, side="left"))
        last = int(np.searchsorted(self.times, until, side="right"))
        return Series(self.times[first:last], self.values[first:last])

    @property
    def last(self) -> float | None:
        """The last value; None where the last snapshot did not tell, or there is none."""
        value = float(self.values[-1]) if len(self.values) else math.nan
        return None if math.isnan(value) else value

    @property
    def known(self) -> bool:
        """Whether it has any value."""
        return bool(np.isfinite(self.values).any())

    @property
    def range(self) -> tuple[float, float] | None:
        """The least and the greatest value."""
        values = self.values[np.isfinite(self.values)]
        return (float(values.min()), float(values.max())) if len(values) else None


NOTHING = Series(EMPTY, EMPTY)


def thinned(series: Series, points: int = 300) -> Series:
    """Return at most about `points` of a series' samples: of each stretch the least, the greatest, and the gaps.

    Stretches are a power of two long, so that they stay where they are while a series grows.
    """
    count = len(series.times)
    if count <= points:
        return series
    size = 2 ** math.ceil(math.log2(2 * count / points))
    room = -count % size
    values = np.concatenate((series.values, np.full(room, np.nan))).reshape(-1, size)
    starts = np.arange(len(values)) * size
    least = starts + np.where(np.isnan(values), np.inf, values).argmin(axis=1)
    greatest = starts + np.where(np.isnan(values), -np.inf, values).argmax(axis=1)
    kept = np.unique(np.concatenate((least, greatest, [0, count - 1])))
    kept = kept[kept < count]
    return Series(series.times[kept], series.values[kept])
