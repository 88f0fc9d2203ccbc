// What the page can tell a doctor: whether it is secure, what it may open, what it has.

const NAMES = ["camera", "microphone"];
const KINDS = ["videoinput", "audioinput"];

/** @param {string} name */
async function permission(name) {
  try {
    return (await navigator.permissions.query({ name: /** @type {PermissionName} */ (name) })).state;
  } catch {
    return "unknown"; // not every browser knows these names
  }
}

async function devices() {
  const found = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return Object.fromEntries(NAMES.map((name, i) => [name, found.filter((d) => d.kind === KINDS[i]).length]));
}

async function describe() {
  return {
    secure: isSecureContext,
    agent: navigator.userAgent,
    origin: location.origin,
    webrtc: typeof RTCPeerConnection === "function",
    mediaDevices: Boolean(navigator.mediaDevices),
    permissions: Object.fromEntries(await Promise.all(NAMES.map(async (name) => [name, await permission(name)]))),
    devices: await devices(),
  };
}

export default function make() {
  return { describe, ping: () => null };
}
