// A peer's four states and its two descriptions, live.

import { h, replace } from "../web/dom.js";

/** @typedef {import("../web/types").RenderContext} RenderContext */

// The standard's word, marked by what it means for the call; the mark is never colour alone.
/** @type {Record<string, string>} */
const MEANING = {
  new: "idle",
  stable: "ok",
  complete: "ok",
  connected: "ok",
  completed: "ok",
  failed: "bad",
  closed: "idle",
  disconnected: "bad",
};

/** @type {Record<string, string>} */
const EXPLAINED = {
  signalingState: "where the exchange of offer and answer stands",
  iceGatheringState: "whether this side still looks for its own addresses",
  iceConnectionState: "whether packets have found a way between the two",
  connectionState: "the whole: ICE and the DTLS handshake together",
};

/** @param {string} state @param {string} value */
function pill(state, value) {
  const meaning = MEANING[value] ?? "wait";
  return h(
    "span",
    { class: `rtcnb-state rtcnb-${meaning}`, title: `${state}: ${EXPLAINED[state] ?? ""}`, "data-state": state },
    `${state.replace(/State$/, "")} `,
    h("b", {}, value),
  );
}

/** A description's own HTML, which Python has made and escaped.
 * @param {string} side @param {string} html @param {boolean} open @param {(open: boolean) => void} toggled */
function description(side, html, open, toggled) {
  if (!html) return h("div", { class: "rtcnb-none" }, `${side}Description: none yet`);
  const body = h("div", {});
  body.innerHTML = html;
  const details = /** @type {HTMLDetailsElement} */ (h("details", {}, h("summary", {}, `${side}Description`), body));
  details.open = open;
  details.addEventListener("toggle", () => toggled(details.open));
  return details;
}

/** @param {RenderContext} context */
function render({ model, el }) {
  const head = h("div", { class: "rtcnb-peer-head" });
  const states = h("div", { class: "rtcnb-peer-states", role: "status", "aria-live": "polite" });
  const local = h("div", {});
  const remote = h("div", {});
  /** @type {Record<string, boolean>} */
  const open = { local: false, remote: false };

  const drawHead = () =>
    replace(
      head,
      h("b", { class: `rtcnb-peer-${model.get("colour")}` }, model.get("name")),
      h("small", {}, model.get("place") === "page" ? "in the page" : "in the kernel · aiortc"),
    );
  const drawStates = () =>
    replace(states, ...Object.entries(model.get("states")).map(([state, value]) => pill(state, String(value))));
  const drawSide = (/** @type {string} */ side, /** @type {HTMLElement} */ into) =>
    replace(into, description(side, model.get(side), open[side], (now) => (open[side] = now)));
  const drawLocal = () => drawSide("local", local);
  const drawRemote = () => drawSide("remote", remote);

  model.on("change:states", drawStates);
  model.on("change:local", drawLocal);
  model.on("change:remote", drawRemote);
  drawHead();
  drawStates();
  drawLocal();
  drawRemote();
  el.classList.add("rtcnb");
  el.append(h("div", { class: "rtcnb-peer", "data-rtcnb-peer": model.get("name") }, head, states, local, remote));
  return () => {
    model.off("change:states", drawStates);
    model.off("change:local", drawLocal);
    model.off("change:remote", drawRemote);
  };
}

export default { render };
