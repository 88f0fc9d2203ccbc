"""Camera, Microphone and Screen in real JupyterLab, with Chromium's fake devices."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import CHROMIUM, FLAGS, VIEWPORT
from lab import Notebook
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

CAMERA = "import rtcnb\ncam = rtcnb.Camera()\ncam"
TRACKS = "[...globalThis[Symbol.for('rtcnb.objects')].tracks.values()]"

# Every opening of a device in this page, and every track that came of one.
WATCH = """
globalThis.opened = [];
globalThis.tracks = [];
if (!globalThis.watched) {
    globalThis.watched = true;
    const native = MediaDevices.prototype.getUserMedia;
    MediaDevices.prototype.getUserMedia = function (constraints) {
        opened.push(constraints);
        const stream = native.call(this, constraints);
        stream.then((s) => tracks.push(...s.getTracks())).catch(() => {});
        return stream;
    };
}
null;
"""
# getUserMedia that fails as a browser does: FAIL is "name: message".
FAIL = (
    """MediaDevices.prototype.getUserMedia = () => Promise.reject(new DOMException({message!r}, {name!r}));"""
)
# The browser's question, which `answerQuestion()` answers.
QUESTION = """
globalThis.tracks = [];
const native = MediaDevices.prototype.getUserMedia;
MediaDevices.prototype.getUserMedia = function (constraints) {
    globalThis.asked = true;
    return new Promise((resolve) => {
        globalThis.answerQuestion = async () => {
            const stream = await native.call(this, constraints);
            tracks.push(...stream.getTracks());
            resolve(stream);
        };
    });
};
"""
# Chromium's fake microphone is silent here: a tone in its place.
TONE = """
const native = MediaDevices.prototype.getUserMedia;
MediaDevices.prototype.getUserMedia = async function (constraints) {
    if (constraints.video) return native.call(this, constraints);
    const context = new AudioContext();
    const tone = new OscillatorNode(context);
    const end = new MediaStreamAudioDestinationNode(context);
    tone.connect(end);
    tone.start();
    return end.stream;
};
"""
SAYS_ERROR = (
    "\ntry:\n    await {0}\nexcept rtcnb.RtcnbError as error:\n    print(type(error).__name__, '|', error)"
)


def widget(page: Page) -> Locator:
    return page.locator(".rtcnb-device").first


def press(page: Page, name: str) -> None:
    widget(page).get_by_role("button", name=name).click()


def shows(page: Page, *texts: str) -> None:
    """Wait until the display says all of these."""
    for text in texts:
        expect(widget(page)).to_contain_text(text)


def picture_moves(page: Page) -> None:
    page.wait_for_function(
        "document.querySelector('.rtcnb-device video').getVideoPlaybackQuality().totalVideoFrames > 10"
    )


def diagnosed(nb: Any) -> str:
    """Return what the diagnosis puts first, live and of the saved trace."""
    told = nb.run(
        "trace = rtcnb.trace.current(); trace.save('trace.jsonl')\n"
        "print(*[t.diagnose()[0].rule for t in (trace, rtcnb.Trace.load('trace.jsonl'))])"
    )
    return str(told.text.strip())


def failing(nb: Notebook, call: str) -> str:
    return nb.run(SAYS_ERROR.format(call)).text.strip()


@pytest.fixture
def camera(request: pytest.FixtureRequest, notebook: Callable[..., Notebook]) -> Notebook:
    """A notebook that shows a camera, in a page that counts openings; so do the other tabs of a test's own page."""
    if "page" in request.fixturenames:
        request.getfixturevalue("page").context.add_init_script(WATCH)
    nb = notebook(CAMERA)
    nb.page.evaluate(WATCH)
    nb.press_run(0)
    shows(nb.page, "camera off", "Start opens it")
    return nb


def test_start_gives_what_was_asked_and_a_moving_picture(camera: Notebook) -> None:
    camera.run("started = []; cam.on('started', started.append); await cam.start()")
    assert (
        camera.run("(cam.state, cam.settings['width'], cam.settings['height'])").text == "('live', 640, 480)"
    )
    assert camera.run("cam.permission, cam.label").text == "('granted', 'fake_device_0')"
    assert (
        camera.run("cam.settings['frameRate'], cam.capabilities['width']['max'] > 640").text == "(30, True)"
    )
    assert camera.run("[event.type for event in started]").text == "['started']"
    assert camera.page.evaluate("opened") == [{"video": {"width": 640, "height": 480, "frameRate": 30}}]
    picture_moves(camera.page)
    shows(camera.page, "camera live", "permission granted", "fake_device_0 · 640×480 · 30 fps", "width640640")
    assert "differs" not in widget(camera.page).inner_text()


def test_stop_turns_the_device_off(camera: Notebook) -> None:
    camera.run("ids = cam.video.id; await cam.start(); await cam.stop()")
    assert camera.page.evaluate("tracks.map((t) => t.readyState)") == ["ended"]
    assert camera.page.evaluate(f"{TRACKS}.length") == 0
    shows(camera.page, "camera off")
    camera.run("await cam.start()")
    assert camera.run("cam.video.id == ids").text == "True"
    assert camera.page.evaluate("tracks.map((t) => t.readyState)") == ["ended", "live"]


def test_a_snapshot_is_a_picture(camera: Notebook) -> None:
    assert "not running. Start it: await camera.start()" in failing(camera, "cam.snapshot()")
    camera.run("await cam.start(); image = await cam.snapshot()")
    assert camera.run("image.shape, image.dtype.name").text == "((480, 640, 3), 'uint8')"
    # The fake camera is green, with a lighter pie and numbers: BGR, and no constant.
    assert camera.run("[int(c) for c in image.reshape(-1, 3).mean(axis=0).argsort()][-1]").text == "1"
    assert camera.run("bool(image.std() > 10)").text == "True"
    camera.run("again = await cam.snapshot(); assert (image != again).any()")


def test_the_buttons_work_while_a_cell_runs(camera: Notebook) -> None:
    busy = camera.start("import time\nprint('busy')\nfor i in range(600):\n    time.sleep(0.1)")
    busy.wait_output("busy")
    press(camera.page, "Start")
    shows(camera.page, "camera live")
    picture_moves(camera.page)
    press(camera.page, "Stop")
    shows(camera.page, "camera off")
    assert camera.page.evaluate("tracks.map((t) => t.readyState)") == ["ended"]
    assert busy.running
    camera.interrupt()
    assert "KeyboardInterrupt" in busy.wait(check=False).error


def test_the_keyboard_alone_is_enough(camera: Notebook) -> None:
    widget(camera.page).get_by_role("button", name="Start").focus()
    camera.page.keyboard.press("Enter")
    shows(camera.page, "camera live")
    expect(widget(camera.page).get_by_role("combobox", name="camera")).to_be_enabled()
    widget(camera.page).get_by_role("button", name="Stop").focus()
    camera.page.keyboard.press("Space")
    shows(camera.page, "camera off")


def test_a_chosen_device_is_used_at_once_or_at_the_next_start(camera: Notebook) -> None:
    press(camera.page, "Start")
    shows(camera.page, "camera live")
    menu = widget(camera.page).locator("select")
    device = menu.input_value()
    assert device
    menu.dispatch_event("change")
    camera.page.wait_for_function("opened.length === 2")
    shows(camera.page, "camera live")
    assert camera.page.evaluate("opened[1].video.deviceId") == {"exact": device}
    camera.page.wait_for_function("tracks.length === 2")
    assert camera.page.evaluate("tracks.map((t) => t.readyState)") == ["ended", "live"]
    press(camera.page, "Stop")
    shows(camera.page, "camera off")
    menu.dispatch_event("change")
    camera.run("cam.state")  # what the menu told has come by now
    assert camera.page.evaluate("opened.length") == 2
    saved = camera.run("sorted(k for k, v in cam._view._widget.get_state().items() if 'fake' in str(v))").text
    assert saved == "[]", "labels of devices are saved with the notebook"
    assert camera.run(f"{device!r} in str(cam._view._widget.get_state())").text == "False"


def test_a_second_tab_says_where_the_camera_is_and_takes_it_when_asked(camera: Notebook, page: Page) -> None:
    camera.run("await cam.start()")
    page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
    second = camera.show(page.context.new_page())
    second.wait_linked()
    other = second.page
    shows(other, "live elsewhere", "live in another tab")
    assert other.evaluate("opened.length") == 0
    press(other, "Start")
    other.wait_for_function("tracks.length === 1")
    shows(other, "fake_device_0 · 640×480")
    shows(page, "live elsewhere")
    assert page.evaluate("tracks.map((t) => t.readyState)") == ["ended"]
    assert other.evaluate("tracks.map((t) => t.readyState)") == ["live"]


def test_a_reload_ends_it_and_says_so(camera: Notebook, page: Page) -> None:
    camera.run("ended = []; cam.on('ended', ended.append); await cam.start()")
    page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
    camera.reload()
    camera.wait_linked()
    shows(page, "camera ended", "closed or reloaded. Start it again.")
    assert page.evaluate("opened.length") == 0
    assert camera.run("len(ended)").text == "1"
    press(page, "Start")
    shows(page, "camera live")


def test_a_display_without_its_kernel_offers_nothing(camera: Notebook) -> None:
    camera.run("await cam.start()")
    shows(camera.page, "camera live")
    camera.restart()
    shows(camera.page, "camera off", "no kernel. Run its cell again")
    expect(widget(camera.page).get_by_role("button", name="Start")).to_be_disabled()
    assert camera.page.evaluate("tracks.map((t) => t.readyState)") == ["ended"]


def test_what_no_camera_can_is_named(camera: Notebook) -> None:
    camera.run("cam = rtcnb.Camera(width={'exact': 99999})\ncam")
    said = failing(camera, "cam.start()")
    assert said.startswith("DeviceCannot | No camera can do what was asked: width cannot be met.")
    assert camera.run("cam.error.constraint, cam.state").text == "('width', 'failed')"
    last = camera.page.locator(".rtcnb-device").last
    expect(last).to_contain_text("✕ No camera can do what was asked: width cannot be met.")
    expect(last).to_contain_text("camera failed")
    camera.screenshot("camera-cannot", last)


def test_what_differs_is_marked(camera: Notebook) -> None:
    camera.run("cam = rtcnb.Camera(width=9000, frameRate={'max': 20})\ncam")
    camera.run("await cam.start()")
    last = camera.page.locator(".rtcnb-device").last
    expect(last).to_contain_text("≤ 20")
    expect(last).to_contain_text("3840 ▲ differs")
    text = camera.run("print(cam._view.bundle()['text/plain'])").text
    assert "width: asked 9000, obtained 3840 ▲ differs" in text


REFUSALS = [
    ("NotAllowedError", "Permission denied", "DeviceDenied", "denied", "The icon beside the address"),
    (
        "NotFoundError",
        "Requested device not found",
        "DeviceMissing",
        "missing",
        "There is no camera here",
    ),
    ("NotReadableError", "Could not start video source", "DeviceBusy", "busy", "Another program or tab"),
    ("AbortError", "Timeout starting video source", "DeviceBusy", "busy", "Another program or tab"),
    ("SecurityError", "<b>policy</b>", "DeviceDenied", "denied", "The browser says: <b>policy</b>."),
    ("StrangeError", "what", "DeviceError", "failed", "The browser says: what."),
]


def test_each_refusal_has_its_error_and_its_sentence(page: Page, notebook: Any) -> None:
    nb = notebook(CAMERA)
    for name, message, kind, state, sentence in REFUSALS:
        page.evaluate(f"() => {{ {FAIL.format(name=name, message=message)} }}")
        nb.press_run(0)
        said = failing(nb, "cam.start()")
        assert said.startswith(f"{kind} | ") and sentence.lower() in said.lower(), said
        shows(page, f"camera {state}", "✕ ", said.partition(" | ")[2])
        assert nb.run("cam.state").text == f"'{state}'"
        press(page, "Start")  # raises nothing anywhere
        shows(page, f"camera {state}")


@pytest.fixture
def asking(browser: Browser) -> Iterator[BrowserContext]:
    """A context in which nobody gives permission."""
    other = browser.browser_type.launch(
        executable_path=CHROMIUM, args=[f for f in FLAGS if "fake-ui" not in f]
    )
    context = other.new_context(viewport=VIEWPORT, permissions=[])
    yield context
    other.close()


def test_a_denied_permission(asking: BrowserContext, notebook: Any) -> None:
    page = asking.new_page()
    nb = notebook(CAMERA, on=page)
    nb.press_run(0)
    said = failing(nb, "cam.start(timeout=10)")
    assert said.startswith("DeviceDenied | The camera was not allowed."), said
    shows(page, "camera denied", "Allow it for this site")
    assert diagnosed(nb) == "device-denied device-denied"


def test_an_answer_that_comes_too_late_opens_nothing(page: Page, notebook: Any) -> None:
    page.add_init_script(QUESTION)
    nb = notebook(CAMERA)
    nb.press_run(0)
    assert failing(nb, "cam.start(timeout=0.5)").startswith("PageTimeout | ")
    shows(page, "camera off", "If it shows a question")
    _answered_in_vain(page)

    waiting = nb.start("await cam.start()")
    page.wait_for_function("globalThis.asked")
    nb.interrupt()
    assert waiting.wait(check=False).error
    shows(page, "camera off")
    _answered_in_vain(page)

    waiting = nb.start("await cam.start()")
    page.wait_for_function("globalThis.asked")
    shows(page, "camera starting", "If the browser shows a question, answer it.")
    press(page, "Stop")
    assert "was stopped while it was opening" in waiting.wait(check=False).error
    shows(page, "camera off")
    _answered_in_vain(page)

    waiting = nb.start("await cam.start()")
    page.wait_for_function("globalThis.asked")
    nb.page.evaluate("answerQuestion()")
    waiting.wait()
    assert page.evaluate("tracks.at(-1).readyState") == "live"


def _answered_in_vain(page: Page) -> None:
    page.evaluate("answerQuestion()")
    page.wait_for_function("tracks.length && tracks.every((t) => t.readyState === 'ended')")
    page.evaluate("tracks.length = 0; globalThis.asked = false")


def test_a_page_that_is_no_secure_context_is_said(page: Page, notebook: Any) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")
    nb = notebook(CAMERA)
    nb.press_run(0)
    assert failing(nb, "cam.start()").startswith("InsecurePage | The camera needs https or localhost")
    assert failing(nb, "cam.devices()").startswith("InsecurePage | ")
    shows(page, "camera failed", "ssh tunnel")
    assert diagnosed(nb) == "insecure-page insecure-page"


def test_a_host_that_forbids_cameras_in_frames_is_said(page: Page, notebook: Any) -> None:
    page.add_init_script(
        FAIL.format(name="NotAllowedError", message="Permission denied")
        + "Object.defineProperty(document, 'featurePolicy', {value: {allowsFeature: (f) => f !== 'camera'}})"
    )
    nb = notebook(CAMERA)
    nb.press_run(0)
    assert "forbids the camera in output frames" in failing(nb, "cam.start()")


def test_devices_and_constraints_while_it_runs(camera: Notebook) -> None:
    camera.run("await cam.start(); await cam.applyConstraints(width=320, height=240)")
    assert (
        camera.run("cam.settings['width'], cam.asked").text
        == "(320, {'video': {'width': 320, 'height': 240}})"
    )
    shows(camera.page, "320×240")
    kinds = camera.run("print(*sorted({d.kind for d in await cam.devices()}))").text.strip()
    assert kinds == "audioinput audiooutput videoinput"
    assert "DeviceCannot | No camera can do what was asked: width" in failing(
        camera, "cam.applyConstraints(width={'exact': 99999})"
    )
    assert "Did you mean frameRate?" in failing(camera, "cam.applyConstraints(framerate=30)")


def test_a_device_that_ends_by_itself_is_said(camera: Notebook) -> None:
    camera.run("ended = []; cam.on('ended', ended.append); await cam.start()")
    camera.page.evaluate("tracks[0].dispatchEvent(new Event('ended')); tracks[0].stop()")
    camera.page.evaluate("tracks[0].dispatchEvent(new Event('ended'))")
    shows(camera.page, "camera ended", "was unplugged, or its permission was taken back")
    assert camera.page.evaluate(f"{TRACKS}.length") == 0


def test_a_microphone_shows_how_loud_it_is(page: Page, notebook: Any) -> None:
    page.add_init_script(TONE)
    nb = notebook("import rtcnb\nmic = rtcnb.Microphone()\nmic")
    nb.press_run(0)
    shows(page, "The microphone is off. Start opens it.")
    press(page, "Start")
    shows(page, "microphone live")
    page.wait_for_function("document.querySelector('.rtcnb-device meter').value > 0.9")
    assert nb.run("mic.video, mic.audio.kind").text == "(None, 'audio')"
    assert "has no picture" in failing(nb, "mic.snapshot()")
    nb.screenshot("microphone", widget(page))
    press(page, "Stop")
    page.wait_for_function("document.querySelector('.rtcnb-device meter').value === 0")


def test_sound_is_asked_and_obtained(camera: Notebook) -> None:
    camera.run("mic = rtcnb.Microphone(echoCancellation=False)\nmic")
    mic = camera.page.locator(".rtcnb-device").nth(1)  # not the last: until it is there, that is the camera
    mic.get_by_role("button", name="Start").click()
    expect(mic).to_contain_text("microphone live")
    expect(mic).to_contain_text("echoCancellationfalsefalse")
    expect(mic).to_contain_text("sampleRate–")
    camera.run("await mic.stop()\nboth = rtcnb.Camera(audio=True)\nawait both.start()")
    assert camera.page.evaluate(f"{TRACKS}.map((t) => t.kind).sort()") == ["audio", "video"]
    camera.run("await both.stop()")
    assert camera.page.evaluate(f"{TRACKS}.length") == 0


def test_a_screen_is_chosen_by_the_person(page: Page, notebook: Any) -> None:
    nb = notebook("import rtcnb\nscreen = rtcnb.Screen(frameRate=15)\nscreen")
    nb.press_run(0)
    shows(page, "screen off", "permission will be asked")
    expect(widget(page).locator("select")).to_have_count(0)
    press(page, "Start")
    shows(page, "screen live")
    picture_moves(page)
    height = page.evaluate(f"{TRACKS}[0].getSettings().height")
    shows(page, f"×{height} · 15 fps", f"height–{height}")
    assert nb.run("screen.settings['displaySurface'] in ('monitor', 'window', 'browser')").text == "True"
    nb.screenshot("screen", widget(page))
    nb.run("await screen.stop()")
    assert page.evaluate(f"{TRACKS}.length") == 0


def test_a_screen_needs_a_click(page: Page, notebook: Any) -> None:
    fail = FAIL.replace("getUserMedia", "getDisplayMedia")
    page.add_init_script(fail.format(name="InvalidStateError", message="Must be called from a user gesture"))
    nb = notebook("import rtcnb\nscreen = rtcnb.Screen()\nscreen")
    nb.press_run(0)
    assert "only just after a click or a key in this page" in failing(nb, "screen.start()")
    shows(page, "screen failed", "Press Start on its display.")


def test_the_static_form_says_what_matters(camera: Notebook) -> None:
    camera.run("await cam.start()")
    html = camera.run("from IPython.display import HTML\nHTML(cam._view.bundle()['text/html'])").html
    assert "<b>camera</b>: live 640x480 at 30 fps" in html and "<td>640</td><td>640</td>" in html
    elsewhere = (
        "import subprocess, sys\nprint(subprocess.check_output([sys.executable, '-c', {!r}], text=True))"
    )
    script = (
        "import asyncio, rtcnb\ncam = rtcnb.Camera()\nprint(cam, cam._repr_mimebundle_()['text/plain'])\n"
        "try:\n    asyncio.run(cam.start())\nexcept rtcnb.errors.NoPage as error:\n    print('NoPage')"
    )
    said = camera.run(elsewhere.format(script)).text
    assert re.search(r"<Camera off> <Camera off>\n  width: asked 640, obtained –(.|\n)*NoPage", said), said


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_how_it_looks(camera: Notebook, dark: bool) -> None:
    camera.theme(dark)
    camera.page.wait_for_selector("#jupyterlab-splash", state="detached")
    name = f"camera-{'dark' if dark else 'light'}"
    camera.screenshot(f"{name}-off", widget(camera.page))
    camera.run("await cam.start()")
    picture_moves(camera.page)
    shows(camera.page, "fake_device_0 · 640×480")
    camera.screenshot(f"{name}-live", widget(camera.page))
    camera.page.evaluate("document.querySelector('.rtcnb-device').style.width = '560px'")
    assert camera.page.evaluate(
        "(({scrollWidth, clientWidth}) => scrollWidth <= clientWidth)(document.querySelector('.rtcnb-device'))"
    )
    camera.screenshot(f"{name}-live-narrow", widget(camera.page))


STREAM = """
import asyncio, ipywebrtc
stream = ipywebrtc.CameraStream(constraints={"video": True, "audio": False})
alice, bob = rtcnb.BrowserPeer("alice"), rtcnb.KernelPeer("bob")
bob.track("video")
alice.addTrack(stream)
"""
ARRIVES = """
await rtcnb.connect(alice, bob)
async with asyncio.timeout(15):
    while bob.track("video").counters.frames < 5:
        await asyncio.sleep(0.05)
"""


def test_an_ipywebrtc_camera_arrives_and_opens_in_no_other_page(camera: Notebook, page: Page) -> None:
    camera.run(STREAM)
    camera.run(ARRIVES, timeout=40)
    assert page.evaluate("opened.length") == 1
    page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
    other = camera.show(page.context.new_page()).page
    bridged = "[...globalThis[Symbol.for('rtcnb.objects')]?.sources.keys() ?? []].length"
    other.wait_for_function(f"{bridged} === 1")
    assert other.evaluate("opened.length") == 0
    other.close()
    camera.reload()
    page.wait_for_function(f"{bridged} === 1")
    assert page.evaluate("opened.length") == 0


def test_an_ipywebrtc_stream_that_closes_takes_its_track_along(camera: Notebook, page: Page) -> None:
    camera.run(STREAM + "await alice.createOffer()")
    page.wait_for_function(f"{TRACKS}.length === 1")
    camera.run("stream.close()")
    page.wait_for_function(f"{TRACKS}.length === 0")
    assert (
        "TrackEnded: This CameraStream of ipywebrtc was closed"
        in camera.run("alice.addTrack(stream)", check=False).error
    )


def test_why_an_ipywebrtc_camera_does_not_arrive(page: Page, notebook: Any) -> None:
    page.add_init_script(FAIL.format(name="NotAllowedError", message="Permission denied"))
    nb = notebook("import rtcnb" + STREAM)
    nb.press_run(0)
    said = failing(nb, "alice.createOffer()")
    assert said.startswith(
        "DeviceDenied | alice.addTrack(): the ipywebrtc stream gave no track. The camera was"
    )
    assert "make the stream anew" in said
    assert failing(nb, "alice.createOffer()") == ""


def test_a_cell_run_again_leaves_one_camera_on(page: Page, notebook: Callable[..., Notebook]) -> None:
    """The variable's older camera goes off when the newer one starts; one with a name of its own stays."""
    page.add_init_script(WATCH)
    nb = notebook()
    for _ in range(3):
        nb.run("import rtcnb\ncam = rtcnb.Camera(width=320, height=240)\ncam")
        nb.run("await cam.start()")
    live = "globalThis.tracks.filter(track => track.readyState === 'live').length"
    assert page.evaluate("globalThis.tracks.length") == 3
    assert page.evaluate(live) == 1
    nb.run("first = cam\ncam = rtcnb.Camera(width=320, height=240)\nawait cam.start()")
    assert page.evaluate(live) == 2
    assert nb.run("print(first.state, cam.state)").text.strip() == "live live"
