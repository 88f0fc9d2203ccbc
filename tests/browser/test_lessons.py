"""Every lesson runs from top to bottom in JupyterLab; its exercises take right answers and hint at wrong ones."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from lab import Notebook, Server

LESSONS = Path(__file__).resolve().parents[2] / "notebooks"
EXERCISE = re.compile(r"(check\.\w+\.\w+|mystery\.is_)\(")
# Right and wrong answers by the name that the cell gives them; a right one may be an expression.
ANSWERS = {
    "sections": ("2", "1"),
    "prediction": ("('have-local-offer', 'have-remote-offer')", "('have-remote-offer', 'have-local-offer')"),
    "begins": ("'bob'", "'alice'"),
    "pair": (
        "[(e.local_type, e.remote_type) for e in alice.trace.select('alice', 'selected')][-1]",
        "('relay', 'relay')",
    ),
    "milliseconds": (
        "1000 * (next(e.time for e in trace.select('alice', 'state') if e.new == 'completed')"
        " - next(e.time for e in trace.select('alice', 'state') if e.new == 'checking'))",
        "-1",
    ),
    "controlling": ("'alice'", "'bob'"),
    "requests": (
        "sum(e.data[:2] == b'\\0\\1' and e.direction == 'sent' for e in frozen.select('alice', 'packet'))",
        "-1",
    ),
    "guess": ("mystery._name", "'no such fault'"),
    "whose": ("'alice'", "'bob'"),
    "who": ("'bob'", "'alice'"),
    "cause": ("'turn-login'", "'no-candidates'"),
    "types": ("set()", "{'relay'}"),
}


@pytest.mark.parametrize("lesson", sorted(p.stem for p in LESSONS.glob("0[1-9]*.ipynb")))
def test_a_lesson_runs_and_its_exercises_judge(
    notebook: Callable[..., Notebook], lab_server: Server, lesson: str
) -> None:
    shutil.copytree(LESSONS / "dumps", lab_server.root / "dumps", dirs_exist_ok=True)
    nb = notebook(path=LESSONS / f"{lesson}.ipynb")
    for index, cell in enumerate(nb.cells()):
        if cell["type"] != "code":
            continue
        result = nb.press_run(index)
        last = cell["source"].strip().splitlines()[-1]
        if not EXERCISE.match(last):
            continue
        name = re.search(r"\((\w+)", last)
        assert name and result.text.startswith("…"), f"{lesson} {index}: {result.text}"
        for right in (False, True):
            said = nb.run(f"{name[1]} = {ANSWERS[name[1]][0 if right else 1]}\n{last}")
            assert said.text.startswith("✓" if right else "✕"), f"{lesson} {index}: {said.text}"
            if not right:
                assert len(said.text) > 20, "a hint"
