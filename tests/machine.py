"""What pip cannot install: the libraries that OpenCV loads, and for the tests a browser and a TURN server.

Run by the Makefile as ``machine.py lab``, ``test`` or ``test-long``. As root on Debian and Ubuntu it installs
what is missing; elsewhere it says what to install. It fails where something stays missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

OPENCV_NEEDS = ["libgl1", "libglib2.0-0", "libxcb1"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def can_apt() -> bool:
    return shutil.which("apt-get") is not None and hasattr(os, "geteuid") and os.geteuid() == 0


def apt_install(*packages: str) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update"],
        ["apt-get", "install", "-y", "--no-install-recommends", *packages],
    ):
        if subprocess.run(command, env=environment, stdout=subprocess.DEVNULL).returncode:
            return False
    return True


def runs(*command: str) -> bool:
    return subprocess.run(command, capture_output=True).returncode == 0


def opencv() -> str:
    """Return what is wrong with OpenCV, or nothing."""
    check = (sys.executable, "-c", "import cv2")
    if runs(*check):
        return ""
    print("OpenCV lacks system libraries; installing", *OPENCV_NEEDS)
    if can_apt() and apt_install(*OPENCV_NEEDS) and runs(*check):
        return ""
    return (
        "opencv-python cannot be imported: it needs libGL.so.1, libgthread-2.0.so.0 and libxcb.so.1. On Debian "
        f"and Ubuntu: sudo apt-get install {' '.join(OPENCV_NEEDS)}. Elsewhere install the packages with these "
        "libraries, or replace it: pip uninstall opencv-python, pip install opencv-python-headless."
    )


def browser() -> str:
    """Return what is wrong with the browser, or nothing."""
    if any(shutil.which(name) for name in BROWSERS):
        return ""
    if can_apt() and apt_install("chromium") and shutil.which("chromium"):
        return ""
    if runs(sys.executable, "-m", "playwright", "install", "chromium"):
        return ""
    return (
        "The tests need Chromium, and it could neither be installed with apt-get (that needs root on Debian or "
        "Ubuntu) nor with 'playwright install chromium' (that needs the internet). Install chromium or Google "
        "Chrome so that it is on the PATH, and run make again."
    )


def firefox() -> str:
    """Install Firefox where that can be done; without it one test of the long ones says that it skips."""
    if shutil.which("firefox-esr") is None and can_apt():
        apt_install("firefox-esr")
    return ""


def tshark() -> str:
    """Install Wireshark's tshark where that can be done; without it one test says that it skips."""
    if shutil.which("tshark") is None and can_apt():
        apt_install("tshark")
    return ""


def coturn() -> str:
    """Install a TURN server where that can be done; without it some tests say that they skip, and fail in CI."""
    if (
        shutil.which("turnserver") is None
        and can_apt()
        and apt_install("coturn")
        and shutil.which("systemctl")
    ):
        # Debian's package starts a service, which nobody here asked for.
        subprocess.run(["systemctl", "disable", "--now", "coturn"], capture_output=True)
    return ""


def main(purpose: str) -> None:
    problems = [opencv()]
    if purpose.startswith("test"):
        problems += [browser(), tshark(), coturn()]
    if purpose == "test-long":
        problems.append(firefox())
    problems = [p for p in problems if p]
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main(sys.argv[1])
