"""Template: the form of a line, written once, that reads it, writes it and names the field that is wrong.

``{payload_type:int127} {encoding_name:token}/{clock_rate:int}[/{channels:int}]`` is a form: literal text, fields
with their kind, and optional parts in square brackets. Every quantifier is possessive, so reading a line takes
time in proportion to its length whatever stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from ..errors import DescriptionError
from .text import quote

Value = Any  # str, int, tuple of str, or dict of str to str
Fault = tuple[int, str]
PIECE = re.compile(r"\{(\w+):([a-z]+)(\d*)\}|([\[\]])|([^{}\[\]]+)")


class Kind(NamedTuple):
    """How the text of a field looks, what it is in words, and how it becomes a value and text again."""

    pattern: str
    words: str
    read: Callable[[str], Value] | None = None
    write: Callable[[Value], str] = str


class Field(NamedTuple):
    """A field of a form: its name, its kind, and for numbers the largest value."""

    name: str
    kind: Kind
    maximum: int | None


def read_parameters(text: str) -> dict[str, str]:
    """Read ``key=value;key=value`` as ``a=fmtp`` has it; the first of two equal keys counts."""
    parameters: dict[str, str] = {}
    for pair in text.split(";"):
        key, _, value = pair.strip(" ").partition("=")
        if key:
            parameters.setdefault(key.rstrip(" "), value.lstrip(" "))
    return parameters


def _write_parameters(parameters: Mapping[str, str]) -> str:
    pairs = (f"{key}={value}" if value else key for key, value in parameters.items())
    return ";".join(pairs) or ";"  # a lone semicolon has been seen, and says that there are none


def _read_pairs(text: str) -> dict[str, str]:
    words = text.split(" ")
    values = [*words[1::2], ""]  # the last name may lack its value: browsers read it as empty
    return {name: value for name, value in zip(words[::2], values, strict=False) if name}


def _write_pairs(pairs: Mapping[str, str]) -> str:
    return " ".join(f"{name} {value}" for name, value in pairs.items())


def _read_words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.split(" ") if word)


TOKEN = r"[!#-'*+\-.0-9A-Z^-~]++"  # RFC 8866 section 9, token-char
KINDS = {
    "token": Kind(TOKEN, "one word"),
    "word": Kind(r"[^ ]++", "one word"),
    "name": Kind(r"[^ /]++", "a name"),
    "attribute": Kind(r"[^ :]++", "a name"),
    "int": Kind(r"[0-9]++", "a whole number", int),
    "text": Kind(r".++", "some text"),
    "any": Kind(r".*+", "any text"),
    "words": Kind(r"[^ ]++(?: ++[^ ]++)*+", "words with a blank between", _read_words, " ".join),
    "params": Kind(r"[^ =].*+", "parameters such as key=value;key=value", read_parameters, _write_parameters),
    "pairs": Kind(r"[^ ].*+", "pairs of a name and a value", _read_pairs, _write_pairs),
    "ice": Kind(r"[A-Za-z0-9+/]++", "letters, digits, '+' and '/'"),
    "hex": Kind(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})*+", "pairs of hex digits with ':' between"),
}


class Template:
    """A form that lines follow.

    Parameters
    ----------
    form : str
        See the module's docstring. A number after a kind is the largest value: ``{port:int65535}``.
    """

    def __init__(self, form: str) -> None:
        self.form = form
        self.pieces = _pieces(form)

    def __str__(self) -> str:
        return re.sub(r"\{(\w+):\w+\}", lambda m: f"<{m[1].replace('_', ' ')}>", self.form)

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields, in the order of the line."""
        return tuple(_fields(self.pieces))

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The form as a pattern with a group for each field."""
        return re.compile(_pattern(self.pieces), re.DOTALL)

    @cached_property
    def _readers(self) -> tuple[tuple[str, Callable[[str], Value]], ...]:
        """Of the fields whose value is not their text."""
        readers = ((field.name, _reader(field)) for field in self.fields)
        return tuple((name, reader) for name, reader in readers if reader is not None)

    @cached_property
    def _optional(self) -> tuple[str, ...]:
        return tuple(
            field.name for piece in self.pieces if isinstance(piece, tuple) for field in _fields(piece)
        )

    def read(self, text: str) -> tuple[dict[str, Value], Fault | None]:
        """Take a value apart.

        Returns
        -------
        fields : dict
            What stands there; as far as the fault where there is one.
        fault : tuple of int and str, or None
            The 0-based place of the fault and the reason.
        """
        match = self.regex.fullmatch(text)
        if match is None:
            return self._diagnose(text)
        fields: dict[str, Value] = match.groupdict()
        for name in self._optional:
            if fields[name] is None:
                del fields[name]
        try:
            for name, reader in self._readers:
                if name in fields:
                    fields[name] = reader(fields[name])
        except ValueError:  # a number that is too large
            return self._diagnose(text)
        return fields, None

    def span(self, text: str, name: str) -> tuple[int, int] | None:
        """Where the field stands in `text`, or None."""
        match = self.regex.fullmatch(text)
        return match.span(name) if match and match.group(name) is not None else None

    def write(self, fields: Mapping[str, Value]) -> str:
        """Write a value that reads as these fields.

        Raises
        ------
        DescriptionError
            Names the field that is missing, unknown, or cannot stand in this form.
        """
        unknown = set(fields) - {field.name for field in self.fields}
        if unknown:
            raise DescriptionError(f"There is no field {quote(min(unknown))} here; the form is {self}.")
        text = _write(self.pieces, fields, str(self))
        given = {name: value for name, value in fields.items() if value is not None}
        back, fault = self.read(text)
        if fault or back != given:
            wrong = [name for name in given if back.get(name) != given[name]]
            what = (
                f"{wrong[0]} cannot be {quote(str(given[wrong[0]]))}"
                if wrong
                else f"{quote(text)} is no value"
            )
            raise DescriptionError(f"{what}: {fault[1] if fault else f'the form is {self}'}.")
        return text

    def _diagnose(self, text: str) -> tuple[dict[str, Value], Fault]:
        """Walk the form piece by piece to the first one that does not fit."""
        fields: dict[str, Value] = {}
        end, fault = _walk(self.pieces, text, 0, fields)
        if fault is None:
            last = list(fields)[-1].replace("_", " ") if fields else "it"
            fault = (end, f"nothing more may stand after the {last}, here {quote(text[end:])}")
        return fields, fault


Piece = Any  # str, Field, or a tuple of pieces that are optional together


def _pieces(form: str) -> tuple[Piece, ...]:
    stack: list[list[Piece]] = [[]]
    for name, kind, maximum, bracket, literal in PIECE.findall(form):
        if name:
            stack[-1].append(Field(name, KINDS[kind], int(maximum) if maximum else None))
        elif bracket == "[":
            stack.append([])
        elif bracket:
            optional = tuple(stack.pop())
            stack[-1].append(optional)
        else:
            stack[-1].append(literal)
    return tuple(stack[0])


def _fields(pieces: tuple[Piece, ...]) -> list[Field]:
    found = []
    for piece in pieces:
        if isinstance(piece, Field):
            found.append(piece)
        elif isinstance(piece, tuple):
            found += _fields(piece)
    return found


def _pattern(pieces: tuple[Piece, ...]) -> str:
    parts = []
    for piece in pieces:
        if isinstance(piece, Field):
            parts.append(f"(?P<{piece.name}>{piece.kind.pattern})")
        elif isinstance(piece, str):
            parts.append(re.escape(piece))
        else:
            parts.append(f"(?:{_pattern(piece)})?+")
    return "".join(parts)


def _reader(field: Field) -> Callable[[str], Value] | None:
    if field.kind is not KINDS["int"]:
        return field.kind.read
    maximum = 2**64 - 1 if field.maximum is None else field.maximum

    def read(text: str) -> int:
        if len(text) > 20 or (value := int(text)) > maximum:
            raise ValueError
        return value

    return read


def _write(pieces: tuple[Piece, ...], fields: Mapping[str, Value], form: str) -> str:
    parts = []
    for piece in pieces:
        if isinstance(piece, str):
            parts.append(piece)
        elif isinstance(piece, Field):
            value = fields.get(piece.name)
            if value is None:
                raise DescriptionError(f"{piece.name} is missing; the form is {form}.")
            parts.append(piece.kind.write(value))
        elif any(fields.get(field.name) is not None for field in _fields(piece)):
            parts.append(_write(piece, fields, form))
    return "".join(parts)


def _walk(
    pieces: tuple[Piece, ...], text: str, place: int, fields: dict[str, Value]
) -> tuple[int, Fault | None]:
    for index, piece in enumerate(pieces):
        if isinstance(piece, str):
            if not text.startswith(piece, place):
                following = pieces[index + 1] if index + 1 < len(pieces) else None
                if place == len(text) and isinstance(following, Field):
                    return place, (place, _wrong(following, ""))
                return place, (place, _expected(piece, text[place:], fields))
            place += len(piece)
        elif isinstance(piece, Field):
            match = re.compile(piece.kind.pattern, re.DOTALL).match(text, place)
            if match is None:
                return place, (place, _wrong(piece, text[place:]))
            reader = _reader(piece)
            try:
                fields[piece.name] = match.group() if reader is None else reader(match.group())
            except ValueError:
                return place, (place, _wrong(piece, match.group()))
            place = match.end()
        elif isinstance(piece[0], str) and text.startswith(piece[0], place):
            place, fault = _walk(piece, text, place, fields)
            if fault:
                return place, fault
        elif not isinstance(piece[0], str):
            found = dict(fields)
            end, fault = _walk(piece, text, place, found)
            if not fault:
                fields.update(found)
                place = end
    return place, None


def _expected(literal: str, rest: str, fields: dict[str, Value]) -> str:
    after = f"after the {list(fields)[-1].replace('_', ' ')} " if fields else ""
    here = quote(rest) if rest else "the line ends"
    return f"{after}{quote(literal)} must stand, here {here}"


def _wrong(field: Field, rest: str) -> str:
    words = field.kind.words
    if field.maximum is not None:
        words = f"{words} from 0 to {field.maximum}"
    name = field.name.replace("_", " ")
    if not rest:
        return f"the {name} is missing: {words}"
    bad = rest.partition(" ")[0] or rest[:1]
    return f"the {name} is {words}, not {quote(bad)}"
