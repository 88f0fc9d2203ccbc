// A view in the page: it shows what Python has drawn, part by part, and tells Python what is pressed.
//
// data-press="action" data-value="..."   a click
// data-change="action"                   a field, when it is left or chosen; data-input: while it is typed in
// data-copy="text"                       a button that copies
// data-rows, data-count, data-height     a long list (web/long_list.js)

import { h, replace } from "../web/dom.js";
import { LongList } from "../web/long_list.js";
import { morph, parse } from "../web/morph.js";
import { receive, registry, toKernel, watch } from "../web/objects.js";

/** @typedef {import("../web/types").RenderContext} RenderContext */

const TYPING_PAUSE_MS = 120;
const SLIDING_EVERY_MS = 60;
const SAID_MS = 1500;
const SEEN_WITHIN_MS = 500; // a page that the browser does not paint now is not busy with it either
const NO_KERNEL_AFTER_MS = 5000;
const NO_KERNEL = "No kernel answers for this view. Run its cell again.";
const KNOWN_BY = ["data-press", "data-change", "data-input", "data-value", "data-rows"];

/** Where the keyboard is, by view: an output that is renewed takes the view away and makes it again. */
const keyboard = /** @type {Map<string, string>} */ (new Map());

/** @type {Set<LiveView>} */
const views = new Set();

/**
 * The view that an output has thrown out of the page without a word, as it does when it is renewed. One in a cell
 * that is out of sight still has the output that it stands in.
 * @param {string} id
 */
const orphan = (id) => [...views].find((view) => view.id === id && view.shown && !view.root.parentElement?.parentNode);

class LiveView {
  /** @param {HTMLElement} root @param {string} link @param {string} id @param {string} still shown until it is drawn */
  constructor(root, link, id, still) {
    const before = orphan(id);
    views.add(this);
    this.root = root;
    this.shown = false;
    this.link = link;
    this.id = id;
    this.number = 0;
    /** @type {Map<string, HTMLElement>} */
    this.parts = new Map();
    /** @type {Map<Element, LongList>} */
    this.lists = new Map();
    this.timer = 0;
    /** @type {HTMLElement | null} the field that waits for the timer */
    this.field = null;
    this.waiting = 0;
    this.state = h("div", { class: "rtcnb-waiting", role: "status" }, "Waiting for the kernel …");
    this.said = h("div", { role: "alert" });
    this.body = h("div", { class: "rtcnb-body" });
    this.stand = h("div", {}); // what is seen until the first drawing comes
    root.append(this.state, this.said, this.body);
    const stands = before ? [...before.body.childNodes] : still && [h("div", { class: "rtcnb rtcnb-static" }, parse(still))];
    if (stands) (replace(this.state), this.stand.append(...stands), this.body.append(this.stand));
    else this.waiting = window.setTimeout(() => this.number || replace(this.state, NO_KERNEL), NO_KERNEL_AFTER_MS);
    const hear = (/** @type {string} */ name, /** @type {any} */ detail) => this.take(name, detail);
    this.undo = [receive(id, hear, () => this.tell("unwatch")), watch(link, () => this.linked())];
    for (const event of ["click", "change", "input", "keydown"]) {
      root.addEventListener(event, (e) => this.heard(e));
    }
    root.addEventListener("focusin", (e) => this.focused(/** @type {Element} */ (e.target)));
    root.addEventListener("focusout", () => setTimeout(() => this.left(root)));
    before?.dispose(); // after this one has begun to receive: the kernel goes on drawing
  }

  dispose() {
    if (!views.delete(this)) return;
    if (this.field) this.tellTyped(this.field); // typed just before the output was renewed
    clearTimeout(this.waiting);
    this.undo.forEach((undo) => undo());
    this.lists.forEach((list) => list.dispose());
  }

  /** @param {string} event @param {any} [detail] */
  tell(event, detail = {}) {
    toKernel(this.link, this.id, event, detail);
  }

  linked() {
    if (registry().links.has(this.link)) return this.watch();
    const text = "The kernel that drew this is gone: this is what it showed last.";
    if (this.parts.size) replace(this.state, text);
  }

  watch() {
    this.number = 0;
    this.tell("watch");
  }

  // -- from Python

  /** @param {string} name @param {any} detail */
  take(name, detail) {
    if (name === "draw") this.draw(detail);
    else if (name === "rows") this.listOf(detail.key)?.fill(detail.start, detail.rows, detail.version);
    else if (name === "acted") this.acted(detail);
  }

  /** @param {{number: number, keys: string[], changed: Record<string, string>}} drawn */
  draw({ number, keys, changed }) {
    if (number !== this.number + 1 && number !== 1) return this.watch(); // one was lost
    const begun = performance.now();
    this.number = number;
    replace(this.state);
    this.stand.remove();
    this.shown ||= this.root.isConnected;
    const wanted = new Set(keys);
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    for (const [key, part] of this.parts) {
      if (!wanted.has(key)) (part.remove(), this.parts.delete(key));
    }
    keys.forEach((key, index) => {
      const part = this.parts.get(key) ?? h("div", { class: "rtcnb-part", "data-part": key });
      this.parts.set(key, part);
      if (this.body.children[index] !== part) this.body.insertBefore(part, this.body.children[index] ?? null);
      if (key in changed) morph(part, parse(changed[key]));
    });
    // What was moved to another place has lost it.
    if (focused !== document.activeElement && focused && this.body.contains(focused)) focused.focus({ preventScroll: true });
    this.updateLists();
    if (number === 1 && document.activeElement === document.body) this.refocus();
    this.tellShown(number, performance.now() - begun);
  }

  /**
   * Until it is painted Python sends no more, so that what else the page is asked does not wait behind drawings.
   * @param {number} number @param {number} drawn_ms
   */
  tellShown(number, drawn_ms) {
    const tell = (/** @type {number} */ took_ms) => this.tell("shown", { number, took_ms });
    if (document.hidden) return tell(drawn_ms);
    const late = setTimeout(() => tell(drawn_ms), SEEN_WITHIN_MS);
    requestAnimationFrame((frame) =>
      setTimeout(() => {
        clearTimeout(late);
        tell(drawn_ms + performance.now() - frame);
      }),
    );
  }

  /** @param {Element} element */
  focused(element) {
    keepKeys(element);
    const known = KNOWN_BY.filter((name) => element.hasAttribute(name));
    keyboard.set(this.id, known.map((name) => `[${name}="${CSS.escape(String(element.getAttribute(name)))}"]`).join(""));
  }

  /** The reader has gone elsewhere, unless it is the view that has gone. @param {Element} root */
  left(root) {
    if (root.isConnected && !root.contains(document.activeElement)) keyboard.delete(this.id);
  }

  refocus() {
    const place = keyboard.get(this.id);
    if (place) /** @type {HTMLElement | null} */ (this.body.querySelector(place))?.focus({ preventScroll: true });
  }

  updateLists() {
    for (const [element, list] of this.lists) {
      if (!this.body.contains(element)) (list.dispose(), this.lists.delete(element));
    }
    for (const element of /** @type {NodeListOf<HTMLElement>} */ (this.body.querySelectorAll("[data-rows]"))) {
      const known = this.lists.get(element);
      if (known) known.update();
      else this.lists.set(element, this.makeList(element));
    }
  }

  /** @param {HTMLElement} element */
  makeList(element) {
    const ask = (/** @type {number} */ start, /** @type {number} */ stop) =>
      this.tell("rows", { key: element.dataset.rows, start, stop });
    return new LongList(element, ask, (action, row) => this.press(action, row));
  }

  /** @param {string} key */
  listOf(key) {
    return [...this.lists].find(([element]) => /** @type {HTMLElement} */ (element).dataset.rows === key)?.[1];
  }

  /** @param {{action: string, error: string}} detail */
  acted({ action, error }) {
    this.body.querySelectorAll("[aria-busy]").forEach((element) => element.removeAttribute("aria-busy"));
    replace(this.said, error && h("div", { class: "rtcnb-error", "data-action": action }, `✕ ${error}`));
  }

  // -- from the reader

  /** @param {Event} event */
  heard(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.type === "click") this.clicked(target);
    else if (event.type === "keydown") moveInTabs(/** @type {KeyboardEvent} */ (event));
    else if (event.type === "change" && target.dataset.change) this.press(target.dataset.change, valueOf(target));
    else if (event.type === "change" && target.dataset.input) this.tellTyped(target);
    else if (event.type === "input" && target.dataset.input) this.typed(target);
  }

  /** Tell what a field holds: of typing when it pauses, of a slider while it moves. @param {HTMLElement} target */
  typed(target) {
    if (this.field && this.field !== target) this.tellTyped(this.field);
    if (this.field && isRange(target)) return; // the one that waits will tell the latest
    clearTimeout(this.timer);
    this.field = target;
    this.timer = window.setTimeout(() => this.tellTyped(target), isRange(target) ? SLIDING_EVERY_MS : TYPING_PAUSE_MS);
  }

  /** A field that is left waits no longer: what Python draws next replaces what it holds. @param {HTMLElement} target */
  tellTyped(target) {
    if (this.field !== target) return;
    clearTimeout(this.timer);
    this.field = null;
    this.press(String(target.dataset.input), valueOf(target));
  }

  /** @param {HTMLElement} target */
  clicked(target) {
    const copied = /** @type {HTMLElement | null} */ (target.closest("[data-copy]"));
    if (copied) return void copy(copied);
    const pressed = /** @type {HTMLElement | null} */ (target.closest("[data-press]"));
    if (!pressed || pressed.hasAttribute("data-rows") || /** @type {any} */ (pressed).disabled) return;
    if (pressed.getAttribute("aria-disabled") === "true") return;
    pressed.setAttribute("aria-busy", "true");
    this.press(String(pressed.dataset.press), pressed.dataset.value ?? null);
  }

  /** @param {string} action @param {any} value */
  press(action, value) {
    this.tell("press", { action, value });
  }
}

/** @param {Element} element */
const isRange = (element) => element instanceof HTMLInputElement && element.type === "range";

/** @param {any} element */
const valueOf = (element) => (element.type === "checkbox" ? element.checked : element.value);

/** Arrow keys go from tab to tab, as WAI-ARIA wants it. @param {KeyboardEvent} event */
function moveInTabs(event) {
  const tab = /** @type {HTMLElement} */ (event.target).closest('[role="tab"]');
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!tab || !step) return;
  const tabs = /** @type {HTMLElement[]} */ ([...(tab.closest('[role="tablist"]')?.querySelectorAll('[role="tab"]') ?? [])]);
  const next = tabs[(tabs.indexOf(/** @type {HTMLElement} */ (tab)) + step + tabs.length) % tabs.length];
  event.preventDefault();
  next.focus();
  next.click();
}

/** @param {HTMLElement} button */
async function copy(button) {
  const text = String(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Neither https nor localhost, or not allowed: the old way.
    const area = /** @type {HTMLTextAreaElement} */ (h("textarea", { style: { position: "fixed", opacity: "0" } }));
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  const label = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = label), SAID_MS);
}

/**
 * Jupyter takes letters and arrows typed outside an editor for shortcuts; here they are ours. Its rules look at the
 * focused element before what it stands in, so that a mark on the view alone would not do.
 * @param {Element} element
 */
const keepKeys = (element) => element.setAttribute("data-lm-suppress-shortcuts", "true");

/** @param {RenderContext} context */
function render({ model, el }) {
  const [link, object, label, name] = ["link", "object", "label", "name"].map((key) => model.get(key));
  const root = h("div", {
    class: `rtcnb-live rtcnb-${name}`,
    role: "group",
    "aria-label": label,
    "data-rtcnb-live": object,
  });
  keepKeys(root);
  el.classList.add("rtcnb");
  el.append(root);
  const view = new LiveView(root, link, object, model.get("still"));
  return () => view.dispose();
}

export default { render };
