"""Files and traces: each format in a file of its own."""

from __future__ import annotations

import gzip
import io
import os
import secrets
import zlib
from collections.abc import Callable
from os import PathLike
from pathlib import Path

from ...errors import TraceError
from ..trace import Trace
from . import (
    firefox_page,
    firefox_report,
    jitsi_rtcstats,
    json_lines,
    pcapng,
    rtcstats,
    rtcstats_writer,
    webrtc_internals,
)

MAX_FILE_BYTES = 256 * 2**20  # unpacked; a dump of an hour has some 20 MB

# What each format's own text begins like, and what reads it; the first that fits.
READERS: list[tuple[Callable[[str], bool], Callable[[str], Trace]]] = [
    (json_lines.fits, json_lines.load),
    (webrtc_internals.fits, webrtc_internals.load),
    (firefox_report.fits, firefox_report.load),
    (firefox_page.fits, firefox_page.load),
    (rtcstats.fits, rtcstats.load),
    (jitsi_rtcstats.fits, jitsi_rtcstats.load),
]
WRITERS: dict[str, Callable[[Trace, bool], bytes]] = {
    "jsonl": json_lines.dump,
    "rtcstats": rtcstats_writer.dump,
    "pcapng": pcapng.dump,
}


def load(file: str | PathLike[str] | bytes) -> Trace:
    """Read a trace from a file of any format; see `Trace.load`."""
    data = _unpacked(file if isinstance(file, bytes) else _read(Path(file)))
    text = data.decode("utf-8", errors="replace").removeprefix("\ufeff").lstrip()
    if not text:
        raise TraceError("", "the file is empty.")
    for fits, reader in READERS:
        if fits(text):
            return reader(text)
    raise TraceError(
        "",
        f"this begins with {text[:40]!r} and is nothing that rtcnb reads: a trace that it saved (its first line "
        f'has "{json_lines.MARK}"), a dump of chrome://webrtc-internals, rtcstats or jitsi, or what Firefox saved '
        "or copied of about:webrtc.",
    )


def _read(path: Path) -> bytes:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise TraceError(str(path), f"it has over {MAX_FILE_BYTES // 2**20} MiB; more is not read.")
    return path.read_bytes()


def _unpacked(data: bytes) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            unpacked = packed.read(MAX_FILE_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise TraceError("gzip", f"the file is damaged or cut short: {error}.") from None
    if len(unpacked) > MAX_FILE_BYTES:
        raise TraceError("gzip", f"unpacked it has over {MAX_FILE_BYTES // 2**20} MiB; more is not read.")
    return unpacked


def save(trace: Trace, path: str | PathLike[str], format: str | None, anonymise: bool) -> None:
    """Write a trace to a file; see `Trace.save`."""
    target = Path(path)
    chosen = format or next((name for name in WRITERS if target.suffix == f".{name}"), "jsonl")
    if chosen not in WRITERS:
        raise TraceError("", f"there is no format {chosen!r}; there are {', '.join(WRITERS)}.")
    data = WRITERS[chosen](trace, anonymise)
    # Whole or not at all: a full disk or an interrupt must not leave half a file in the place of a good one.
    unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        unfinished.write_bytes(data)
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)
