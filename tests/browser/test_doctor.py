"""The doctor in a cell of real JupyterLab: page, lanes, permissions, a call by UDP, servers from both ends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page


@pytest.mark.alone
def test_in_a_cell_it_looks_at_the_page_too(notebook: Any) -> None:
    nb = notebook()
    nb.run("import rtcnb, time, json\nbegun = time.monotonic()\nreport = await rtcnb.doctor()")
    assert float(nb.run("print(time.monotonic() - begun)").text) < 15
    told = {check["name"]: check for check in json.loads(nb.run("print(json.dumps(report.to_json()))").text)}
    assert {name for name, check in told.items() if check["state"] == "bad"} == set(), told
    page = told["page"]["found"]
    assert "Chrome" in page and "a call and its reply take" in page and "frames go by ws://127.0.0.1" in page
    assert told["secure page"]["state"] == "good"
    assert "permission granted" in told["camera"]["found"]
    assert "connected over UDP in" in told["call between page and kernel"]["found"]
    shown = nb.run("report")
    assert "call between page and kernel" in shown.text or "call between page and kernel" in shown.html
    nb.screenshot("doctor", nb.element(len(nb.cells()) - 1))


def test_servers_are_tried_from_both_ends(notebook: Any) -> None:
    nb = notebook()
    nb.run("import rtcnb")
    told = nb.run(
        "given = {'urls': 'turn:127.0.0.1:9?transport=tcp', 'username': 'u', 'credential': 'very-secret-word'}\n"
        "report = await rtcnb.check_ice_servers(['stun:nowhere.invalid', given])\n"
        "print(report)\nprint(sorted((check.place, check.ok) for check in report))",
        timeout=40,
    ).text
    assert told.splitlines()[-1] == "[('kernel', False), ('kernel', False), ('page', False), ('page', False)]"
    assert "very-secret-word" not in told


def test_a_forbidden_camera_is_told(page: Page, notebook: Any) -> None:
    page.add_init_script(
        "navigator.permissions.query = async () => ({state: 'denied', addEventListener() {}})"
    )
    nb = notebook()
    nb.run("import rtcnb, json")
    told = nb.run("print(json.dumps((await rtcnb.doctor()).to_json()))").text
    camera = next(check for check in json.loads(told) if check["name"] == "camera")
    assert (camera["state"], camera["found"]) == ("bad", "1 seen, permission denied.")
    assert "address bar" in camera["remedy"]
