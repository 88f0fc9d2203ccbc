"""``rtcnb sdp explain | lint | compare | format``: descriptions on the command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from ..errors import RtcnbError
from ..finding import MARKS, Finding
from ..language import LANGUAGES
from ..sdp import Document, Line, changes, compare, explain, lint, parse
from ..sdp.explain import Explanation
from ..sdp.pasted import mended
from ..sdp.rules.registry import DescriptionType
from ..sdp.text import printable

COLOURS = {"error": "31;1", "warning": "33;1", "advice": "36;1", "dim": "2", "title": "1"}
TYPES = ("offer", "answer", "pranswer")


def add_parser(commands: Any) -> None:
    """Add ``sdp`` and its four commands."""
    sdp = commands.add_parser("sdp", help="read, explain, check and compare session descriptions")
    kinds = sdp.add_subparsers(dest="what", required=True)
    both = argparse.ArgumentParser(add_help=False)
    both.add_argument("--json", action="store_true", help="print JSON")
    both.add_argument("--language", choices=LANGUAGES, help="of the texts; default: RTCNB_LANGUAGE, or en")
    files = argparse.ArgumentParser(add_help=False)
    files.add_argument(
        "files", metavar="FILE", nargs="+", help="SDP, or JSON with type and sdp; - for standard input"
    )

    one = kinds.add_parser("explain", parents=[both, files], help="say what each line means")
    one.set_defaults(run=_explain)
    two = kinds.add_parser(
        "lint", parents=[both, files], help="say what is wrong; exit status 1 if there are errors"
    )
    two.add_argument(
        "--type", choices=TYPES, help="what the description is; default: either, or as the JSON says"
    )
    two.set_defaults(run=_lint)
    three = kinds.add_parser("compare", parents=[both], help="say what offer and answer agree on")
    three.add_argument("offer", metavar="OFFER")
    three.add_argument("answer", metavar="ANSWER")
    three.add_argument(
        "--munged", action="store_true", help="they are one description before and after a change"
    )
    three.set_defaults(run=_compare)
    four = kinds.add_parser(
        "format", parents=[both, files], help="decode what was pasted, end lines with CRLF"
    )
    four.set_defaults(run=_format)


def _guarded(run: Any) -> Any:
    """Errors that the user can mend become a sentence and exit status 2; a closed pipe is no error."""

    def guarded(options: argparse.Namespace) -> int:
        try:
            return int(run(options))
        except (OSError, RtcnbError) as error:
            if isinstance(error, BrokenPipeError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                return 0
            reason = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else error
            print(f"rtcnb sdp: {reason}", file=sys.stderr)
            return 2

    return guarded


def _read(name: str) -> tuple[Document, DescriptionType | None]:
    """Read a file: SDP as it is, or JSON with ``type`` and ``sdp`` as `SessionDescription.to_json` writes it."""
    data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    try:
        given = json.loads(data)
    except (ValueError, RecursionError):
        return parse(data), None
    if isinstance(given, dict) and isinstance(given.get("sdp"), str):
        kind = given.get("type")
        return parse(given["sdp"]), kind if kind in TYPES else None
    return parse(data), None


@_guarded
def _explain(options: argparse.Namespace) -> int:
    told = []
    for name in options.files:
        document, _ = _read(name)
        for line in document.lines:
            explanation = explain(line, options.language)
            if options.json:
                told.append({"file": name, **_line(line), **_explanation(explanation)})
            else:
                _print_explanation(line, explanation)
    if options.json:
        _print_json(told)
    return 0


def _print_explanation(line: Line, explanation: Explanation) -> None:
    print(f"{line.number:4}  {_colour('title', printable(line.text))}")
    rows = [f"{explanation.title}. {explanation.text}"]
    rows += [f"{field.name} = {field.value}: {field.meaning}" for field in explanation.fields]
    rows += [f"* {quirk}" for quirk in explanation.quirks]
    for row in rows:
        print(f"      {printable(row)}")
    if explanation.reference:
        print(f"      {_colour('dim', explanation.reference)}")


@_guarded
def _lint(options: argparse.Namespace) -> int:
    told: list[dict[str, Any]] = []
    numbers: Counter[str] = Counter()
    for name in options.files:
        document, kind = _read(name)
        for finding in lint(document, options.type or kind, options.language):
            numbers[finding.severity] += 1
            if options.json:
                told.append({"file": name, **_finding(finding)})
            else:
                _print_finding(name, finding)
    if options.json:
        _print_json(told)
    else:
        print(", ".join(f"{numbers[severity]} {severity}" for severity in MARKS))
    return 1 if numbers["error"] else 0


def _print_finding(name: str, finding: Finding) -> None:
    line = finding.evidence[0] if finding.evidence else None
    place = f"{name}:{line.number}:{line.column or 1}" if isinstance(line, Line) else name
    severity = _colour(finding.severity, finding.severity)
    details = _colour("dim", f"({finding.rule}, {finding.reference})")
    print(f"{place}: {severity}: {printable(finding.sentence)} {printable(finding.remedy)} {details}")


@_guarded
def _compare(options: argparse.Namespace) -> int:
    (first, _), (second, _) = _read(options.offer), _read(options.answer)
    if options.munged:
        changed = changes(first, second)
        _print_json(changed.to_json()) if options.json else print(printable(str(changed)))
        return 0
    negotiation = compare(first, second)
    _print_json(negotiation.to_json()) if options.json else print(printable(str(negotiation)))
    return 1 if any(finding.severity == "error" for finding in negotiation.violations) else 0


@_guarded
def _format(options: argparse.Namespace) -> int:
    told = []
    for name in options.files:
        document, kind = _read(name)
        text = mended(str(document))
        if options.json:
            told.append({"file": name, "type": kind, "sdp": text})
        else:
            sys.stdout.buffer.write(bytes(parse(text)))
            sys.stdout.buffer.flush()
    if options.json:
        _print_json(told)
    return 0


def _line(line: Line) -> dict[str, Any]:
    return {"line": line.number, "section": line.section, "text": line.text, "error": line.error}


def _explanation(explanation: Explanation) -> dict[str, Any]:
    fields = [field._asdict() for field in explanation.fields]
    quirks = list(explanation.quirks)
    return {
        "title": explanation.title,
        "explanation": explanation.text,
        "fields": fields,
        "quirks": quirks,
        "reference": explanation.reference,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    line = finding.evidence[0] if finding.evidence else None
    names = ("severity", "rule", "sentence", "remedy", "reference")
    where = _line(line) if isinstance(line, Line) else {"line": None}
    return {**{name: getattr(finding, name) for name in names}, **where}


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, indent=2)
    print()


def _colour(name: str, text: str) -> str:
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return text
    return f"\x1b[{COLOURS[name]}m{text}\x1b[0m"
