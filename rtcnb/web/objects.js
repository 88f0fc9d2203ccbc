// What lives in this page, by id. Every widget of rtcnb is a module of its own, loaded from a blob: they
// share through one registry on the global object, across widgets and across the notebooks of one page.

/**
 * @typedef {object} PageObject  something that a kernel made in this page
 * @property {() => void} [dispose]
 * @typedef {Record<string, any> & PageObject} AnyObject
 * @typedef {(event: string, detail: any, buffers?: ArrayBuffer[]) => void} Emit
 * @typedef {object} Registry
 * @property {Map<string, AnyObject>} objects
 * @property {Map<string, MediaStreamTrack>} tracks
 * @property {Map<string, () => void>} sources how to get a track that is made only when a peer wants it, by its id
 * @property {Map<string, string>} failures why a track that was to come does not, by its id
 * @property {Map<string, (id: string, event: string, detail: any, buffers?: ArrayBuffer[]) => void>} links
 * @property {Map<string, string[]>} unsaid pages that ended and could not tell their kernel, by their link
 * @property {Map<string, Set<(name: string, detail: any, buffers: DataView[]) => void>>} receivers
 * @property {EventTarget} changes
 */

const KEY = Symbol.for("rtcnb.objects");

/** @returns {Registry} */
export function registry() {
  const shared = /** @type {any} */ (globalThis);
  shared[KEY] ??= {
    objects: new Map(),
    tracks: new Map(),
    sources: new Map(),
    failures: new Map(),
    links: new Map(),
    unsaid: new Map(),
    receivers: new Map(),
    changes: new EventTarget(),
  };
  return shared[KEY];
}

/** A short random id; crypto.randomUUID is missing on pages that are neither https nor localhost. */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (b) => b.toString(16).padStart(2, "0")).join("");
}

/** Tell views that the object or track with this id came or went. @param {string} id */
export function changed(id) {
  registry().changes.dispatchEvent(new Event(id));
}

/**
 * Call `update` now and whenever the object or track with this id comes or goes.
 * @param {string} id @param {() => void} update @returns {() => void} the undoing
 */
export function watch(id, update) {
  const { changes } = registry();
  changes.addEventListener(id, update);
  update();
  return () => changes.removeEventListener(id, update);
}

/**
 * Send an event to the kernel in the name of an id; nothing happens where the kernel's link is gone.
 * @param {string} link @param {string} id @param {string} event @param {any} detail @param {ArrayBuffer[]} [buffers]
 */
export function toKernel(link, id, event, detail, buffers) {
  registry().links.get(link)?.(id, event, detail, buffers);
}

/**
 * Receive what the kernel pushes to an id.
 * @param {string} id @param {(name: string, detail: any, buffers: DataView[]) => void} callback
 * @param {() => void} [last] called before the undoing where nobody else in this page receives it
 * @returns {() => void} the undoing
 */
export function receive(id, callback, last) {
  const { receivers } = registry();
  const callbacks = receivers.get(id) ?? new Set();
  receivers.set(id, callbacks.add(callback));
  return () => {
    if (callbacks.has(callback) && callbacks.size === 1) last?.(); // while it still takes the lane of views
    callbacks.delete(callback);
    if (!callbacks.size) receivers.delete(id);
  };
}
