"""What the tracks of a KernelPeer add to its statistics: aiortc counts no frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..media.outgoing import Outgoing
from ..media.track import KernelTrack

Entry = dict[str, Any]


def add_tracks(
    entries: dict[str, Entry], received: Mapping[Any, Any], sent: Iterable[tuple[str, Outgoing]]
) -> None:
    """Add the frames of tracks: received ones to their streams, sent ones as sources (webrtc-stats section 8.8).

    Parameters
    ----------
    entries : dict of str to dict
        By id; changed in place.
    received : mapping
        Our tracks by kind and number.
    sent : iterable of (str, Outgoing)
        The id of the outbound stream, and what it sends.
    """
    for entry in entries.values():
        track = received.get((entry.get("kind", ""), 0))
        if entry["type"] == "inbound-rtp" and isinstance(track, KernelTrack):
            counters = track.counters
            entry["framesDecoded"] = counters.frames
            entry["framesPerSecond"] = round(counters.frames_per_second, 1)
            width, height = _size(track)
            entry |= {"frameWidth": width, "frameHeight": height} if width else {}
    for id, outgoing in sent:
        stream = entries.get(id)
        if stream is not None:
            source = _source(outgoing.track)
            stream["mediaSourceId"] = source["id"]
            entries[source["id"]] = {**source, "timestamp": stream["timestamp"]}


def _source(track: KernelTrack) -> Entry:
    entry: Entry = {"id": f"media-source_{track.id}", "type": "media-source", "kind": track.kind}
    entry["trackIdentifier"] = track.id
    if track.kind == "video":
        entry |= {
            "frames": track.counters.frames,
            "framesPerSecond": round(track.counters.frames_per_second, 1),
        }
        width, height = _size(track)
        entry |= {"width": width, "height": height} if width else {}
    return entry


def _size(track: KernelTrack) -> tuple[int, int]:
    frame = track.latest if track.kind == "video" else None
    return (int(frame.width), int(frame.height)) if frame is not None else (0, 0)
