"""The underscore names of aiortc and aioice that are used here, checked at import."""

from __future__ import annotations

import aioice.ice
import aioice.turn
from aiortc import (
    RTCDtlsTransport,
    RTCIceGatherer,
    RTCIceTransport,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpTransceiver,
    RTCSctpTransport,
)
from aiortc.jitterbuffer import JitterBuffer

from ...errors import RtcnbError


def check_names() -> None:
    """Fail at import, in a sentence, where a new aiortc or aioice lacks a name used below."""
    used = {
        RTCPeerConnection: [
            "_RTCPeerConnection__gather",
            "_RTCPeerConnection__connect",
            "_RTCPeerConnection__sctp_mline_index",
        ],
        RTCRtpTransceiver: ["_get_mline_index"],
        RTCRtpReceiver: ["_RTCRtpReceiver__jitter_buffer"],
        JitterBuffer: ["_capacity", "_origin", "_packets", "_remove_frame"],
        RTCIceGatherer: ["_connection"],
        RTCIceTransport: ["_connection"],
        RTCDtlsTransport: [
            "_handle_rtcp_data",
            "_handle_rtp_data",
            "_role",
            "_send_data",
            "_send_rtp",
            "_ssl",
            "_stats_id",
        ],
        RTCSctpTransport: ["_handle_data"],
        aioice.ice.StunProtocol: ["datagram_received", "send_data", "send_stun", "local_candidate"],
        aioice.turn.TurnClientMixin: ["datagram_received", "delete"],
        aioice.turn.TurnClientUdpProtocol: ["_send"],
        aioice.ice.Connection: [
            "_check_list",
            "_closing",
            "_local_candidates",
            "_nominated",
            "_protocols",
            "_transport_policy",
            "check_complete",
            "check_state",
            "get_component_candidates",
        ],
    }
    missing = [
        f"{cls.__name__}.{name}"
        for cls, names in used.items()
        for name in names
        if not hasattr(cls, name) and not _is_set_in(cls, name)
    ]
    missing += [
        f"aioice.ice.{name}"
        for name in ("server_reflexive_candidate", "relayed_candidate")
        if not hasattr(aioice.ice, name)
    ]
    if missing:
        raise RtcnbError(
            "This version of aiortc or aioice lacks what rtcnb needs: " + ", ".join(missing) + ". Install a "
            "version that rtcnb was tested with: pip install 'aiortc>=1.16,<2'."
        )


def _is_set_in(cls: type, attribute: str) -> bool:
    """Say whether a method of the class itself names this attribute."""
    return any(attribute in f.__code__.co_names for f in vars(cls).values() if hasattr(f, "__code__"))
