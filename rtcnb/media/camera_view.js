// A device's preview, menu, buttons and what was asked beside what was obtained. Showing it opens nothing.

import { h, replace } from "../web/dom.js";
import { registry, toKernel, watch } from "../web/objects.js";

/** @typedef {import("../web/types").RenderContext} RenderContext */

/** @type {Record<string, [string, string]>} what a state means, and its word */
const STATES = {
  off: ["idle", "off"],
  starting: ["wait", "starting"],
  live: ["ok", "live"],
  ended: ["bad", "ended"],
  failed: ["bad", "failed"],
};
/** @type {Record<string, string>} */
const PERMISSIONS = { granted: "ok", denied: "bad", prompt: "idle" };

/** @param {string} label @param {string} meaning @param {string} word */
const pill = (label, meaning, word) =>
  h("span", { class: `rtcnb-state rtcnb-${meaning}` }, `${label} `, h("b", {}, word));

/** @param {string} noun @param {AbortSignal} signal @returns {HTMLElement} */
function permissionPill(noun, signal) {
  const place = h("span", {});
  if (noun === "screen") return place; // asked anew each time
  const show = (/** @type {string} */ state) =>
    replace(place, pill("permission", PERMISSIONS[state] ?? "idle", state === "prompt" ? "will be asked" : state));
  navigator.permissions
    ?.query({ name: /** @type {PermissionName} */ (noun) })
    .then((status) => {
      show(status.state);
      status.addEventListener("change", () => show(status.state), { signal });
    })
    .catch(() => show("unknown")); // not every browser tells
  return place;
}

/** @param {string} noun @param {(deviceId: string) => void} chosen @param {AbortSignal} signal */
function deviceMenu(noun, chosen, signal) {
  const menu = /** @type {HTMLSelectElement} */ (h("select", { title: `Which ${noun} to use` }));
  const fill = async () => {
    const wanted = noun === "camera" ? "videoinput" : "audioinput";
    const found = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    const options = found
      .filter((device) => device.kind === wanted)
      .map((device, i) => h("option", { value: device.deviceId }, device.label || `${noun} ${i + 1}`));
    replace(menu, ...options);
    menu.disabled = options.length < 1;
  };
  const update = () => void fill().catch(() => (menu.disabled = true));
  navigator.mediaDevices?.addEventListener("devicechange", update, { signal });
  menu.addEventListener("change", () => chosen(menu.value));
  update();
  return { menu, update };
}

/** @param {[string, string, string, boolean][]} rows @param {boolean} live */
function comparison(rows, live) {
  if (!rows.length) return "";
  const cells = rows.map(([name, asked, obtained, agree]) =>
    h(
      "tr",
      {},
      h("td", { class: "rtcnb-mono" }, name),
      h("td", {}, asked),
      h("td", {}, live ? obtained || "not told" : "–", live && !agree ? h("b", { class: "rtcnb-differs" }, " ▲ differs") : ""),
    ),
  );
  return h("table", {}, h("tr", {}, h("th", {}, "constraint"), h("th", {}, "asked"), h("th", {}, "obtained")), ...cells);
}

/** @param {RenderContext} context */
function render({ model, el }) {
  const [link, object, noun, videoId, audioId] = ["link", "object", "noun", "video", "audio"].map((n) => model.get(n));
  const controller = new AbortController();
  const tell = (/** @type {string} */ event, detail = {}) => toKernel(link, object, event, detail);

  const preview = document.createElement("video");
  preview.autoplay = preview.muted = preview.playsInline = true;
  preview.setAttribute("aria-label", `preview of the ${noun}`);
  preview.dataset.rtcnbTrack = videoId;
  const unwatch = watch(videoId || audioId, () => {
    const track = registry().tracks.get(videoId || audioId);
    preview.srcObject = track && videoId ? new MediaStream([track]) : null;
  });

  const start = h("button", { type: "button", title: `Open the ${noun}` }, "Start");
  const stop = h("button", { type: "button", title: `Turn the ${noun} off` }, "Stop");
  start.addEventListener("click", () => tell("start"));
  stop.addEventListener("click", () => tell("stop"));
  const { menu, update } = deviceMenu(noun, (deviceId) => tell("start", { deviceId }), controller.signal);
  const state = h("span", { role: "status" });
  const error = h("div", { role: "alert" });
  const table = h("div", {});

  const draw = () => {
    const now = model.get("state");
    const [meaning, word] = STATES[now] ?? ["idle", now];
    replace(state, pill(noun, meaning, word));
    replace(error, model.get("error") && h("div", { class: "rtcnb-error" }, "✕ ", model.get("error")));
    replace(table, comparison(model.get("rows"), now === "live"));
    /** @type {HTMLButtonElement} */ (start).disabled = now === "starting";
    /** @type {HTMLButtonElement} */ (stop).disabled = now !== "live";
    if (now === "live") update(); // labels are told once there is a permission
  };
  for (const trait of ["state", "rows", "error"]) model.on(`change:${trait}`, draw);
  draw();

  const bar = h("div", { class: "rtcnb-device-bar" }, start, stop);
  if (noun !== "screen") bar.append(h("label", {}, `${noun} `, menu));
  bar.append(state, permissionPill(noun, controller.signal));
  el.classList.add("rtcnb");
  el.append(h("div", { class: "rtcnb-device" }, bar, error, videoId ? preview : "", table));
  return () => {
    controller.abort();
    unwatch();
    preview.srcObject = null;
    for (const trait of ["state", "rows", "error"]) model.off(`change:${trait}`, draw);
  };
}

export default { render };
