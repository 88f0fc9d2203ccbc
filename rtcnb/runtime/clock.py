"""One clock for kernel and page: how far the page's is from ``time.monotonic()``, and how well that is known.

Every message bounds the offset: it was sent before it arrived, and after what its sender had heard by then was
sent. The bounds hold for all messages together, so an answer never seems to come before its question.
"""

from __future__ import annotations

from collections import deque

DRIFT = 100e-6  # seconds a second; what crystals of two clocks may differ, generously
REMEMBERED = 512
QUIET = 5.0  # seconds without a message to the page


class PageClock:
    """The page's clock (``performance.now()``, in milliseconds) on the kernel's (``time.monotonic()``)."""

    def __init__(self) -> None:
        self._lowest = float("-inf")
        self._highest = float("inf")
        self._bounded_at = 0.0
        self._sent: deque[tuple[int, float]] = deque(maxlen=REMEMBERED)
        self._latest = float("-inf")

    def sent(self, number: int, now: float) -> None:
        """Note that message `number` goes to the page now."""
        self._sent.append((number, now))

    def heard(self, at_ms: float, after: int, now: float) -> float:
        """Return when the page sent a message, on the kernel's clock.

        Parameters
        ----------
        at_ms : float
            The page's clock at that moment.
        after : int
            The number of the last message that it had heard.
        now : float
            The kernel's clock at the message's arrival.
        """
        self._widen(now)
        earliest = next((sent for number, sent in reversed(self._sent) if number <= after), self._latest)
        self._highest = min(self._highest, now - at_ms / 1000)
        self._lowest = max(self._lowest, earliest - at_ms / 1000)
        if self._lowest > self._highest:  # a page's clock that stood still: begin anew
            self._lowest = self._highest = now - at_ms / 1000
        time = at_ms / 1000 + self.offset
        self._latest = min(max(time, earliest, self._latest), now)
        return self._latest

    def wants_exchange(self, now: float) -> bool:
        """Whether the page has had nothing to hear for so long that the clocks drift apart unseen."""
        return not self._sent or now - self._sent[-1][1] > QUIET

    def _widen(self, now: float) -> None:
        passed = now - self._bounded_at
        self._bounded_at = now
        self._lowest -= DRIFT * passed
        self._highest += DRIFT * passed

    @property
    def offset(self) -> float:
        """Seconds to add to the page's clock; the message that travelled fastest where only one bound is known."""
        if self._lowest == float("-inf"):
            return self._highest
        return (self._lowest + self._highest) / 2

    @property
    def error_ms(self) -> float:
        """By how much times of the page may be wrong, in milliseconds; infinite before the first exchange."""
        return (self._highest - self._lowest) / 2 * 1000


class ErrorNews:
    """When the error of a clock is worth saying again: at first, and when it is half or double what was said."""

    def __init__(self) -> None:
        self._said = float("inf")

    def is_news(self, error_ms: float) -> bool:
        """Whether this is; then it counts as said."""
        known = error_ms < float("inf")
        if not known or (self._said / 2 < error_ms < self._said * 2 and self._said < float("inf")):
            return False
        self._said = error_ms
        return True
