// A track in the notebook: the page's own in a <video>, the kernel's drawn frame by frame on a canvas.

import { h } from "../web/dom.js";
import { receive, registry, toKernel, watch } from "../web/objects.js";

/** @typedef {import("../web/types").RenderContext} RenderContext */
/** @typedef {{element: HTMLElement, pause: (paused: boolean) => void, undo: () => void}} Screen */

const RATE_EVERY_MS = 1000;

/** Shows a track of this page; it may come, go and come again.
 * @param {string} id @param {string} kind @param {(text: string) => void} say @returns {Screen} */
function pageScreen(id, kind, say) {
  const video = /** @type {HTMLVideoElement} */ (document.createElement("video"));
  video.autoplay = video.playsInline = true;
  video.muted = kind === "video";
  video.controls = kind === "audio";
  const update = () => {
    const track = registry().tracks.get(id);
    video.srcObject = track ? new MediaStream([track]) : null;
    say(track ? "" : "waiting for the track");
  };
  const size = () => say(`${video.videoWidth}×${video.videoHeight}`);
  video.addEventListener("resize", size);
  const undo = watch(id, update);
  return {
    element: video,
    pause: (paused) => (paused ? video.pause() : void video.play()),
    undo: () => (undo(), (video.srcObject = null)),
  };
}

/** Shows what the kernel sends, and tells it what was drawn.
 * @param {string} link @param {string} id @param {(text: string) => void} say @returns {Screen} */
function kernelScreen(link, id, say) {
  const canvas = /** @type {HTMLCanvasElement} */ (document.createElement("canvas"));
  const brush = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  let drawn = 0;
  let latest = 0;
  const draw = async (/** @type {any} */ detail, /** @type {DataView<ArrayBuffer>} */ jpeg) => {
    const { number, width, height } = detail;
    const picture = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
    if (number > latest) {
      latest = number;
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      brush.drawImage(picture, 0, 0);
      drawn++;
    }
    picture.close();
    toKernel(link, id, "drawn", { number });
  };
  const undo = receive(id, (name, detail, buffers) => {
    if (name === "ended") say("the track has ended");
    else if (name === "frame") void draw(detail, /** @type {DataView<ArrayBuffer>} */ (buffers[0]));
  });
  const rate = setInterval(() => {
    if (drawn) say(`${canvas.width}×${canvas.height} · ${Math.round((drawn * 1000) / RATE_EVERY_MS)} fps`);
    drawn = 0;
  }, RATE_EVERY_MS);
  const watching = (/** @type {boolean} */ on) => toKernel(link, id, on ? "watch" : "unwatch", {});
  // The link may be made a moment after this view, when a page is loaded with its widgets.
  const begin = setInterval(() => registry().links.has(link) && (clearInterval(begin), watching(true)), 50);
  return {
    element: canvas,
    pause: (paused) => ((latest = 0), watching(!paused)),
    undo: () => (clearInterval(rate), clearInterval(begin), undo(), watching(false)),
  };
}

/** @param {RenderContext} context */
function render({ model, el }) {
  const [link, object, id, label] = ["link", "object", "track", "label"].map((name) => model.get(name));
  const inKernel = model.get("place") === "kernel";
  const status = h("span", { class: "rtcnb-view-status", role: "status" });
  const say = (/** @type {string} */ text) => (status.textContent = text);
  el.classList.add("rtcnb");
  if (inKernel && model.get("kind") === "audio") {
    el.append(h("p", {}, `${label} is a sound in the kernel. Send it to a peer in the page to hear it.`));
    return;
  }
  const screen = inKernel ? kernelScreen(link, object, say) : pageScreen(id, model.get("kind"), say);
  screen.element.dataset.rtcnbTrack = id;
  screen.element.setAttribute("aria-label", label);
  if (model.get("width")) screen.element.style.width = `${model.get("width")}px`;
  let paused = false;
  const button = h("button", { type: "button", title: "Hold this picture; the track goes on" }, "Pause");
  button.addEventListener("click", () => {
    paused = !paused;
    screen.pause(paused);
    button.textContent = paused ? "Play" : "Pause";
  });
  el.append(
    h("figure", { class: "rtcnb-view" }, screen.element, h("figcaption", {}, button, h("span", {}, label), status)),
  );
  return () => screen.undo();
}

export default { render };
