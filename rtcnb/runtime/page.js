// The page's end of the link. Page to kernel goes on the control channel of the notebook's own connection,
// which a kernel reads while a cell runs; kernel to page comes as messages of this widget's comm.

import { changed, newId, registry } from "../web/objects.js";
import { openFastLane } from "../web/fast_lane.js";
import { holdLock, lockIsFree } from "../web/page_lock.js";

/** @typedef {import("../web/objects.js").AnyObject} AnyObject */
/** @typedef {{op: string, to: string, id: string, object: string, [key: string]: any}} Order */

const MESSAGE_TYPE = "rtcnb";
const KERNEL_CHECK_MS = 1000;

/** @param {any} error */
function describeError(error) {
  const { name = "Error", message = String(error), constraint = "" } = error ?? {};
  return { name, message, constraint };
}

/** An id that outlives a reload. A duplicated tab has it too, which is why `reloaded` is told beside it. */
function tabId() {
  const key = "rtcnb.tab";
  const id = sessionStorage.getItem(key) ?? newId();
  sessionStorage.setItem(key, id);
  return id;
}

class Page {
  /** @param {import("../web/types").Model} model @param {() => void} renew makes another in the place of this one */
  constructor(model, renew) {
    this.model = model;
    this.renew = renew;
    this.link = model.get("link");
    this.instance = newId();
    this.sequence = 0;
    this.heard = 0; // the number of the kernel's last message
    this.disposed = false;
    /** @type {Map<string, Promise<any>>} */
    this.modules = new Map();
    /** @type {Map<string, Promise<AnyObject>>} what this link made, by id; settled when it is ready */
    this.made = new Map();
    /** @type {import("../web/fast_lane.js").FastLane | null} */
    this.fastLane = null;
    this.ended = new AbortController();
    this.undo = this.listen();
    registry().links.set(this.link, (id, event, detail, buffers) => this.emit(id, event, detail, buffers));
    this.send({ kind: "hello", ...this.describe(), replaces: registry().unsaid.get(this.link) ?? [] });
    registry().unsaid.delete(this.link);
    changed(this.link); // after the hello: what waited for the link speaks at once
    holdLock(this.instance, this.ended.signal, () => this.send({ kind: "lock" }));
  }

  describe() {
    return {
      focused: document.hasFocus(),
      visible: document.visibilityState === "visible",
      secure: isSecureContext,
      agent: navigator.userAgent,
      tab: tabId(),
      reloaded: performance.getEntriesByType("navigation").some((n) => /** @type {any} */ (n).type === "reload"),
      host: location.hostname,
    };
  }

  listen() {
    const on = { signal: this.ended.signal };
    const focus = () => this.send({ kind: "focus" });
    window.addEventListener("focus", focus, on);
    window.addEventListener("pagehide", () => this.dispose(), on);
    const message = (/** @type {any} */ order, /** @type {DataView[]} */ buffers) => this.receive(order, buffers);
    // A restarted kernel calls no clean-up: its comms just die, and nothing may keep the camera on.
    const live = () => this.dispose({ kernelGone: true });
    this.model.on("msg:custom", message);
    this.model.on("comm_live_update", live);
    // One that was shut down for good says nothing at all.
    const alive = setInterval(() => this.kernelIsDead() && live(), KERNEL_CHECK_MS);
    return () => {
      clearInterval(alive);
      this.model.off("msg:custom", message);
      this.model.off("comm_live_update", live);
    };
  }

  kernelIsDead() {
    const kernel = this.model.widget_manager?.kernel;
    return !kernel || kernel.isDisposed || kernel.status === "dead" || kernel.status === "terminating";
  }

  /** @param {Record<string, any>} message @param {ArrayBuffer[]} [buffers] */
  send(message, buffers = []) {
    const content = { link: this.link, from: this.instance, at: performance.now(), heard: this.heard, ...message };
    // Pictures, and what views say of them; all else keeps its order on the one lane, a channel's messages too.
    const fast = (buffers.length && message.event !== "channel") || registry().receivers.has(message.object);
    if (fast && this.fastLane?.send(content, buffers)) return;
    const kernel = this.model.widget_manager?.kernel;
    if (!kernel?.sendControlMessage) return; // such a host's kernel says that no page answers
    const header = {
      msg_id: `${this.instance}-${this.sequence++}`,
      session: kernel.clientId,
      username: kernel.username,
      date: new Date().toISOString(),
      msg_type: MESSAGE_TYPE,
      version: "5.3",
    };
    const control = { header, parent_header: {}, metadata: {}, content, channel: "control", buffers };
    kernel.sendControlMessage(control, false, true);
  }

  /** @param {string} id @param {string} event @param {any} detail @param {ArrayBuffer[]} [buffers] */
  emit(id, event, detail, buffers) {
    this.send({ kind: "event", object: id, event, detail }, buffers);
  }

  /** @param {Order} order @param {DataView[]} buffers */
  async receive(order, buffers) {
    if (order?.to !== this.instance) return;
    this.heard = Math.max(this.heard, order.n ?? 0);
    try {
      const value = (await this.obey(order, buffers)) ?? null;
      if (order.id) this.reply(order.id, value);
    } catch (error) {
      if (order.id) this.send({ kind: "reply", id: order.id, error: describeError(error) });
    }
  }

  /** A reply's binary part is its member $buffers. @param {string} id @param {any} value */
  reply(id, value) {
    const { $buffers, ...rest } = value?.$buffers ? value : { $buffers: [] };
    this.send({ kind: "reply", id, value: $buffers.length ? rest : value }, $buffers);
  }

  /** @param {Order} order @param {DataView[]} buffers */
  obey(order, buffers) {
    switch (order.op) {
      case "module":
        return this.load(order.name, order.source);
      case "create":
        return this.create(order);
      case "call":
        return this.call(order, buffers);
      case "push":
        registry().receivers.get(order.object)?.forEach((callback) => callback(order.name, order.detail, buffers));
        return;
      case "drop":
        return this.drop(order.object);
      case "ping":
        return this.send({ kind: "alive" });
      case "renew": // the kernel has given this page up, and with it all that lived here
        return this.renew();
      case "watch":
        return this.watch(order.page);
      case "fast-lane":
        return this.openFastLane(order);
      default:
        throw new Error(`rtcnb's page does not know the order ${order.op}`);
    }
  }

  /** @param {string} name @param {string} source */
  async load(name, source) {
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    this.modules.set(name, import(url).finally(() => URL.revokeObjectURL(url)));
    await this.modules.get(name);
  }

  /** @param {Order} order */
  async create({ object: id, module, config }) {
    const making = (async () => {
      const { default: make } = await this.modules.get(module);
      /** @type {import("../web/objects.js").Emit} */
      const emit = (event, detail, buffers) => this.emit(id, event, detail, buffers);
      return await make({ id, emit, link: this.link }, config);
    })();
    this.made.set(id, making);
    const object = await making;
    if (!this.made.has(id)) {
      object.dispose?.(); // dropped while it was being made
      return;
    }
    registry().objects.set(id, object);
    changed(id);
  }

  /** @param {Order} order @param {DataView[]} buffers */
  async call({ object: id, method, args }, buffers) {
    const making = this.made.get(id);
    if (!making) throw new DOMException(`Nothing with the id ${id} lives in this page.`, "NotFoundError");
    const object = await making;
    if (typeof object[method] !== "function") throw new TypeError(`The page's object has no method ${method}.`);
    return buffers.length ? object[method](...args, buffers) : object[method](...args);
  }

  /** @param {string} id */
  drop(id) {
    if (!this.made.delete(id)) return;
    const object = registry().objects.get(id);
    registry().objects.delete(id);
    try {
      object?.dispose?.();
    } finally {
      changed(id);
    }
  }

  /** Tell when another page of this kernel is gone. @param {string} page */
  async watch(page) {
    if (await lockIsFree(page, this.ended.signal)) this.send({ kind: "gone", page });
  }

  /** @param {Order} order */
  async openFastLane({ port, key }) {
    this.fastLane?.close();
    this.fastLane = await openFastLane(port, key, this.instance, (order, buffers) => this.receive(order, buffers));
    return this.fastLane.address;
  }

  dispose({ kernelGone = false } = {}) {
    if (this.disposed) return;
    this.disposed = true;
    this.undo();
    this.ended.abort();
    // A notebook that is closed takes its connection with it, and leaves the kernel running: its next page tells.
    const { unsaid } = registry();
    if (kernelGone) unsaid.set(this.link, [...(unsaid.get(this.link) ?? []), this.instance]);
    else this.send({ kind: "bye" });
    registry().links.delete(this.link);
    changed(this.link);
    for (const id of [...this.made.keys()]) this.drop(id);
    this.fastLane?.close();
  }
}

/** @param {import("../web/types").InitializeContext} context */
function initialize({ model }) {
  /** @type {Page | null} */
  let page = null;
  const begin = () => {
    page?.dispose({ kernelGone: true });
    page = new Page(model, begin);
  };
  begin();
  // A page that comes back from the browser's back-forward cache has disposed of everything: begin anew.
  const again = (/** @type {PageTransitionEvent} */ event) => event.persisted && begin();
  window.addEventListener("pageshow", again);
  return () => {
    window.removeEventListener("pageshow", again);
    page?.dispose();
    page = null;
  };
}

export default { initialize };
