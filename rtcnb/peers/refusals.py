"""What a peer refuses, and the sentence that says why: descriptions and candidates against its state.

aiortc takes much that the standard refuses, and says little when it refuses; a browser's own words are
short. A kernel peer asks here before it acts; a browser peer asks after the browser has refused.
"""

from __future__ import annotations

from typing import Literal

from ..errors import CandidateError, DescriptionError, InvalidState, NotSupported, PeerError
from ..sdp import Candidate, Media, SessionDescription, parse_candidate
from ..sdp.description import problem_of

Side = Literal["local", "remote"]

# W3C webrtc-pc 4.4.1.5 and RFC 9429 section 3.2: in which states each description may be set.
ALLOWED: dict[tuple[Side, str], tuple[str, ...]] = {
    ("local", "offer"): ("stable", "have-local-offer"),
    ("local", "answer"): ("have-remote-offer", "have-local-pranswer"),
    ("local", "pranswer"): ("have-remote-offer", "have-local-pranswer"),
    ("remote", "offer"): ("stable", "have-remote-offer"),
    ("remote", "answer"): ("have-local-offer", "have-remote-pranswer"),
    ("remote", "pranswer"): ("have-local-offer", "have-remote-pranswer"),
}

# No peer acts on what these lines say, and browsers take them broken (``o=`` with a hexadecimal session id).
OF_NO_CONSEQUENCE = tuple("osiuepcbtrzk")

IN_WRONG_STATE: dict[tuple[Side, str, str], str] = {
    ("remote", "answer", "stable"): "No offer is outstanding on this peer: this answer was already applied, "
    "or belongs to another peer.",
    (
        "remote",
        "answer",
        "have-remote-offer",
    ): "This peer has received an offer and owes an answer; it cannot "
    "take one. Call createAnswer() and setLocalDescription() here, and give the answer to the other peer.",
    ("remote", "offer", "have-local-offer"): "Both sides offered (glare). The polite one must roll back; "
    "aiortc cannot, so build a new peer; or, if the other side is a browser, drop this offer and deliver yours: "
    "it rolls back.",
    ("local", "answer", "stable"): "There is no offer to answer: give this peer the other side's offer with "
    "setRemoteDescription() first.",
    ("local", "answer", "have-local-offer"): "This peer made an offer itself; the answer must come from the "
    "other side, through setRemoteDescription().",
    ("local", "offer", "have-remote-offer"): "An offer from the other side waits for its answer: call "
    "createAnswer() instead of createOffer().",
}


def closed(name: str, method: str) -> InvalidState:
    """Return the error for any call on a closed peer."""
    return InvalidState(f"{name}.{method}(): {name} is closed. A closed peer stays closed: make a new one.")


def no_restart(name: str) -> NotSupported:
    """Return the error for an ICE restart of a kernel peer."""
    return NotSupported(
        f"{name}: aiortc cannot restart ICE: its credentials are made once, with the transport. A BrowserPeer can. "
        "Here, close this peer, make a new one and negotiate again."
    )


def no_rollback(name: str) -> NotSupported:
    """Return the error for a rollback of a kernel peer."""
    return NotSupported(
        f"{name}: aiortc cannot roll back (it takes the call and breaks its own state). A BrowserPeer can. Here, "
        "close this peer and make a new one."
    )


def unasked(name: str, kinds: list[str]) -> NotSupported:
    """Return the error for an answerer that would send what the offer has no section for."""
    return NotSupported(
        f"{name}.createAnswer(): {name} was given a {' and a '.join(kinds)} to send, and the offer has no section "
        "for it. A browser leaves it out of its answer; aiortc cannot. Have the offer ask for it, "
        f"addTransceiver({kinds[0]!r}, 'recvonly') before createOffer(), or add it once the call is up and offer "
        "again."
    )


def of_create_offer(name: str, state: str) -> InvalidState | None:
    """Return why no offer can be made now, or None (webrtc-pc 4.4.2, "create an offer")."""
    if state in ("stable", "have-local-offer"):
        return None
    why = IN_WRONG_STATE["local", "offer", "have-remote-offer"]
    return InvalidState(f"{name}.createOffer() in signalingState {state!r}: {why}")


def of_create_answer(name: str, state: str) -> InvalidState | None:
    """Return why no answer can be made now, or None (webrtc-pc 4.4.2, "create an answer")."""
    if state in ("have-remote-offer", "have-local-pranswer"):
        return None
    return InvalidState(
        f"{name}.createAnswer() in signalingState {state!r}: there is no offer to answer. Give this peer the other "
        "side's offer with setRemoteDescription() first."
    )


def of_state(name: str, state: str, side: Side, type: str) -> PeerError | None:
    """Return why a description of this type cannot be set in this state, or None."""
    method = f"{name}.set{side.capitalize()}Description({type})"
    if state == "closed":
        return closed(name, f"set{side.capitalize()}Description")
    if type == "rollback":
        if state != "stable":
            return None
        return InvalidState(
            f"{method} in signalingState 'stable': no description is outstanding to be taken back."
        )
    if state not in ALLOWED.get((side, type), (state,)):
        why = IN_WRONG_STATE.get((side, type, state), "The standard does not allow it there.")
        return InvalidState(f"{method} in signalingState {state!r}: {why}")
    return None


def of_description(
    name: str,
    state: str,
    side: Side,
    description: SessionDescription,
    offer: SessionDescription | None,
    before: SessionDescription | None = None,
) -> PeerError | None:
    """Return why this description cannot be set, or None.

    Parameters
    ----------
    name, state : str
        The peer's name and its ``signalingState``.
    side : {"local", "remote"}
    description : SessionDescription
    offer : SessionDescription or None
        The offer that this is the answer to, where there is one.
    before : SessionDescription or None
        The last one of the same side.
    """
    method = f"{name}.set{side.capitalize()}Description({description.type})"
    if refused := of_state(name, state, side, description.type):
        return refused
    problem = problem_of(description.sdp)
    if problem:
        return DescriptionError(f"{method}: {problem}")
    for line in description.document.lines:
        if line.error and line.type not in OF_NO_CONSEQUENCE:
            return DescriptionError(f"{method}: line {line.number} ({line.text[:80]!r}): {line.error}")
    for media in description.document.media:
        problem = _problem_of_section(media, description.type)
        if problem:
            return DescriptionError(
                f"{method}: section {media.index + 1} ({media.kind}, mid {media.mid}) {problem}"
            )
    mids = {media.mid for media in description.document.media}
    absent = [mid for group in description.document.bundle for mid in group if mid not in mids]
    if absent:
        return DescriptionError(
            f"{method}: a=group:BUNDLE names the mid {absent[0]!r}, and no section has it (RFC 9143 section "
            "7.2). A section was cut out or its a=mid was changed."
        )
    if description.type in ("answer", "pranswer") and offer is not None:
        return _sections_differ(method, offer, description)
    if description.type == "offer" and before is not None:
        return _order_changed(method, before, description)
    return None


def _missing_for_transport(media: Media) -> str:
    """Return the first of the lines that ICE and DTLS need (RFC 9429 section 5.8.2) and are not there."""
    needed = {
        "a=ice-ufrag": media.ufrag,
        "a=ice-pwd": media.pwd,
        "a=fingerprint": media.fingerprints,
    }
    return next((name for name, value in needed.items() if not value), "")


def _problem_of_section(media: Media, type: str) -> str:
    """Return what of a section WebRTC does not do, or nothing."""
    if media.kind in ("audio", "video") and not media.is_rtp:
        return f"is over {media.protocol}; audio and video go over RTP, UDP/TLS/RTP/SAVPF (RFC 9429 section 5.1.2)."
    if media.rejected:
        return ""
    if missing := _missing_for_transport(media):
        return (
            f"has no {missing}. WebRTC cannot connect without; this may be SDP of something else (SIP, RTSP), or "
            "cut short."
        )
    roles = ("actpass", "active", "passive") if type == "offer" else ("active", "passive")
    if media.setup not in roles:
        return (
            f"says a=setup:{media.setup or ''}; in an {type} that is {' or '.join(roles)} (RFC 8842 section 5). It "
            "settles who begins the DTLS handshake."
        )
    if media.is_rtp and media.line("rtcp-mux") is None:
        return (
            "has no a=rtcp-mux. WebRTC sends RTP and RTCP through one port (RFC 9429 section 4.1.1, rtcpMuxPolicy "
            "'require')."
        )
    return ""


def _order_changed(
    method: str, before: SessionDescription, offer: SessionDescription
) -> DescriptionError | None:
    for old, new in zip(before.document.media, offer.document.media, strict=False):
        if not old.rejected and (old.kind, old.mid) != (new.kind, new.mid):
            return DescriptionError(
                f"{method}: section {new.index + 1} was {old.kind}, mid {old.mid!r}, and is now {new.kind}, mid "
                f"{new.mid!r}. A later offer keeps the sections of the earlier ones in their order (RFC 9429 "
                "section 5.2.2); it may add some behind them. Was an old offer delivered late?"
            )
    return None


def _sections_differ(
    method: str, offer: SessionDescription, answer: SessionDescription
) -> DescriptionError | None:
    offered = [str(m.kind) for m in offer.document.media]
    answered = [str(m.kind) for m in answer.document.media]
    if offered != answered:
        return DescriptionError(
            f"{method}: Offer: {', '.join(offered) or 'nothing'}. Answer: {', '.join(answered) or 'nothing'}. "
            "The same sections in the same order are required (RFC 9429 section 5.3.1); to refuse one, keep "
            "it with port 0."
        )
    for ours, theirs in zip(offer.document.media, answer.document.media, strict=True):
        if theirs.mid is not None and ours.mid != theirs.mid:
            return DescriptionError(
                f"{method}: section {theirs.index + 1} is mid {ours.mid!r} in the offer and {theirs.mid!r} in "
                "the answer. This answer belongs to another offer, or its a=mid lines were changed."
            )
    return None


def of_candidate(name: str, remote: SessionDescription | None, candidate: Candidate) -> PeerError | None:
    """Return why this candidate cannot be added, or None."""
    method = f"{name}.addIceCandidate()"
    if remote is None:
        return InvalidState(
            f"{method}: {name} has no remote description yet, so it cannot know which section the candidate is "
            "for. Call setRemoteDescription() first, or keep the candidate until then."
        )
    if candidate.is_end:
        return None
    try:
        parse_candidate(candidate.candidate)
    except CandidateError as error:
        return CandidateError(f"{method}: {error}")
    if candidate.sdpMid is None and candidate.sdpMLineIndex is None:
        return CandidateError(
            f"{method}: the candidate says neither sdpMid nor sdpMLineIndex, so its section is unknown. Send "
            "the whole candidate (its to_json()), not only its text."
        )
    mids = [m.mid for m in remote.document.media]
    if candidate.sdpMid is not None and candidate.sdpMid not in mids:
        return CandidateError(
            f"{method}: no section has the mid {candidate.sdpMid!r}; {name}'s remote description has "
            f"{', '.join(repr(m) for m in mids) or 'no sections'}. The candidate belongs to another call."
        )
    if candidate.sdpMid is None and not 0 <= (candidate.sdpMLineIndex or 0) < len(mids):
        return CandidateError(
            f"{method}: there is no section number {candidate.sdpMLineIndex} (counted from 0); {name}'s remote "
            f"description has {len(mids)}."
        )
    return None


def of_codecs(
    name: str, description: SessionDescription, supported: dict[str, set[str]]
) -> DescriptionError | None:
    """Return why a section has no codec that this peer supports, or None.

    Parameters
    ----------
    supported : dict of str to set of str
        The names of the codecs by kind, ``audio`` and ``video``.
    """
    for media in description.document.media:
        known = supported.get(media.kind or "")
        if known is None or media.rejected:
            continue
        offered = list(dict.fromkeys(c.name for c in media.codecs if c.name.lower() != "rtx"))
        if not {n.lower() for n in known} & {n.lower() for n in offered}:
            return DescriptionError(
                f"{name}.setRemoteDescription(): section {media.mid} offered {', '.join(offered) or 'no codec'}; "
                f"this peer supports {', '.join(sorted(known))}. Empty intersection. (The standard would reject "
                "the section with port 0; aiortc cannot.)"
            )
    return None
