"""check_ice_servers against servers of a few lines: one that answers, one that refuses, one that is silent."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import aioice.stun
import pytest
from coturn import CREDENTIAL, USERNAME, Coturn
from ports import free_port

from rtcnb import trace as traces
from rtcnb.errors import PeerError
from rtcnb.peers.ice_check import check_ice_servers

SECRET = "a-very-secret-word"


class Server(asyncio.DatagramProtocol):
    """STUN that answers, and TURN that refuses every login; or nothing at all."""

    def __init__(self, silent: bool) -> None:
        self.silent = silent

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        if self.silent:
            return
        message = aioice.stun.parse_message(data)
        allocate = message.message_method == aioice.stun.Method.ALLOCATE
        answer = aioice.stun.Message(
            message_method=message.message_method,
            message_class=aioice.stun.Class.ERROR if allocate else aioice.stun.Class.RESPONSE,
            transaction_id=message.transaction_id,
        )
        if allocate:
            answer.attributes["ERROR-CODE"] = (401, "Unauthorized")
            answer.attributes["REALM"] = "test"
            answer.attributes["NONCE"] = b"once"
        else:
            answer.attributes["XOR-MAPPED-ADDRESS"] = ("203.0.113.9", 4242)
        self.transport.sendto(bytes(answer), address)


@pytest.fixture(params=[False])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: Server(request.param), local_addr=("127.0.0.1", 0)
    )
    yield f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    transport.close()


async def test_a_server_that_answers(server: str) -> None:
    (check,) = await check_ice_servers(f"stun:{server}", places=["kernel"])
    assert check.ok
    assert (check.place, check.candidates[0].type, check.candidates[0].address) == (
        "kernel",
        "srflx",
        "203.0.113.9",
    )
    assert 0 <= check.times_ms[0] < 5000
    assert "srflx 203.0.113.9:4242 after" in str(check)


async def test_a_turn_server_that_refuses_the_login(server: str) -> None:
    given = {"urls": [f"turn:{server}"], "username": "user", "credential": SECRET}
    report = await check_ice_servers([given], places=["kernel"])
    assert [finding.rule for finding in report.findings] == ["turn-login"]
    assert "refused the login" in report.findings[0].sentence
    for shown in (str(report), repr(report), report._repr_html_(), json.dumps(report.to_json())):
        assert SECRET not in shown


@pytest.mark.parametrize("server", [True], indirect=True)
async def test_a_server_that_says_nothing(server: str) -> None:
    began = asyncio.get_running_loop().time()
    (check,) = await check_ice_servers(f"stun:{server}", places=["kernel"], timeout=1.0)
    assert asyncio.get_running_loop().time() - began < 5
    assert check.finding is not None
    assert check.finding.rule == "server-silent"


async def test_a_name_that_nobody_knows() -> None:
    (check,) = await check_ice_servers("stun:nowhere.invalid:3478", places=["kernel"])
    assert check.finding is not None
    assert check.finding.rule in ("server-unknown", "server-silent")
    assert check.finding.remedy


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_coturn_gives_what_it_should(coturn: Coturn, transport: str) -> None:
    report = await check_ice_servers([coturn.stun, coturn.turn(transport=transport)], places=["kernel"])
    assert report.findings == [] and [c.candidates[-1].type for c in report] == ["srflx", "relay"]
    assert "relay 127.0.0.1:" in str(report)
    for shown in (str(report), repr(report), report._repr_html_(), json.dumps(report.to_json())):
        assert CREDENTIAL not in shown and USERNAME not in shown


REFUSED = {"username": "nobody", "credential": SECRET}


async def test_each_verdict_is_there_within_6_seconds(coturn: Coturn) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        silent, closed = f"127.0.0.1:{deaf.getsockname()[1]}", f"127.0.0.1:{free_port()}"
        wanted = {
            coturn.turn()["urls"]: "turn-login",
            f"turn:{closed}?transport=udp": "server-refuses",
            f"turn:{closed}?transport=tcp": "server-refuses",
            f"turn:{silent}": "server-silent",
            f"stun:{silent}": "server-silent",
            f"stun:{closed}": "server-silent",  # no ICMP is heard there
            "turn:nowhere.invalid": "server-unknown",
            "stun:nowhere.invalid": "server-unknown",
        }
        servers = [{"urls": url, **(REFUSED if url.startswith("turn") else {})} for url in wanted]
        report = await check_ice_servers(servers, places=["kernel"])
    assert {c.url: c.finding.rule for c in report if c.finding is not None} == wanted
    assert max(c.duration_ms for c in report) < 9000, "6 s, and half as much again where the machine is busy"
    assert all(c.finding and c.finding.remedy for c in report)
    assert "(kernel said: Unauthorized, 401)" in str(report[0])
    assert f"Nothing came back from turn:{silent} within 5 s." in str(report[3])


async def test_a_server_at_its_limit(coturn_with: Callable[..., Coturn]) -> None:
    server = coturn_with("user-quota=0", "total-quota=1").turn()
    report = await check_ice_servers([server, server], places=["kernel"])
    assert sorted(c.ok for c in report) == [False, True]
    assert report.findings[0].rule == "turn-refused" and "486" in report.findings[0].sentence


async def test_all_servers_are_asked_at_once(server: str) -> None:
    began = asyncio.get_running_loop().time()
    report = await check_ice_servers([f"stun:{server}"] * 4, places=["kernel"])
    assert len(report) == 4
    assert all(check.ok for check in report)
    assert asyncio.get_running_loop().time() - began < 4


async def test_the_check_is_no_part_of_the_notebooks_trace(server: str) -> None:
    before = len(traces.current().select())
    await check_ice_servers(f"stun:{server}", places=["kernel"])
    assert len(traces.current().select()) == before


async def test_what_is_no_server_is_refused() -> None:
    with pytest.raises(PeerError):
        await check_ice_servers("http://example.com", places=["kernel"])
    assert await check_ice_servers([], places=["kernel"]) == []
