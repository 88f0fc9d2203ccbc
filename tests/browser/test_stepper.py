"""The stepper and its ladder in real JupyterLab: a call by buttons alone, glare, and a message changed by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lab import Notebook
from playwright.sync_api import Locator, expect

HOSTILE = "<img src=x onerror=window.hacked=1>"
SLOW_MS = 40_000
STEPS = 40
LATE_ROWS = """
import threading
threading.Timer(1, lambda: [alice.createDataChannel(label) for label in 'ab']).start()
"""


def stepper(notebook: Callable[..., Notebook], alice: str, bob: str) -> tuple[Notebook, Locator]:
    lab = notebook()
    lab.run(f"import rtcnb\nalice, bob = rtcnb.{alice}('alice'), rtcnb.{bob}('bob')", timeout=120)
    lab.run("stepper = rtcnb.Stepper(alice, bob)\nstepper", timeout=120)
    return lab, lab.view("stepper")


def press_to_the_end(lab: Notebook, shown: Locator) -> list[str]:
    """Press what is suggested until nothing is; return the lines of code that are shown then."""
    following, so_far = (shown.locator(w) for w in ("[data-press=stepper-next]", ".rtcnb-code-so-far"))
    for _ in range(STEPS):
        if following.get_attribute("aria-disabled") == "true":
            break
        before = so_far.inner_text()  # without the lines that are folded away
        following.click()
        expect(so_far).not_to_have_text(before, use_inner_text=True, timeout=SLOW_MS)
        expect(following).not_to_have_attribute("aria-busy", "true")
    count = lab.run("len(stepper.code)").text
    expect(so_far.locator("summary")).to_have_text(f"All {count} lines", timeout=SLOW_MS)
    return (so_far.locator("pre").text_content() or "").splitlines()


@pytest.mark.timeout(300)
def test_a_page_and_a_kernel_peer_by_buttons_alone(notebook: Callable[..., Notebook]) -> None:
    lab, shown = stepper(notebook, "BrowserPeer", "KernelPeer")
    lines = press_to_the_end(lab, shown)
    assert any("alice.addTrack" in line for line in lines) and "answer = await bob.createAnswer()" in lines
    rows = shown.locator(".rtcnb-rung")
    expect(rows.filter(has_text="answer").filter(has_text="kept").first).to_be_visible(timeout=SLOW_MS)
    shown.locator("[data-press=stepper-rest]").click()
    for name in ("alice", "bob"):
        expect(
            shown.locator(".rtcnb-side").filter(has=lab.page.get_by_text(name, exact=True))
        ).to_contain_text("stable · connected", timeout=SLOW_MS)
    expect(rows.filter(has_text="first video packet").first).to_be_attached(timeout=SLOW_MS)
    lab.screenshot("stepper", shown)
    assert lab.run("offer.type, answer.type").text == "('offer', 'answer')"
    assert int(lab.run("len(await bob.getStats())").text) > 0


@pytest.mark.timeout(300)
@pytest.mark.parametrize("preset", ["perfect", "rollback"])
def test_glare_between_two_peers_of_the_page(notebook: Callable[..., Notebook], preset: str) -> None:
    lab, shown = stepper(notebook, "BrowserPeer", "BrowserPeer")
    shown.locator("select").select_option(preset)
    expect(shown.locator("[data-value='1:rollback']")).to_be_visible(timeout=SLOW_MS)
    shown.locator("[data-press=stepper-rest]").click()
    expect(shown.locator(".rtcnb-side").nth(0)).to_contain_text("stable · connected", timeout=SLOW_MS)
    expect(shown.locator(".rtcnb-side").nth(2)).to_contain_text("stable · connected", timeout=SLOW_MS)
    code = lab.run("print('\\n'.join(stepper.code))").text
    assert (".drop()" in code) and ('{"type": "rollback"}' in code) == (preset == "rollback"), code
    lab.screenshot(f"stepper-{preset}", shown)


@pytest.mark.timeout(300)
def test_a_message_is_changed_on_its_way_from_the_keyboard(notebook: Callable[..., Notebook]) -> None:
    lab, shown = stepper(notebook, "KernelPeer", "KernelPeer")
    lab.run(
        "channel = alice.createDataChannel('chat'); await alice.setLocalDescription(await alice.createOffer())"
    )
    offer = shown.locator(".rtcnb-rung").filter(has_text="offer")
    expect(offer.filter(has_text="waits on the wire")).to_be_visible(timeout=SLOW_MS)
    edit = offer.locator("[data-press=ladder-edit]")
    lab.run(LATE_ROWS)
    edit.focus()
    expect(shown.locator(".rtcnb-rung").filter(has_text="createDataChannel")).to_have_count(
        3, timeout=SLOW_MS
    )
    expect(edit).to_be_focused()  # rows that come meanwhile leave the keyboard where it is
    lab.page.keyboard.press("Enter")
    box = shown.locator("textarea.rtcnb-edit")
    expect(box).to_be_visible(timeout=SLOW_MS)
    text = box.input_value()
    box.fill(text.replace("s=-", f"s={HOSTILE}"))
    put = shown.get_by_role("button", name="Put it back on the wire")
    put.focus()
    lab.page.keyboard.press("Enter")
    expect(box).to_have_count(0, timeout=SLOW_MS)
    expect(shown.locator(".rtcnb-rung").filter(has_text="edited")).to_be_visible(timeout=SLOW_MS)
    sdp = "stepper.wire.pending[0].content.sdp"
    lab.run(f"assert {HOSTILE!r} in {sdp} and {sdp}.count(chr(13)) == {sdp}.count(chr(10))")
    shown.locator(".rtcnb-rung [data-press=ladder-deliver]").first.click()
    expect(shown.locator(".rtcnb-side").nth(2)).to_contain_text("have-remote-offer", timeout=SLOW_MS)
    shown.locator(".rtcnb-rows").focus()
    lab.page.keyboard.press("Home")
    expect(shown.locator(".rtcnb-content")).to_contain_text("made in the kernel", timeout=SLOW_MS)
    assert lab.page.evaluate("window.hacked") is None
    lab.screenshot("ladder-edit", shown)
