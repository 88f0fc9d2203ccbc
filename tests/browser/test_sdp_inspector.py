"""SdpInspector in real JupyterLab: pasted into, typed into, mended, compared, and handed back to the cell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lab import Notebook, Running
from playwright.sync_api import Locator, Page, expect

TEXT = (Path(__file__).parents[2] / "docs" / "lint" / "offer.sdp").read_bytes().decode()
EVIL = "<img src=x onerror=window.pwned=1>"
LIMIT_MS = 500
ROUNDS = 3

# When a key last changed the text, and when what was found last changed on the screen.
WATCH = """root => {
  const found = () => [...root.querySelectorAll('.rtcnb-reader .rtcnb-count, .rtcnb-explained .finding')]
    .map((x) => x.textContent).join();
  window.timing = {typed: 0, shown: 0, found: found()};
  root.addEventListener('input', () => { window.timing.typed = performance.now() }, true);
  new MutationObserver(() => {
    if (found() === window.timing.found) return;
    window.timing = {...window.timing, shown: performance.now(), found: found()};
  }).observe(root, {subtree: true, childList: true, characterData: true, attributes: true});
}"""
CARET_AFTER = """(area, text) => {
  const at = area.value.indexOf(text) + text.length;
  area.focus();
  area.setSelectionRange(at, at);
}"""


@pytest.fixture
def inspector(notebook: Callable[..., Notebook]) -> Notebook:
    lab = notebook()
    lab.run("import rtcnb\ninspector = rtcnb.SdpInspector()")
    lab.run("inspector")
    return lab


def shown(lab: Notebook) -> Locator:
    found = lab.view("sdp-inspector")
    expect(found.locator("textarea").first).to_be_visible()
    return found


def paste(lab: Notebook, area: Locator, text: str) -> None:
    """Paste as a person does."""
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lab.page.evaluate("text => navigator.clipboard.writeText(text)", text)
    area.focus()
    lab.page.keyboard.press("Control+a")
    lab.page.keyboard.press("Control+v")


def start_editing(lab: Notebook) -> Running:
    """Start a cell that waits for the text, and wait until it does: a button pressed before is not for it."""
    waiting = lab.start("print('begun', flush=True)\nedited = await inspector.edited()")
    waiting.wait_output("begun")
    return waiting


def took_ms(lab: Notebook) -> float:
    lab.page.wait_for_function("window.timing.shown > window.timing.typed")
    return float(lab.page.evaluate("window.timing.shown - window.timing.typed"))


@pytest.mark.alone
def test_pasting_breaking_and_mending_a_line_updates_its_finding_at_once(inspector: Notebook) -> None:
    root = shown(inspector)
    area = root.locator("textarea").first
    paste(inspector, area, TEXT)
    expect(root.locator(".rtcnb-reader")).to_contain_text("102 lines")
    expect(root.locator(".rtcnb-reader .rtcnb-count")).to_have_count(0)
    root.evaluate(WATCH)
    broken, mended = [], []
    for _ in range(ROUNDS):
        area.evaluate(CARET_AFTER, "a=setup:actpas")
        inspector.page.keyboard.press("Delete")
        expect(root.locator(".rtcnb-explained")).to_contain_text("a=setup:actpas")
        expect(root.locator(".rtcnb-reader .rtcnb-count")).to_contain_text("error")
        broken.append(took_ms(inspector))
        inspector.page.keyboard.type("s")
        expect(root.locator(".rtcnb-reader .rtcnb-count")).to_have_count(0)
        mended.append(took_ms(inspector))
    print(f"finding shown after {broken} ms, gone after {mended} ms")
    # The best of a few: the machine that tests run on does other things too.
    assert min(broken) < LIMIT_MS and min(mended) < LIMIT_MS
    inspector.screenshot("sdp-inspector", root)

    waiting = start_editing(inspector)
    area.evaluate(CARET_AFTER, "s=-")
    inspector.page.keyboard.type(" mine")
    expect(root.locator(".rtcnb-row", has_text="s=- mine")).to_have_count(0)  # folded
    with inspector.renewal("sdp-inspector"):
        root.get_by_role("button", name="Use this text").click()
    waiting.wait()
    told = inspector.run(
        "edited.type, 's=- mine\\r\\n' in edited.sdp, inspector.description == edited, len(edited.sdp)"
    )
    assert told.text == f"('offer', True, True, {len(TEXT) + 5})"

    paste(inspector, area, TEXT.replace("\r\n", "\\r\\n") + EVIL)
    mend = root.get_by_role("button", name="Mend")
    expect(root.locator(".rtcnb-banner")).to_contain_text("JSON-escaped")
    mend.click()
    expect(area).to_have_value(TEXT.replace("\r\n", "\n") + EVIL + "\n")
    expect(root.locator(".rtcnb-explained")).to_contain_text(EVIL)
    assert inspector.page.evaluate("window.pwned ?? 'text'") == "text"


NEVER_PAUSES = """
const native = window.setTimeout;
window.setTimeout = (tell, ms, ...rest) => (ms === 120 ? 1e9 : native(tell, ms, ...rest));
null
"""
# As by dictation: the field never has the keyboard, so that no browser says "change" of it when it goes.
WRITE = """(area, line) => {
    area.value = area.value.replace(/^s=.*/m, line);
    area.dispatchEvent(new Event("input", { bubbles: true }));
}"""


def test_what_is_typed_just_before_the_output_is_renewed_is_told(inspector: Notebook, page: Page) -> None:
    inspector.run(f"inspector.text = {TEXT!r}")
    root = shown(inspector)
    area = root.locator("textarea").first
    expect(area).to_have_value(TEXT.replace("\r\n", "\n"))
    waiting = start_editing(inspector)
    use = root.get_by_role("button", name="Use this text")
    expect(use).to_be_visible()
    page.evaluate(NEVER_PAUSES)
    area.evaluate(WRITE, "s=- mine")
    with inspector.renewal("sdp-inspector"):
        use.dispatch_event("click")
    waiting.wait()
    expect(area).to_have_value(TEXT.replace("\r\n", "\n").replace("s=-", "s=- mine"))
    assert inspector.run("'s=- mine' in inspector.text").text == "True"


def test_two_boxes_compare_and_lines_are_chosen_by_keyboard(inspector: Notebook) -> None:
    inspector.run(f"inspector.text = {TEXT!r}")
    root = shown(inspector)
    root.get_by_role("button", name="Compare with an answer").click()
    second = root.locator("textarea").nth(1)
    paste(inspector, second, TEXT.replace("actpass", "active").replace("96 97 108 109", "96 97"))
    expect(root.locator("[data-part=agreed]")).to_contain_text("lost: not answered")
    root.get_by_role("tab", name="first text").click()
    lines = root.get_by_role("listbox")
    expect(lines).to_contain_text("VP8 kept, H264 lost")
    lines.focus()
    inspector.page.keyboard.press("Home")
    expect(root.locator(".rtcnb-explained")).to_contain_text("What holds for all sections.")
    inspector.page.keyboard.press("Enter")
    expect(lines.locator(".rtcnb-row", has_text="v=0")).to_be_visible()
    for _ in range(5):
        inspector.page.keyboard.press("ArrowDown")
    expect(root.locator(".rtcnb-explained")).to_contain_text("line 5 of 102")
    chosen = lines.locator('[aria-selected="true"]')
    expect(chosen).to_contain_text("a=group:BUNDLE")
    # What a screen reader goes by; drawing it again must not take it away.
    expect(lines).to_have_attribute("aria-activedescendant", str(chosen.get_attribute("id")))
    # A key that is held down is not thrown back by what Python draws meanwhile.
    for _ in range(30):
        inspector.page.keyboard.press("ArrowDown")
    expect(root.locator(".rtcnb-explained")).to_contain_text("line 34 of 102")
    assert inspector.run("inspector.negotiation.media[1].lost[0].reason").text == "'not answered'"
