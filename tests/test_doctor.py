"""The doctor: a line for each thing, each with what to do; quick, and without secrets."""

from __future__ import annotations

import importlib
import json
import sys
import time
from typing import Any

import pytest

import rtcnb
import rtcnb.doctor as module
from rtcnb.cli import main
from rtcnb.doctor import Report

SECRET = "a-very-secret-word"


async def test_all_is_well_here() -> None:
    began = time.monotonic()
    report = await rtcnb.doctor(page=False)
    assert time.monotonic() - began < 15
    assert report.ok, str(report)
    names = [check.name for check in report]
    assert names == ["python", "libraries", "OpenCV", "host", "kernel call"]
    assert "connected over UDP in" in str(report)
    assert "aiortc 1." in str(report)


async def test_without_a_page_it_says_where_to_open_one() -> None:
    began = time.monotonic()
    report = await rtcnb.doctor()
    assert time.monotonic() - began < 15
    check = next(check for check in report if check.name == "page")
    assert check.state == "unknown"
    assert "JupyterLab 4.2" in check.remedy


async def test_servers_are_tried_and_credentials_are_not_shown() -> None:
    server = {"urls": "turn:127.0.0.1:9?transport=tcp", "username": "user", "credential": SECRET}
    report = await rtcnb.doctor([server, "stun:nowhere.invalid"], page=False)
    assert not report.ok
    told = [check for check in report if check.name.startswith(("turn:", "stun:"))]
    assert len(told) == 2
    assert all(check.state == "bad" and check.remedy for check in told)
    for shown in (str(report), repr(report), report._repr_html_(), json.dumps(report.to_json())):
        assert SECRET not in shown


async def test_a_wrong_server_is_a_line_and_no_exception() -> None:
    report = await rtcnb.doctor("http://example.com", page=False)
    assert report[-1].state == "bad"
    assert "is no STUN or TURN address" in report[-1].found


def test_a_missing_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_version", lambda name: None if name == "aioice" else "1.0")
    check = module._libraries()[1]
    assert (check.state, check.remedy) == ("bad", "Install them: pip install aioice")


def test_an_opencv_without_libgl_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> Any:
        raise ImportError("libGL.so.1: cannot open shared object file")

    monkeypatch.setattr(importlib, "import_module", fail)
    check = module._opencv()
    assert check.state == "bad"
    assert "libgl1" in check.remedy and "headless" in check.remedy


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        ("VSCODE_PID", "VS Code"),
        ("BINDER_LAUNCH_HOST", "Binder"),
        ("VOILA_BASE_URL", "Voila"),
        ("JUPYTERHUB_USER", "JupyterHub"),
    ],
)
def test_the_host_is_named_with_what_works(monkeypatch: pytest.MonkeyPatch, variable: str, name: str) -> None:
    monkeypatch.setenv(variable, "1")
    assert module._host().found.startswith(f"{name}. ")


def test_colab_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.colab", object())
    assert module._host().found.startswith("Colab. ")


def test_what_a_page_tells_becomes_lines() -> None:
    page = {"webrtc": True, "secure": False, "origin": "http://192.0.2.1:8888"}
    assert "https" in module._secure(page).remedy
    assert module._secure({**page, "webrtc": False}).state == "bad"
    assert module._secure({**page, "secure": True}).state == "good"
    told = {
        "permissions": {"camera": "denied", "microphone": "prompt"},
        "devices": {"camera": 1, "microphone": 0},
    }
    camera, microphone = module._devices(told)
    assert (camera.state, microphone.state) == ("bad", "odd")
    assert "address bar" in camera.remedy


def test_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "✓ kernel call" in out
    assert "await rtcnb.doctor()" in out
    assert main(["doctor", "--json", "--ice-server", "stun:nowhere.invalid"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told[-1]["state"] == "bad"


def test_a_report_is_escaped() -> None:
    report = Report([module.Check("page", "good", "<img src=x onerror=alert(1)>")])
    assert "<img" not in report._repr_html_()
