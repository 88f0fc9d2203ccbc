"""Write ``docs/lint.md``: every rule of lint, with a description that breaks it and one that does not.

Run it after a change: ``python docs/lint/make.py``. A test checks that the page is the newest.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rtcnb.finding import Finding
from rtcnb.sdp import Document, lint, parse
from rtcnb.sdp.rules import RULES

HERE = Path(__file__).parent
PAGE = HERE.parent / "lint.md"
OFFER = parse((HERE / "offer.sdp").read_bytes())
LONGEST_LINE = 100
INTRODUCTION = """# What lint looks for

`rtcnb.sdp.lint(description)` returns a list of `Finding`. An **error** is what Chromium, or the standard without
exception, refuses; a **warning** goes wrong somewhere; **advice** says what can be done better. Where a rule is for
offers or for answers alone, it says so.

Each example is an edit of [this offer](lint/offer.sdp), which breaks no rule. This page is made by
`docs/lint/make.py` from `docs/lint/examples.toml`; a test runs every example.
"""


@dataclass
class Example:
    """A text that breaks a rule, one that does not, and what was edited."""

    type: str
    wrong: str
    right: str
    wrong_edits: list[str] | None
    right_edits: list[str] = field(default_factory=list)


def examples() -> dict[str, Example]:
    """Read ``examples.toml``."""
    found = {}
    for name, raw in tomllib.loads((HERE / "examples.toml").read_text("utf-8")).items():
        wrong = raw["wrong_text"] if "wrong_text" in raw else edit(raw["wrong"])
        right = raw.get("right", [])
        found[name] = Example(raw.get("type", "offer"), wrong, edit(right), raw.get("wrong"), right)
    return found


def edit(edits: list[str]) -> str:
    """Apply edits to the offer."""
    lines = [(line.media.kind if line.media else "session", line.text) for line in OFFER.lines]
    for text in edits:
        pattern, _, new = text.partition(" -> ")
        kind, colon, rest = pattern.partition(": ")
        place, pattern = (kind, rest) if colon and "=" not in kind else (None, pattern)
        edited: list[tuple[str | None, str]] = []
        for section, line in lines:
            if place not in (None, section) or not _matches(pattern, line):
                edited.append((section, line))
            else:
                edited += [(section, part.replace("&", line)) for part in _parts(new)]
        if edited == lines:
            raise ValueError(f"{text!r} changes nothing")
        lines = edited
    return "".join(f"{line}\r\n" for _, line in lines).replace("\\udce9", "\udce9")


def _matches(pattern: str, line: str) -> bool:
    return line.startswith(pattern[:-1]) if pattern.endswith("*") else line == pattern


def _parts(new: str) -> list[str]:
    return new.split(" | ") if new else []


def findings(name: str, text: str, kind: str) -> list[Finding]:
    """What a rule says of a text."""
    return [finding for finding in lint(parse(text), kind, "en") if finding.rule == name]  # type: ignore[arg-type]


def page() -> str:
    """The page, as Markdown."""
    return "\n".join(_page())


def _page() -> Iterator[str]:
    yield INTRODUCTION
    known = examples()
    for severity in ("error", "warning", "advice"):
        rules = [rule for rule in RULES.values() if rule.severity == severity]
        yield f"## {severity.capitalize()}: {len(rules)} rules\n"
        for rule in rules:
            example = known[rule.name]
            finding = findings(rule.name, example.wrong, example.type)[0]
            only = f" Only in an {rule.only}." if rule.only else ""
            yield f"### `{rule.name}`\n\n{finding.sentence} {finding.remedy} ({rule.reference}){only}\n"
            yield f"```diff\n{_change(example.wrong, example.wrong_edits)}\n```\n"
            if example.right_edits:
                yield f"It does not hit:\n\n```diff\n{_change(example.right, example.right_edits)}\n```\n"


def _change(text: str, edits: list[str] | None) -> str:
    """What differs from the offer; the whole text where it is no edit of it."""
    if edits is None:
        rows = [f"+{line.text}" for line in parse(text).lines] or ["+"]
    elif not edits:
        rows = [" the offer as it stands"]
    else:
        rows = list(_difference(parse(text)))
    return "\n".join(row if len(row) <= LONGEST_LINE else row[: LONGEST_LINE - 1] + "…" for row in rows)


def _difference(document: Document) -> Iterator[str]:
    import difflib

    before, after = ([line.text for line in lines] for lines in (OFFER.lines, document.lines))
    for row in difflib.unified_diff(before, after, lineterm="", n=0):
        if not row.startswith(("---", "+++", "@@")):
            yield row.encode("utf-8", "replace").decode()


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
