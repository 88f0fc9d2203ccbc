"""Streams of ipywebrtc as tracks of the page; this file and its twin alone know ipywebrtc."""

from __future__ import annotations

import weakref
from typing import Any

import anywidget
import ipywebrtc
import ipywidgets
import traitlets

from ..errors import TrackEnded
from ..runtime import page as pages
from ..web.esm import module
from .track import PageTrack


class Bridge(anywidget.AnyWidget):
    """The invisible widget that captures one ipywebrtc stream in the page where a peer wants it."""

    _esm = module("media/ipywebrtc_bridge.js")
    link = traitlets.Unicode().tag(sync=True)
    stream = traitlets.Instance(ipywebrtc.MediaStream).tag(sync=True, **ipywidgets.widget_serialization)
    video = traitlets.Unicode().tag(sync=True)
    audio = traitlets.Unicode().tag(sync=True)


_bridges: weakref.WeakKeyDictionary[Any, Bridge] = weakref.WeakKeyDictionary()


def page_tracks_of(stream: ipywebrtc.MediaStream) -> list[PageTrack]:
    """Return the tracks of an ipywebrtc stream: its picture, and its sound where it says that it has one.

    They are captured in the page of the peer that wants them, and the same stream gives the same tracks.

    Raises
    ------
    NoPage
        This Python runs in no notebook kernel.
    TrackEnded
        The stream was closed.
    """
    if stream.comm is None:
        raise TrackEnded(f"This {type(stream).__name__} of ipywebrtc was closed. Make it again.")
    id = f"ipywebrtc-{stream.model_id}"
    name = type(stream).__name__
    constraints = getattr(stream, "constraints", None) or {}
    tracks = []
    if name != "AudioStream" and constraints.get("video", True):
        tracks.append(PageTrack(f"{id}/video", "video", name, arrives=True))
    if name == "AudioStream" or constraints.get("audio"):
        tracks.append(PageTrack(f"{id}/audio", "audio", name, arrives=True))
    if stream not in _bridges:
        ids = {track.kind: track.id for track in tracks}
        _bridges[stream] = Bridge(link=pages.link().id, stream=stream, **ids)
    return tracks
