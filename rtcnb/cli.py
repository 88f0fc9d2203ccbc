"""The command line: ``rtcnb lab`` opens JupyterLab on the tour."""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
TOUR = "00_tour.ipynb"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    parser = argparse.ArgumentParser(prog="rtcnb", description="WebRTC in notebooks, taught and taken apart.")
    commands = parser.add_subparsers(dest="command", required=True)
    lab_parser = commands.add_parser(
        "lab", help="open JupyterLab on the tour; other options go to JupyterLab"
    )
    lab_parser.set_defaults(run=lab)
    options, rest = parser.parse_known_args(arguments)
    return int(options.run(rest))


def lab(options: list[str]) -> int:
    """Start JupyterLab on the tour; it runs in this process's place until it is stopped."""
    if importlib.util.find_spec("jupyterlab") is None:
        print('JupyterLab is not installed here. Install it with: pip install "rtcnb[lab]"', file=sys.stderr)
        return 1
    notebook = tour()
    # As the default URL and not as a file to open: so the address that JupyterLab prints leads there too.
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={notebook.parent}"]
    command += [f"--LabApp.default_url=/lab/tree/{notebook.name}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    command += options
    if os.name == "nt":  # execv does not keep the console there
        import subprocess

        return subprocess.call(command)
    os.execv(command[0], command)


def tour() -> Path:
    """Return the tour's notebook: the checkout's own, or a copy in the current directory."""
    checkout = PACKAGE.parent / "notebooks" / TOUR
    if checkout.exists():
        return checkout
    copy = Path.cwd() / TOUR
    if not copy.exists():
        shutil.copyfile(PACKAGE / "notebooks" / TOUR, copy)
    return copy


if __name__ == "__main__":
    sys.exit(main())
