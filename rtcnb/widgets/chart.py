"""Chart: a figure over time as SVG; a row of a view's small multiples."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..trace.series import Series, thinned
from . import figures
from .markup import Markup, join, tag

WIDTH, HEIGHT = 190, 80
LEFT, RIGHT, TOP, BOTTOM = 30, 186, 13, 63
POINTS = 300
LETTER_PX = 5.5
# A line is not drawn over a silence this many times as long as the usual step.
SILENCE = 5
Band = tuple[float, float, str]


@dataclass(frozen=True)
class Axis:
    """The time axis, common to all charts of a view.

    Attributes
    ----------
    begin, end : float
        On the trace's clock.
    zero : float
        What is called 0 s: the beginning of the trace.
    until : float or None
        The moment that is shown; None for now.
    """

    begin: float
    end: float
    zero: float
    until: float | None = None

    def x(self, time: float) -> float:
        """Return where a time stands."""
        return LEFT + (RIGHT - LEFT) * (time - self.begin) / ((self.end - self.begin) or 1.0)

    def steps(self) -> list[tuple[float, str]]:
        """Return the times that are marked, and what is written there."""
        long = self.end - self.zero >= 120
        steps = figures.time_steps(self.begin - self.zero, self.end - self.zero)
        return [(self.zero + step, figures.clock(step, long)) for step in steps]

    def told(self, time: float) -> str:
        """Return a time as text: ``12.3 s``."""
        return f"{time - self.zero:.1f} s"


def chart(
    series: Series, unit: str, axis: Axis, label: str, colour: int, bands: Sequence[Band] = ()
) -> Markup:
    """Return a series as a drawing.

    Parameters
    ----------
    series : Series
        All of it; what lies before the axis is left out here.
    unit : str
    axis : Axis
    label : str
        What it is, for those who don't see it.
    colour : int
        The number of the peer's.
    bands : sequence of (float, float, str)
        From when to when, and why, the encoder was held back.
    """
    shown = series.between(axis.begin, axis.end)
    extremes = shown.range
    least, greatest = extremes or (0.0, 0.0)
    top, (factor, scaled) = _top(greatest, unit)
    thin = thinned(shown, POINTS)
    xs = LEFT + (RIGHT - LEFT) * (thin.times - axis.begin) / ((axis.end - axis.begin) or 1.0)
    ys = BOTTOM - (BOTTOM - TOP) * np.minimum(thin.values / top, 1.0)
    parts = [
        *_grid(axis, top, factor, scaled),
        *[_band(axis, band) for band in bands if band[1] >= axis.begin],
        tag(
            "path", d=_path(xs, ys, _silence(axis, shown)), class_="line", vector_effect="non-scaling-stroke"
        ),
        *(_marks(axis, shown, top, unit) if extremes else ()),
        _until(axis),
    ]
    words = f"{label}: {_summary(shown, least, greatest, unit)}" if extremes else f"{label}: no value yet"
    return tag(
        "svg",
        *parts,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=words,
        class_=f"rtcnb-peer-{colour}",
    )


def _top(greatest: float, unit: str) -> tuple[float, tuple[float, str]]:
    factor, scaled = figures.scale_of(greatest, unit)
    return figures.top_of(greatest * factor) / factor, (factor, scaled)


def _summary(series: Series, least: float, greatest: float, unit: str) -> str:
    now = figures.text(series.last, unit)
    return f"now {now}, least {figures.text(least, unit)}, most {figures.text(greatest, unit)}"


def _grid(axis: Axis, top: float, factor: float, unit: str) -> Iterable[Markup]:
    yield tag("text", unit, x=LEFT, y=TOP - 3, class_="faint")
    for part in (0.0, 0.5, 1.0):
        y = BOTTOM - (BOTTOM - TOP) * part
        yield tag("line", x1=LEFT, x2=RIGHT, y1=f"{y:g}", y2=f"{y:g}", class_="grid")
        if part != 0.5:
            number = f"{round(top * part * factor, 9):g}"
            yield tag("text", number, x=LEFT - 3, y=f"{y + 3:g}", text_anchor="end", class_="faint")
    for time, told in axis.steps():
        x = axis.x(time)
        yield tag("line", x1=f"{x:.1f}", x2=f"{x:.1f}", y1=TOP, y2=BOTTOM + 2, class_="grid")
        half = len(told) * LETTER_PX / 2
        at = min(max(x, LEFT - 8 + half), WIDTH - half)
        yield tag("text", told, x=f"{at:.1f}", y=HEIGHT - 5, text_anchor="middle", class_="faint")


def _band(axis: Axis, band: Band) -> Markup:
    since, until, reason = band
    left, right = axis.x(max(since, axis.begin)), axis.x(min(until, axis.end))
    wide = max(right - left, 1.5)
    told = figures.short(reason)
    words = f"held back by {told} from {axis.told(since)} to {axis.told(until)}"
    box = tag(
        "rect",
        tag("title", words),
        x=f"{left:.1f}",
        y=TOP,
        width=f"{wide:.1f}",
        height=BOTTOM - TOP,
        class_="band",
        data_reason=told,
    )
    fits = len(told) * LETTER_PX < wide
    name = tag("text", told, x=f"{left + 2:.1f}", y=BOTTOM - 3, class_="band") if fits else None
    return join([box, name])


def _silence(axis: Axis, series: Series) -> float:
    """Return how far apart two points stand, in pixels, before the line is broken between them."""
    if len(series.times) < 3:
        return math.inf
    step = float(np.median(np.diff(series.times)))
    return (RIGHT - LEFT) * SILENCE * max(step, 1.0) / ((axis.end - axis.begin) or 1.0)


def _path(xs: np.ndarray, ys: np.ndarray, silence: float) -> str:
    steps: list[str] = []
    before = -math.inf
    for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
        if y != y:
            before = -math.inf
            continue
        joined = steps and x - before <= silence
        # A single point is drawn as a line of no length: round caps make a dot of it.
        steps.append(f"L{x:.1f} {y:.1f}" if joined else f"M{x:.1f} {y:.1f}h0")
        before = x
    return "".join(steps)


def _marks(axis: Axis, series: Series, top: float, unit: str) -> Iterable[Markup]:
    """Yield dots at the least, the greatest and the last value, with what they are."""
    known = np.where(np.isnan(series.values), np.inf, series.values)
    places = {"least": int(known.argmin()), "last": len(known) - 1}
    places["most"] = int(np.where(np.isinf(known), -np.inf, known).argmax())
    for name, at in places.items():
        time, value = float(series.times[at]), float(series.values[at])
        if math.isnan(value):
            continue
        y = BOTTOM - (BOTTOM - TOP) * min(value / top, 1.0)
        words = f"{name}: {figures.text(value, unit)} at {axis.told(time)}"
        yield tag("circle", tag("title", words), cx=f"{axis.x(time):.1f}", cy=f"{y:.1f}", r=2.2, class_=name)


def _until(axis: Axis) -> Markup | None:
    if axis.until is None or not axis.begin <= axis.until <= axis.end:
        return None
    x = f"{axis.x(axis.until):.1f}"
    line = tag(
        "line", tag("title", f"the moment shown: {axis.told(axis.until)}"), x1=x, x2=x, y1=TOP - 4, y2=BOTTOM
    )
    return tag("g", line, class_="until")
