"""From nothing to a picture: peers built and stepped to a call by buttons alone, by cells alone, and by both."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from lab import Notebook
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.usefixtures("patience")

Open = Callable[..., Notebook]
STEPS = 60
FLOWS = """
count = 0
async with asyncio.timeout(20):
    async for image in bob.track("video").frames():
        count += 1
        if count == 5:
            break
print(image.shape[2], bob.connectionState, [f.sentence for f in alice.trace.diagnose() if f.severity != "advice"])
"""
# Label and code of the next step; what is still being gathered comes first.
SUGGESTED = """
step = stepper.next_step()
if step is None:
    await asyncio.gather(alice.wait_gathered(), bob.wait_gathered())
    step = stepper.next_step()
print(json.dumps(step and [step.label, step.code]))
"""
# Whether a button is pressed, or a cell is run with what the button says that it does; one after another.
HANDS = {"buttons": (True,), "cells": (False,), "both": (True, False)}


def build(lab: Notebook, pressed: bool, number: int, place: str, name: str) -> None:
    """Build a peer in a new Builder: one in the page with a test pattern and a channel, one in the kernel."""
    lab.run("rtcnb.Builder()")
    form = lab.view("builder", number)
    form.get_by_label("place").select_option(place)
    python = form.locator("[data-language=Python] code")
    expect(python).to_contain_text("BrowserPeer(" if place == "page" else "KernelPeer(")
    form.get_by_label("name", exact=True).fill(name)
    if place == "page":
        form.get_by_label("a new test pattern numbered pictures").check()
        form.get_by_role("button", name="Add a channel", exact=True).click()
        expect(python).to_contain_text("addTrack(")
        expect(python).to_contain_text("createDataChannel(")
    expect(python).to_contain_text(f"{name} = rtcnb.")
    if pressed:
        form.get_by_role("button", name=f"Build {name}", exact=True).click()
        expect(form.locator(".rtcnb-said")).to_contain_text(name)
    else:
        lab.run(python.inner_text())


def step(lab: Notebook, shown: Locator, pressed: bool) -> bool:
    """Take the step that is suggested; say whether there was one."""
    suggested = json.loads(lab.run(SUGGESTED, timeout=60).text)
    following = shown.locator("[data-press=stepper-next]")
    if suggested is None:
        expect(following).to_have_attribute("aria-disabled", "true")
        return False
    label, code = suggested
    expect(following).to_contain_text(label)
    if pressed:
        so_far = shown.locator(".rtcnb-code-so-far").inner_text()
        following.click()
        expect(shown.locator(".rtcnb-code-so-far")).not_to_have_text(so_far, use_inner_text=True)
        expect(following).not_to_have_attribute("aria-busy", "true")
    else:
        lab.run(code)
    return True


@pytest.mark.timeout(300)
@pytest.mark.parametrize("hands", HANDS)
def test_from_nothing_to_a_picture(notebook: Open, hands: str) -> None:
    presses = HANDS[hands]
    lab = notebook()
    lab.run("import asyncio, json, rtcnb")
    build(lab, presses[0], 0, "page", "alice")
    build(lab, presses[-1], 1, "kernel", "bob")
    lab.run("stepper = rtcnb.Stepper(alice, bob)\nstepper")
    shown = lab.view("stepper")
    expect(shown.locator("[data-press=stepper-next]")).to_be_visible()
    taken = 0
    while taken < STEPS and step(lab, shown, presses[taken % len(presses)]):
        taken += 1
    assert 6 <= taken < STEPS, "createOffer, createAnswer and the setters of both; candidates besides"
    for side in (0, 2):
        expect(shown.locator(".rtcnb-side").nth(side)).to_contain_text("stable · connected")
    expect(shown.locator(".rtcnb-rung").filter(has_text="first video packet").first).to_be_attached()
    assert lab.run(FLOWS).text.split(maxsplit=2) == ["3", "connected", "[]\n"]
    lab.screenshot(f"whole-way-{hands}", shown)
