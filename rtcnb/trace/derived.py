"""What two snapshots of getStats say happened between them: pairs checked, a pair selected, a handshake done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .events import DtlsEvent, Event, PairEvent, SelectedPair

Report = Mapping[str, Mapping[str, Any]]


def derived(peer: str, time: float, before: Report, after: Report) -> list[Event]:
    """Return the events between two snapshots of one connection.

    Parameters
    ----------
    peer : str
    time : float
        Of the second snapshot: that is as exact as it can be.
    before, after : mapping
        Entries by id, members as in webrtc-stats; `before` is empty for the first.
    """
    return [
        *_pairs(peer, time, before, after),
        *_transports(peer, time, before, after),
    ]


def _pairs(peer: str, time: float, before: Report, after: Report) -> Iterator[Event]:
    for id, pair in after.items():
        if pair.get("type") != "candidate-pair":
            continue
        old = before.get(id, {})
        state, nominated = str(pair.get("state") or ""), bool(pair.get("nominated"))
        if state and (state, nominated) != (old.get("state"), bool(old.get("nominated"))):
            yield PairEvent(peer=peer, time=time, state=state, nominated=nominated, **_ends(pair, after))


def _transports(peer: str, time: float, before: Report, after: Report) -> Iterator[Event]:
    for id, transport in after.items():
        if transport.get("type") != "transport":
            continue
        old = before.get(id, {})
        chosen = transport.get("selectedCandidatePairId")
        changed = chosen != old.get("selectedCandidatePairId")
        if changed and isinstance(chosen, str) and chosen in after:
            yield SelectedPair(peer=peer, time=time, **_ends(after[chosen], after))
        state = transport.get("dtlsState")
        if state and state != old.get("dtlsState"):
            role = str(transport.get("dtlsRole") or "")
            certificate = after.get(str(transport.get("remoteCertificateId")), {})
            yield DtlsEvent(
                peer=peer,
                time=time,
                state=str(state),
                role=role if role in ("client", "server") else "",
                fingerprint=str(certificate.get("fingerprint") or "").upper(),
            )


def _ends(pair: Mapping[str, Any], report: Report) -> dict[str, Any]:
    ends = {}
    for side in ("local", "remote"):
        candidate = report.get(str(pair.get(f"{side}CandidateId")), {})
        ends[side] = address_of(candidate)
        ends[f"{side}_type"] = str(candidate.get("candidateType") or "")
    return ends


def address_of(candidate: Mapping[str, Any]) -> str:
    """Return address and port of a candidate's entry as one text; a hidden address stays out."""
    address, port = str(candidate.get("address") or candidate.get("ip") or ""), candidate.get("port")
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
