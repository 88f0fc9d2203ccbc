// While a page lives it holds a lock of the browser's. Another page that waits for it is given it as soon as the
// first is gone, however it went: a tab that closes, or crashes, may take its last words with it.

/** @param {string} instance */
const nameOf = (instance) => `rtcnb.page.${instance}`;

/**
 * Hold the lock of this page. Where the browser has none to give (a page that is no secure context), nothing happens.
 * @param {string} instance
 * @param {AbortSignal} end when the page is done with it
 * @param {() => void} held is called once it is held
 */
export function holdLock(instance, end, held) {
  const hold = () => {
    held();
    return new Promise((resolve) => end.addEventListener("abort", resolve));
  };
  const request = navigator.locks?.request(nameOf(instance), { signal: end }, (_) => (end.aborted ? null : hold()));
  request?.catch(() => {}); // ended, or a frame that may hold none: nobody waits for it then
}

/**
 * Return when the page that holds this lock is gone; false where there is nothing to wait for: the lock is not held
 * in this browser, or `end` came first.
 * @param {string} instance
 * @param {AbortSignal} end
 */
export async function lockIsFree(instance, end) {
  const name = nameOf(instance);
  const { held = [] } = await navigator.locks.query();
  if (!held.some((lock) => lock.name === name)) return false;
  try {
    return await navigator.locks.request(name, { signal: end }, () => true);
  } catch (error) {
    if (end.aborted) return false;
    throw error;
  }
}
