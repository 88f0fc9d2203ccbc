// Captures a stream of ipywebrtc and registers its tracks; says why where that fails, which ipywebrtc keeps
// to itself.

import { changed, registry } from "../web/objects.js";

const REFERENCE = "IPY_MODEL_";

/** @param {import("../web/types").Model} model */
async function capture(model) {
  const reference = String(model.get("stream"));
  const source = await model.widget_manager?.get_model(reference.slice(REFERENCE.length));
  return { source, stream: /** @type {MediaStream} */ (await source.captureStream()) };
}

/** @param {import("../web/types").InitializeContext} context */
function initialize({ model }) {
  /** @type {Record<string, string>} */
  const ids = { video: model.get("video"), audio: model.get("audio") };
  const { tracks, failures } = registry();
  let disposed = false;
  /** @type {() => void} */
  let forget = () => {};

  const remove = () => {
    for (const id of Object.values(ids)) if (tracks.delete(id)) changed(id);
  };
  const fail = (/** @type {any} */ error) => {
    for (const id of Object.values(ids).filter(Boolean)) {
      failures.set(id, `${error?.name ?? "Error"}: ${error?.message ?? error}`);
      changed(id);
    }
  };
  capture(model)
    .then(({ source, stream }) => {
      if (disposed) return;
      for (const track of stream.getTracks()) {
        const id = ids[track.kind];
        if (!id) continue;
        failures.delete(id);
        tracks.set(id, track);
        changed(id);
      }
      // Its tracks do not end with their widget.
      source.on("comm:close destroy", remove);
      forget = () => source.off("comm:close destroy", remove);
    })
    .catch(fail);
  return () => {
    disposed = true;
    forget();
    remove();
  };
}

export default { initialize };
