// A camera, microphone or screen of this page. It opens when start() is called and never by itself.

import { changed, registry } from "../web/objects.js";

/**
 * @typedef {"video" | "audio"} Kind
 * @typedef {{method: "getUserMedia" | "getDisplayMedia", noun: string, video: string | null, audio: string | null}} Config
 */

const JPEG_QUALITY = 0.92;
const FRAME_WAIT_MS = 1000;
/** @type {Record<string, string>} what permissions policy calls it */
const FEATURES = { camera: "camera", microphone: "microphone", screen: "display-capture" };

/** @param {string} name @param {string} message @returns {never} */
function fail(name, message) {
  throw new DOMException(message, name);
}

/** @param {MediaStream | null} stream */
const stopAll = (stream) => stream?.getTracks().forEach((track) => track.stop());

/** An output in a frame may be forbidden what its page is allowed; the browser then says "denied" as if the
 * person had (not every browser tells the two apart). A screen is given only after a click. @param {any} error @param {string} noun */
function explain(error, noun) {
  const policy = /** @type {any} */ (document).featurePolicy;
  const forbidden = policy?.allowsFeature(FEATURES[noun]) === false;
  if (error?.name === "NotAllowedError" && forbidden) return new DOMException(error.message, "PermissionsPolicy");
  if (error?.name === "InvalidStateError" && noun === "screen") return new DOMException(error.message, "NeedsGesture");
  return error;
}

class Device {
  /** @param {{emit: import("../web/objects.js").Emit}} context @param {Config} config */
  constructor({ emit }, config) {
    this.emit = emit;
    this.config = config;
    /** @type {MediaStream | null} */
    this.stream = null;
    this.attempt = 0;
    this.withdraw = () => {};
    this.controller = new AbortController();
    this.video = document.createElement("video");
    this.video.muted = this.video.playsInline = true;
    // A screen tells its true size with its first picture, a window or a phone may be turned.
    this.video.onresize = () => this.tell();
    void this.watchPermission();
  }

  async watchPermission() {
    const { noun } = this.config;
    const tell = (/** @type {string} */ state) => this.emit("permission", { state });
    if (noun === "screen") return tell("prompt"); // it is asked for each time
    try {
      const status = await navigator.permissions.query({ name: /** @type {PermissionName} */ (noun) });
      status.addEventListener("change", () => tell(status.state), { signal: this.controller.signal });
      tell(status.state);
    } catch {
      tell("unknown"); // not every browser knows these names
    }
  }

  /** Open the device and tell what it gives; false where stop() came first. @param {MediaStreamConstraints} constraints */
  async start(constraints) {
    const { method, noun } = this.config;
    if (!navigator.mediaDevices) fail("InsecurePage", "This page has no mediaDevices");
    // ipywebrtc replaces the page's own function by one that rewrites constraints; the prototype keeps it.
    const open = MediaDevices.prototype[method];
    if (!open) fail("NotSupportedError", `This browser has no ${method}`);
    this.stop();
    const attempt = this.attempt;
    const opening = open.call(navigator.mediaDevices, constraints);
    // The browser's question can't be taken back: an answer that comes too late turns its device off again.
    opening.then((stream) => attempt === this.attempt || stopAll(stream)).catch(() => {});
    const withdrawn = new Promise((resolve) => (this.withdraw = () => resolve(null)));
    try {
      const stream = await Promise.race([opening, withdrawn]);
      if (!stream || attempt !== this.attempt) return false;
      this.stream = stream;
    } catch (error) {
      throw explain(error, noun);
    }
    for (const track of /** @type {MediaStream} */ (this.stream).getTracks()) this.register(track);
    const picture = this.live().find((track) => track.kind === "video");
    this.video.srcObject = picture ? new MediaStream([picture]) : null;
    this.video.play().catch(() => {}); // it is tried again where a snapshot needs it
    this.tell();
    return true;
  }

  /** @param {MediaStreamTrack} track */
  register(track) {
    const id = this.config[/** @type {Kind} */ (track.kind)];
    if (!id) return track.stop();
    track.onended = () => {
      this.remove(track);
      this.emit("ended", { kind: track.kind, left: this.live().length });
    };
    registry().tracks.set(id, track);
    changed(id);
  }

  /** @param {MediaStreamTrack} track */
  remove(track) {
    const id = this.config[/** @type {Kind} */ (track.kind)];
    if (!id || registry().tracks.get(id) !== track) return;
    registry().tracks.delete(id);
    changed(id);
  }

  live() {
    return (this.stream?.getTracks() ?? []).filter((track) => track.readyState === "live");
  }

  /** @param {Kind} kind @returns {MediaStreamTrack} */
  track(kind) {
    return this.live().find((track) => track.kind === kind) ?? fail("NotRunning", `The ${kind} is not running`);
  }

  /** As an event, never in a reply: of those that follow each other the kernel keeps the last. */
  tell() {
    if (!this.stream) return;
    /** @type {Record<string, any>} */
    const described = {};
    for (const track of this.live()) {
      const settings = track.getSettings();
      described[track.kind] = { settings, capabilities: track.getCapabilities?.() ?? {}, label: track.label };
    }
    this.emit("obtained", described);
  }

  /** @param {Kind} kind @param {MediaTrackConstraints} constraints */
  async applyConstraints(kind, constraints) {
    await this.track(kind).applyConstraints(constraints);
    this.tell();
  }

  async devices() {
    if (!navigator.mediaDevices) fail("InsecurePage", "This page has no mediaDevices");
    const found = await navigator.mediaDevices.enumerateDevices();
    return found.map(({ deviceId, kind, label, groupId }) => ({ deviceId, kind, label, groupId }));
  }

  /** One picture, as JPEG. */
  async snapshot() {
    this.track("video");
    await this.video.play();
    await this.nextFrame();
    const { videoWidth: width, videoHeight: height } = this.video;
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext("2d")?.drawImage(this.video, 0, 0);
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: JPEG_QUALITY });
    return { width, height, $buffers: [await blob.arrayBuffer()] };
  }

  /** A tab in the background presents no frames; the picture that the element holds is then the latest. */
  nextFrame() {
    return new Promise((resolve, reject) => {
      const late = () =>
        this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && this.video.videoWidth
          ? resolve(null)
          : reject(new DOMException("It gives no picture", "NotReadableError"));
      const timer = setTimeout(late, FRAME_WAIT_MS);
      this.video.requestVideoFrameCallback(() => (clearTimeout(timer), resolve(null)));
    });
  }

  stop() {
    this.attempt++;
    this.withdraw();
    for (const track of this.stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
      this.remove(track);
    }
    this.stream = null;
    this.video.srcObject = null;
  }

  dispose() {
    this.controller.abort();
    this.stop();
  }
}

/** @param {any} context @param {Config} config */
export default function make(context, config) {
  return new Device(context, config);
}
