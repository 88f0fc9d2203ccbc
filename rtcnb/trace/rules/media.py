"""Pictures and sound: nothing sent, frames dropped, a device that does not open."""

from __future__ import annotations

from collections.abc import Iterator

from ..events import MediaEvent
from ..evidence import Side
from .registry import Hit, rule

DENIED = {"DeviceDenied"}


@rule("nothing-to-send", "warning", "RFC 9429 section 5.3.1")
def nothing_to_send(side: Side) -> Iterator[Hit]:
    """This side asked to receive, and the answer has nothing to give."""
    offer, answer = side.local, side.remote
    if offer is None or answer is None or (offer.type, answer.type) != ("offer", "answer"):
        return
    for ours, theirs in zip(offer.document.media, answer.document.media, strict=False):
        live = not ours.rejected and not theirs.rejected
        if live and ours.direction == "recvonly" and theirs.direction == "inactive":
            yield Hit(
                (side.set_last("local"), side.set_last("remote")), {"kind": str(ours.kind), "mid": ours.mid}
            )


@rule("insecure-page", "error", "W3C mediacapture-streams section 10.1")
def insecure_page(side: Side) -> Iterator[Hit]:
    yield from _devices(side, "InsecurePage")


@rule("device-denied", "error", "W3C mediacapture-streams section 10.3")
def device_denied(side: Side) -> Iterator[Hit]:
    yield from _devices(side, "DeviceDenied")


def _devices(side: Side, error: str) -> Iterator[Hit]:
    failed = [e for e in side.media if e.error == error]
    opened_since = failed and any(e.action == "live" and e.time > failed[-1].time for e in side.media)
    if failed and not opened_since:
        yield Hit((failed[-1],), {"text": failed[-1].text})


@rule("frames-dropped", "advice", "design: the latest frame wins")
def frames_dropped(side: Side) -> Iterator[Hit]:
    dropped: list[MediaEvent] = [e for e in side.media if e.action == "dropped" and "frames" in e.text]
    if len(dropped) >= 3:
        seconds = max(1.0, dropped[-1].time - dropped[0].time)
        rate = sum(e.frames for e in dropped) / seconds
        if rate >= 5:
            yield Hit(tuple(dropped[-3:]), {"rate": f"{rate:.0f}"}, 0.9)
