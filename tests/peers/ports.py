"""Ports that stay free until a test binds them."""

from __future__ import annotations

import contextlib
import random
import socket

# Below the ports that systems hand out by themselves: nothing takes one of these by chance meanwhile.
OURS = range(10_000, 20_000)


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free for UDP and TCP."""
    while True:
        port = random.choice(OURS)
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
            contextlib.suppress(OSError),
        ):
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
            return port
