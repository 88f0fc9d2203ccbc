"""The confusion table at the end of a session: what was made for real, and what the diagnosis said first."""

from __future__ import annotations

from typing import Any

from failures import CONFUSION, confusion_table


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if CONFUSION:
        terminalreporter.section("failures made for real")
        for line in confusion_table():
            terminalreporter.write_line(line)
