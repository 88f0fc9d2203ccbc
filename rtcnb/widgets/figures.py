"""Figures: numbers as people read them, and steps of an axis."""

from __future__ import annotations

import math

from .markup import Markup, tag

PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
TIME_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
MOST_CHARACTERS = 200


def text(value: float | None, unit: str) -> str:
    """Return a number with its unit: ``1.25 Mbit/s``, ``12.3 ms``, ``0.5 %``; a dash where there is none.

    Parameters
    ----------
    value : float or None
        Of ``%`` the fraction.
    unit : str
    """
    if value is None or not math.isfinite(value):
        return "–"
    factor, shown = scale_of(value, unit)
    return f"{rounded(value * factor)} {shown}"


def scale_of(value: float, unit: str) -> tuple[float, str]:
    """Return by what to multiply values of this size, and the unit they have then."""
    if unit == "%":
        return 100.0, "%"
    if unit == "bit/s":
        for size, prefix in PREFIXES:
            if abs(value) >= size:
                return 1 / size, f"{prefix}bit/s"
    return 1.0, unit


def rounded(value: float) -> str:
    """Return about three digits of a number: ``0.05``, ``1.25``, ``31.4``, ``250``, ``12000``."""
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}" if abs(value) < 1e15 else f"{value:.3g}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def finite(value: object) -> float | None:
    """Return a number that came from elsewhere; None where it is none."""
    try:
        number = float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def size(width: object, height: object) -> str:
    """Return the size of a picture as ``640×480``; ``""`` where it is not told."""
    if (
        isinstance(width, int)
        and isinstance(height, int)
        and 0 <= min(width, height) <= max(width, height) < 1e6
    ):
        return f"{width}×{height}"
    return ""


def exact(value: float | None) -> str:
    """Return a number for programs; ``""`` where there is none."""
    return "" if value is None else f"{value:.12g}"


def stat(name: str, value: object, shown: object = None) -> Markup:
    """Return a figure as people read it, with its name and exact value for programs."""
    told = exact(value) if isinstance(value, float) else str(value)
    return tag("b", short(value if shown is None else shown), data_stat=name, data_value=short(told))


def short(given: object) -> str:
    """Return a text that came from elsewhere in one line, no longer than people read."""
    words = " ".join(str(given).split())
    return words if len(words) <= MOST_CHARACTERS else words[: MOST_CHARACTERS - 1] + "…"


def top_of(greatest: float) -> float:
    """Return the round number at the top of an axis that begins at 0: 1, 2, 4, 5, 6, 8 or 10 times a power."""
    if not 0 < greatest < math.inf:
        return 1.0
    power = 10.0 ** math.floor(math.log10(greatest))
    return next((n * power for n in (1, 2, 4, 5, 6, 8, 10) if n * power >= greatest * 0.999), 10 * power)


def time_steps(begin: float, end: float, most: int = 4) -> list[float]:
    """Return round seconds between two times, at most `most`."""
    length = max(0.0, end - begin)
    if not math.isfinite(length):
        return []
    step = next(
        (s for s in TIME_STEPS if length / s <= most), max(86400.0, 86400 * math.ceil(length / 345600))
    )
    first = math.ceil(begin / step)
    return [n * step for n in range(first, math.floor(end / step) + 1)][: most + 1]


def clock(seconds: float, long: bool = False) -> str:
    """Return seconds as ``12 s``, in long calls as ``1:05`` or ``1:00:05``."""
    if not long:
        return f"{seconds:g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
