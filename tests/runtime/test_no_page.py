"""No browser page: in nbclient, papermill and a script, what needs none works; the rest says so in time."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from nbclient import NotebookClient

CHECKOUT = Path(__file__).resolve().parents[2]

WORKS = """
import cv2, rtcnb
alice, bob = rtcnb.KernelPeer("alice"), rtcnb.KernelPeer("bob")
pattern = rtcnb.TestPattern(width=320, height=240)
edges = rtcnb.process(pattern.video, lambda image, low=60: cv2.Canny(image, low, 120), low=(0, 255))
alice.addTrack(edges.track)
chat = alice.createDataChannel("chat")
await rtcnb.connect(alice, bob)
await chat.wait_open()
async for image in bob.track("video").frames():
    break
offer = alice.localDescription.document
print("works:", bob.connectionState, image.shape, [section.kind for section in offer.media], rtcnb.sdp.lint(offer))
"""
REFUSES = """
import time

async def refused(what, operation):
    began = time.monotonic()
    try:
        await operation()
    except rtcnb.errors.NoPage as error:
        print(f"{what}: {time.monotonic() - began:.1f} s: {error}")

async def frames():
    async for image in rtcnb.process(rtcnb.Camera(), lambda image: image).track.frames():
        break

await refused("peer", lambda: rtcnb.BrowserPeer("carol").createOffer())
await refused("camera", rtcnb.Camera().start)
await refused("pattern", rtcnb.TestPattern(place="page").start)
await refused("picture", frames)
"""
SHOWN = "rtcnb.Camera(), rtcnb.view(bob.track('video')), edges"
VIEW = "rtcnb.Ladder(alice, bob)"
CLOSED = "await alice.close()\nawait bob.close()\nawait pattern.stop()"
CELLS = (WORKS, "alice", REFUSES, SHOWN, VIEW, CLOSED)


def by_nbclient(folder: Path, notebook: Any) -> Any:
    client = NotebookClient(notebook, timeout=90, resources={"metadata": {"path": folder}})
    return client.execute()


def by_papermill(folder: Path, notebook: Any) -> Any:
    nbformat.write(notebook, folder / "in.ipynb")
    return papermill.execute_notebook(
        folder / "in.ipynb", folder / "out.ipynb", cwd=folder, progress_bar=False, kernel_name="python3"
    )


def check(said: str) -> None:
    assert "works: connected (240, 320, 3) ['video', 'application']" in said
    refused = [line for line in said.splitlines() if "No browser page answers" in line]
    assert [line.split(":")[0] for line in refused] == ["peer", "camera", "pattern", "picture"]
    for line in refused:
        assert float(line.split()[1]) <= 5 and "KernelPeer and the SDP tools work" in line


@pytest.mark.alone
@pytest.mark.parametrize("execute", [by_nbclient, by_papermill])
def test_in_a_kernel_without_a_page(
    execute: Callable[[Path, Any], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    done = execute(tmp_path, notebook)
    outputs = [output for cell in done.cells for output in cell.get("outputs", ())]
    check("".join(output.text for output in outputs if output.output_type == "stream"))
    html = [output.data["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    assert "connection <b>connected</b>" in html[0]
    if execute is by_nbclient:  # it keeps the state of widgets, which exports show in the place of that HTML
        kept = done.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"].values()
        (still,) = [each["state"]["still"] for each in kept if each["state"].get("still")]
        assert "setRemoteDescription" in still and still in "".join(html)


@pytest.mark.alone
def test_in_a_plain_script(tmp_path: Path) -> None:
    body = "\n".join([WORKS, REFUSES, CLOSED])
    script = tmp_path / "script.py"
    indented = textwrap.indent(body, "    ")
    script.write_text(f"import asyncio\n\nasync def main():\n{indented}\n\nasyncio.run(main())\n")
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    check(done.stdout)
