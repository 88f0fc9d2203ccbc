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
  let held = false;
  let ended = false;
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
  const hear = (/** @type {string} */ name, /** @type {any} */ detail, /** @type {DataView[]} */ buffers) => {
    if (name === "ended") (say("the track has ended"), (ended = true));
    else if (name === "frame" && !held) void draw(detail, /** @type {DataView<ArrayBuffer>} */ (buffers[0]));
  };
  const timer = setInterval(() => {
    const fps = Math.round((drawn * 1000) / RATE_EVERY_MS);
    const rate = fps ? `${fps} fps` : "no frames";
    if (latest && registry().links.has(link) && !held && !ended) say(`${canvas.width}×${canvas.height} · ${rate}`);
    drawn = 0;
  }, RATE_EVERY_MS);
  // The link may be made a moment after this view, when a page is loaded with its widgets; and made anew.
  const linked = () => {
    if (!registry().links.has(link)) return say(latest ? "its kernel is gone" : "");
    latest = 0; // whoever sends to a page anew counts from one
    if (!held) toKernel(link, id, "watch", {});
  };
  const undo = [receive(id, hear, () => toKernel(link, id, "unwatch", {})), watch(link, linked)];
  return {
    element: canvas,
    pause: (paused) => {
      held = paused;
      const alone = registry().receivers.get(id)?.size === 1; // another view of it may go on
      if (!held) linked();
      else if (alone) toKernel(link, id, "unwatch", {});
    },
    undo: () => (clearInterval(timer), undo.forEach((f) => f())),
  };
}

/** @param {RenderContext} context */
function render({ model, el }) {
  const [link, object, id, label] = ["link", "object", "track", "label"].map((name) => model.get(name));
  const inKernel = model.get("place") === "kernel";
  const status = h("span", { class: "rtcnb-picture-status", role: "status" });
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
    h("figure", { class: "rtcnb-picture" }, screen.element, h("figcaption", {}, button, h("span", {}, label), status)),
  );
  return () => screen.undo();
}

export default { render };
