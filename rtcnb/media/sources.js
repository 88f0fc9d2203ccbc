// The page's test pattern: numbered frames on a canvas, and a soft tone. The same number blocks as the
// kernel's, so that either end can read what has come from the other.

import { changed, registry } from "../web/objects.js";

const BARS = ["#c0c0c0", "#c0c000", "#00c0c0", "#00c000", "#c000c0", "#c00000", "#0000c0"];
const BITS = 16;

/** @typedef {{width: number, height: number, frameRate: number, video: string, audio: string | null}} Config */

class TestPattern {
  /** @param {Config} config */
  constructor(config) {
    this.config = config;
    this.canvas = document.createElement("canvas");
    this.canvas.width = config.width;
    this.canvas.height = config.height;
    this.brush = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    this.number = 0;
    this.timer = 0;
    /** @type {AudioContext | null} */
    this.sound = null;
  }

  start() {
    if (this.timer) return;
    this.draw();
    this.timer = window.setInterval(() => this.draw(), 1000 / this.config.frameRate);
    const [track] = this.canvas.captureStream(this.config.frameRate).getVideoTracks();
    this.register(this.config.video, track);
    if (this.config.audio) this.register(this.config.audio, this.tone());
  }

  /** @param {string} id @param {MediaStreamTrack} track */
  register(id, track) {
    registry().tracks.set(id, track);
    changed(id);
  }

  tone() {
    this.sound = new AudioContext();
    const oscillator = this.sound.createOscillator();
    const soft = this.sound.createGain();
    const end = this.sound.createMediaStreamDestination();
    soft.gain.value = 0.1;
    oscillator.connect(soft).connect(end);
    oscillator.start();
    return end.stream.getAudioTracks()[0];
  }

  draw() {
    const { width, height } = this.config;
    const brush = this.brush;
    const number = this.number++ & 0xffff;
    BARS.forEach((colour, i) => {
      brush.fillStyle = colour;
      brush.fillRect(Math.floor((i * width) / BARS.length), 0, Math.ceil(width / BARS.length), height);
    });
    const size = height / 6;
    const x = ((number * Math.max(1, width / 160)) % (width + 2 * size)) - size;
    brush.fillStyle = "#fff";
    brush.beginPath();
    brush.arc(x, height / 2, size, 0, 7);
    brush.fill();
    brush.fillStyle = "#000";
    brush.fillRect(width - x, (height * 2) / 3, size, size);
    brush.font = `${height / 7}px sans-serif`;
    brush.fillText(String(number), width / 20, height - height / 12);
    for (let bit = 0; bit < BITS; bit++) {
      brush.fillStyle = (number >> bit) & 1 ? "#fff" : "#000";
      brush.fillRect((bit * width) / BITS, 0, width / BITS + 1, (height * 40) / 480);
    }
  }

  dispose() {
    clearInterval(this.timer);
    this.sound?.close();
    for (const id of [this.config.video, this.config.audio]) {
      const track = id && registry().tracks.get(id);
      if (!track) continue;
      track.stop();
      registry().tracks.delete(id);
      changed(id);
    }
  }
}

/** @param {any} _context @param {Config} config */
export default function make(_context, config) {
  return new TestPattern(config);
}
