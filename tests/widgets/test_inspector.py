"""The Inspector's own actions, without a page."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from rtcnb.trace import Note, Trace
from rtcnb.widgets.inspector import Inspector


async def test_a_trace_is_saved_while_the_call_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    inspector = Inspector(Trace.of([Note(time=1.0, peer="a", text="hello")]))
    loop_went_on, save = threading.Event(), Trace.save

    def slow(self: Trace, name: str) -> None:
        assert loop_went_on.wait(5), "the loop waited for the file"
        save(self, name)

    monkeypatch.setattr(Trace, "save", slow)
    saving = inspector.act("inspector-save", None)
    assert saving is not None
    task = asyncio.ensure_future(saving)  # type: ignore[arg-type]
    await asyncio.sleep(0)
    loop_went_on.set()
    await task
    saved = only_file(tmp_path)
    assert saved.name in "".join(fragment.body for fragment in inspector.draw())
    assert len(Trace.load(saved).events) == 1


def test_another_view_may_be_chosen_while_one_is_drawn() -> None:
    """What is pressed is heard on another thread."""
    inspector = Inspector(Trace.of([Note(time=1.0, peer="a", text="hello")]))
    drawing = iter(inspector.draw())
    begun = [next(drawing) for _ in range(3)]
    inspector.act("inspector-tab", "packets")
    keys = [fragment.key for fragment in (*begun, *drawing)]
    assert {key.split("/")[0] for key in keys if "/" in key} == {"ladder"}


def only_file(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found
