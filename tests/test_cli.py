"""``rtcnb lab`` opens the tour, in a checkout and from a wheel."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest

from rtcnb.cli import lab, main


def test_a_checkout_opens_its_own_tour() -> None:
    assert lab.tour() == lab.PACKAGE.parent / "notebooks" / lab.TOUR
    assert lab.tour().exists()


def test_a_wheel_copies_the_tour_here_and_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "site-packages" / "rtcnb"
    (installed / "notebooks").mkdir(parents=True)
    (installed / "notebooks" / lab.TOUR).write_text("the tour")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(lab, "PACKAGE", installed)
    assert lab.tour().read_text() == "the tour"
    (here / lab.TOUR).write_text("mine by now")
    assert lab.tour().read_text() == "mine by now"


def test_without_jupyterlab_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["lab"]) == 1
    assert 'pip install "rtcnb[lab]"' in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps this process instead of replacing it")
def test_other_options_go_to_jupyterlab(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    monkeypatch.setattr(os, "execv", lambda program, arguments: started.extend(arguments))
    with pytest.raises(TypeError):  # execv does not return; this one does
        main(["lab", "--no-browser", "--port=8899"])
    assert started[1:3] == ["-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={lab.tour().parent}" in started
    assert f"--LabApp.default_url=/lab/tree/{lab.TOUR}" in started
    assert started[-2:] == ["--no-browser", "--port=8899"]
