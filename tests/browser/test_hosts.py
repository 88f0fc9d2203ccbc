"""The tour in the other hosts: Notebook 7, the oldest supported versions, and under a hub's path."""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from conftest import CHECKOUT, serve
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from environments import INSTALL_TIMEOUT_S, environment
from far import proxy_to
from lab import Notebook, Server
from playwright.sync_api import Page
from tour import TOUR, walk_to_the_edges

# Environments beside this one. The oldest that are supported come with OpenCV 4 too.
PINS = {
    "old": ("jupyterlab==4.2.*", "notebook==7.2.*", "ipykernel==6.29.*", "opencv-python==4.*"),
    "old-kernel": ("ipykernel==6.29.*",),
    "kernel-7.1": ("ipykernel==7.1.*",),
    "old-lab": ("jupyterlab==4.2.*", "notebook==7.2.*"),
}


@dataclass(frozen=True)
class Host:
    """Where the tour is shown: which program, in which environment, under which path."""

    app: Literal["lab", "notebook"]
    environment: str = ""
    base_url: str = "/"
    tls: bool = False


HOSTS = {
    "notebook-newest": Host("notebook"),
    "lab-4.2-ipykernel-6.29": Host("lab", "old"),
    "notebook-7.2-ipykernel-6.29": Host("notebook", "old"),
    "hub-path-https": Host("lab", base_url="/user/x/", tls=True),
}
if os.environ.get("RTCNB_LONG") == "1":
    HOSTS |= {
        "lab-newest-ipykernel-6.29": Host("lab", "old-kernel"),
        "notebook-newest-ipykernel-6.29": Host("notebook", "old-kernel"),
        "lab-newest-ipykernel-7.1": Host("lab", "kernel-7.1"),
        "lab-4.2-ipykernel-newest": Host("lab", "old-lab"),
        "notebook-7.2-ipykernel-newest": Host("notebook", "old-lab"),
    }


def python_of(name: str) -> str:
    """Return a Python that has rtcnb with these versions; made once, and again when the project's needs change."""
    if not name:
        return sys.executable
    pins = PINS[name]
    needs = (CHECKOUT / "pyproject.toml").read_bytes() + repr(pins).encode()
    install = ["python", "-m", "pip", "install", "--quiet", "--editable", f"{CHECKOUT}[lab]", *pins]
    return environment(name, needs, install)


def certificate(folder: Path) -> ssl.SSLContext:
    """Return a server's side of TLS with a certificate that it signed itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1)
        )
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "tls.pem").write_bytes(pem + signed.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem")
    return context


@pytest.fixture(params=list(HOSTS))
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    wanted = HOSTS[request.param]
    with serve(tmp_path, wanted.app, python_of(wanted.environment), wanted.base_url) as server:
        if not wanted.tls:
            yield server
            return
        port = urlsplit(server.url).port
        reach = lambda: asyncio.open_connection("127.0.0.1", port)  # noqa: E731
        with proxy_to(reach, certificate(tmp_path)) as proxy:
            yield replace(
                server,
                seen_at=server.url.replace(f"http://127.0.0.1:{port}", f"https://127.0.0.1:{proxy.port}"),
            )


@pytest.mark.timeout(INSTALL_TIMEOUT_S + 180)
def test_the_tour_runs_here_too(host: Server, page: Page) -> None:
    nb = Notebook.open(page, host, [], TOUR)
    try:
        walk_to_the_edges(nb)
        nb.run("await alice.close(); await bob.close(); await camera.stop()")
    finally:
        nb.shut_down()
