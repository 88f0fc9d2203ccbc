"""One output shown twice in a page: each view goes on when the other is closed."""

from __future__ import annotations

from collections.abc import Callable

from lab import WIDGET, Notebook
from playwright.sync_api import expect

Open = Callable[..., Notebook]

SHOWN = """
import rtcnb
from IPython.display import display
pattern = rtcnb.TestPattern(width=64, height=48)
await pattern.start()
alice = rtcnb.KernelPeer("alice")
display(rtcnb.view(pattern.video), rtcnb.Ladder(alice))
"""
SHOW_TWICE = f"""async () => {{
    window.rtcnbNotebook = {WIDGET};
    rtcnbNotebook.content.activeCellIndex = 0;
    await window.jupyterapp.commands.execute('notebook:create-output-view');
}}"""
CLOSE_THE_OTHER = """() => {
    for (const each of [...window.jupyterapp.shell.widgets('main')])
        if (each !== rtcnbNotebook && each.node.querySelector('[data-rtcnb-live]')) each.close();
    window.jupyterapp.shell.activateById(rtcnbNotebook.id);
}"""
KEEP_PICTURE = "window.rtcnbPicture = document.querySelector('canvas').toDataURL(); null"
PICTURE_MOVES = "document.querySelector('canvas').toDataURL() !== rtcnbPicture"


def test_of_two_views_of_an_output_one_may_be_closed(notebook: Open) -> None:
    nb = notebook(SHOWN)
    nb.press_run(0)
    ladders, pictures = (
        nb.page.locator(what) for what in (".rtcnb-live.rtcnb-ladder", "figure.rtcnb-picture")
    )
    for count, change in ((2, SHOW_TWICE), (1, CLOSE_THE_OTHER)):
        nb.page.evaluate(change)
        expect(ladders).to_have_count(count)
        expect(pictures).to_have_count(count)
        for each in pictures.all():
            expect(each.get_by_role("status")).to_contain_text(" fps")
    nb.page.evaluate(KEEP_PICTURE)
    nb.page.wait_for_function(PICTURE_MOVES)
    nb.run("alice.createDataChannel('chat')\noffer = await alice.createOffer()")
    expect(ladders).to_contain_text("createOffer")
    nb.run("await alice.close()\nawait pattern.stop()")
    expect(pictures.get_by_role("status")).to_contain_text("the track has ended")


# Shown as it is where no kernel answers, in an export of a notebook for one.
WITHOUT_A_KERNEL = """
from rtcnb.errors import NoPage
from rtcnb.widgets import live

def none():
    raise NoPage("on purpose")

link, live.pages.link = live.pages.link, none
try:
    display(rtcnb.Ladder(alice))
finally:
    live.pages.link = link
"""


def test_where_no_kernel_answers_a_view_shows_its_static_form(notebook: Open) -> None:
    nb = notebook(SHOWN)
    nb.press_run(0)
    expect(nb.page.locator("figure.rtcnb-picture")).to_be_visible()
    still = nb.page.locator(".rtcnb-live .rtcnb-static")
    nb.view("ladder")  # until it is drawn its own static form stands there
    nb.run(WITHOUT_A_KERNEL)
    expect(still).to_contain_text("made in the kernel")
    expect(nb.page.locator(".rtcnb-waiting").last).to_be_empty()
    widths = [each.bounding_box() for each in (still, still.locator(".rtcnb-rung").first)]
    assert all(widths) and widths[1]["width"] > 0.9 * widths[0]["width"], widths  # type: ignore[index]


def test_a_removed_track_does_not_come_back_with_its_source(notebook: Open) -> None:
    nb = notebook("import rtcnb\npattern = rtcnb.TestPattern(width=64, height=48, place='page')")
    nb.press_run(0)
    nb.run(
        "await pattern.start()\nalice = rtcnb.BrowserPeer('alice')\nsender = alice.addTrack(pattern.video)"
    )
    nb.run(
        "await alice.createOffer()\nalice.removeTrack(sender)\nawait pattern.stop()\nawait pattern.start()"
    )
    assert nb.run("alice.addTrack(pattern.video)\n(await alice.createOffer()).type").text == "'offer'"
