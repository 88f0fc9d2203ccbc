"""Every check and test, with one line at the end: ``N passed, N failed``.

The browser tests run in a process of their own: Playwright's event loop and the asyncio tests do not share.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
CHECKS = {
    "ruff check": ["ruff", "check", "--quiet", "."],
    "ruff format": ["ruff", "format", "--check", "--quiet", "."],
    "mypy": ["mypy"],
}
PYTEST = ["pytest", "-q", "--durations=12"]
# The first wait more than they compute: so there are more at a time than cores. A JupyterLab keeps a core busy.
SUITES = {
    "tests": [*PYTEST, "-n", "4", "--dist=worksteal", "-m", "not alone", "--ignore=tests/browser", "tests"],
    "tests, one at a time": [*PYTEST, "-m", "alone", "--ignore=tests/browser", "tests"],
    "browser tests": [*PYTEST, "-n", "2", "--dist=worksteal", "-m", "not alone", "tests/browser"],
    "browser tests, one at a time": [*PYTEST, "-m", "alone", "tests/browser"],
}
COUNT = re.compile(r"(\d+) (passed|failed|error|errors|skipped)")


def run(name: str, command: list[str]) -> tuple[int, str]:
    """Run one tool of this environment; its output is shown as it comes and returned."""
    print(f"== {name}", flush=True)
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = []
    for line in process.stdout or ():
        print(line, end="", flush=True)
        lines.append(line)
    return process.wait(), "".join(lines)


def main(arguments: list[str]) -> int:
    passed = failed = skipped = 0
    for name, command in CHECKS.items():
        code, _ = run(name, command)
        passed, failed = passed + (code == 0), failed + (code != 0)
    suites = {} if "--lint" in arguments else SUITES
    for name, command in suites.items():
        code, output = run(name, command)
        counts = {what: int(n) for n, what in COUNT.findall(output.strip().rpartition("\n")[2])}
        wrong = counts.get("failed", 0) + counts.get("error", 0) + counts.get("errors", 0)
        passed += counts.get("passed", 0)
        skipped += counts.get("skipped", 0)
        failed += wrong or (code != 0)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
