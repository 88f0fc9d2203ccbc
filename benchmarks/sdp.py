"""How long rtcnb.sdp takes a line, beside the PyPI package sdp-transform and aiortc's parser, in one run.

    pip install sdp-transform
    python benchmarks/sdp.py [DIRECTORY]

DIRECTORY holds descriptions, ``*.sdp``; default: the corpus (RTCNB_CORPUS, or ../shared/corpus), and where that is
absent the offer of the documentation, many times. Each way reads every file, in turn, ROUNDS times; the quickest
round counts. Nothing is kept from one file to the next. Both rivals lose something: sdp-transform does not give the
same text back, aiortc drops what it does not know.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from aiortc.sdp import SessionDescription as AiortcDescription

from rtcnb.sdp import explain, lint, parse

ROUNDS = 7
CHECKOUT = Path(__file__).resolve().parents[1]
READ_BOUND = 0.5
ALL_BOUND = 4.0


def texts(arguments: list[str]) -> list[bytes]:
    """Read what is measured."""
    default = Path(os.environ.get("RTCNB_CORPUS") or CHECKOUT.parent / "shared" / "corpus") / "sdp"
    found = sorted(Path(arguments[0] if arguments else default).rglob("*.sdp"))
    if not found and not arguments:
        return [(CHECKOUT / "docs" / "lint" / "offer.sdp").read_bytes()] * 100
    return [path.read_bytes() for path in found]


def read(data: bytes) -> None:
    """Positions, every field, and what is wrong, of every line."""
    for line in parse(data).lines:
        line.start, line.end, line.fields, line.error  # noqa: B018


def everything(data: bytes) -> None:
    """Read, lint, and explain every line."""
    document = parse(data)
    lint(document, "offer", "en")
    for line in document.lines:
        explain(line, "en")


def sdp_transform() -> Callable[[bytes], None]:
    """The rival, as its documentation uses it."""
    try:
        import sdp_transform as package
    except ImportError:
        sys.exit("The rival is missing: pip install sdp-transform")

    def rival(data: bytes) -> None:
        try:
            package.parse(data.decode("utf-8", "replace"))
        except Exception:  # it raises whatever its reading meets
            return

    return rival


def aiortc(data: bytes) -> None:
    """aiortc's own parser."""
    try:
        AiortcDescription.parse(data.decode("utf-8", "replace"))
    except Exception:  # as above
        return


def main(arguments: list[str]) -> int:
    data = texts(arguments)
    if not data:
        sys.exit(f"No *.sdp in {arguments[0]}.")
    lines = sum(len(parse(each).lines) for each in data)
    ways: dict[str, Callable[[bytes], None]] = {
        "sdp-transform, parse": sdp_transform(),
        "aiortc, parse": aiortc,
        "rtcnb, parse": lambda each: parse(each) and None,
        "rtcnb, parse and every field": read,
        "rtcnb, parse, lint and explain everything": everything,
    }
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for name, way in ways.items():
            gc.collect()
            began = time.perf_counter()
            for each in data:
                way(each)
            best[name] = min(best[name], time.perf_counter() - began)
    rival = best["sdp-transform, parse"]
    print(f"{len(data)} descriptions, {lines} lines, the best of {ROUNDS} rounds")
    for name, seconds in best.items():
        print(f"{name:44} {seconds / lines * 1e6:6.2f} us a line   {seconds / rival:5.2f} x sdp-transform")
    good = best["rtcnb, parse and every field"] <= READ_BOUND * rival
    good = good and best["rtcnb, parse, lint and explain everything"] <= ALL_BOUND * rival
    print(f"bounds: {READ_BOUND} and {ALL_BOUND}: {'held' if good else 'NOT HELD'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
