"""What is shown becomes what was drawn next, and what the reader did to it stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from rtcnb.web.esm import module

# In a page with nothing in it: show the first, open its <details>, then draw the second.
REDRAW = """async ([source, before, after]) => {
    const { morph, parse } = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    document.body.innerHTML = before;
    for (const each of document.querySelectorAll("details")) each.open = true;
    const kept = document.querySelector("details");
    morph(document.body, parse(after));
    return [document.body.innerHTML, document.querySelector("details") === kept];
}"""
TABLE = "<details><summary>last values</summary>{}</details>"


@pytest.fixture(scope="module")
def bare(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<small>not told yet</small>", ""),
        ("", "<small>not told yet</small>"),
        ("<h4>a</h4><small>b</small>", "<h4>a</h4>"),
        ("<small>a</small><p data-key=k>b</p>", "<p data-key=k>b</p>"),
        ("a text", "<p>b</p>"),
    ],
)
def test_what_a_reader_opened_stays_when_what_stood_before_it_comes_or_goes(
    bare: Page, before: str, after: str
) -> None:
    then = after + TABLE.format("2")
    shown, kept = bare.evaluate(
        REDRAW, [module("web/morph.js"), before + TABLE.format("1") + "<p>end</p>", then]
    )
    assert shown == then.replace("<details>", '<details open="">').replace("data-key=k", 'data-key="k"')
    assert kept
