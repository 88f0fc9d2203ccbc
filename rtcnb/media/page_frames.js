// Frames of a track of this page to the kernel, as JPEG over the link: one for each that the kernel asks for, and
// always the latest. Nothing queues here, and nothing is encoded that nobody wants.

import { receive, registry, watch } from "../web/objects.js";

/** @typedef {{track: string, width: number, quality: number}} Config */

const MOST_WANTED = 2;
const HIDDEN_EVERY_MS = 200; // a tab in the background presents no frames; the element still holds the latest

class PageFrames {
  /** @param {{id: string, emit: import("../web/objects.js").Emit}} context @param {Config} config */
  constructor({ id, emit }, config) {
    this.emit = emit;
    this.config = config;
    this.wanted = 0;
    this.number = 0;
    this.presented = 0;
    this.sending = false;
    this.video = document.createElement("video");
    this.video.muted = this.video.playsInline = true;
    this.canvas = new OffscreenCanvas(2, 2);
    const undo = [watch(config.track, () => this.update()), receive(id, (name, detail) => this.hear(name, detail))];
    const timer = setInterval(() => document.hidden && this.present(), HIDDEN_EVERY_MS);
    this.next();
    this.undo = () => (undo.forEach((f) => f()), clearInterval(timer));
  }

  update() {
    const track = registry().tracks.get(this.config.track);
    this.video.srcObject = track ? new MediaStream([track]) : null;
    if (track) this.video.play().catch(() => {});
  }

  /** @param {string} name @param {any} detail */
  hear(name, detail) {
    if (name === "want") this.wanted = Math.min(MOST_WANTED, this.wanted + detail.frames);
  }

  next() {
    this.video.requestVideoFrameCallback(() => {
      if (this.disposed) return;
      this.present();
      this.next();
    });
  }

  present() {
    this.presented++;
    if (!this.wanted || this.sending || !this.video.videoWidth) return;
    this.wanted--;
    this.sending = true;
    this.send().finally(() => (this.sending = false));
  }

  async send() {
    const { videoWidth, videoHeight } = this.video;
    const scale = Math.min(1, (this.config.width || videoWidth) / videoWidth);
    const [width, height] = [videoWidth, videoHeight].map((side) => Math.max(2, 2 * Math.round((side * scale) / 2)));
    Object.assign(this.canvas, { width, height });
    this.canvas.getContext("2d")?.drawImage(this.video, 0, 0, width, height);
    const blob = await this.canvas.convertToBlob({ type: "image/jpeg", quality: this.config.quality });
    const detail = { number: ++this.number, presented: this.presented, width, height };
    if (!this.disposed) this.emit("frame", detail, [await blob.arrayBuffer()]);
  }

  dispose() {
    this.disposed = true;
    this.undo();
    this.video.srcObject = null;
  }
}

/** @param {any} context @param {Config} config */
export default function make(context, config) {
  return new PageFrames(context, config);
}
