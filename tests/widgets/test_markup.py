"""HTML from data: what is no markup is text."""

from __future__ import annotations

from rtcnb.widgets.markup import Markup, join, tag

EVIL = '<img src=x onerror="alert(1)">'


def test_text_is_escaped_in_content_and_attributes() -> None:
    assert tag("b", EVIL) == "<b>&lt;img src=x onerror=&quot;alert(1)&quot;&gt;</b>"
    assert tag("b", title=EVIL) == '<b title="&lt;img src=x onerror=&quot;alert(1)&quot;&gt;"></b>'
    assert join(["a", EVIL], EVIL).count("<") == 0


def test_markup_stays_as_it_is() -> None:
    assert tag("p", tag("b", "x"), [tag("i", 1), None, False, "&"]) == "<p><b>x</b><i>1</i>&amp;</p>"
    assert isinstance(tag("p"), Markup)


def test_zero_is_a_child_and_none_is_not() -> None:
    assert tag("td", 0, None, False, "") == "<td>0</td>"


def test_attributes_as_html_writes_them() -> None:
    assert (
        tag("input", type="range", disabled=True, min=0, value=None)
        == '<input type="range" disabled min="0"/>'
    )
    assert tag("a", class_="x", data_press="go", aria_selected=False) == (
        '<a class="x" data-press="go" aria-selected="false"></a>'
    )
    assert tag("i", hidden=False) == "<i></i>"


def test_what_no_page_can_be_sent_becomes_visible() -> None:
    assert tag("b", "\ud800\x00") == "<b>\ufffd\u2400</b>"
