// A list too long to be drawn whole: it has the height of all its rows, and asks for those that are seen.

import { parse } from "./morph.js";

const CHUNK = 100; // rows that are asked for at a time
const KEPT = 12; // chunks that stay in the page
const WHOLE_PAGE = 0.9;
const ECHO_MS = 10_000; // within which Python has drawn what was chosen, however busy it is

/** @typedef {{element: HTMLElement, version: string, count: number}} Chunk */

export class LongList {
  /**
   * @param {HTMLElement} element with data-rows, data-count, data-height
   * @param {(start: number, stop: number) => void} ask for rows
   * @param {(action: string, row: number) => void} press
   */
  constructor(element, ask, press) {
    this.element = element;
    this.ask = ask;
    this.press = press;
    this.space = document.createElement("div");
    this.space.className = "rtcnb-space";
    element.append(this.space);
    /** @type {Map<number, Chunk>} */
    this.chunks = new Map();
    /** @type {Map<number, string>} what was asked for, and in which version */
    this.asked = new Map();
    this.known = { count: 0, focused: -1 };
    /** @type {{row: number, at: number}[]} what was chosen here, and Python has not drawn yet */
    this.chosen = [];
    this.drawn = -1;
    // A notebook takes cells that are out of sight out of the page: what was missed there is asked for on the way back.
    this.size = new ResizeObserver(() => this.look());
    this.size.observe(element);
    element.addEventListener("scroll", () => this.look(), { passive: true });
    element.addEventListener("click", (event) => this.clicked(event));
    element.addEventListener("keydown", (event) => this.pressed(event));
    this.update();
  }

  dispose() {
    this.size.disconnect();
  }

  get count() {
    return Number(this.element.dataset.count);
  }

  get height() {
    return Number(this.element.dataset.height);
  }

  get version() {
    return this.element.dataset.version ?? "";
  }

  /** The data attributes may have changed. */
  update() {
    const { element } = this;
    const atEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - 2 * this.height;
    this.space.style.height = `${this.count * this.height}px`;
    const grown = this.count !== this.known.count;
    if (grown && atEnd && "follow" in element.dataset) element.scrollTop = element.scrollHeight;
    const focused = this.settled();
    if (focused !== this.known.focused) {
      this.mark(focused);
      this.reveal(focused);
    }
    this.known = { count: this.count, focused };
    this.look();
  }

  /** Which row is chosen; what Python has drawn may be behind what was chosen here meanwhile, with a key held down. */
  settled() {
    const drawn = Number(this.element.dataset.focused ?? -1);
    if (drawn === this.drawn) return this.known.focused;
    this.drawn = drawn;
    const since = performance.now() - ECHO_MS;
    this.chosen = this.chosen.filter(({ at }) => at > since);
    const echoed = this.chosen.findIndex(({ row }) => row === drawn);
    this.chosen = echoed < 0 ? [] : this.chosen.slice(echoed + 1);
    return this.chosen.length ? this.known.focused : drawn;
  }

  /** Scroll as far as needed to show a row. @param {number} number */
  reveal(number) {
    if (number < 0) return;
    const top = number * this.height;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight) this.element.scrollTop = top + this.height - clientHeight;
  }

  /** Ask for the rows that are seen and not here, and forget those far away. */
  look() {
    if (!this.element.isConnected) return; // nobody sees it
    const { scrollTop, clientHeight } = this.element;
    const first = Math.floor(scrollTop / this.height / CHUNK);
    const last = Math.floor(Math.min(scrollTop + (clientHeight || 1), this.count * this.height - 1) / this.height / CHUNK);
    for (let chunk = first; chunk <= last; chunk++) {
      const wanted = `${this.version}/${Math.min(CHUNK, this.count - chunk * CHUNK)}`;
      const have = this.chunks.get(chunk);
      if ((have && `${have.version}/${have.count}` === wanted) || this.asked.get(chunk) === wanted) continue;
      this.asked.set(chunk, wanted);
      this.ask(chunk * CHUNK, Math.min((chunk + 1) * CHUNK, this.count));
    }
    const far = [...this.chunks.keys()].sort((a, b) => Math.abs(b - first) - Math.abs(a - first));
    for (const chunk of far.slice(0, Math.max(0, far.length - KEPT))) this.forget(chunk);
  }

  /** @param {number} chunk */
  forget(chunk) {
    this.chunks.get(chunk)?.element.remove();
    this.chunks.delete(chunk);
    this.asked.delete(chunk);
  }

  /**
   * Rows have come. Those that are as they were stay: a reader may be about to press a button of theirs.
   * @param {number} start @param {string[]} rows @param {string} version
   */
  fill(start, rows, version) {
    const chunk = start / CHUNK;
    const element = this.chunks.get(chunk)?.element ?? this.makeChunk(start);
    const wanted = new Set(rows);
    const kept = /** @type {Map<string, HTMLElement>} */ (new Map());
    for (const row of /** @type {HTMLElement[]} */ ([...element.children])) {
      const html = drawnAs.get(row) ?? "";
      if (wanted.has(html) && !kept.has(html)) kept.set(html, row);
      else row.remove();
    }
    let at = element.firstElementChild;
    rows.forEach((html, i) => {
      const row = kept.get(html) ?? makeRow(html, this.height);
      kept.delete(html); // the next like it is another
      this.number(row, start + i);
      if (row === at) at = at.nextElementSibling;
      else element.insertBefore(row, at);
    });
    this.asked.delete(chunk);
    this.chunks.set(chunk, { element, version, count: rows.length });
    this.look();
  }

  /** @param {number} start */
  makeChunk(start) {
    const element = document.createElement("div");
    element.className = "rtcnb-chunk";
    element.setAttribute("role", "presentation");
    element.style.top = `${start * this.height}px`;
    this.space.append(element);
    return element;
  }

  /** @param {HTMLElement} row @param {number} number */
  number(row, number) {
    row.id = this.idOf(number);
    row.dataset.row = String(number);
    row.setAttribute("aria-setsize", String(this.count));
    row.setAttribute("aria-posinset", String(number + 1));
    row.setAttribute("aria-selected", String(number === this.known.focused));
  }

  /** @param {number} number */
  idOf(number) {
    return `${this.element.closest("[data-rtcnb-live]")?.getAttribute("data-rtcnb-live")}-${this.element.dataset.rows}-${number}`;
  }

  /** @param {number} number */
  mark(number) {
    this.space.querySelectorAll('[aria-selected="true"]').forEach((row) => row.setAttribute("aria-selected", "false"));
    const row = this.space.querySelector(`[data-row="${number}"]`);
    row?.setAttribute("aria-selected", "true");
    if (number >= 0) this.element.setAttribute("aria-activedescendant", this.idOf(number));
    else this.element.removeAttribute("aria-activedescendant");
  }

  /** @param {number} number */
  choose(number) {
    const action = this.element.dataset.press;
    if (!action || number < 0 || number >= this.count) return;
    this.known.focused = number;
    this.chosen.push({ row: number, at: performance.now() });
    this.reveal(number);
    this.mark(number);
    this.press(action, number);
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const target = /** @type {Element} */ (event.target);
    if (target.closest("button, a, input, select")) return;
    const row = /** @type {HTMLElement | null} */ (target.closest("[data-row]"));
    if (row) this.choose(Number(row.dataset.row));
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    if (event.target !== this.element) return;
    const page = Math.floor((this.element.clientHeight / this.height) * WHOLE_PAGE);
    const now = this.known.focused;
    const enter = this.element.dataset.enter;
    if (enter && (event.key === "Enter" || event.key === " ") && now >= 0) {
      event.preventDefault();
      return this.press(enter, now);
    }
    const steps = /** @type {Record<string, number>} */ ({
      ArrowDown: now + 1,
      ArrowUp: Math.max(now - 1, 0),
      PageDown: Math.min(now + page, this.count - 1),
      PageUp: Math.max(now - page, 0),
      Home: 0,
      End: this.count - 1,
    });
    if (!(event.key in steps)) return;
    event.preventDefault();
    this.choose(steps[event.key]);
  }
}

/** What a row was made of. @type {WeakMap<Element, string>} */
const drawnAs = new WeakMap();

/** @param {string} html @param {number} height_px */
function makeRow(html, height_px) {
  const row = document.createElement("div");
  row.className = "rtcnb-row";
  row.style.height = `${height_px}px`;
  row.setAttribute("role", "option");
  row.append(parse(html));
  drawnAs.set(row, html);
  return row;
}
