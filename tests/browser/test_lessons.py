"""Every lesson runs from top to bottom in JupyterLab; its exercises take right answers and hint at wrong ones."""

from __future__ import annotations

import json
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
    "failing": ("{'min', 'max', 'exact'}", "{'ideal'}"),
    "widest": ("camera.capabilities['width']['max']", "camera.settings['width']"),
    "colour": ("'blue'", "'red'"),
    "number": ("offer.document.media[1].codecs[0].payload_type", "offer.document.media[1].codecs[0].rtx"),
    "direction": ("'recvonly'", "'sendonly'"),
    "attribute": ("'ice-pwd'", "'rtpmap'"),
}


IN_PLACE_OF_THE_KERNEL = ('rtcnb.KernelPeer("bob")', 'rtcnb.BrowserPeer("bob")')


@pytest.mark.parametrize("lesson", sorted(p.stem for p in LESSONS.glob("0[1-9]*.ipynb")))
def test_a_lesson_runs_and_its_exercises_judge(
    notebook: Callable[..., Notebook], lab_server: Server, lesson: str
) -> None:
    shutil.copytree(LESSONS / "dumps", lab_server.root / "dumps", dirs_exist_ok=True)
    work_through(notebook(path=LESSONS / f"{lesson}.ipynb"), lesson)


def test_the_six_steps_where_no_udp_passes(notebook: Callable[..., Notebook], tmp_path: Path) -> None:
    """As its second cell tells: Bob is in the page, too."""
    text = (LESSONS / "01_six_steps.ipynb").read_text("utf-8")
    both = tmp_path / "both_in_the_page.ipynb"
    code, other = (json.dumps(c)[1:-1] for c in IN_PLACE_OF_THE_KERNEL)
    assert code in text
    both.write_text(text.replace(code, other), "utf-8")
    work_through(notebook(path=both), "01 in the page")


def work_through(nb: Notebook, lesson: str) -> None:
    """Run each cell; answer each question wrongly, then rightly."""
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
