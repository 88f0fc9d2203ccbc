// Measurements and errors of a function, and its controls: their values go to the kernel on the link, since
// the controls' own messages wait behind a running cell.

import { h, replace } from "../web/dom.js";
import { toKernel } from "../web/objects.js";

/** @typedef {import("../web/types").Model} Model */

const REFERENCE = "IPY_MODEL_";

/** @param {Model} model @param {AbortSignal} signal */
async function hearControls(model, signal) {
  for (const [name, reference] of Object.entries(model.get("controls"))) {
    const control = await model.widget_manager?.get_model(String(reference).slice(REFERENCE.length));
    if (!control || signal.aborted) return;
    for (const trait of ["value", "index"]) {
      const tell = () =>
        toKernel(model.get("link"), model.get("object"), "control", { name, trait, value: control.get(trait) });
      control.on(`change:${trait}`, tell);
      signal.addEventListener("abort", () => control.off(`change:${trait}`, tell));
    }
  }
}

/** @param {import("../web/types").InitializeContext} context */
function initialize({ model }) {
  let hearing = new AbortController();
  const again = () => {
    hearing.abort();
    hearing = new AbortController();
    void hearControls(model, hearing.signal);
  };
  model.on("change:controls", again);
  again();
  return () => {
    model.off("change:controls", again);
    hearing.abort();
  };
}

/** @param {import("../web/types").RenderContext} context */
function render({ model, el }) {
  const measured = h("div", { class: "rtcnb-measured" });
  const error = h("div", { role: "alert" });
  const drawMeasured = () => (measured.textContent = model.get("measured"));
  const drawError = () => {
    const sentence = model.get("error");
    if (!sentence) return replace(error);
    replace(
      error,
      h(
        "div",
        { class: "rtcnb-error" },
        h("div", {}, "✕ ", sentence),
        h("div", {}, "The picture goes on as it came. Mend the function and run its cell again."),
        h("details", {}, h("summary", {}, "Where"), h("pre", {}, model.get("error_text"))),
      ),
    );
  };
  model.on("change:measured", drawMeasured);
  model.on("change:error", drawError);
  model.on("change:error_text", drawError);
  drawMeasured();
  drawError();
  el.classList.add("rtcnb");
  el.append(measured, error);
  return () => {
    model.off("change:measured", drawMeasured);
    model.off("change:error", drawError);
    model.off("change:error_text", drawError);
  };
}

export default { initialize, render };
