"""What `addTrack` takes, on each side, and the sentence for what it does not take."""

from __future__ import annotations

import sys
from typing import Any

from ..errors import WrongTrack
from ..media.track import KernelTrack, PageTrack


def _unwrap(given: Any) -> Any:
    """Return the track of something that has one: a camera, a test pattern, a processed track."""
    if isinstance(given, KernelTrack | PageTrack):
        return given
    tracks = [
        t
        for n in ("track", "video", "audio")
        if isinstance(t := getattr(given, n, None), KernelTrack | PageTrack)
    ]
    return tracks[0] if len(tracks) == 1 else given


def _both(given: Any) -> bool:
    return all(isinstance(getattr(given, n, None), KernelTrack | PageTrack) for n in ("video", "audio"))


def _is_aiortc(given: Any) -> bool:
    module = sys.modules.get("aiortc")
    return module is not None and isinstance(given, module.MediaStreamTrack)


def kernel_track_of(name: str, method: str, given: Any) -> Any:
    """Return an aiortc track for a KernelPeer to send.

    Raises
    ------
    WrongTrack
        It lives in the page, or is no track.
    """
    if _both(given):
        raise WrongTrack(f"{name}.{method}(): it has a picture and a sound; add each: .video and .audio.")
    track = _unwrap(given)
    if isinstance(track, KernelTrack):
        return track.outgoing()
    if _is_aiortc(track):
        return track
    if isinstance(track, PageTrack) or _is_ipywebrtc(track):
        raise WrongTrack(
            f"{name}.{method}(): this track lives in the browser page, and {name} in the kernel. Add it to a "
            f"BrowserPeer instead; over the call it reaches {name} as {name}.track('video')."
        )
    raise WrongTrack(
        f"{name}.{method}() takes a track of the kernel: TestPattern().video, the result of rtcnb.process, "
        f"another kernel peer's track('video'), or an aiortc track. It got {_described(given)}."
    )


def page_track_of(name: str, method: str, given: Any) -> list[PageTrack]:
    """Return the page's tracks for a BrowserPeer to send; an ipywebrtc stream may have several.

    Raises
    ------
    WrongTrack
        It lives in the kernel, or is no track.
    """
    if _is_ipywebrtc(given):
        from ..media.ipywebrtc_bridge import page_tracks_of

        return page_tracks_of(given)
    if _both(given) and isinstance(given.video, PageTrack):
        return [given.video, given.audio]
    track = _unwrap(given)
    if isinstance(track, PageTrack):
        return [track]
    if isinstance(track, KernelTrack) or _is_aiortc(track):
        raise WrongTrack(
            f"{name}.{method}(): this track lives in the kernel, and {name} in the browser page. Add it to a "
            f"KernelPeer instead; over the call it reaches {name} as {name}.track('video')."
        )
    raise WrongTrack(
        f"{name}.{method}() takes a track of the page: Camera().video, Microphone().audio, Screen().video, "
        f"TestPattern(place='page').video, or an ipywebrtc stream. It got {_described(given)}."
    )


def _is_ipywebrtc(given: Any) -> bool:
    module = sys.modules.get("ipywebrtc")
    return module is not None and isinstance(given, module.MediaStream)


def _described(given: Any) -> str:
    shape = getattr(given, "shape", None)
    return f"an image of shape {shape}" if shape is not None else f"a {type(given).__name__}"
