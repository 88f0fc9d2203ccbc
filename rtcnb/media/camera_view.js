// A device's preview, menu, buttons and what was asked beside what was obtained. Showing it opens nothing.

import { h, replace } from "../web/dom.js";
import { registry, toKernel, watch } from "../web/objects.js";

/** @typedef {import("../web/types").RenderContext} RenderContext */
/** @typedef {[string, string, string, "same" | "differs" | "untold"]} Row constraint, asked, obtained, whether they agree */
/** @typedef {{element: HTMLElement, undo: () => void}} Part */

const LEVEL_EVERY_MS = 100;

/** @type {Record<string, string>} what a state means; its word is its own */
const MEANING = { off: "idle", starting: "wait", live: "ok", ended: "bad", denied: "bad", missing: "bad", busy: "bad", failed: "bad" };
/** @type {Record<string, string>} */
const WORDS = { unlinked: "off", elsewhere: "live elsewhere" };
/** @type {Record<string, [string, string, string]>} what a permission means, its word, and a sentence */
const PERMISSIONS = {
  granted: ["ok", "granted", "The browser opens it for this page without asking."],
  denied: ["bad", "denied", "Allow it for this site: the icon beside the address."],
  prompt: ["idle", "will be asked", "The browser asks when you press Start."],
  unknown: ["idle", "not told", "This browser does not tell before it is asked."],
};

/** @param {string} label @param {string} meaning @param {string} word */
const pill = (label, meaning, word, title = "") =>
  h("span", { class: `rtcnb-state rtcnb-${meaning}`, title }, `${label} `, h("b", {}, word));

/** @param {string} id @returns {MediaStreamTrack | undefined} */
const trackOf = (id) => registry().tracks.get(id);

/** @param {string} noun @param {AbortSignal} signal @returns {HTMLElement} */
function permissionPill(noun, signal) {
  const place = h("span", {});
  const show = (/** @type {string} */ state) => replace(place, pill("permission", ...PERMISSIONS[state]));
  if (noun === "screen") show("prompt"); // it is asked for each time
  else {
    // A page that is neither https nor localhost has none of this.
    const asked = navigator.permissions?.query({ name: /** @type {PermissionName} */ (noun) });
    (asked ?? Promise.reject(new Error("no permissions here")))
      .then((status) => {
        show(status.state);
        status.addEventListener("change", () => show(status.state), { signal });
      })
      .catch(() => show("unknown"));
  }
  return place;
}

/** The list of devices stays in the page: a notebook that is saved does not tell them.
 * @param {string} noun @param {string} id of the track @param {(deviceId: string) => void} choose @param {AbortSignal} signal */
function deviceMenu(noun, id, choose, signal) {
  const menu = /** @type {HTMLSelectElement} */ (h("select", { title: `Which ${noun} to use` }));
  const wanted = noun === "camera" ? "videoinput" : "audioinput";
  let chosen = "";
  const fill = async () => {
    const found = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    const devices = found.filter((device) => device.kind === wanted);
    const inUse = trackOf(id)?.getSettings().deviceId ?? chosen;
    replace(
      menu,
      ...devices.map(({ deviceId, label }, i) =>
        h("option", { value: deviceId, selected: deviceId === inUse && deviceId !== "" }, label || `${noun} ${i + 1}`),
      ),
    );
    if (!devices.length) replace(menu, h("option", {}, `no ${noun} found`));
    menu.disabled = !devices.some(({ deviceId }) => deviceId); // no ids before there is a permission
  };
  const update = () => void fill().catch(() => (menu.disabled = true));
  navigator.mediaDevices?.addEventListener("devicechange", update, { signal });
  menu.addEventListener("change", () => choose((chosen = menu.value)));
  update();
  return { menu, update };
}

/** The picture, and words in its place where there is none. @param {string} noun @param {string} id @returns {Part & {say: (text: string) => void}} */
function preview(noun, id) {
  const video = document.createElement("video");
  video.autoplay = video.muted = video.playsInline = true;
  video.setAttribute("aria-label", `preview of the ${noun}`);
  video.dataset.rtcnbTrack = id;
  const words = h("p", {});
  const unwatch = watch(id, () => {
    const track = trackOf(id);
    video.srcObject = track ? new MediaStream([track]) : null;
  });
  return {
    element: h("figure", { class: "rtcnb-device-picture" }, video, words),
    say: (text) => replace(words, text),
    undo: () => (unwatch(), (video.srcObject = null)),
  };
}

/** How loud it is: a microphone has no picture that would show that it works. @param {string} id @returns {Part} */
function level(id) {
  const meter = /** @type {HTMLMeterElement} */ (h("meter", { min: 0, max: 1, value: 0, title: "How loud it is" }));
  let stop = () => {};
  const begin = () => {
    stop();
    const track = trackOf(id);
    meter.value = 0;
    if (!track) return;
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 2048 });
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const wave = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(wave);
      meter.value = Math.sqrt(wave.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0));
    }, LEVEL_EVERY_MS);
    stop = () => (clearInterval(timer), void context.close(), (stop = () => {}));
  };
  const unwatch = watch(id, begin);
  return { element: h("label", {}, "sound ", meter), undo: () => (unwatch(), stop()) };
}

/** @param {Row[]} rows @param {boolean} live */
function comparison(rows, live) {
  if (!rows.length) return "";
  const mark = () => h("b", { class: "rtcnb-differs" }, " ▲ differs");
  const cells = rows.map(([name, asked, obtained, verdict]) =>
    h(
      "tr",
      {},
      h("td", { class: "rtcnb-mono" }, name),
      h("td", {}, asked),
      h("td", {}, live ? obtained || "not told" : "–", live && verdict === "differs" && mark()),
    ),
  );
  const head = ["constraint", "asked", "obtained"].map((name) => h("th", { scope: "col" }, name));
  return h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...cells));
}

/** What to say where there is no picture. @param {string} noun @param {string} state @param {string} note */
function sentence(noun, state, note) {
  if (state === "elsewhere") return `The ${noun} is live in another tab. Start opens it here instead.`;
  if (state === "starting") return "If the browser shows a question, answer it.";
  if (state === "unlinked") return "This display has no kernel. Run its cell again.";
  if (["denied", "missing", "busy", "failed"].includes(state)) return "Start tries again.";
  return note || `The ${noun} is off. Start opens it.`;
}

/** What is in use, as the browser calls it. @param {MediaStreamTrack | undefined} track */
function title(track) {
  if (!track) return "";
  const { width, height, frameRate } = track.getSettings();
  const size = width && height ? `${width}×${height}` : "";
  const rate = frameRate ? `${Math.round(frameRate * 100) / 100} fps` : "";
  return [track.label, size, rate].filter(Boolean).join(" · ");
}

/** @param {RenderContext} context */
function render({ model, el }) {
  const [link, object, noun, videoId, audioId] = ["link", "object", "noun", "video", "audio"].map((n) => model.get(n));
  const id = videoId || audioId;
  const controller = new AbortController();
  const tell = (/** @type {string} */ event, detail = {}) => toKernel(link, object, event, detail);

  const picture = videoId ? preview(noun, videoId) : null;
  const sound = audioId ? level(audioId) : null;
  const button = (/** @type {string} */ word, /** @type {string} */ what) => {
    const made = /** @type {HTMLButtonElement} */ (h("button", { type: "button", title: what }, word));
    made.addEventListener("click", () => tell(word.toLowerCase()));
    return made;
  };
  const start = button("Start", `Open the ${noun} in this page`);
  const stop = button("Stop", `Turn the ${noun} off`);
  const { menu, update } = deviceMenu(noun, id, (deviceId) => tell("choose", { deviceId }), controller.signal);
  const [name, state, words] = [h("small", {}), h("span", { role: "status" }), h("p", { class: "rtcnb-device-words" })];
  const error = h("div", { role: "alert" });
  const table = h("div", { class: "rtcnb-device-table" });

  const draw = () => {
    const track = trackOf(id);
    const linked = registry().links.has(link);
    const told = model.get("state");
    // A display without its kernel shows what was saved; a track is what this page really has.
    const now = !linked ? "unlinked" : told === "live" && !track ? "elsewhere" : told;
    replace(state, pill(noun, MEANING[now] ?? "idle", WORDS[now] ?? now));
    replace(name, title(track));
    replace(error, linked && model.get("error") && h("div", { class: "rtcnb-error" }, "✕ ", model.get("error")));
    replace(table, comparison(model.get("rows"), linked && told === "live"));
    const text = track ? "" : sentence(noun, now, model.get("note"));
    if (picture) picture.say(text);
    else replace(words, text);
    start.disabled = !linked || now === "live" || now === "starting";
    stop.disabled = !linked || !["live", "starting"].includes(told);
    update(); // labels are told once there is a permission
  };
  const traits = ["state", "rows", "error", "note"].map((trait) => `change:${trait}`);
  for (const change of traits) model.on(change, draw);
  const unwatch = [watch(id, draw), watch(link, draw)];

  const bar = h("div", { class: "rtcnb-device-bar" }, start, stop);
  if (noun !== "screen") bar.append(h("label", {}, `${noun} `, menu));
  if (sound) bar.append(sound.element);
  const pills = h("span", { class: "rtcnb-device-pills" }, state, permissionPill(noun, controller.signal));
  const head = h("header", { class: "rtcnb-device-head" }, h("b", {}, noun), name, pills);
  const body = h("div", { class: "rtcnb-device-body" }, picture ? picture.element : words, table);
  el.classList.add("rtcnb");
  el.append(h("section", { class: "rtcnb-device", "aria-label": noun }, head, error, body, bar));
  return () => {
    controller.abort();
    for (const undo of [...unwatch, picture?.undo, sound?.undo]) undo?.();
    for (const change of traits) model.off(change, draw);
  };
}

export default { render };
