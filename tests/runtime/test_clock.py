"""The page's clock: bounds that close in, order that holds, drift that does not mislead."""

from __future__ import annotations

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from rtcnb.runtime.clock import ErrorNews, PageClock

OFFSET = 1000.0  # the kernel's clock is ahead by so many seconds


def test_the_first_message_is_taken_to_have_been_fast() -> None:
    clock = PageClock()
    assert clock.heard(5_000, 0, OFFSET + 5.2) == OFFSET + 5.2
    assert math.isinf(clock.error_ms)


def test_exchanges_close_the_bounds_in() -> None:
    clock = PageClock()
    clock.heard(0, 0, OFFSET + 0.050)
    for number, (there, back) in enumerate([(0.050, 0.050), (0.020, 0.080), (0.004, 0.002)], 1):
        now = OFFSET + number
        clock.sent(number, now)
        clock.heard((number + there) * 1000, number, now + there + back)
    assert 0 < clock.error_ms < 3.5
    assert abs(clock.offset - OFFSET) <= clock.error_ms / 1000


@given(st.integers(0, 2**32))
def test_no_answer_before_its_question_and_nothing_from_the_future(seed: int) -> None:
    dice, clock, drift = random.Random(seed), PageClock(), random.Random(seed).uniform(-40e-6, 40e-6)
    now, heard, latest = OFFSET, 0, float("-inf")
    sent = {0: float("-inf")}
    for number in range(1, 60):
        sent[number] = now
        clock.sent(number, now)
        there, back = dice.expovariate(100), dice.expovariate(100)
        arrival, heard = now + there, number
        at = clock.heard((arrival - OFFSET) * (1 + drift) * 1000, heard, arrival + back)
        assert sent[heard] <= at <= arrival + back and at >= latest
        assert abs(at - arrival) <= clock.error_ms / 1000 + 1e-3
        latest, now = at, arrival + back + dice.expovariate(1)


def test_a_clock_that_stood_still_begins_anew() -> None:
    clock = PageClock()
    clock.sent(1, OFFSET)
    clock.heard(0, 1, OFFSET + 0.001)
    clock.sent(2, OFFSET + 60)
    assert clock.heard(10, 2, OFFSET + 60.001) >= OFFSET + 60, "the machine slept"
    assert abs(clock.offset - (OFFSET + 59.99)) < 0.02


def test_a_long_call_that_the_kernel_only_listens_to_keeps_its_clock() -> None:
    dice, clock, worst_ms, asked = random.Random(1), PageClock(), 0.0, 0

    def says(at: float) -> float:
        """What the page tells at this moment, on the kernel's clock; return when it is heard."""
        arrival = at + dice.uniform(0.005, 0.03)
        told = clock.heard((at - OFFSET) * (1 + 40e-6) * 1000, asked, arrival)
        assert abs(told - at) * 1000 <= clock.error_ms + 1e-6
        return arrival

    for second in range(2 * 3600):
        now = says(OFFSET + second)
        if clock.wants_exchange(now):
            asked += 1
            clock.sent(asked, now)
            says(now + dice.uniform(0.005, 0.03))
        worst_ms = max(worst_ms, clock.error_ms)
    print(f"asked {asked} times; the error was {worst_ms:.1f} ms at most")
    assert worst_ms < 30 and 1000 < asked < 1500


def test_the_error_is_told_when_it_has_changed_much() -> None:
    news = ErrorNews()
    told = [x for x in (math.inf, 40.0, 30.0, 21.0, 19.0, 12.0, 37.0, 39.0, 4.0, math.inf) if news.is_news(x)]
    assert told == [40.0, 19.0, 39.0, 4.0]
