"""``rtcnb doctor``: what works here, as far as can be seen without a page."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any


def add_parser(commands: Any) -> None:
    """Add ``doctor``."""
    parser = commands.add_parser("doctor", help="say what works here; in a cell: await rtcnb.doctor()")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--ice-server", action="append", default=[], metavar="URL", help="a stun: or turn: server to try"
    )
    parser.add_argument("--username", help="of the TURN servers")
    parser.add_argument("--credential", help="of the TURN servers; - to read it from standard input")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the report; exit status 1 if something is bad."""
    import asyncio

    from ..doctor import doctor  # it loads asyncio and more, which the other commands do without

    # On the command line of a process others see it: standard input keeps it to ourselves.
    credential = sys.stdin.readline().strip() if options.credential == "-" else options.credential
    login = {"username": options.username, "credential": credential} if options.username else {}
    servers = [{"urls": url, **login} for url in options.ice_server]
    report = asyncio.run(doctor(servers, page=False))
    if options.json:
        json.dump(report.to_json(), sys.stdout, indent=2)
        print()
    else:
        print(report)
        print("In a notebook, await rtcnb.doctor() looks at the page too.")
    return 0 if report.ok else 1
