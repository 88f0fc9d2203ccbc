"""What a dump writes for a description, a candidate, a state, a track: as JSON, as text, or as neither quite."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...errors import CandidateError, DescriptionError
from ...sdp.candidate import Candidate
from ...sdp.description import SessionDescription
from .untrusted import fields_of, tame, word

# Chrome until about 100 wrote libwebrtc's own names of states.
SIGNALING = {
    "SignalingStateStable": "stable",
    "SignalingStateHaveLocalOffer": "have-local-offer",
    "SignalingStateHaveRemoteOffer": "have-remote-offer",
    "SignalingStateHaveLocalPrAnswer": "have-local-pranswer",
    "SignalingStateHaveRemotePrAnswer": "have-remote-pranswer",
    "SignalingStateClosed": "closed",
}
ICE_STATE = re.compile(r"ICE(?:Connection|Gathering)State(\w+)")
DESCRIPTION = re.compile(r"type: (\w+), sdp: ?", re.IGNORECASE)
CANDIDATE_MEMBERS = ("sdpMid", "sdpMLineIndex", "candidate", "url", "relayProtocol", "usernameFragment")
ERROR_MEMBERS = ("url", "address", "port", "host_candidate", "error_text", "error_code")
CONFIGURATION_MEMBERS = (
    "iceServers",
    "servers",
    "iceTransportPolicy",
    "iceTransportType",
    "bundlePolicy",
    "rtcpMuxPolicy",
    "iceCandidatePoolSize",
    "sdpSemantics",
    "encodedInsertableStreams",
    "extmapAllowMixed",
)
OPTIONS = ("iceRestart", "offerToReceiveAudio", "offerToReceiveVideo")
KINDS = ("audio", "video")
TRANSCEIVER_TEXT = 4_000


def description_of(value: Any) -> SessionDescription | None:
    """Read ``{"type": ..., "sdp": ...}`` or ``type: offer, sdp: v=0...``."""
    kind, sdp = None, None
    if isinstance(value, Mapping):
        kind, sdp = value.get("type"), value.get("sdp")
    elif isinstance(value, str) and (begin := DESCRIPTION.match(value)):
        kind, sdp = begin[1].lower(), value[begin.end() :]
    if not isinstance(sdp, str) or not sdp:
        sdp = "" if kind == "rollback" else None
    if not isinstance(kind, str) or sdp is None:
        return None
    try:
        return SessionDescription(type=kind, sdp=sdp)
    except DescriptionError:
        return None


def candidate_of(value: Any) -> Candidate | None:
    """Read an RTCIceCandidateInit, ``sdpMid: 0, ..., candidate: candidate:...``, or nothing: the end."""
    if value is None or value == "":
        return Candidate()
    if isinstance(value, str):
        value = fields_of(value, CANDIDATE_MEMBERS) if "candidate: " in value else {"candidate": value}
    if not isinstance(value, Mapping) or not isinstance(value.get("candidate"), str):
        return None
    mid, index, ufrag = (value.get(name) for name in ("sdpMid", "sdpMLineIndex", "usernameFragment"))
    line = value["candidate"].strip()
    given = {
        "candidate": line,
        "sdpMid": mid if isinstance(mid, str) else None,
        "sdpMLineIndex": _index(index),
        "usernameFragment": ufrag if isinstance(ufrag, str) else None,
    }
    try:
        return Candidate.from_any(given)
    except CandidateError:
        pass
    try:
        return Candidate(**given)  # as the W3C's constructor: shown, though its fields cannot be read
    except CandidateError:
        return None


def _index(value: Any) -> int | None:
    if isinstance(value, str) and value.isdecimal() and len(value) < 6:
        value = int(value)
    return value if type(value) is int and 0 <= value <= 65535 else None


def state_of(value: Any) -> str:
    """Read ``connected``, that in quotes, ``SignalingStateStable`` or ``ICEConnectionStateFailed``."""
    text = word(value).strip('"')
    old = ICE_STATE.fullmatch(text)
    return old[1].lower() if old else SIGNALING.get(text, text)


def configuration_of(value: Any) -> dict[str, Any]:
    """Read an RTCConfiguration, or ``{ iceServers: [stun:...], iceTransportPolicy: all, ... }``."""
    if isinstance(value, Mapping):
        return tame(dict(value))
    if not isinstance(value, str):
        return {}
    found: dict[str, Any] = {}
    for name, text in fields_of(value[:65536], CONFIGURATION_MEMBERS).items():
        text = text.rstrip(" }").strip('"')
        if name in ("iceServers", "servers"):
            urls = [url.strip() for url in text.removeprefix("[").removesuffix("]").split(",")]
            found["iceServers"] = [{"urls": [url]} for url in urls if url]
        else:
            found[{"iceTransportType": "iceTransportPolicy"}.get(name, name)] = text
    return found


def server_error_of(value: Any) -> tuple[str, int | None, str] | None:
    """Read an RTCPeerConnectionIceErrorEvent in its three spellings: url, code and text."""
    if isinstance(value, str):
        value = fields_of(value, ERROR_MEMBERS)
    if not isinstance(value, Mapping):
        return None
    code = next((value[n] for n in ("errorCode", "error_code") if n in value), None)
    if isinstance(code, str):
        code = int(code) if code.isdecimal() and len(code) < 6 else None
    text = next((value[n] for n in ("errorText", "error_text") if isinstance(value.get(n), str)), "")
    return word(value.get("url")), code if type(code) is int and 0 <= code < 65536 else None, word(text)


def track_of(value: Any) -> tuple[str, str] | None:
    """Read a track, ``{"kind", "id"}``, ``[kind, id, label, stream]`` or ``audio:id stream:id``: kind and id."""
    kind, id = "", ""
    if isinstance(value, Mapping):
        kind, id = word(value.get("kind")), word(value.get("id"))
    elif isinstance(value, list):
        kind, id = (word(x) for x in (*value[:2], "", "")[:2])
        if value and isinstance(value[0], list | Mapping):
            return track_of(value[0])  # addTransceiver(track, init)
    elif isinstance(value, str):
        kind, _, id = value.split(" ")[0][:200].partition(":")
    return (kind, id) if kind in KINDS else None


def label_of(value: Any) -> str:
    """Read the label of a channel: ``{"label"}``, ``[id, label]``, ``{"0": label}`` or ``label: chat, ...``."""
    if isinstance(value, str):
        return word(
            fields_of(value, ("label", "ordered", "reliable", "maxRetransmits", "protocol")).get("label")
        )
    if isinstance(value, list):
        return next((word(x) for x in value[:2] if isinstance(x, str)), "")
    if isinstance(value, Mapping):
        return word(value.get("label", value.get("0")))
    return ""


def options_of(value: Any) -> tuple[str, ...]:
    """Read RTCOfferOptions, also as ``options: {iceRestart: true, ...}``: the members that ask for something."""
    if isinstance(value, str):
        value = fields_of(value[:1000].rstrip("}"), OPTIONS)
    if not isinstance(value, Mapping):
        return ()
    given = {name: str(value[name]).lower() for name in OPTIONS if name in value}
    return tuple(f"{name}: {text}" for name, text in given.items() if text in ("true", "1"))


def transceiver_of(value: Any) -> dict[str, str]:
    """Read what Chrome notes of a transceiver, as JSON or as ``Caused by: addTrack``, some blanks and an object.

    Returns
    -------
    dict
        ``reason``, ``kind``, ``sent`` and ``received``, the ids of its tracks, and ``direction`` now.
    """
    if isinstance(value, Mapping):
        sender, receiver = value.get("sender"), value.get("receiver")
        return {
            "reason": word(value.get("reason")),
            "kind": word(value.get("kind")),
            "sent": word(sender.get("track")) if isinstance(sender, Mapping) else "",
            "received": word(receiver.get("track")) if isinstance(receiver, Mapping) else "",
            "direction": word(value.get("currentDirection")),
        }
    if not isinstance(value, str):
        return {}
    text = value[:TRANSCEIVER_TEXT]
    patterns = {
        "reason": r"Caused by: (\w+)",
        "kind": r"kind:'(\w+)'",
        "sent": r"sender:\s*\{\s*track:'([^']*)'",
        "received": r"receiver:\s*\{\s*track:'([^']*)'",
        "direction": r"currentDirection:'(\w+)'",
    }
    return {name: (found[1] if (found := re.search(p, text)) else "") for name, p in patterns.items()}
