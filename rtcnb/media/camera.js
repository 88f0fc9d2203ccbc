// A camera, microphone or screen of this page. It opens when start() is called and never by itself.

import { changed, registry } from "../web/objects.js";

/** @typedef {{method: "getUserMedia" | "getDisplayMedia", video: string | null, audio: string | null}} Config */

const JPEG_QUALITY = 0.92;
const PICTURE_TIMEOUT_MS = 5000;

class Device {
  /** @param {{emit: import("../web/objects.js").Emit}} context @param {Config} config */
  constructor({ emit }, config) {
    this.emit = emit;
    this.config = config;
    /** @type {MediaStream | null} */
    this.stream = null;
    this.attempt = 0;
    this.disposed = false;
    this.video = document.createElement("video");
    this.video.muted = this.video.playsInline = true;
  }

  /** @param {MediaStreamConstraints} constraints */
  async start(constraints) {
    if (!navigator.mediaDevices) throw new DOMException("No mediaDevices on this page.", "InsecurePage");
    this.stop();
    const attempt = ++this.attempt;
    // ipywebrtc replaces the page's own function by one that rewrites constraints; the prototype keeps it.
    const open = MediaDevices.prototype[this.config.method];
    const stream = await open.call(navigator.mediaDevices, constraints);
    if (this.disposed || attempt !== this.attempt) {
      stream.getTracks().forEach((track) => track.stop());
      throw new DOMException("It was stopped while it was opening.", "AbortError");
    }
    this.stream = stream;
    for (const track of stream.getTracks()) this.register(track);
    return this.describe();
  }

  /** @param {MediaStreamTrack} track */
  register(track) {
    const id = this.config[/** @type {"video" | "audio"} */ (track.kind)];
    if (!id) return track.stop();
    track.onended = () => {
      this.remove(id, track);
      this.emit("ended", { kind: track.kind });
    };
    registry().tracks.set(id, track);
    changed(id);
  }

  /** @param {string} id @param {MediaStreamTrack} track */
  remove(id, track) {
    if (registry().tracks.get(id) !== track) return;
    registry().tracks.delete(id);
    changed(id);
  }

  /** @param {"video" | "audio"} kind */
  track(kind) {
    const track = this.stream?.getTracks().find((t) => t.kind === kind && t.readyState === "live");
    if (!track) throw new DOMException(`The ${kind} is not running.`, "InvalidStateError");
    return track;
  }

  describe() {
    /** @type {Record<string, any>} */
    const described = {};
    for (const track of this.stream?.getTracks() ?? []) {
      const settings = track.getSettings();
      described[track.kind] = { settings, capabilities: track.getCapabilities?.() ?? {}, label: track.label };
    }
    return described;
  }

  /** @param {"video" | "audio"} kind @param {MediaTrackConstraints} constraints */
  async applyConstraints(kind, constraints) {
    await this.track(kind).applyConstraints(constraints);
    return this.describe();
  }

  async devices() {
    if (!navigator.mediaDevices) throw new DOMException("No mediaDevices on this page.", "InsecurePage");
    return (await navigator.mediaDevices.enumerateDevices()).map((device) => device.toJSON());
  }

  /** One picture, as JPEG. */
  async snapshot() {
    const track = this.track("video");
    if (/** @type {MediaStream | null} */ (this.video.srcObject)?.getTracks()[0] !== track) {
      this.video.srcObject = new MediaStream([track]);
    }
    await this.video.play();
    await this.nextFrame();
    const { videoWidth: width, videoHeight: height } = this.video;
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext("2d")?.drawImage(this.video, 0, 0);
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: JPEG_QUALITY });
    return { width, height, $buffers: [await blob.arrayBuffer()] };
  }

  nextFrame() {
    return new Promise((resolve, reject) => {
      const late = () => reject(new DOMException("The camera gives no picture.", "NotReadableError"));
      const timer = setTimeout(late, PICTURE_TIMEOUT_MS);
      this.video.requestVideoFrameCallback(() => (clearTimeout(timer), resolve(null)));
    });
  }

  stop() {
    this.attempt++;
    for (const track of this.stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
      const id = this.config[/** @type {"video" | "audio"} */ (track.kind)];
      if (id) this.remove(id, track);
    }
    this.stream = null;
    this.video.srcObject = null;
  }

  dispose() {
    this.disposed = true;
    this.stop();
  }
}

/** @param {any} context @param {Config} config */
export default function make(context, config) {
  return new Device(context, config);
}
