"""What tests of failures share: two peers, an exchange that may go wrong, and a judge of what is said of it."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import rtcnb
from rtcnb.errors import RtcnbError
from rtcnb.peers.wire import exchange
from rtcnb.trace import FaultEvent, Trace

# What was made for real, and what was said first, live and of the saved file; the session prints it at its end.
CONFUSION: Counter[tuple[str, str, str]] = Counter()


def confusion_table() -> list[str]:
    """Return the table's lines: a row for each failure, with how often it was made."""
    heads = ("made for real", "said live", "said of the file", "times")
    rows = [(*row, str(times)) for row, times in sorted(CONFUSION.items())]
    return ["".join(f"{word:24}" for word in row).rstrip() for row in (heads, *rows)]


@asynccontextmanager
async def peers(
    trace: Trace | None = None, **configuration: Any
) -> AsyncIterator[tuple[rtcnb.KernelPeer, rtcnb.KernelPeer]]:
    """Two peers on a trace of their own, unless one is given; closed at the end."""
    trace = trace if trace is not None else Trace()
    made = [rtcnb.KernelPeer(name, trace=trace, **configuration) for name in ("alice", "bob")]
    try:
        yield made[0], made[1]
    finally:
        for peer in made:
            await peer.close()


def nameless(trace: Trace) -> Trace:
    """The trace without what was said to be made, and with other names."""
    names = {"alice": "p1", "bob": "p2", "": ""}
    kept = []
    for event in trace.select():
        if not isinstance(event, FaultEvent):
            renamed = {"peer": names[event.peer]}
            if event.kind == "message":
                renamed["receiver"] = names[event.receiver]  # type: ignore[attr-defined]
            kept.append(dataclasses.replace(event, **renamed))
    return Trace.of(kept)


def first(trace: Trace) -> str:
    """Return the name of the first finding's rule."""
    return next((finding.rule for finding in trace.diagnose()), "-")


def judge(made: str, trace: Trace, tmp_path: Path) -> None:
    """Diagnose a trace, and again what is read from its file; both must put the cause first."""
    live = nameless(trace)
    live.ended = None
    live.save(tmp_path / "trace.jsonl")
    live.save(tmp_path / "anonymous.jsonl", anonymise=True)
    said = first(live), first(Trace.load(tmp_path / "trace.jsonl"))
    CONFUSION[(made, *said)] += 1
    assert said == (made, made)
    assert first(Trace.load(tmp_path / "anonymous.jsonl")) == made
    for finding in trace.diagnose():
        assert finding.remedy and finding.sentence and 0 < finding.confidence <= 1
        assert finding.evidence


def healthy(trace: Trace, tmp_path: Path) -> None:
    """Nothing above advice is said of a trace, nor of what is read from its file."""
    trace.save(tmp_path / "trace.jsonl")
    worse = [
        [f.rule for f in each.diagnose() if f.severity != "advice"]
        for each in (nameless(trace), Trace.load(tmp_path / "trace.jsonl"))
    ]
    CONFUSION[("healthy", *(", ".join(rules) or "-" for rules in worse))] += 1
    assert worse == [[], []]


async def attempt(wire: rtcnb.Wire, alice: Any, bob: Any, timeout: float = 6.0) -> list[RtcnbError]:
    """Run the exchange over a wire that may be faulty; return what was refused, and why it did not connect."""
    errors: list[RtcnbError] = []
    try:
        await exchange(wire, alice, bob)
    except RtcnbError as error:
        errors.append(error)
    wire.auto = True
    waited = await asyncio.gather(
        alice.wait_connected(timeout), bob.wait_connected(timeout), return_exceptions=True
    )
    return errors + [e for e in waited if isinstance(e, RtcnbError)]
