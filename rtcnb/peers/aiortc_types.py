"""Ours to aiortc's and back: descriptions, candidates, statistics."""

from __future__ import annotations

import errno
import socket
from typing import Any

from aioice.stun import TransactionFailed, TransactionTimeout
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCIceCandidate, RTCRtpReceiver, RTCSessionDescription
from aiortc.rtcconfiguration import RTCIceTransportPolicy

from ..errors import CandidateError, PeerError
from ..sdp import Candidate, SessionDescription

UNREACHABLE = 701  # W3C webrtc-pc section 4.8.2.2
REFUSED = f"[Errno {errno.ECONNREFUSED}]"
COMPONENTS = {"rtp": 1, "rtcp": 2}  # W3C webrtc-pc section 4.8.2


def to_configuration(servers: list[Any], transport_policy: str, bundle_policy: str) -> RTCConfiguration:
    """Return aiortc's configuration.

    Raises
    ------
    PeerError
        There is no such policy.
    """
    for name, value, kind in (
        ("iceTransportPolicy", transport_policy, RTCIceTransportPolicy),
        ("bundlePolicy", bundle_policy, RTCBundlePolicy),
    ):
        known = [each.value for each in kind]
        if value not in known:
            raise PeerError(f"{name} {value!r}: it is one of {', '.join(known)}.")
    return RTCConfiguration(
        iceServers=servers,
        iceTransportPolicy=RTCIceTransportPolicy(transport_policy),
        bundlePolicy=RTCBundlePolicy(bundle_policy),
    )


def codec_names() -> dict[str, set[str]]:
    """Return the names of aiortc's codecs by kind of media."""
    names = {}
    for kind in ("audio", "video"):
        codecs = RTCRtpReceiver.getCapabilities(kind).codecs
        names[kind] = {c.mimeType.partition("/")[2] for c in codecs} - {"rtx"}
    return names


def to_session_description(description: SessionDescription) -> RTCSessionDescription:
    """Return aiortc's description of ours."""
    return RTCSessionDescription(sdp=description.sdp, type=description.type)


def to_ice_candidate(candidate: Candidate, mids: list[str]) -> RTCIceCandidate:
    """Return aiortc's candidate, with both ``sdpMid`` and ``sdpMLineIndex``, whichever was given.

    Parameters
    ----------
    candidate : Candidate
        Not the end-of-candidates.
    mids : list of str
        Of the sections of the remote description, in order.

    Raises
    ------
    CandidateError
        It has no address.
    """
    index = mids.index(candidate.sdpMid) if candidate.sdpMid is not None else (candidate.sdpMLineIndex or 0)
    if candidate.port is None or candidate.address is None:
        raise CandidateError(f"{candidate!r} has no address.")
    return RTCIceCandidate(
        component=COMPONENTS.get(str(candidate.component), 1),
        foundation=str(candidate.foundation),
        ip=candidate.address,
        port=candidate.port,
        priority=candidate.priority or 0,
        protocol=str(candidate.protocol),
        type=str(candidate.type),
        relatedAddress=candidate.relatedAddress,
        relatedPort=candidate.relatedPort,
        tcpType=candidate.tcpType,
        sdpMid=mids[index],
        sdpMLineIndex=index,
    )


def server_error(error: BaseException) -> tuple[int | None, str]:
    """Return ``errorCode`` and ``errorText`` (webrtc-pc section 4.8.2.2) of a STUN or TURN server's failure.

    They are the server's own where it answered; the code is 701 where nothing usable came back.
    """
    if isinstance(error, TransactionFailed):
        code, reason = error.response.attributes.get("ERROR-CODE", (None, ""))
        return code, reason or str(error)
    if isinstance(error, socket.gaierror):
        return UNREACHABLE, "the name does not resolve"
    if isinstance(error, OSError) and REFUSED in str(error):  # or several, of all addresses of a name
        return UNREACHABLE, "connection refused"
    text = str(error) or type(error).__name__
    return (UNREACHABLE if isinstance(error, TimeoutError | TransactionTimeout | OSError) else None), text
