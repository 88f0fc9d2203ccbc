"""The command line: ``rtcnb lab`` opens JupyterLab on the tour, ``rtcnb sdp`` reads descriptions,
``rtcnb doctor`` says what works, ``rtcnb trace`` what happened in a call."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from . import doctor, lab, sdp, trace


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    parser = argparse.ArgumentParser(prog="rtcnb", description="WebRTC in notebooks, taught and taken apart.")
    commands = parser.add_subparsers(dest="command", required=True)
    lab_parser = commands.add_parser(
        "lab", help="open JupyterLab on the tour; other options go to JupyterLab"
    )
    lab_parser.set_defaults(run=lambda options: lab.lab(options.rest))
    sdp.add_parser(commands)
    doctor.add_parser(commands)
    trace.add_parser(commands)
    options, rest = parser.parse_known_args(arguments)
    options.rest = rest
    if rest and options.command != "lab":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return int(options.run(options))
