"""STUN and TURN seen from the page: a call over coturn's relay, and servers that give none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import failures
import pytest
from coturn import CREDENTIAL, USERNAME, Coturn
from lab import Notebook
from playwright.sync_api import expect
from ports import free_port

Open = Callable[..., Notebook]
pytestmark = pytest.mark.timeout(300)
PATIENCE = 90  # seconds for a cell: Chromium alone gives a silent TURN server 9.5

SETUP = f"""
import asyncio, sys, time
from pathlib import Path
sys.path.insert(0, {str(Path(failures.__file__).parent)!r})
import rtcnb
from failures import attempt, healthy, judge

async def once_refused(then):
    async with asyncio.timeout(60):
        while not trace.select(peer="alice", kind="server"):
            await asyncio.sleep(0.1)
    return await then()

async def call(of_page, of_kernel=(), policy="relay", timeout=60, refused_first=False):
    global alice, bob, trace, channel, errors, took
    trace = rtcnb.Trace()
    alice = rtcnb.BrowserPeer("alice", iceServers=of_page, iceTransportPolicy=policy, trace=trace)
    bob = rtcnb.KernelPeer("bob", iceServers=of_kernel, trace=trace)
    bob.addTrack(rtcnb.TestPattern(width=160, height=120).video)
    alice.addTransceiver("video", "recvonly")
    channel = alice.createDataChannel("chat")
    if refused_first:
        answer = bob.createAnswer
        bob.createAnswer = lambda: once_refused(answer)
    begun = time.monotonic()
    errors = await attempt(rtcnb.Wire(alice, bob), alice, bob, timeout)
    took = time.monotonic() - begun

async def ended():
    await alice.close(); await bob.close()
"""
FLOWS = """
assert not errors, errors
theirs = asyncio.get_running_loop().create_future()
bob.on("datachannel", lambda event: theirs.done() or theirs.set_result(event.channel))
async with asyncio.timeout(60):
    await channel.wait_open()
    channel.send("over the relay")
    while not any(x.get("framesDecoded", 0) > 5 for x in (await alice.getStats()).values()):
        await asyncio.sleep(0.1)
    while not trace.select(peer="alice", kind="selected"):
        await asyncio.sleep(0.1)
pair = trace.select(peer="alice", kind="selected")[-1]
print("selected", pair.local_type, "to", pair.remote_type)
healthy(trace, Path("."))
await ended()
"""


def test_a_call_over_the_relay(notebook: Open, coturn: Coturn) -> None:
    nb = notebook()
    nb.run(SETUP)
    nb.run(f"await call([{coturn.turn()}])", PATIENCE)
    assert nb.run(FLOWS, PATIENCE).text.startswith("selected relay to ")
    told = nb.run("print(Path('trace.jsonl').read_text(), *map(repr, trace.events), repr(alice))").text
    assert "127.0.0.1" in told and USERNAME not in told and CREDENTIAL not in told


def test_a_login_that_is_refused(notebook: Open, coturn: Coturn) -> None:
    nb = notebook()
    nb.run(SETUP)
    server = coturn.turn(credential="wrong-word-Qf5")
    nb.run(f"await call([{server}])", PATIENCE)
    nb.run("judge('turn-login', trace, Path('.'))")
    told = nb.run("print(took, *errors, *trace.diagnose(), sep='\\n')").text
    assert float(told.splitlines()[0]) < 40, "what is missing is said after 5 s, not after 60"
    assert f"The TURN server {server['urls']} answered alice but refused the login (401)" in told
    nb.run("await ended()")
    # Connected before the server's answer, Chromium may not tell it.
    nb.run(f"await call([{server}], policy='all', refused_first=True)", PATIENCE)
    nb.run("assert not errors, errors")
    nb.run("judge('turn-lost', trace, Path('.'))")
    told = nb.run("print(trace.diagnose()[0], Path('trace.jsonl').read_text())\nawait ended()").text
    assert "gave alice no relay (401 Unauthorized)" in told and "wrong-word-Qf5" not in told


def test_servers_that_cannot_be_reached(notebook: Open) -> None:
    nb = notebook()
    nb.run(SETUP)
    closed = f"127.0.0.1:{free_port()}"
    said = {
        f"turn:{closed}": "did not answer alice",  # no ICMP is heard there
        f"turn:{closed}?transport=tcp": "Failed to establish connection",
        "turn:nowhere.invalid": "its name does not resolve",
    }
    for url, sentence in said.items():
        nb.run(f"await call([dict(urls={url!r}, username='u', credential='c')])", PATIENCE)
        nb.run("judge('turn-unreachable', trace, Path('.'))")
        told = nb.run("print(trace.diagnose()[0], *[e.error_code for e in trace.select(kind='server')])").text
        assert sentence in told and told.split()[-1] == "701"
        nb.run(
            "assert {f.rule for f in trace.diagnose()} == {'turn-unreachable', 'relay-only'}\nawait ended()"
        )


def test_each_server_is_judged_from_the_page(notebook: Open, coturn: Coturn) -> None:
    nb = notebook()
    nb.run(SETUP)
    closed = f"127.0.0.1:{free_port()}"
    login = {"username": "u", "credential": "c"}
    wanted = [
        (coturn.stun, "-"),
        (coturn.turn(), "-"),
        (coturn.turn(transport="tcp"), "-"),
        (coturn.turn(credential="wrong"), "turn-login"),
        ({"urls": f"turn:{closed}", **login}, "server-silent"),
        ({"urls": f"turn:{closed}?transport=tcp", **login}, "server-silent"),
        ({"urls": "turn:nowhere.invalid", **login}, "server-unknown"),
        ({"urls": f"stun:{closed}"}, "server-silent"),
    ]
    nb.run(f"report = await rtcnb.check_ice_servers({[s for s, _ in wanted]}, places=['page'])", PATIENCE)
    told = nb.run("print(*[c.finding.rule if c.finding else '-' for c in report]); print(report)").text
    print(told)
    assert told.splitlines()[0].split() == [rule for _, rule in wanted]


@pytest.mark.alone
def test_the_tester_says_what_each_server_gives_to_both_ends(notebook: Open, coturn: Coturn) -> None:
    nb = notebook()
    closed = f"127.0.0.1:{free_port()}"
    wanted = [
        (coturn.stun, "works"),
        (coturn.turn(), "works"),
        (coturn.turn(credential="wrong-word-Qf5"), "login refused"),
        ({"urls": f"turn:{closed}", "username": "u", "credential": "c"}, "no answer"),
        ({"urls": "stun:nowhere.invalid"}, "unknown name"),
    ]
    nb.run(f"import rtcnb\ntester = rtcnb.IceTester({[s for s, _ in wanted]})\ntester")
    shown = nb.view("ice-tester")
    shown.get_by_role("button", name="Test", exact=True).click()
    expect(shown.locator("tr[data-verdict]")).to_have_count(2 * len(wanted))
    with nb.renewal("ice-tester"):
        expect(shown.locator("tr[data-verdict=asking]")).to_have_count(0, timeout=6_500)
    expect(shown.locator("tr[data-verdict]")).to_have_count(2 * len(wanted))
    nb.screenshot("ice_tester-coturn", shown)
    rows = {
        place: [row.get_attribute("data-verdict") for row in shown.locator(f"tr[data-place={place}]").all()]
        for place in ("page", "kernel")
    }
    assert rows["page"] == [verdict for _, verdict in wanted]
    # A closed port: aioice hears of ICMP's "port unreachable", Chromium does not.
    by_kernel = {3: "nobody listens"}
    assert rows["kernel"] == [by_kernel.get(number, verdict) for number, (_, verdict) in enumerate(wanted)]
    assert "wrong-word-Qf5" not in shown.inner_html() and CREDENTIAL not in shown.inner_html()
