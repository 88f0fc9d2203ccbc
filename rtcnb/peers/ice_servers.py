"""STUN and TURN servers: W3C's iceServers, and what aiortc makes of them."""

from __future__ import annotations

from typing import Any

from ..errors import PeerError


def checked(ice_servers: Any) -> list[dict[str, Any]]:
    """Return ``iceServers`` as a list of dicts with ``urls`` a list; a URL alone is taken too.

    Raises
    ------
    PeerError
        Something in it is not what W3C's RTCIceServer asks for.
    """
    if isinstance(ice_servers, str | dict):
        ice_servers = [ice_servers]
    servers = []
    for server in ice_servers or []:
        if isinstance(server, str):
            server = {"urls": server}
        if not isinstance(server, dict) or not server.get("urls"):
            raise PeerError(
                'iceServers is a list of {"urls": "stun:host:port"} or {"urls": "turn:host:port", '
                '"username": ..., "credential": ...}.'
            )
        urls = [server["urls"]] if isinstance(server["urls"], str) else list(server["urls"])
        for url in urls:
            _check_url(url, server)
        servers.append({**server, "urls": urls})
    return servers


def _check_url(url: Any, server: dict[str, Any]) -> None:
    scheme, colon, rest = str(url).partition(":")
    if scheme not in ("stun", "stuns", "turn", "turns") or not colon or not rest or rest.startswith("/"):
        raise PeerError(
            f"iceServers: {url!r} is no STUN or TURN address. Write stun:host:port or turn:host:port?transport=udp "
            "(no //; RFC 7064, RFC 7065)."
        )
    if scheme.startswith("turn") and not (server.get("username") and server.get("credential")):
        raise PeerError(
            f"iceServers: {url} needs a username and a credential; TURN servers refuse strangers."
        )


def for_aiortc(ice_servers: Any) -> tuple[list[Any], list[str]]:
    """Return aiortc's server list, with what it can use, and a sentence for each URL that it would drop.

    aiortc takes the first ``stun:`` and the first TURN URL over udp or tcp, and drops the others silently.
    """
    servers: list[Any] = []
    unused: list[str] = []
    have: dict[str, str] = {}
    for server in checked(ice_servers):
        for url in server["urls"]:
            family = "turn" if url.startswith("turn") else "stun"
            reason = _unusable(url) or (f"{have[family]} comes first" if family in have else "")
            if reason:
                unused.append(f"aiortc does not use {url} ({reason}; it takes one STUN and one TURN server).")
                continue
            have[family] = url
            servers.append(_aiortc_server(url, server))
    return servers, unused


def _unusable(url: str) -> str:
    scheme = url.partition(":")[0]
    transport = url.partition("?transport=")[2]
    if scheme == "stuns":
        return "no STUN over TLS"
    if scheme == "turns" and transport not in ("", "tcp"):
        return "TURN over TLS goes by tcp"
    if scheme == "turn" and transport not in ("", "udp", "tcp"):
        return f"no transport {transport!r}"
    return ""


def _aiortc_server(url: str, server: dict[str, Any]) -> Any:
    from aiortc import RTCIceServer
    from aiortc.rtcicetransport import parse_stun_turn_uri

    try:
        parse_stun_turn_uri(url)
    except ValueError as error:
        raise PeerError(f"iceServers: {url!r} cannot be read: {error}.") from None
    return RTCIceServer(urls=url, username=server.get("username"), credential=server.get("credential"))
