"""getStats of an aiortc connection as webrtc-stats has it: aiortc's own entries, and those that it lacks.

aiortc gives RTP streams and transports; candidates, pairs, codecs and channels are read from what it holds.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import aioice.ice
from aiortc import RTCDtlsTransport, RTCPeerConnection

from .jitter_buffer import PromptJitterBuffer

Entry = dict[str, Any]

# webrtc-stats section 8.5: seconds, where aiortc counts in units of the RTP clock.
CLOCK_RATES = {"audio": 48000, "video": 90000}
# RFC 3550 section 6.4.1: in 256ths, where webrtc-stats section 8.5 wants a part of 1.
FRACTION = 256
# OpenSSL's names and IANA's, of the cipher suites that aiortc allows.
CIPHERS = {
    "ECDHE-ECDSA-AES128-GCM-SHA256": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "ECDHE-ECDSA-CHACHA20-POLY1305": "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "ECDHE-ECDSA-AES128-SHA": "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "ECDHE-ECDSA-AES256-SHA": "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
}
TLS_VERSIONS = {"DTLSv1": "FEFF", "DTLSv1.2": "FEFD"}
# RFC 5764 section 4.1.2 has HMAC in this name, OpenSSL has not.
SRTP_PROFILES = {"SRTP_AES128_CM_SHA1_80": "SRTP_AES128_CM_HMAC_SHA1_80"}


async def statistics_of(pc: RTCPeerConnection) -> dict[str, Entry]:
    """Return the statistics by id; timestamps in milliseconds since the epoch, as browsers give them."""
    now_ms = datetime.datetime.now(datetime.UTC).timestamp() * 1000
    entries = {id: _of_aiortc(entry) for id, entry in (await pc.getStats()).items()}
    transports: dict[str, RTCDtlsTransport] = {}
    for transceiver in pc.getTransceivers():
        transports[transceiver.receiver.transport._stats_id] = transceiver.receiver.transport
        _add_codecs(entries, transceiver)
    if pc.sctp is not None:
        transport = pc.sctp.transport
        transports[transport._stats_id] = transport
        entries.update((id, _of_aiortc(e)) for id, e in transport._get_stats().items())
        entries.update((e["id"], e) for e in _channels(pc.sctp))
    for id, transport in transports.items():
        connection = transport.transport._connection
        found = list(_candidates(connection, id))
        entries.update((e["id"], e) for e in found)
        if id in entries:
            entries[id] |= _transport(transport, connection)
    for entry in entries.values():
        entry.setdefault("timestamp", now_ms)
    return entries


def _of_aiortc(entry: Any) -> Entry:
    plain = {k: _plain(v) for k, v in vars(entry).items() if v is not None}
    if "jitter" in plain:
        plain["jitter"] /= CLOCK_RATES.get(plain.get("kind", ""), 90000)
    if "fractionLost" in plain:
        plain["fractionLost"] /= FRACTION
    return plain


def _plain(value: Any) -> Any:
    return value.timestamp() * 1000 if isinstance(value, datetime.datetime) else value


def _transport(transport: RTCDtlsTransport, connection: aioice.ice.Connection) -> Entry:
    nominated = next(iter(connection._nominated.values()), None)
    more: Entry = {
        "iceState": transport.transport.state,
        "iceLocalUsernameFragment": connection.local_username,
    }
    if transport._role != "auto":
        more["dtlsRole"] = transport._role
    if transport._ssl is not None:
        more |= _ciphers(transport._ssl)
    if nominated is not None:
        more["selectedCandidatePairId"] = _pair_id(nominated)
    return more


def _ciphers(connection: Any) -> Entry:
    """Return what the handshake settled, as webrtc-stats section 8.17 names it."""
    version, cipher = connection.get_protocol_version_name(), connection.get_cipher_name()
    if cipher is None:
        return {}  # not yet
    profile = connection.get_selected_srtp_profile().decode("ascii", "replace")
    told = {
        "tlsVersion": TLS_VERSIONS.get(version, version),
        "dtlsCipher": CIPHERS.get(cipher, cipher),
        "srtpCipher": SRTP_PROFILES.get(profile, profile),
    }
    return {name: value for name, value in told.items() if value}


def _candidates(connection: aioice.ice.Connection, transport_id: str) -> Iterator[Entry]:
    """Yield the entries of candidates and pairs (webrtc-stats sections 8.19 and 8.20)."""
    local = {id(p.local_candidate): p.local_candidate for p in connection._protocols}
    remote = {id(c): c for c in connection._remote_candidates}
    for pair in connection._check_list:
        local.setdefault(id(pair.local_candidate), pair.local_candidate)
        remote.setdefault(id(pair.remote_candidate), pair.remote_candidate)
    for side, found in (("local", local), ("remote", remote)):
        for candidate in found.values():
            yield {
                "id": f"{side}-candidate_{id(candidate)}",
                "type": f"{side}-candidate",
                "transportId": transport_id,
                "candidateType": candidate.type,
                "address": candidate.host,
                "port": candidate.port,
                "protocol": candidate.transport.lower(),
                "priority": candidate.priority,
                "foundation": candidate.foundation,
            }
    for pair in connection._check_list:
        yield {
            "id": _pair_id(pair),
            "type": "candidate-pair",
            "transportId": transport_id,
            "localCandidateId": f"local-candidate_{id(pair.local_candidate)}",
            "remoteCandidateId": f"remote-candidate_{id(pair.remote_candidate)}",
            "state": pair.state.name.lower().replace("_", "-"),
            "nominated": pair.nominated,
        }


def _pair_id(pair: aioice.ice.CandidatePair) -> str:
    return f"candidate-pair_{id(pair)}"


def _add_codecs(entries: dict[str, Entry], transceiver: Any) -> None:
    """Add the codecs agreed on (webrtc-stats section 8.4), the first of each section to its streams."""
    ids = []
    for codec in transceiver._codecs:
        id = f"codec_{transceiver.mid}_{codec.payloadType}"
        ids.append(id)
        fmtp = ";".join(f"{k}={v}" if v is not None else str(k) for k, v in codec.parameters.items())
        entry: Entry = {
            "id": id,
            "type": "codec",
            "payloadType": codec.payloadType,
            "mimeType": codec.mimeType,
        }
        entry |= {"clockRate": codec.clockRate, "transportId": transceiver.receiver.transport._stats_id}
        entry |= {"channels": codec.channels} if codec.channels else {}
        entries[id] = entry | ({"sdpFmtpLine": fmtp} if fmtp else {})
    # aiortc sends the first codec of those agreed on; the far end's choice is not told.
    stream = entries.get(f"outbound-rtp_{id_of(transceiver.sender)}")
    if stream is not None and ids:
        stream["codecId"] = ids[0]
    for name, owner in (("outbound", transceiver.sender), ("inbound", transceiver.receiver)):
        stream = entries.get(f"{name}-rtp_{id_of(owner)}")
        if stream is not None:
            stream["mid"] = transceiver.mid
    buffer = transceiver.receiver._RTCRtpReceiver__jitter_buffer
    received = entries.get(f"inbound-rtp_{id_of(transceiver.receiver)}")
    if received is not None and isinstance(buffer, PromptJitterBuffer):
        received["bytesReceived"] = buffer.bytes_received


def id_of(thing: object) -> int:
    """Return what aiortc makes its ids of."""
    return id(thing)


def _channels(sctp: Any) -> Iterator[Entry]:
    """Yield the entries of data channels (webrtc-stats section 8.14), as far as aiortc counts."""
    for channel in sctp._data_channels.values():
        yield {
            "id": f"data-channel_{channel.id}",
            "type": "data-channel",
            "label": channel.label,
            "protocol": channel.protocol,
            "dataChannelIdentifier": channel.id,
            "state": channel.readyState,
        }
