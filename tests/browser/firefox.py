"""Firefox, driven by its own WebDriver BiDi: as much of Playwright's Page as `Notebook` uses.

Playwright drives only a Firefox that it has patched itself. W3C: https://www.w3.org/TR/webdriver-bidi/
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import websocket

FIREFOX = next((p for n in ("firefox-esr", "firefox") if (p := shutil.which(n)) is not None), None)
START_TIMEOUT_S = 60
COMMAND_TIMEOUT_S = 90
PREFERENCES = {
    "media.navigator.streams.fake": True,  # a picture whose colour changes, and a tone
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.normandy.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "services.settings.server": "data:,",
}
KEYS = {"Shift": "\ue008", "Enter": "\ue007"}
# A script is an expression or a function of one argument, as in Playwright.
CALL = """(async () => {
    const made = (0, eval)(%s);
    const value = await (typeof made === 'function' ? made(%s) : made);
    return JSON.stringify(value ?? null);
})()"""
UNTIL = """(async () => {
    const script = %s, end = Date.now() + %d;
    for (;;) {
        const made = (0, eval)(script);
        if (await (typeof made === 'function' ? made(%s) : made)) return 'true';
        if (Date.now() > end) return 'false';
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
})()"""


class BiDiError(AssertionError):
    """Firefox refused a command, or a script threw."""


class Keyboard:
    """Keys that are pressed in a page."""

    def __init__(self, page: FirefoxPage) -> None:
        self._page = page

    def press(self, chord: str) -> None:
        """Press keys together: ``Shift+Enter``."""
        keys = [KEYS.get(name, name) for name in chord.split("+")]
        actions = [{"type": "keyDown", "value": key} for key in keys]
        actions += [{"type": "keyUp", "value": key} for key in reversed(keys)]
        self._page.command(
            "input.performActions",
            context=self._page.context,
            actions=[{"type": "key", "id": "keyboard", "actions": actions}],
        )


class FirefoxPage:
    """One tab."""

    def __init__(self, url: str) -> None:
        self._socket = websocket.create_connection(url, timeout=COMMAND_TIMEOUT_S, suppress_origin=True)
        self._numbers = itertools.count(1)
        self.keyboard = Keyboard(self)
        self.command("session.new", capabilities={})
        # The first tab of a headless Firefox never gets the focus.
        self.context = self.command("browsingContext.create", type="tab")["context"]

    def command(self, method: str, **parameters: Any) -> Any:
        """Send a command and return its result."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == number:
                break
        if message["type"] == "error":
            raise BiDiError(f"{method}: {message['error']}: {message['message']}")
        return message["result"]

    def _evaluate(self, expression: str) -> Any:
        result = self.command(
            "script.evaluate", expression=expression, target={"context": self.context}, awaitPromise=True
        )
        if result["type"] == "exception":
            raise BiDiError(result["exceptionDetails"]["text"])
        return json.loads(result["result"]["value"])

    def goto(self, url: str) -> None:
        """Go to an address and wait until it has loaded."""
        self.command("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def evaluate(self, script: str, arg: Any = None) -> Any:
        """Return what a script gives."""
        return self._evaluate(CALL % (json.dumps(script), json.dumps(arg)))

    def wait_for_function(self, script: str, *, arg: Any = None, timeout: float = 20_000) -> None:
        """Wait until a script gives something true; `timeout` is in milliseconds."""
        if not self._evaluate(UNTIL % (json.dumps(script), timeout, json.dumps(arg))):
            raise TimeoutError(script)

    def screenshot(self, path: str) -> None:
        """Keep a picture of the tab."""
        import base64

        shot = self.command("browsingContext.captureScreenshot", context=self.context)
        Path(path).write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        self._socket.close()


@contextmanager
def open_firefox(folder: Path) -> Iterator[FirefoxPage]:
    """Start a headless Firefox with a profile of its own."""
    profile = folder / "profile"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))
    log = folder / "firefox.log"
    command = [
        str(FIREFOX),
        "--headless",
        "--no-remote",
        "--profile",
        str(profile),
        "--remote-debugging-port",
        "0",
    ]
    environment = {**os.environ, "HOME": str(folder), "MOZ_CRASHREPORTER_DISABLE": "1"}
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        page = FirefoxPage(_listening(process, log) + "/session")
        yield page
        page.close()
    finally:
        process.terminate()
        process.wait(20)


def _listening(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until Firefox says where it listens."""
    end = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", log.read_text(errors="replace")):
            return found[1]
        time.sleep(0.1)  # there is nothing to wait on but its log
    raise RuntimeError(f"Firefox did not start; see {log}")
