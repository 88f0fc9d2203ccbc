"""The slider: at any moment each view shows what it would show of the trace up to then, and nothing else."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

import rtcnb
from rtcnb.trace import Trace
from rtcnb.widgets.inspector import VIEWS
from rtcnb.widgets.trace_view import TraceView

DUMP = Path(__file__).parents[2] / "notebooks" / "dumps" / "a_call_that_failed.gz"
MOMENTS = 12
CHART = re.compile("<figure.*?</figure>", re.DOTALL)


async def a_call() -> Trace:
    """Return the trace of a call between two kernel peers, with video and a channel, from its file."""
    trace = Trace()
    alice, bob = (rtcnb.KernelPeer(name, trace=trace) for name in ("alice", "bob"))
    alice.addTrack(rtcnb.TestPattern(width=160, height=120).video)
    channel = alice.createDataChannel("chat")
    await rtcnb.connect(alice, bob)
    await channel.wait_open()
    channel.send("hello")
    async with asyncio.timeout(20):
        while len(trace.select("bob", "statistics")) < 2:
            await asyncio.sleep(0.05)
    await alice.close()
    await bob.close()
    return Trace.of(trace.events, epoch=trace.epoch)


@pytest.fixture(scope="module", params=["a call of the kernel", "a dump of Chromium"])
def trace(request: pytest.FixtureRequest) -> Trace:
    return Trace.load(DUMP) if "dump" in request.param else asyncio.run(a_call())


def drawn(view: TraceView) -> dict[str, str]:
    """All that a view shows, every row of its lists too; a chart's axis has the whole call, whatever the moment."""
    shown = {}
    for fragment in view.draw():
        rows = fragment.rows.draw(0, fragment.rows.count) if fragment.rows is not None else []
        whole = "\n".join(map(str, (fragment.body, *rows, fragment.below or "")))
        shown[fragment.key] = CHART.sub("", whole)
    return shown


@pytest.mark.parametrize("kind", VIEWS, ids=lambda kind: kind.name)
def test_at_any_moment_a_view_shows_the_trace_up_to_then(kind: type[TraceView], trace: Trace) -> None:
    events = trace.select()
    view = kind(trace)
    for number in range(MOMENTS + 1):
        until = events[(len(events) - 1) * number // MOMENTS].time
        view.until = until
        cut = Trace.of([e for e in events if e.time <= until], epoch=trace.epoch, source=trace.source)
        cut.missing, cut.ended = trace.missing, until
        assert drawn(view) == drawn(kind(cut)), f"{kind.name} at {until - events[0].time:.3f} s"
    view.until = None
    assert drawn(view) == drawn(kind(trace)), f"{kind.name} at its end"
