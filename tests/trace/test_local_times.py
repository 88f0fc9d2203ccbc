"""Local times as browsers write them in their languages, brought to UTC by what else the dump knows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcnb.trace.formats.local_times import from_local_texts

NOON = datetime(2020, 10, 20, 15, 4, 5, tzinfo=UTC).timestamp()
LOCALES = {
    "en-US": "10/20/2020, 3:04:05 PM",
    "en-US since Chrome 110": "10/20/2020, 3:04:05\u202fPM",
    "en-GB": "20/10/2020, 15:04:05",
    "en-IN": "20/10/2020, 3:04:05 pm",
    "de": "20.10.2020, 15:04:05",
    "fr": "20/10/2020 15:04:05",
    "nl": "20-10-2020, 15:04:05",
    "sv": "2020-10-20 15:04:05",
    "fi": "20.10.2020 klo 15.04.05",
    "da": "20.10.2020 15.04.05",
    "bg": "20.10.2020 г., 15:04:05 ч.",
    "vi": "15:04:05 20/10/2020",
    "zh-CN": "2020/10/20 15:04:05",
    "zh-TW": "2020/10/20 下午3:04:05",
    "ja": "2020/10/20 15:04:05",
    "ko": "2020. 10. 20. 오후 3:04:05",
    "th": "20/10/2563 15:04:05",
    "es-MX": "20/10/2020, 3:04:05 p.m.",
    "ar-EG": "٢٠‏/١٠‏/٢٠٢٠، ٣:٠٤:٠٥ م",
    "el": "20/10/2020, 3:04:05 μ.μ.",
    "ISO": "2020-10-20T15:04:05",
}


@pytest.mark.parametrize("locale", LOCALES)
def test_the_usual_languages(locale: str) -> None:
    (at,), zone_known = from_local_texts([LOCALES[locale]], [], first=None)
    assert at == NOON and not zone_known


def test_midnight_and_noon_of_twelve_hours() -> None:
    times, _ = from_local_texts(["1/2/2020, 12:00:01 AM", "1/2/2020, 12:00:01 PM"], [], first=None)
    assert times[0] is not None and times[1] is not None and times[1] - times[0] == 12 * 3600


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("5/6/2020, 03:00:00", 2),
        ("6/5/2020, 3:00:00 AM", 2),
        ("05/06/2020, 6:30:00 am", 5.5),
        ("4/6/2020 20:00:00", -5),
    ],
)
def test_day_and_month_and_the_time_zone_follow_from_the_statistics(text: str, hours: float) -> None:
    first = datetime(2020, 6, 5, 1, 0, 0, tzinfo=UTC).timestamp()
    (at,), zone_known = from_local_texts([text], [], first)
    assert at == first and zone_known, hours


def test_a_day_over_twelve_anywhere_settles_the_order_for_all() -> None:
    times, _ = from_local_texts(["1/2/2020, 10:00:00", "13/2/2020, 10:00:00"], [], first=None)
    assert times[0] == datetime(2020, 2, 1, 10, tzinfo=UTC).timestamp()


def test_a_moment_in_both_forms_tells_more_than_the_first_statistics() -> None:
    """Of a call of an hour only the last 1000 s of statistics are there."""
    texts = ["2/3/2026, 9:00:00 AM", "2/3/2026, 9:52:33 AM"]
    known = [("2/3/2026, 9:52:33 AM", datetime(2026, 2, 3, 18, 52, 33, 119_000, tzinfo=UTC).timestamp())]
    times, zone_known = from_local_texts(texts, known, first=known[0][1] - 900, capped=True)
    assert zone_known and times[0] == datetime(2026, 2, 3, 18, 0, 0, tzinfo=UTC).timestamp()


def test_what_is_no_time_is_none_and_disturbs_no_other() -> None:
    texts = [
        "",
        "soon",
        "10/20/2020, 3:04:05 PM",
        "99/99/2020, 3:04:05",
        "1" * 70,
        None,
        7,
        "10/20/20202, 3:04:05",
    ]
    times, _ = from_local_texts(texts, [], first=None)
    assert times == [None, None, NOON, None, None, None, None, None]
    assert from_local_texts(["soon"], [], first=NOON) == ([None], False)


@given(st.lists(st.one_of(st.text(max_size=40), st.sampled_from(list(LOCALES.values())))), st.floats(0, 4e9))
def test_any_texts_are_taken(texts: list[str], first: float) -> None:
    times, _ = from_local_texts(texts, [(text, first) for text in texts[:3]], first)
    assert len(times) == len(texts)
