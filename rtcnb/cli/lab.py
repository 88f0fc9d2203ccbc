"""``rtcnb lab`` opens JupyterLab on the tour."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
TOUR = "00_tour.ipynb"


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
