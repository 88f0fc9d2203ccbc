"""What a peer shows of itself: its four states and its two descriptions, live."""

from __future__ import annotations

import asyncio
import weakref
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..runtime import loop
from ..runtime.displays import displayed
from ..web.esm import module, stylesheet
from .peer import Peer

UPDATE_DELAY = 0.1  # candidates come in bursts; each would redraw both descriptions


class PeerView(anywidget.AnyWidget):
    """The live display of one peer."""

    _esm = module("peers/peer_view.js")
    _css = stylesheet((Path(__file__).parent / "peer_view.css").read_text())
    name = traitlets.Unicode().tag(sync=True)
    place = traitlets.Unicode().tag(sync=True)
    colour = traitlets.Int().tag(sync=True)
    states = traitlets.Dict().tag(sync=True)
    local = traitlets.Unicode().tag(sync=True)
    remote = traitlets.Unicode().tag(sync=True)

    def __init__(self, peer: Peer) -> None:
        self._peer = weakref.ref(peer)
        self._scheduled: asyncio.TimerHandle | None = None
        super().__init__(name=peer.name, place=peer.place, colour=peer.colour, **_shown(peer))
        peer._observers.append(self._soon)

    def close(self) -> None:
        """Show it no more; the peer goes on."""
        peer = self._peer()
        if peer is not None and _views.get(peer) is self:
            del _views[peer]
            peer._observers.remove(self._soon)
        super().close()
        self.layout.close()

    def _soon(self) -> None:
        """Redraw in a moment; runs on the background loop."""
        if self._scheduled is None:
            self._scheduled = loop.background().call_later(UPDATE_DELAY, self._update)

    def _update(self) -> None:
        self._scheduled = None
        peer = self._peer()
        if peer is not None and self.comm is not None:
            with self.hold_sync():
                self.set_trait("states", _shown(peer)["states"])
                self.set_trait("local", _shown(peer)["local"])
                self.set_trait("remote", _shown(peer)["remote"])


def _shown(peer: Peer) -> dict[str, Any]:
    local, remote = peer.localDescription, peer.remoteDescription
    return {
        "states": dict(peer._states),
        "local": local._repr_html_() if local else "",
        "remote": remote._repr_html_() if remote else "",
    }


_views: weakref.WeakKeyDictionary[Peer, PeerView] = weakref.WeakKeyDictionary()


def bundle(peer: Peer, **kwargs: Any) -> dict[str, Any]:
    """Return the peer's display by MIME type: live, and as the static form that a saved notebook keeps."""
    view = _views.get(peer) or _views.setdefault(peer, PeerView(peer))
    displayed(view)
    made = view._repr_mimebundle_(**kwargs)
    data = dict(made[0] if isinstance(made, tuple) else made or {})
    return {**data, "text/plain": repr(peer), "text/html": _static(peer)}


def _static(peer: Peer) -> str:
    shown = _shown(peer)
    states = " · ".join(
        f"{escape(k.removesuffix('State'))} <b>{escape(v)}</b>" for k, v in shown["states"].items()
    )
    parts = [f"<div><b>{escape(peer.name)}</b> ({peer.place}) · {states}</div>"]
    for side in ("local", "remote"):
        if shown[side]:
            parts.append(f"<details><summary>{side}Description</summary>{shown[side]}</details>")
    return "".join(parts)
