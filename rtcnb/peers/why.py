"""Why two peers are not connected, from what one of them knows; the Trace's diagnosis will know more."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..finding import Finding

if TYPE_CHECKING:
    from .peer import Peer

SILENCE_AFTER = 4.5  # a wait that hears nothing says so within 5 s


def why_not_connected(peer: Peer) -> list[Finding]:
    """Return what is missing, the likeliest cause first."""
    checks = (_descriptions, _nothing_negotiated, _candidates, _checks_failed, _dtls)
    return [finding for check in checks if (finding := check(peer)) is not None]


def why_silent(peer: Peer, other: Peer | None) -> Finding:
    """Say why a peer that has all it needs hears nothing; `other` is the other end, if it is in this notebook."""
    if other is not None and (missing := why_not_connected(other)):
        return missing[0]
    if other is None:
        return _finding(
            "no-answer",
            f"{peer.name} has sent connectivity checks for seconds, and not one packet of the other side came.",
            "Look whether the other side has the description and the candidates of this one. If it has, no UDP "
            "passes between them: give both a TURN server over TCP or TLS (iceServers).",
            "RFC 8445 section 7.2.5",
        )
    places = "the page and the kernel" if peer.place != other.place else f"two peers in the {peer.place}"
    binder = " This kernel runs on Binder, which lets no UDP through." if on_binder() else ""
    return _finding(
        "no-udp",
        f"No UDP passes between {places}: {peer.name} and {other.name} have each other's descriptions and "
        f"candidates, and not one packet came in {SILENCE_AFTER:g} s.{binder}",
        "Let two peers talk that can reach each other, both in the page or both in the kernel; bring the camera to "
        "OpenCV over the notebook's own connection, rtcnb.process(camera, f); or give both a TURN server over TCP "
        "or TLS (iceServers).",
        "RFC 8445 section 7.2.5",
    )


def on_binder() -> bool:
    """True where this kernel runs on a BinderHub, which sets these for its servers."""
    return any(name in os.environ for name in ("BINDER_LAUNCH_HOST", "BINDER_SERVICE_HOST"))


def _finding(rule: str, sentence: str, remedy: str, reference: str) -> Finding:
    return Finding(severity="error", rule=rule, sentence=sentence, remedy=remedy, reference=reference)


def _descriptions(peer: Peer) -> Finding | None:
    missing = {
        "have-local-offer": (
            f"{peer.name} has made an offer and received no answer.",
            f"Give the other side's answer to {peer.name}.setRemoteDescription().",
        ),
        "have-remote-offer": (
            f"{peer.name} has received an offer and not answered it.",
            f"Call {peer.name}.createAnswer() and {peer.name}.setLocalDescription().",
        ),
    }.get(peer.signalingState)
    if missing is None and peer.localDescription is None:
        missing = (f"{peer.name} has no descriptions yet.", "Begin with createOffer() on one side.")
    if missing is None:
        return None
    return _finding("negotiation-unfinished", *missing, "RFC 9429 section 3.2")


def _nothing_negotiated(peer: Peer) -> Finding | None:
    local = peer.localDescription
    if local is None or local.document.media:
        return None
    return _finding(
        "no-media-sections",
        "The descriptions have no media sections, so there is nothing to connect.",
        "Add a track, transceiver or channel first, then offer again.",
        "RFC 9429 section 5.2.1",
    )


def _candidates(peer: Peer) -> Finding | None:
    remote = peer.remoteDescription
    if remote is None or any(m.candidates for m in remote.document.media):
        return None
    if peer.connectionState in ("connected", "closed"):
        return None
    return _finding(
        "no-remote-candidates",
        f"{peer.name} has received none of the other side's candidates: signaling is not carrying them.",
        f"Deliver them: async for candidate in other.candidates(): await {peer.name}.addIceCandidate(candidate).",
        "RFC 8838 section 4",
    )


def _checks_failed(peer: Peer) -> Finding | None:
    if peer.iceConnectionState != "failed":
        return None
    return _finding(
        "no-pair-works",
        "Connectivity checks were sent on every candidate pair and none was answered: these addresses do not "
        "reach each other.",
        "Look for a firewall or NAT between them; a TURN server is the way round both.",
        "RFC 8445 section 7.2.5",
    )


def _dtls(peer: Peer) -> Finding | None:
    if peer.connectionState != "failed" or peer.iceConnectionState not in ("connected", "completed"):
        return None
    return _finding(
        "dtls-failed",
        "The network is fine (ICE connected), but the DTLS handshake failed: the certificate does not match "
        "a=fingerprint, or both ends took the same role.",
        "Deliver the descriptions unchanged, and each to the peer that it is for.",
        "RFC 8842 section 5",
    )
