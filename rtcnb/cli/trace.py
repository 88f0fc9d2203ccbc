"""``rtcnb trace show | diagnose | export``: saved traces and browsers' dumps on the command line."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

from .. import language
from ..errors import TraceError
from ..sdp.text import printable
from ..trace import Trace
from ..trace.formats.json_lines import to_row


def add_parser(commands: Any) -> None:
    """Add ``trace`` and its three commands."""
    trace = commands.add_parser("trace", help="show, diagnose and convert saved traces and browsers' dumps")
    kinds = trace.add_subparsers(dest="what", required=True)
    file = argparse.ArgumentParser(add_help=False)
    file.add_argument(
        "file",
        metavar="FILE",
        help="what Trace.save() wrote, or a dump: of webrtc-internals, rtcstats, jitsi, about:webrtc; gzip too",
    )

    show = kinds.add_parser("show", parents=[file], help="print the events, one a line")
    show.add_argument("--peer", help="only of this peer")
    show.add_argument("--kind", help="only of this kind: state, candidate, packet, ...")
    show.add_argument("--json", action="store_true", help="print JSON lines")
    show.set_defaults(run=_guarded(_show))
    diagnose = kinds.add_parser(
        "diagnose", parents=[file], help="say what went wrong; exit status 1 if there are errors"
    )
    diagnose.add_argument("--json", action="store_true", help="print JSON")
    diagnose.add_argument(
        "--language", choices=language.LANGUAGES, help="of the texts; default: RTCNB_LANGUAGE, or en"
    )
    diagnose.set_defaults(run=_guarded(_diagnose))
    export = kinds.add_parser("export", parents=[file], help="write it in another format")
    export.add_argument("target", metavar="TARGET", help="the format is what the name ends with, else jsonl")
    export.add_argument(
        "--format",
        help="jsonl (everything), rtcstats (all but packets) or pcapng (packets), unless the name tells",
    )
    export.add_argument("--anonymise", action="store_true", help="replace addresses, credentials and names")
    export.set_defaults(run=_guarded(_export))


def _guarded(run: Callable[[argparse.Namespace, Trace], int]) -> Callable[[argparse.Namespace], int]:
    def guarded(options: argparse.Namespace) -> int:
        try:
            return run(options, Trace.load(options.file))
        except (TraceError, OSError) as error:
            print(f"rtcnb trace: {printable(str(error))}", file=sys.stderr)
            return 2

    return guarded


def _show(options: argparse.Namespace, trace: Trace) -> int:
    events = trace.select(peer=options.peer, kind=options.kind)
    begun = events[0].time if events else 0.0
    for event in events:
        if options.json:
            print(json.dumps(to_row(event)))
        else:
            print(
                f"{(event.time - begun) * 1000:10.1f} ms  {printable(event.peer):10}  {printable(str(event))}"
            )
    return 0


def _diagnose(options: argparse.Namespace, trace: Trace) -> int:
    if options.language:
        language.use(options.language)
    findings = trace.diagnose()
    if options.json:
        members = ("severity", "rule", "sentence", "remedy", "reference", "confidence")
        rows = [
            {**{m: getattr(f, m) for m in members}, "evidence": [str(e) for e in f.evidence]}
            for f in findings
        ]
        print(printable(json.dumps(rows, ensure_ascii=False, indent=2)))
    else:
        for finding in findings:
            print(printable(str(finding)))
            for event in finding.evidence:
                print(f"    {printable(str(event))}")
        if not findings:
            print("nothing found")
    return int(any(f.severity == "error" for f in findings))


def _export(options: argparse.Namespace, trace: Trace) -> int:
    trace.save(options.target, format=options.format, anonymise=options.anonymise)
    return 0
