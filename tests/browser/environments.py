"""Python environments beside the tests' own, made once and kept in the checkout."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
INSTALL_TIMEOUT_S = 900


def environment(name: str, needs: bytes, *commands: list[str]) -> str:
    """Return the Python of an environment; it is made anew when `needs` is not what it was made of.

    In `commands`, which run in the checkout, ``python`` is that of the environment.
    """
    folder = CHECKOUT / ".venv-hosts" / name
    python, done = folder / "bin" / "python", folder / f"done-{hashlib.sha256(needs).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests beside this one may want it too
        if not done.exists():
            _run([sys.executable, "-m", "venv", "--clear", str(folder)])
            path = {**os.environ, "PATH": f"{python.parent}:{os.environ['PATH']}"}
            for command in commands:
                _run([str(python) if word == "python" else word for word in command], path)
            done.touch()
    return str(python)


def _run(command: list[str], env: dict[str, str] | None = None) -> None:
    subprocess.run(command, check=True, timeout=INSTALL_TIMEOUT_S, env=env, cwd=CHECKOUT)
