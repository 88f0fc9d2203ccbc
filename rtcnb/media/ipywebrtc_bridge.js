// A stream of ipywebrtc, captured when a peer of this page wants its tracks, and not before: every page
// makes this widget, and capturing a CameraStream opens the camera. Says why where that fails, which
// ipywebrtc keeps to itself.

import { changed, registry } from "../web/objects.js";

const REFERENCE = "IPY_MODEL_";
const CLOSED = "comm:close destroy";

class Source {
  /** @param {import("../web/types").Model} model */
  constructor(model) {
    this.model = model;
    /** @type {Record<string, string>} the tracks' ids, by kind */
    this.ids = Object.fromEntries(["video", "audio"].filter((k) => model.get(k)).map((k) => [k, model.get(k)]));
    this.busy = false;
    this.disposed = false;
    this.forget = () => {};
    for (const id of Object.values(this.ids)) {
      registry().sources.set(id, () => void this.capture());
      changed(id);
    }
  }

  async capture() {
    if (this.busy) return;
    this.busy = true;
    try {
      const reference = String(this.model.get("stream")).slice(REFERENCE.length);
      const widget = await this.model.widget_manager?.get_model(reference);
      const stream = /** @type {MediaStream} */ (await widget.captureStream());
      if (!this.disposed) this.register(widget, stream);
    } catch (error) {
      this.fail(error);
    } finally {
      this.busy = false;
    }
  }

  /** @param {any} widget @param {MediaStream} stream */
  register(widget, stream) {
    const { tracks, failures } = registry();
    for (const [kind, id] of Object.entries(this.ids)) {
      const track = stream.getTracks().find((t) => t.kind === kind && t.readyState === "live");
      if (track) {
        tracks.set(id, track);
        track.addEventListener("ended", () => tracks.get(id) === track && this.remove());
      } else failures.set(id, `NotFoundError: it has no running ${kind}`);
      changed(id);
    }
    // Its tracks do not end with their widget.
    this.forget();
    const closed = () => this.remove();
    widget.on(CLOSED, closed);
    this.forget = () => widget.off(CLOSED, closed);
  }

  /** @param {any} error */
  fail(error) {
    for (const id of Object.values(this.ids)) {
      registry().failures.set(id, `${error?.name ?? "Error"}: ${error?.message ?? error}`);
      changed(id);
    }
  }

  remove() {
    for (const id of Object.values(this.ids)) if (registry().tracks.delete(id)) changed(id);
  }

  dispose() {
    this.disposed = true;
    this.forget();
    for (const id of Object.values(this.ids)) registry().sources.delete(id);
    this.remove();
  }
}

/** @param {import("../web/types").InitializeContext} context */
function initialize({ model }) {
  const source = new Source(model);
  return () => source.dispose();
}

export default { initialize };
