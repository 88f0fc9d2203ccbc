"""The Builder and the IceTester in real JupyterLab: what they make, and the same made by their code alone."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from lab import Notebook
from playwright.sync_api import Browser, Locator, Page, expect

from rtcnb import sdp

pytestmark = pytest.mark.usefixtures("patience")

HOSTILE = "<img src=x onerror=\"document.title='hit'\">"
# Whether a bar of progress was ever beside its button: to look now and then may miss it on a busy machine.
WATCH_PROGRESS = """root => {
    window.rtcnbProgress = false;
    const look = () => {
        const bar = root.querySelector('progress'), test = root.querySelector('[data-press=test]');
        const beside = bar && bar.getBoundingClientRect().left > test.getBoundingClientRect().right;
        window.rtcnbProgress ||= Boolean(beside && bar.checkVisibility());
    };
    new MutationObserver(look).observe(root, {subtree: true, childList: true});
}"""
BARE = "http://127.0.0.1:1/bare"  # nobody is asked; loopback is a secure context

FORM = """
import json, rtcnb
from rtcnb.widgets.peer_code import javascript_of, python_of
camera, pattern = rtcnb.Camera(audio=True), rtcnb.TestPattern(place="page")
await pattern.start()
builder = rtcnb.Builder()
for action, value in json.loads({presses!r}):
    done = builder.act(action, value)
    if done is not None:
        await done
print(json.dumps([javascript_of(builder.plan), python_of(builder.plan)]))
"""
OFFER = """
offer = await alice.createOffer()
channels = [c for c in (globals().get("chat"), globals().get("other")) if c is not None]
told = [[c.label, c.ordered, c.maxRetransmits, c.maxPacketLifeTime, c.protocol, c.negotiated] for c in channels]
print(json.dumps([offer.sdp, told, alice.place]))
"""
IN_A_PAGE = """async (code) => {
    const Async = Object.getPrototypeOf(async () => {}).constructor;
    const after = `
        const offer = await alice.createOffer();
        const names = [typeof chat === "undefined" ? null : chat, typeof other === "undefined" ? null : other];
        const told = names.filter(Boolean).map((c) =>
            [c.label, c.ordered, c.maxRetransmits, c.maxPacketLifeTime, c.protocol, c.negotiated]);
        return [offer.sdp, told, alice.getConfiguration()];`;
    return await new Async(code + after)();
}"""

PLANS: dict[str, list[tuple[str, Any]]] = {
    "everything": [
        ("server-add", "turn:127.0.0.1:3478"),
        ("server-credential/1", "a-very-secret-word"),
        ("policy/bundlePolicy", "max-bundle"),
        ("policy/iceTransportPolicy", "relay"),
        ("tick/camera.video", True),
        ("tick/camera.audio", True),
        ("tick/new video", True),
        ("tick/new audio", True),
        ("tick/pattern.video", True),
        ("transceiver-add", "video"),
        ("transceiver-add", "audio"),
        ("transceiver-direction/2", "inactive"),
        ("codecs-choose/video", None),
        ("codec/down/video/1", None),
        ("codec/down/video/1", None),
        ("codec/down/video/1", None),
        ("codecs-choose/audio", None),
        ("codec/use/audio/1", False),
        ("channel-add", None),
        ("channel/ordered/1", False),
        ("channel/limit/1", "maxRetransmits"),
        ("channel/protocol/1", "json"),
        ("channel-add", None),
        ("channel/label/2", "other"),
        ("channel/limit/2", "maxPacketLifeTime"),
        ("channel/negotiated/2", True),
        ("channel/id/2", "4"),
    ],
    "a channel": [("channel-add", None)],
    "to receive": [("transceiver-add", "video"), ("transceiver-add", "audio")],
}


def sections(text: str) -> list[tuple[Any, ...]]:
    """What an offer has: the kinds, the directions, the codecs in order."""
    media = sdp.parse(text).media
    return [(m.kind, m.direction, [(c.name, c.payload_type) for c in m.codecs]) for m in media]


@pytest.fixture
def bare(browser: Browser) -> Iterator[Page]:
    """A page with nothing in it."""
    context = browser.new_context(permissions=["camera", "microphone"])
    page = context.new_page()
    page.route(BARE, lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    page.goto(BARE)
    yield page
    context.close()


@pytest.mark.parametrize("name", PLANS)
def test_the_javascript_makes_in_a_bare_page_what_build_makes(
    name: str, notebook: Callable[..., Notebook], bare: Page
) -> None:
    lab = notebook()
    javascript, python = json.loads(lab.run(FORM.format(presses=json.dumps(PLANS[name]))).text)
    lab.run('await builder.act("build", None)')
    built, channels, place = json.loads(lab.run(OFFER).text)
    assert place == "page"
    offered, told, configuration = bare.evaluate(IN_A_PAGE, javascript)
    assert sections(offered) == sections(built)
    assert told == channels
    assert "a-very-secret-word" not in javascript + python
    if name == "everything":
        kinds = [kind for kind, *_ in sections(built)]
        assert kinds == ["video", "audio", "video", "audio", "video", "video", "audio", "application"]
        assert [way for _, way, _ in sections(built)][:7] == ["sendrecv"] * 5 + ["recvonly", "inactive"]
        assert sections(built)[0][2][0][0] != "VP8", "another codec was put first"
        assert (configuration["bundlePolicy"], configuration["iceTransportPolicy"]) == ("max-bundle", "relay")
        assert len(channels) == 2
    lab.run("import os; os.environ['TURN_CREDENTIAL'] = 'a-very-secret-word'")
    lab.run(python)
    by_cell, channels_by_cell, place = json.loads(lab.run(OFFER).text)
    assert (sections(by_cell), channels_by_cell, place) == (sections(built), channels, "page")


def press(view: Locator, name: str) -> None:
    view.get_by_role("button", name=name, exact=True).click()


def test_pressing_alone_builds_a_page_peer_and_a_kernel_peer(notebook: Callable[..., Notebook]) -> None:
    lab = notebook()
    lab.run("import rtcnb")
    lab.run("rtcnb.Builder()")
    view = lab.view("builder")
    sent = view.locator("ol.rtcnb-sections > li")
    view.get_by_label("a new test pattern numbered pictures").check()
    expect(sent).to_have_count(1)
    press(view, "Add a channel")
    expect(sent).to_have_count(2)
    view.get_by_label("label", exact=True).fill(HOSTILE)
    expect(view.locator("[data-language=Python] code")).to_contain_text("onerror")
    view.get_by_label("label", exact=True).fill("chat")
    expect(view.locator("[data-language=Python] code")).to_contain_text(
        'chat = alice.createDataChannel("chat")'
    )
    view.locator("[data-press='codecs-choose/video']").click()
    first = view.locator("ol.rtcnb-codecs > li").first
    expect(first).to_have_attribute("data-codec", "video/VP8")
    first.get_by_role("button", name="VP8 down").click()
    expect(view.locator("ol.rtcnb-codecs > li").nth(1)).to_have_attribute("data-codec", "video/VP8")
    up = view.get_by_role("button", name="AV1 up")
    up.press("Enter")
    expect(view.locator("ol.rtcnb-codecs > li").nth(3)).to_have_attribute("data-codec", "video/AV1")
    expect(up).to_be_focused()
    lab.screenshot("builder", view)
    with lab.renewal("builder"):
        press(view, "Build alice")
    expect(view.locator(".rtcnb-said")).to_contain_text("alice (BrowserPeer)")
    press(view, "Another peer")
    expect(sent).to_have_count(0)
    view.get_by_label("place").select_option("kernel")
    expect(view.locator("[data-language=Python] code")).to_contain_text('bob = rtcnb.KernelPeer("bob")')
    expect(view.get_by_label("pattern.video")).to_be_disabled()
    with lab.renewal("builder"):
        press(view, "Build bob")
    expect(view.locator(".rtcnb-said")).to_contain_text("bob (KernelPeer)")
    said = lab.run("print(type(alice).__name__, type(bob).__name__, chat.label, pattern.place)").text
    assert said.split() == ["BrowserPeer", "KernelPeer", "chat", "page"]
    lab.run("await rtcnb.connect(alice, bob)")
    lab.run("async for image in bob.track('video').frames(): break")
    said = lab.run("print([(t.made_by, t.mid, t.direction) for t in alice.getTransceivers()])").text
    assert said.strip() == "[('addTrack', '0', 'sendrecv')]"
    lab.run("rtcnb.Builder(alice)")
    of_alice = lab.view("builder", 1)
    expect(of_alice.locator("[data-language=Python] code")).to_contain_text("alice.addTrack(pattern.video)")
    expect(of_alice.locator("[data-language=Python] code")).to_contain_text(
        "setCodecPreferences(video_codecs)"
    )
    assert lab.page.title() != "hit"
    assert not lab.page.locator(".rtcnb-builder img").count()


def test_a_credential_does_not_stay_in_the_page(notebook: Callable[..., Notebook]) -> None:
    lab = notebook()
    lab.run("import rtcnb")
    lab.run("rtcnb.Builder()")
    view = lab.view("builder")
    press(view, "Local TURN")
    field = view.get_by_label("credential")
    expect(field).to_have_attribute("type", "password")
    field.fill("a-very-secret-word")
    view.get_by_label("username").click()
    expect(field).to_have_attribute("placeholder", "given, hidden")
    expect(field).to_have_value("")
    assert "a-very-secret-word" not in lab.page.content()
    expect(view.get_by_role("button", name="Build alice")).to_be_enabled()


def test_a_page_without_the_codec_says_so_at_the_next_await(notebook: Callable[..., Notebook]) -> None:
    lab = notebook()
    lab.run("import rtcnb\nalice = rtcnb.BrowserPeer('alice')")
    lab.run("transceiver = alice.addTransceiver('video')\ntransceiver.setCodecPreferences(['video/XYZ'])")
    result = lab.run("await alice.createOffer()", check=False)
    assert result.error.startswith(
        "NotSupported: alice.setCodecPreferences(): this browser has no codec video/XYZ. It has video/VP8"
    )
    lab.run("transceiver.setCodecPreferences(['video/vp9', 'video/VP8'])")
    said = lab.run("print([c.name for c in (await alice.createOffer()).document.media[0].codecs])").text
    assert said.strip() == "['VP9', 'VP9', 'VP8']"


def test_the_tester_says_no_answer_of_both_ends(notebook: Callable[..., Notebook]) -> None:
    lab = notebook()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        lab.run("import rtcnb")
        lab.run(f"rtcnb.IceTester('stun:127.0.0.1:{silent.getsockname()[1]}')")
        view = lab.view("ice-tester")
        test = view.get_by_role("button", name="Test", exact=True)
        view.evaluate(WATCH_PROGRESS)
        test.press("Enter")
        lab.page.wait_for_function("window.rtcnbProgress")
        rows = view.locator("tr[data-verdict]")
        expect(rows).to_have_count(2)
        for place in ("page", "kernel"):
            expect(view.locator(f"tr[data-place={place}]")).to_have_attribute("data-verdict", "no answer")
        expect(lab.page.locator(".rtcnb-static")).to_have_count(0)
        # The output was renewed meanwhile, with the verdicts for a saved notebook.
        expect(test).to_be_focused()
        lab.screenshot("ice_tester", view)
