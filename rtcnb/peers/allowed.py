"""What a peer may be asked to do now, without asking it: what it would refuse, what it made, what it waits for."""

from __future__ import annotations

from typing import Any

from ..errors import PeerError
from ..sdp import SessionDescription
from . import refusals
from .peer import Peer


def why_not(peer: Peer, method: str, type: str = "") -> PeerError | None:
    """Say why a call would be refused now, without making it.

    Parameters
    ----------
    peer : Peer
    method : str
        The W3C's name.
    type : str
        Of the description that is to be set.

    Returns
    -------
    PeerError or None
        What it would raise because of the state that the peer is in; None where it may be called.
    """
    state = peer.signalingState
    if state == "closed":
        return refusals.closed(peer.name, method)
    if type == "rollback" and peer.place == "kernel":
        return refusals.no_rollback(peer.name)
    if method == "createOffer":
        return refusals.of_create_offer(peer.name, state)
    if method == "createAnswer":
        if state == "have-remote-offer" and peer.place == "kernel" and (unasked := _unasked(peer)):
            return refusals.unasked(peer.name, unasked)
        return refusals.of_create_answer(peer.name, state)
    if method not in ("setLocalDescription", "setRemoteDescription"):
        return None
    side: refusals.Side = "local" if method == "setLocalDescription" else "remote"
    if rolls_back_by_itself(peer, side, type):
        return None
    return refusals.of_state(peer.name, state, side, type)


def _unasked(peer: Any) -> list[str]:
    """Return the kinds that a kernel peer was given to send and that the offer has no section for."""
    return [transceiver.kind for transceiver in peer._pc.getTransceivers() if transceiver.mid is None]


def rolls_back_by_itself(peer: Peer, side: refusals.Side, type: str) -> bool:
    """Whether a browser would take its own offer back for this one (webrtc-pc 4.4.1.5, "implicit rollback")."""
    return peer.place == "page" and (side, type, peer.signalingState) == (
        "remote",
        "offer",
        "have-local-offer",
    )


def created(peer: Peer) -> SessionDescription | None:
    """Return what createOffer or createAnswer made last, as long as no local description was set since."""
    return None if peer._created is peer._created_and_set else peer._created


def negotiation_needed(peer: Peer) -> bool:
    """Whether ``negotiationneeded`` has come since the peer became stable."""
    return peer._negotiation_needed and peer.signalingState == "stable"
