"""A kernel with no browser page, as in nbclient: what needs none works, what needs one says so in time."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

CHECKOUT = Path(__file__).resolve().parents[2]

KERNEL_PEERS = """
import rtcnb
alice, bob = rtcnb.KernelPeer("alice"), rtcnb.KernelPeer("bob")
chat = alice.createDataChannel("chat")
await rtcnb.connect(alice, bob)
await chat.wait_open()
alice
"""
PAGE = """
import time
began = time.monotonic()
try:
    await rtcnb.BrowserPeer("carol").createOffer()
except rtcnb.errors.NoPage as error:
    print(round(time.monotonic() - began), error)
"""
WIDGETS = """
rtcnb.Camera(), rtcnb.view(bob.track("video"))
"""


def test_without_a_page_kernel_peers_work_and_the_rest_says_so(tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell(code) for code in (KERNEL_PEERS, PAGE, WIDGETS)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "IPYTHONDIR": str(tmp_path)}
    client = NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    client.execute(env=environment)
    shown = notebook.cells[0].outputs[-1].data
    assert "connection <b>connected</b>" in shown["text/html"]
    said = "".join(output.text for output in notebook.cells[1].outputs)
    assert int(said.split()[0]) <= 5
    assert "KernelPeer and the SDP tools work" in said
