"""check_ice_servers: what each STUN and TURN server gives, seen from the page and from the kernel."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import NoPage, RtcnbError
from ..finding import Finding, Findings, Printed
from ..sdp import Candidate
from ..trace import Trace
from ..trace.evidence import NO_ANSWER
from ..trace.rules.servers import reason_of
from .ice_servers import checked
from .peer import Peer

Place = Literal["page", "kernel"]
TIMEOUT = 5.0
WANTED = {"stun": "srflx", "stuns": "srflx", "turn": "relay", "turns": "relay"}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class ServerCheck:
    """What one server gave to one end.

    Attributes
    ----------
    url : str
    place : {"page", "kernel"}
    candidates : tuple of Candidate
        Those that only this server can give: ``srflx`` of STUN, also ``relay`` of TURN. A browser leaves out
        a ``srflx`` that is a host candidate's address, so without a NAT there may be none.
    times_ms : tuple of int
        When each came.
    error : str
        What the browser or aiortc said; ``""`` where it said nothing.
    code : int or None
        401, 701, ... where the browser tells it (W3C webrtc-pc section 4.8.1.3).
    duration_ms : int
    finding : Finding or None
        What is wrong; None where the server works.
    """

    url: str
    place: Place
    candidates: tuple[Candidate, ...]
    times_ms: tuple[int, ...]
    error: str
    code: int | None
    duration_ms: int
    finding: Finding | None

    @property
    def ok(self) -> bool:
        return self.finding is None

    def __str__(self) -> str:
        if self.finding is not None:
            return f"{self.place}: {self.finding}"
        return f"{self.place}: ✓ {self.url}: {self.given}"

    @property
    def given(self) -> str:
        """What a server that works gave, in words."""
        found = zip(self.candidates, self.times_ms, strict=True)
        told = ", ".join(f"{x.type} {x.address}:{x.port} after {ms} ms" for x, ms in found)
        return told or "no address that was not known already: no NAT is between"


class IceReport(Printed, list[ServerCheck]):
    """A row for each server and end."""

    @property
    def findings(self) -> Findings:
        """What is wrong, of all servers."""
        return Findings(check.finding for check in self if check.finding is not None)

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or "no servers were given"

    def _repr_html_(self) -> str:
        from ..sdp.text import html

        return "".join(f"<div>{html(check)}</div>" for check in self) or "<div>no servers were given</div>"

    def to_json(self) -> list[dict[str, Any]]:
        """The rows as dicts, without credentials."""
        return [
            {
                "url": check.url,
                "place": check.place,
                "ok": check.ok,
                "candidates": [candidate.candidate for candidate in check.candidates],
                "times_ms": list(check.times_ms),
                "error": check.error,
                "code": check.code,
                "duration_ms": check.duration_ms,
                "sentence": check.finding.sentence if check.finding else "",
                "remedy": check.finding.remedy if check.finding else "",
            }
            for check in self
        ]


async def check_ice_servers(
    iceServers: Any, places: Sequence[Place] = ("page", "kernel"), timeout: float = TIMEOUT
) -> IceReport:
    """Ask each server for candidates, by itself, from the page and from the kernel.

    Parameters
    ----------
    iceServers : list of dict, dict or str
        As for a peer.
    places : sequence of {"page", "kernel"}
        Without a page, ask only from the kernel.
    timeout : float
        Seconds for all servers together, which are asked at the same time; what has not answered then is silent.

    Returns
    -------
    IceReport

    Raises
    ------
    PeerError
        `iceServers` is not what W3C's RTCIceServer asks for.
    NoPage
        ``"page"`` was asked for, and none answers.
    """
    servers = [{**server, "urls": url} for server in checked(iceServers) for url in server["urls"]]
    jobs = [_check(server, place, timeout) for server in servers for place in places]
    return IceReport(await asyncio.gather(*jobs))


async def _check(server: dict[str, Any], place: Place, timeout: float) -> ServerCheck:
    url, began = server["urls"], time.monotonic()
    wanted = WANTED[url.partition(":")[0]]
    found: list[tuple[Candidate, int]] = []
    hosts: list[Candidate] = []
    errors: list[tuple[int | None, str]] = []
    ended = False
    peer = _peer(place, server)
    peer.on("icecandidateerror", lambda e: errors.append((e.errorCode, str(e.errorText))))
    try:
        peer.createDataChannel("check")
        await peer.setLocalDescription(await peer.createOffer())
        async with asyncio.timeout(timeout):
            async for candidate in peer.candidates():
                ended = candidate.is_end
                if candidate.type == "host":
                    hosts.append(candidate)
                if candidate.type in ("srflx", "relay"):
                    found.append((candidate, round((time.monotonic() - began) * 1000)))
                if candidate.type == wanted:
                    break
    except TimeoutError:
        pass  # of what was said so far, the finding makes what it can
    except NoPage:
        raise
    except RtcnbError as error:
        errors.append((None, str(error)))
    finally:
        await peer.close()
    # A browser leaves out what STUN found where it is a host candidate's address, known already.
    nothing_new = wanted == "srflx" and ended and not errors and any(not c.is_mdns for c in hosts)
    ok = nothing_new or any(candidate.type == wanted for candidate, _ in found)
    code, text = (None, "") if ok or not errors else _telling(errors)
    return ServerCheck(
        url=url,
        place=place,
        candidates=tuple(candidate for candidate, _ in found),
        times_ms=tuple(ms for _, ms in found),
        error=text,
        code=code,
        duration_ms=round((time.monotonic() - began) * 1000),
        finding=None if ok else _why(url, place, text, code, timeout),
    )


def _telling(errors: list[tuple[int | None, str]]) -> tuple[int | None, str]:
    """Return what the server itself answered, where it did; it may be asked over several sockets."""
    answers = [error for error in errors if error[0] not in (None, NO_ANSWER)]
    return (answers or errors)[-1]


def _peer(place: Place, server: dict[str, Any]) -> Peer:
    from .browser import BrowserPeer
    from .kernel import KernelPeer

    kind = {"page": BrowserPeer, "kernel": KernelPeer}[place]
    # A trace of its own: a check is no part of anybody's call.
    return kind(f"ice check {next(_numbers)}", iceServers=[server], trace=Trace())


# By `reason_of`: rule, sentence, remedy, the standard's clause.
REASONS = {
    "login": (
        "turn-login",
        "{url} answered, but refused the login.",
        "Check username and credential, and whether they have expired; many last an hour.",
        "RFC 8489 section 9.2.4",
    ),
    "limit": (
        "turn-refused",
        "{url} answered, but has no relay left.",
        "Close calls that are still open, or raise the server's quota or its range of relay ports.",
        "RFC 8656 section 7.2",
    ),
    "answered": (
        "turn-refused",
        "{url} answered, but gives nothing.",
        "Look at the server's rules and log; the code is explained in RFC 8656 section 19.",
        "RFC 8656 section 7.2",
    ),
    "unknown-name": (
        "server-unknown",
        "Nobody knows the name {host}.",
        "Look for a misprint in iceServers, or whether this machine reaches a name server.",
        "RFC 7064 section 3.1",
    ),
    "refused": (
        "server-refuses",
        "{host} refuses connections: no server listens there.",
        "Check port and transport, and whether the server runs.",
        "RFC 8489 section 6.2",
    ),
    "silent": (
        "server-silent",
        "Nothing came back from {url} within {timeout:g} s.",
        "It is down, or a firewall blocks it; try TURN over TCP or TLS (turns:host:443?transport=tcp).",
        "RFC 8489 section 6.2.1",
    ),
}


def _why(url: str, place: Place, text: str, code: int | None, timeout: float) -> Finding:
    reason = reason_of(code, text) if text or code else "silent"
    rule, sentence, remedy, reference = REASONS[reason or "silent"]
    if not reason:
        sentence = "{url} could not be reached."
    host = url.partition(":")[2].partition("?")[0]
    what = sentence.format(url=url, host=host, timeout=timeout)
    detail = f" ({place} said: {text[:120]}{f', {code}' if code else ''})" if text else ""
    return Finding(severity="error", rule=rule, sentence=what + detail, remedy=remedy, reference=reference)
