// The fast lane: a WebSocket to the kernel's background loop for frames, where the page can reach it.
// Both ends prove that they know the key, which came over the notebook's own connection: on a hub, whatever
// listens on this port of the reader's own machine is a stranger.

/**
 * @typedef {(content: any, buffers: DataView[]) => void} Receive
 * @typedef {{send: (content: any, buffers: ArrayBuffer[]) => boolean, close: () => void, address: string}} FastLane
 */

const HANDSHAKE_TIMEOUT_MS = 3000;
const LOCAL = ["localhost", "127.0.0.1", "[::1]"];

/** @param {number} port */
function addresses(port) {
  const proxied = () => {
    const config = document.getElementById("jupyter-config-data")?.textContent;
    if (!config) return [];
    const { baseUrl = "/" } = JSON.parse(config);
    return [`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${baseUrl}proxy/${port}/`];
  };
  return LOCAL.includes(location.hostname) ? [`ws://127.0.0.1:${port}/`, ...proxied()] : proxied();
}

/** @param {string} key @param {string} text */
async function prove(key, text) {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const secret = await crypto.subtle.importKey("raw", encoder.encode(key), algorithm, false, ["sign"]);
  const proof = await crypto.subtle.sign("HMAC", secret, encoder.encode(text));
  return Array.from(new Uint8Array(proof), (b) => b.toString(16).padStart(2, "0")).join("");
}

/** The next text message as JSON. @param {WebSocket} socket @returns {Promise<any>} */
function next(socket) {
  return new Promise((resolve, reject) => {
    const failed = () => reject(new DOMException("The fast lane did not open.", "NetworkError"));
    const timer = setTimeout(failed, HANDSHAKE_TIMEOUT_MS);
    socket.onmessage = ({ data }) => (clearTimeout(timer), resolve(JSON.parse(data)));
    socket.onclose = failed;
    socket.onerror = failed;
  });
}

/** @param {WebSocket} socket @param {string} key @param {string} instance */
async function shakeHands(socket, key, instance) {
  const ours = crypto.randomUUID();
  socket.onopen = () => socket.send(JSON.stringify({ instance, nonce: ours }));
  const { nonce: theirs, proof } = await next(socket);
  if (proof !== (await prove(key, `kernel ${ours} ${theirs}`))) {
    throw new DOMException("Something else answers on the kernel's port.", "SecurityError");
  }
  socket.send(JSON.stringify({ proof: await prove(key, `page ${theirs} ${ours}`) }));
  const { welcome } = await next(socket);
  if (!welcome) throw new DOMException("The kernel refused this page.", "SecurityError");
}

/** @param {any} content @param {ArrayBuffer[]} buffers */
function pack(content, buffers) {
  const sizes = buffers.map((b) => b.byteLength);
  const header = new TextEncoder().encode(JSON.stringify({ content, sizes }));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, header.length);
  return new Blob([length, header, ...buffers]);
}

/** @param {ArrayBuffer} data */
function unpack(data) {
  const length = new DataView(data).getUint32(0);
  const { content, sizes } = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  let offset = 4 + length;
  const buffers = sizes.map((/** @type {number} */ size) => new DataView(data, (offset += size) - size, size));
  return { content, buffers };
}

/**
 * Open the lane by the first address that answers and knows the key.
 * @param {number} port @param {string} key @param {string} instance @param {Receive} receive
 * @returns {Promise<FastLane>}
 */
export async function openFastLane(port, key, instance, receive) {
  if (!isSecureContext) throw new DOMException("No fast lane: this page is neither https nor localhost.");
  for (const address of addresses(port)) {
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    try {
      await shakeHands(socket, key, instance);
    } catch {
      socket.close();
      continue;
    }
    socket.onerror = socket.onclose = null;
    socket.onmessage = ({ data }) => {
      const { content, buffers } = unpack(data);
      receive(content, buffers);
    };
    const send = (/** @type {any} */ content, /** @type {ArrayBuffer[]} */ buffers) => {
      const open = socket.readyState === WebSocket.OPEN;
      if (open) socket.send(pack(content, buffers));
      return open;
    };
    return { address, send, close: () => socket.close() };
  }
  throw new DOMException("The page can't reach the kernel's port, directly or by proxy.", "NetworkError");
}
