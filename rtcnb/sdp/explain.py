"""Line -> Explanation: what a line means, in sentences made from this line's own values.

The texts are in ``catalogue/en.toml`` and ``catalogue/zh.toml``; a translator needs no Python. An entry has

``name``, ``title``
    The title with values in it, and what stands there where a value is missing.
``text``
    Sentences. One that names a value which the line has not is left out.
``values.<field>.<value>``
    A sentence for a field that has just that value.
``say.<key>``
    Sentences for what ``explain_values.py`` finds in the rest of the description.
``fields.<field>``
    What the field is.
``quirks``
    Whose habit it is: a pattern of the whole line, an agent, a sentence.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import translate
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any, NamedTuple

from ..finding import Printed
from ..language import Language, check
from . import explain_values
from .candidate import Candidate
from .document import parse
from .line import Line
from .text import shorten

LONGEST_VALUE = 120
JOINS = {"en": " ", "zh": ""}
COLONS = {"en": ": ", "zh": "："}


class ExplainedField(NamedTuple):
    """A field of a line: its name, what stands there, and what it means."""

    name: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Explanation(Printed):
    """What a line means.

    Attributes
    ----------
    title : str
        In a few words, such as ``Payload type 96 is VP8``.
    text : str
        Plain sentences.
    fields : tuple of ExplainedField
    reference : str
        The clause that defines the line, such as ``RFC 8866 section 6.6``.
    quirks : tuple of str
        What a browser or aiortc does here in its own way.
    specific : bool
        False where rtcnb does not know the line and says only that.
    """

    title: str
    text: str
    fields: tuple[ExplainedField, ...] = ()
    reference: str = ""
    quirks: tuple[str, ...] = ()
    specific: bool = True

    def __str__(self) -> str:
        rows = [f"  {field.name} = {field.value}: {field.meaning}" for field in self.fields]
        last = f"  [{self.reference}]" if self.reference else ""
        lines = [self.title, f"  {self.text}", *rows, *(f"  * {quirk}" for quirk in self.quirks), last]
        return "\n".join(line for line in lines if line.strip())

    def _repr_html_(self) -> str:
        from .static_view import explanation_html, framed

        return framed(f'<div class="head">{explanation_html(self)}</div>')


class Sentence(NamedTuple):
    """A text with places for values, and the names of these."""

    text: str
    names: frozenset[str]

    def fill(self, values: Mapping[str, Any]) -> str | None:
        """The sentence with values in their places; None where one is missing."""
        if not self.names <= values.keys():
            return None
        return self.text.format_map(values) if self.names else self.text


def explain(line: Line | Candidate | str, language: Language | None = None) -> Explanation:
    """Say what a line means.

    Parameters
    ----------
    line : Line, Candidate or str
        A line of a document is explained from the whole document: what payload type 96 is there, which other
        sections share its transport. A string is one line by itself.
    language : {"en", "zh"}, optional
        Default: the current one of `rtcnb.language`.

    Returns
    -------
    Explanation
    """
    if not isinstance(line, Line):
        text = f"a={line.candidate}" if isinstance(line, Candidate) else str(line)
        lines = parse(text).lines
        line = lines[0] if lines else Line(parse(""), 1, 0, "", "", None)
    chosen = check(language)
    catalogue = load_catalogue(chosen)
    entry = catalogue.get(line.name) if line.type else None
    if entry is None:
        entry = catalogue["unknown attribute" if line.attribute else "unknown line"]
        return _explanation(line, entry, chosen, specific=False)
    return _explanation(line, entry, chosen, specific=True)


def _explanation(line: Line, entry: Mapping[str, Any], language: Language, specific: bool) -> Explanation:
    fields = line.fields
    values: dict[str, Any] = {name: _shown(value) for name, value in fields.items()}
    found, keys, details = explain_values.of(line)
    values.update(found)
    if not specific:
        values["attribute"] = shorten(str(line.attribute), LONGEST_VALUE)
    sentences = [sentence.fill(values) for sentence in entry["text"]]
    meanings, says = entry["values"], entry["say"]
    for name, table in meanings.items():
        if name in values and (sentence := table.get(str(values[name]).lower())):
            sentences.append(sentence.fill(values))
    sentences += [says[key].fill(values) for key in keys if key in says]
    if line.error:
        broken = load_catalogue(language)["broken line"]["say"]["form" if line.row else "reason"]
        form = str(line.row.template or "-") if line.row else ""
        sentences.append(broken.fill({"reason": line.error, "form": form}))
    told = entry["fields"]
    rows = [ExplainedField(told[name][0], values[name], told[name][1]) for name in fields if name in told]
    rows += [
        ExplainedField(name, shorten(value, LONGEST_VALUE), _detail(entry, name, value))
        for name, value in details
    ]
    return Explanation(
        entry["title"].fill(values) or entry["name"],
        JOINS[language].join(sentence for sentence in sentences if sentence),
        tuple(rows),
        line.row.reference if line.row else "",
        tuple(_quirks(entry, line.text, COLONS[language])),
        specific,
    )


def _detail(entry: Mapping[str, Any], name: str, value: str) -> str:
    """What a parameter means; names without their case, ``name=value`` before ``name``."""
    told = entry["details"]
    return str(told.get(f"{name}={value}".lower()) or told.get(name.lower(), ""))


def _quirks(entry: Mapping[str, Any], text: str, colon: str) -> list[str]:
    return [
        f"{agent}{colon}{sentence}" for pattern, agent, sentence in entry["quirks"] if pattern.match(text)
    ]


def _shown(value: Any) -> str:
    """A field's value as it stands in a sentence."""
    if isinstance(value, str):
        return shorten(value, LONGEST_VALUE)
    if isinstance(value, tuple):
        return shorten(", ".join(value), LONGEST_VALUE)
    if isinstance(value, dict):
        pairs = (f"{name}={held}" if held else name for name, held in value.items())
        return shorten("; ".join(pairs), LONGEST_VALUE)
    return str(value)


@cache
def load_catalogue(language: Language) -> dict[str, dict[str, Any]]:
    """Read the texts of a language; every entry has every part, and sentences know their values."""
    text = files(__package__).joinpath("catalogue", f"{language}.toml").read_text("utf-8")
    return {name: _entry(name, raw) for name, raw in tomllib.loads(text).items()}


def _entry(name: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    values = raw.get("values", {})
    return {
        "name": raw.get("name", name),
        "title": _sentence(raw.get("title", raw.get("name", name))),
        "text": [_sentence(text) for text in raw.get("text", ())],
        "values": {
            field: {str(value).lower(): _sentence(text) for value, text in table.items()}
            for field, table in values.items()
        },
        "say": {key: _sentence(text) for key, text in raw.get("say", {}).items()},
        "fields": {key: (key.replace("_", " "), text) for key, text in raw.get("fields", {}).items()},
        "details": {key.lower(): text for key, text in raw.get("details", {}).items()},
        "quirks": [(re.compile(translate(x["line"])), x["agent"], x["text"]) for x in raw.get("quirks", ())],
    }


def _sentence(text: str) -> Sentence:
    names = (name for _, name, _, _ in Formatter().parse(text) if name)
    return Sentence(text, frozenset(names))
