"""The IceTester: verdicts of a check that is made up, and of two real ports."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from rtcnb.errors import NoPage, PeerError
from rtcnb.finding import Finding
from rtcnb.peers.ice_check import IceReport, ServerCheck
from rtcnb.sdp import Candidate
from rtcnb.widgets import ice_tester
from rtcnb.widgets.ice_tester import IceTester
from rtcnb.widgets.live import static_html

from .drawn import having, page_of, text_of

SECRET = "a-very-secret-word"
HOSTILE = "<img src=x onerror=alert(1)>"
SRFLX = Candidate.from_any(
    {
        "candidate": "candidate:1 1 udp 1677729535 203.0.113.9 4242 typ srflx raddr 0.0.0.0 rport 0",
        "sdpMid": "0",
    }
)
RULES = {401: "turn-login", 701: "server-silent", 702: "server-unknown", 703: "server-refuses"}


def answer(url: str, place: Any, code: int | None) -> IceReport:
    if code is None:
        return IceReport([ServerCheck(url, place, (SRFLX,), (12,), "", None, 12, None)])
    finding = Finding(
        severity="error", rule=RULES[code], sentence=f"{url} says {code}.", remedy="Mend it.", reference=""
    )
    return IceReport([ServerCheck(url, place, (), (), f"error {code}", code, 12, finding)])


async def fake(servers: list[dict[str, Any]], places: list[Any]) -> IceReport:
    """Answer as the name of the server says."""
    (server,), (place,) = servers, places
    url = server["urls"]
    assert server.get("credential") == (SECRET if url.startswith("turn") else None)
    if "slow" in url:
        await asyncio.sleep(60)
    if place == "page" and "nopage" in url:
        raise NoPage("No page answers.")
    if "broken" in url:
        raise PeerError(HOSTILE)
    code = next((code for code in RULES if str(code) in url), None)
    return answer(url, place, code)


async def verdicts(tester: IceTester) -> dict[tuple[str, str], str]:
    await tester.test()
    return {(row.url, row.place): row.verdict for row in tester.rows}


async def test_each_server_has_a_verdict_from_each_end() -> None:
    login = {"username": "user", "credential": SECRET}
    given = ["stun:good", "stun:701", "stun:702", "stun:703", "stun:nopage", "stun:broken"]
    tester = IceTester([*given, {"urls": ["turn:401", "turn:good"], **login}], check=fake)
    found = await verdicts(tester)
    assert len(found) == 16
    assert found["stun:good", "page"] == found["turn:good", "kernel"] == "works"
    assert found["stun:701", "kernel"] == "no answer"
    assert found["stun:702", "kernel"] == "unknown name"
    assert found["stun:703", "page"] == "nobody listens"
    assert found["turn:401", "page"] == "login refused"
    assert found["stun:nopage", "page"] == "not asked"
    assert found["stun:nopage", "kernel"] == "works"
    page = page_of(tester)
    (row,) = having(page, data_key="0")
    assert text_of(row) == "stun:goodpage✓ worksIt gave srflx 203.0.113.9:4242 after 12 ms."
    (row,) = having(page, data_key="13")
    assert text_of(row) == "turn:401kernel✕ login refused401turn:401 says 401. Mend it."
    assert not list(page.iter("img")), "what an error says is text"
    assert HOSTILE in text_of(page)
    assert tester.over
    for shown in (static_html(tester), repr(tester), repr(tester.rows)):
        assert SECRET not in shown


async def test_a_check_that_takes_too_long_is_no_answer_and_its_progress_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ice_tester, "LIMIT", 1.0)
    tester = IceTester(["stun:slow", "stun:good"], check=fake)
    drawn: list[str] = []
    tester.watch(lambda: drawn.append(text_of(page_of(tester))))
    began = time.monotonic()
    await tester.test()
    assert time.monotonic() - began < 15, "1 s, on a machine that may be loaded"
    assert any("◐ asking" in text and "✓ works" in text for text in drawn), "each as soon as it is known"
    assert any("2 of 4 still asked" in text for text in drawn)
    assert [row.verdict for row in tester.rows] == ["no answer", "no answer", "works", "works"]
    assert "Nothing came back within 1 s" in tester.rows[0].sentence
    assert "still asked" not in text_of(page_of(tester))


async def test_while_it_is_tested_it_is_not_tested_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ice_tester, "LIMIT", 1.0)
    tester = IceTester("stun:slow", check=fake)
    testing = asyncio.ensure_future(tester.test())
    await asyncio.sleep(0)
    (button,) = having(page_of(tester), data_press="test")
    assert button.get("aria-disabled") == "true"
    assert not tester.over
    rows = tester.rows
    await tester.test()
    assert tester.rows is rows
    await testing


async def test_servers_are_typed_in() -> None:
    tester = IceTester(check=fake)
    (button,) = having(page_of(tester), data_press="test")
    assert button.get("title") == "There is no server to ask."
    await tester.test()
    assert tester.rows == []
    for action, value in [
        ("server-add", ""),
        ("server-urls/1", "turn:401"),
        ("server-username/1", "user"),
        ("server-credential/1", SECRET),
        ("place/page", False),
    ]:
        assert tester.act(action, value) is None
    (field,) = having(page_of(tester), type="password")
    assert "value" not in field.attrib
    done = tester.act("test", None)
    assert done is not None
    await done
    assert [(row.place, row.verdict) for row in tester.rows] == [("kernel", "login refused")]
    tester.act("place/kernel", False)
    assert "Neither page nor kernel" in text_of(page_of(tester))


def test_what_is_no_server_is_refused() -> None:
    with pytest.raises(PeerError):
        IceTester("http://example.com")


@pytest.fixture
def ports() -> Iterator[tuple[int, int]]:
    """A UDP port that is silent, and one that is closed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
            closed.bind(("127.0.0.1", 0))
            port = closed.getsockname()[1]
        yield silent.getsockname()[1], port


async def test_a_silent_and_a_closed_port_are_no_answer_in_time(ports: tuple[int, int]) -> None:
    silent, closed = (f"stun:127.0.0.1:{port}" for port in ports)
    tester = IceTester([silent, closed])
    tester.act("place/page", False)
    began = time.monotonic()
    found = await verdicts(tester)
    took_s = time.monotonic() - began
    assert found[silent, "kernel"] == "no answer"
    assert found[closed, "kernel"] in ("no answer", "nobody listens")
    assert took_s < ice_tester.LIMIT + 3, "the machine may be loaded"
    assert "✕ no answer" in text_of(page_of(tester))


async def test_without_a_page_the_page_is_not_asked(ports: tuple[int, int]) -> None:
    tester = IceTester(f"stun:127.0.0.1:{ports[0]}")
    tester.act("place/kernel", False)
    await tester.test()
    assert [row.verdict for row in tester.rows] == ["not asked"]
    assert "page" in tester.rows[0].sentence
