"""Code in the page: set in colours, with a button that copies it."""

from __future__ import annotations

import re

from .markup import Markup, join, tag

WORDS = {
    "Python": "await for if import in",
    "JavaScript": "await const continue for function if let new of return",
}
COMMENTS = {"Python": "#", "JavaScript": "//"}


def code_block(title: str, language: str, code: str) -> Markup:
    """Return code with its heading and a button that copies it.

    Parameters
    ----------
    title : str
    language : {"Python", "JavaScript"}
    code : str
    """
    copy = tag("button", "Copy", type="button", data_copy=code, title=f"Copy this {language}")
    head = tag("div", tag("b", title), copy, class_="rtcnb-code-head")
    text = tag("pre", tag("code", coloured(language, code)), tabindex=0, aria_label=title)
    return tag("div", head, text, class_="rtcnb-code-block", data_key=language, data_language=language)


def coloured(language: str, code: str) -> Markup:
    """Return code with its comments, texts and words of the language marked."""
    words = WORDS[language].replace(" ", "|")
    comment, string = f"{COMMENTS[language]}.*", r'"(?:\\.|[^"\\])*"'
    pattern = rf"(?P<comment>{comment})|(?P<string>{string})|(?P<word>\b(?:{words})\b)"
    parts: list[object] = []
    end = 0
    for found in re.finditer(pattern, code):
        parts += [code[end : found.start()], tag("span", found[0], class_=f"rtcnb-{found.lastgroup}")]
        end = found.end()
    return join([*parts, code[end:]])
