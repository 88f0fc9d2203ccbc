"""coturn on 127.0.0.1, with its own ports and files, for tests that want a real STUN and TURN server."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ports import free_port

PROGRAM = "turnserver"
REALM = "rtcnb.test"
# Words that occur nowhere else: a test can look for them in everything that is shown or saved.
USERNAME, CREDENTIAL, SECRET = "turn-user-Xq7", "turn-word-Zk3", "shared-secret-Wv9"
START_TIMEOUT_S = 20.0
RELAY_PORTS = 200
BINDING = (
    bytes.fromhex("000100002112a442") + b"rtcnb-coturn"
)  # RFC 8489 section 5: a request without attributes
BINDING_RESPONSE = b"\x01\x01"


@dataclass(frozen=True)
class Coturn:
    """A running turnserver.

    Attributes
    ----------
    port : int
        Of UDP and of TCP, on 127.0.0.1.
    process : subprocess.Popen
    directory : Path
        Its configuration, database, log and pid file.
    """

    port: int
    process: subprocess.Popen[bytes]
    directory: Path

    @property
    def stun(self) -> dict[str, Any]:
        """It as a STUN server."""
        return {"urls": f"stun:127.0.0.1:{self.port}"}

    def turn(
        self, username: str = USERNAME, credential: str = CREDENTIAL, transport: str = "udp"
    ) -> dict[str, Any]:
        """It as a TURN server, with a login."""
        url = f"turn:127.0.0.1:{self.port}?transport={transport}"
        return {"urls": url, "username": username, "credential": credential}

    def stop(self) -> None:
        """End it; nothing answers at its port any more."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)


def rest_login(lifetime_s: float) -> tuple[str, str]:
    """Return a username and a credential of coturn's REST scheme, which are good for so long.

    The username begins with the time at which it expires, the credential is its HMAC-SHA1 with the secret that
    server and issuer share (draft-uberti-behave-turn-rest-00 section 2.2).
    """
    username = f"{int(time.time() + lifetime_s)}:{USERNAME}"
    digest = hmac.new(SECRET.encode(), username.encode(), hashlib.sha1).digest()
    return username, base64.b64encode(digest).decode()


LONG_TERM = ("lt-cred-mech", f"user={USERNAME}:{CREDENTIAL}")
REST = ("use-auth-secret", f"static-auth-secret={SECRET}")


@contextlib.contextmanager
def serve(directory: Path, *options: str, login: tuple[str, ...] = LONG_TERM) -> Iterator[Coturn]:
    """Run coturn with these lines in its configuration beside those that every test needs."""
    if shutil.which(PROGRAM) is None:
        reason = (
            "coturn's turnserver is not installed; tests/machine.py installs it as root on Debian and Ubuntu"
        )
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    port = free_port()
    configuration = directory / "turnserver.conf"
    lines = [*_common(port, directory), *login, *options]
    configuration.write_text("".join(f"{line}\n" for line in lines))
    with (directory / "output.log").open("w") as output:
        process = subprocess.Popen(
            [PROGRAM, "-c", str(configuration)], cwd=directory, stdout=output, stderr=subprocess.STDOUT
        )
    coturn = Coturn(port, process, directory)
    try:
        _wait(coturn)
        yield coturn
    finally:
        coturn.stop()


def _common(port: int, directory: Path) -> list[str]:
    first = random.randrange(
        20_000, 32_000 - RELAY_PORTS
    )  # below the ports that systems hand out by themselves, beside `ports.OURS`
    return [
        "listening-ip=127.0.0.1",
        "relay-ip=127.0.0.1",
        f"listening-port={port}",
        f"min-port={first}",
        f"max-port={first + RELAY_PORTS}",
        f"realm={REALM}",
        "no-tls",
        "no-dtls",
        "no-cli",
        "allow-loopback-peers",
        f"userdb={directory / 'turndb'}",
        f"pidfile={directory / 'turnserver.pid'}",
        f"log-file={directory / 'turnserver.log'}",
        "simple-log",
        "relay-threads=1",
    ]


def _wait(coturn: Coturn) -> None:
    """Wait until a STUN binding is answered."""
    end = time.monotonic() + START_TIMEOUT_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", coturn.port))
        client.settimeout(0.1)
        while True:
            with contextlib.suppress(OSError):  # refused or silent until it listens
                client.send(BINDING)
                if client.recv(1500)[:2] == BINDING_RESPONSE:
                    return
            if coturn.process.poll() is not None or time.monotonic() > end:
                log = (coturn.directory / "output.log").read_text(errors="replace")
                raise RuntimeError(f"coturn did not start: {log[-2000:]}")
            time.sleep(0.05)  # a refusal comes back at once
