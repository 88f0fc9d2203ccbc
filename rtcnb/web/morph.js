// Make what is shown like what was drawn again, without losing the focus, the place of scrolling, what a reader
// has opened, or what is being typed.

// Attributes that belong to the reader, or to who shows it, once an element is there.
const KEPT = ["open", "data-lm-suppress-shortcuts", "aria-activedescendant"];

/** Elements from HTML that Python has made and escaped. @param {string} html @returns {DocumentFragment} */
export function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

/**
 * Change the children of `target` into those of `drawn`, keeping every element that can stay: by its data-key, else
 * as the next of its name.
 * @param {Element} target @param {Element | DocumentFragment} drawn
 */
export function morph(target, drawn) {
  const keyed = new Map([...target.children].filter((c) => keyOf(c)).map((c) => [keyOf(c), c]));
  /** @type {ChildNode | null} */
  let at = target.firstChild;
  for (const wanted of [...drawn.childNodes]) {
    const known = wanted instanceof Element && keyOf(wanted) ? keyed.get(keyOf(wanted)) : next(at, wanted);
    if (known && alike(known, wanted)) {
      if (known === at) at = at.nextSibling;
      else target.insertBefore(known, at);
      update(known, wanted);
    } else {
      target.insertBefore(wanted, at);
    }
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

/** @param {Element} element */
const keyOf = (element) => element.getAttribute("data-key");

/** What was before it may have gone. @param {ChildNode | null} at @param {Node} wanted */
function next(at, wanted) {
  while (at && !alike(at, wanted)) at = at.nextSibling;
  return at;
}

/** @param {Node} known @param {Node} wanted */
function alike(known, wanted) {
  if (known.nodeName !== wanted.nodeName || known.nodeType !== wanted.nodeType) return false;
  return !(known instanceof Element && wanted instanceof Element) || keyOf(known) === keyOf(wanted);
}

/** @param {Node} known @param {Node} wanted */
function update(known, wanted) {
  if (!(known instanceof Element) || !(wanted instanceof Element)) {
    if (known.nodeValue !== wanted.nodeValue) known.nodeValue = wanted.nodeValue;
    return;
  }
  for (const { name } of [...known.attributes]) {
    if (!wanted.hasAttribute(name) && !KEPT.includes(name)) known.removeAttribute(name);
  }
  for (const { name, value } of [...wanted.attributes]) {
    if (!KEPT.includes(name) && known.getAttribute(name) !== value) known.setAttribute(name, value);
  }
  if (known.hasAttribute("data-rows")) return; // a long list fills itself
  const typing = known === document.activeElement;
  if (known instanceof HTMLTextAreaElement && wanted instanceof HTMLTextAreaElement) {
    if (!typing && known.value !== wanted.value) known.value = wanted.value;
    return;
  }
  morph(known, wanted);
  if (known instanceof HTMLInputElement && wanted instanceof HTMLInputElement && !typing) {
    if (known.value !== wanted.value) known.value = wanted.value;
    known.checked = wanted.checked;
  }
  if (known instanceof HTMLSelectElement && wanted instanceof HTMLSelectElement && !typing) known.value = wanted.value;
}
