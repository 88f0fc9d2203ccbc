// A BrowserPeer's RTCPeerConnection. ipywebrtc replaces the page's constructor by a wrapped one; the native
// one is still the prototype's own.

import { changed, registry, watch } from "../web/objects.js";

const NativePeerConnection = /** @type {typeof RTCPeerConnection} */ (RTCPeerConnection.prototype.constructor);
const STATES = /** @type {const} */ (["signalingState", "iceGatheringState", "iceConnectionState", "connectionState"]);

const ARRIVAL_TIMEOUT_MS = 8000;
const STATISTICS_EVERY_MS = 1000;
const NOT_SENT = ["id", "timestamp", "base64Certificate"]; // known already, in every entry the same, and long

/** @param {string} name @param {string} message */
function fail(name, message) {
  throw new DOMException(message, name);
}

/** @param {RTCSessionDescription | null} description */
const describe = (description) => description && { type: description.type, sdp: description.sdp };

/** What getStats says, once a second and whenever the connection changes: what is new since the last time. */
class Statistics {
  /** @param {RTCPeerConnection} pc @param {import("../web/objects.js").Emit} emit */
  constructor(pc, emit) {
    this.pc = pc;
    this.emit = emit;
    /** @type {Map<string, Record<string, any>>} */
    this.sent = new Map();
    this.timer = 0;
    this.taking = false;
    this.again = false; // something has happened while a snapshot was taken
  }

  start() {
    this.timer ||= window.setInterval(() => this.take(), STATISTICS_EVERY_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = -1;
  }

  async take() {
    if (this.timer === -1) return;
    this.again = this.taking;
    if (this.taking) return;
    this.taking = true;
    try {
      do {
        this.again = false;
        this.tell(await this.pc.getStats());
      } while (this.again);
    } finally {
      this.taking = false;
    }
  }

  /** @param {RTCStatsReport} report */
  tell(report) {
    if (this.timer === -1) return; // closed meanwhile
    /** @type {Record<string, Record<string, any>>} */
    const changed = {};
    report.forEach((entry, id) => {
      const before = this.sent.get(id) ?? {};
      const members = Object.entries(entry).filter(([name, value]) => !NOT_SENT.includes(name) && !same(value, before[name]));
      if (members.length) changed[id] = Object.fromEntries(members);
      this.sent.set(id, entry);
    });
    const gone = [...this.sent.keys()].filter((id) => !report.has(id));
    gone.forEach((id) => this.sent.delete(id));
    this.emit("statistics", { changed, gone });
  }
}

/** @param {any} a @param {any} b */
const same = (a, b) => a === b || (typeof a === "object" && JSON.stringify(a) === JSON.stringify(b));

/** Names of codecs know no case. @param {Record<string, any>} have @param {Record<string, any>} wanted */
const fits = (have, wanted) =>
  Object.entries(wanted).every(([name, value]) =>
    name === "mimeType" ? have.mimeType.toLowerCase() === value.toLowerCase() : have[name] === value,
  );

class BrowserPeer {
  /**
   * @param {{id: string, emit: import("../web/objects.js").Emit}} context
   * @param {{rtcConfiguration: RTCConfiguration}} config
   */
  constructor({ id, emit }, { rtcConfiguration }) {
    this.id = id;
    this.emit = emit;
    this.pc = new NativePeerConnection(rtcConfiguration);
    /** @type {Map<string, RTCRtpSender>} */
    this.senders = new Map();
    /** @type {Map<string, RTCDataChannel>} */
    this.channels = new Map();
    /** @type {Map<RTCRtpSender, () => void>} what ends that a sender follows its track */
    this.followed = new Map();
    /** @type {string[]} ids of the remote tracks that are registered in the page */
    this.remoteTracks = [];
    this.sent = { local: "", remote: "" };
    this.snapshots = 0;
    this.channelCount = 0;
    this.ownStream = new MediaStream(); // one, so that the far end plays picture and sound in step
    this.statistics = new Statistics(this.pc, emit);
    this.listen();
  }

  listen() {
    const { pc } = this;
    for (const state of STATES) {
      pc.addEventListener(`${state.toLowerCase()}change`, () => this.emit("state", this.snapshot()));
    }
    for (const soon of ["iceconnectionstatechange", "connectionstatechange"]) {
      pc.addEventListener(soon, () => this.statistics.take());
    }
    pc.onnegotiationneeded = () => this.emit("negotiationneeded", this.snapshot());
    pc.onicecandidate = ({ candidate }) =>
      this.emit("icecandidate", { candidate: candidate && candidate.toJSON(), ...this.snapshot() });
    pc.onicecandidateerror = (event) => {
      const { url, errorCode, errorText } = event;
      this.emit("icecandidateerror", { url, errorCode, errorText });
    };
    pc.ontrack = (event) => this.receiveTrack(event);
    pc.ondatachannel = ({ channel }) => {
      const id = `theirs-${this.channelCount++}`;
      this.emit("datachannel", { channel: id, ...this.describeChannel(channel) });
      this.adopt(id, channel);
    };
  }

  /** What Python mirrors; the descriptions only when they have changed. */
  snapshot() {
    const { pc } = this;
    /** @type {Record<string, any>} */
    const snapshot = { number: this.snapshots++, states: Object.fromEntries(STATES.map((state) => [state, pc[state]])) };
    if ((pc.localDescription?.sdp ?? "") !== this.sent.local) snapshot.local = describe(pc.localDescription);
    if ((pc.remoteDescription?.sdp ?? "") !== this.sent.remote) snapshot.remote = describe(pc.remoteDescription);
    if ("local" in snapshot || "remote" in snapshot) snapshot.transceivers = this.describeTransceivers();
    this.sent = { local: pc.localDescription?.sdp ?? "", remote: pc.remoteDescription?.sdp ?? "" };
    return snapshot;
  }

  /** @param {any} [value] */
  reply(value) {
    return { value, ...this.snapshot() };
  }

  // -- tracks ------------------------------------------------------------------------------------------------

  /** @param {RTCTrackEvent} event */
  receiveTrack({ track, streams, transceiver }) {
    const sameKind = this.pc.getTransceivers().filter((t) => t.receiver.track.kind === track.kind);
    const id = `${this.id}/${track.kind}/${sameKind.indexOf(transceiver)}`;
    registry().tracks.set(id, track);
    this.remoteTracks.push(id);
    changed(id);
    const { mid, direction } = transceiver;
    const sender = this.handleOf(transceiver.sender);
    this.emit("track", { track: id, kind: track.kind, streams: streams.map((s) => s.id), mid, direction, sender });
  }

  /** @param {string} id */
  find(id) {
    const track = registry().tracks.get(id);
    if (!track) fail("NotFoundError", "This track is not running in this page.");
    return /** @type {MediaStreamTrack} */ (track);
  }

  /** A camera that is stopped and started again gives a new track: the sender follows.
   * @param {string} id @param {RTCRtpSender} sender */
  follow(id, sender) {
    const update = () => {
      const track = registry().tracks.get(id);
      if (!track || track === sender.track || this.pc.signalingState === "closed") return;
      sender.replaceTrack(track).catch(() => {}); // closed meanwhile, or gone with its transceiver
    };
    this.unfollow(sender);
    this.followed.set(sender, watch(id, update));
  }

  /** @param {RTCRtpSender} sender */
  unfollow(sender) {
    this.followed.get(sender)?.();
    this.followed.delete(sender);
  }

  /** Have a track made that lives elsewhere in this page, and wait for it. @param {string} id @returns {Promise<void>} */
  arrival(id) {
    const { tracks, sources, failures } = registry();
    failures.delete(id); // of an earlier try
    return new Promise((resolve, reject) => {
      const late = () => failed("TimeoutError: it gave no track in time");
      const timer = setTimeout(late, ARRIVAL_TIMEOUT_MS);
      const end = () => (clearTimeout(timer), queueMicrotask(() => unwatch()));
      const failed = (/** @type {string} */ why) => (
        end(), reject(new DOMException(why, "StreamFailed"))
      );
      const look = () => {
        if (tracks.has(id)) (end(), resolve());
        else if (failures.has(id)) failed(/** @type {string} */ (failures.get(id)));
        else sources.get(id)?.();
      };
      const unwatch = watch(id, look);
    });
  }

  /** @param {string} handle @param {string} id @param {boolean} arrives */
  async addTrack(handle, id, arrives) {
    if (arrives) await this.arrival(id);
    const sender = this.pc.addTrack(this.find(id), this.ownStream);
    this.senders.set(handle, sender);
    this.follow(id, sender);
    return this.reply();
  }

  /** @param {string} handle @param {string} trackOrKind @param {RTCRtpTransceiverInit} init */
  addTransceiver(handle, trackOrKind, init) {
    const isKind = ["audio", "video"].includes(trackOrKind);
    const { sender } = this.pc.addTransceiver(isKind ? trackOrKind : this.find(trackOrKind), init);
    this.senders.set(handle, sender);
    if (!isKind) this.follow(trackOrKind, sender);
    return this.reply();
  }

  describeTransceivers() {
    return this.pc
      .getTransceivers()
      .map(({ sender, receiver, direction, mid }) => [receiver.track.kind, direction, mid, this.handleOf(sender)]);
  }

  /** The name that Python has for a sender. @param {RTCRtpSender} sender */
  handleOf(sender) {
    const known = [...this.senders].find(([, each]) => each === sender)?.[0];
    if (known) return known;
    const handle = `theirs-${this.senders.size}`;
    this.senders.set(handle, sender);
    return handle;
  }

  /** @param {string} handle @param {Partial<RTCRtpCodec>[]} wanted each fits every codec that has the same members */
  setCodecPreferences(handle, wanted) {
    const sender = this.senders.get(handle);
    const transceiver = this.pc.getTransceivers().find((t) => t.sender === sender);
    if (!sender || !transceiver) return fail("NotFoundError", "No such transceiver.");
    const have = RTCRtpReceiver.getCapabilities(transceiver.receiver.track.kind)?.codecs ?? [];
    const found = wanted.map((codec) => have.filter((each) => fits(each, codec)));
    const lacking = wanted[found.findIndex((same) => !same.length)];
    const names = [...new Set(have.map((codec) => codec.mimeType))].join(", ");
    if (lacking) fail("NoSuchCodec", `this browser has no codec ${Object.values(lacking).join(" ")}. It has ${names}.`);
    transceiver.setCodecPreferences([...new Set(found.flat())]);
    return this.reply();
  }

  /** @param {string} handle */
  removeTrack(handle) {
    const sender = this.senders.get(handle);
    if (!sender) return fail("NotFoundError", "No such sender.");
    this.unfollow(sender);
    this.pc.removeTrack(sender);
    return this.reply();
  }

  // -- negotiation -------------------------------------------------------------------------------------------

  /** @param {RTCOfferOptions} options */
  async createOffer(options) {
    return this.reply(describe(/** @type {any} */ (await this.pc.createOffer(options))));
  }

  async createAnswer() {
    return this.reply(describe(/** @type {any} */ (await this.pc.createAnswer())));
  }

  /** @param {RTCSessionDescriptionInit | null} description */
  async setLocalDescription(description) {
    this.statistics.start();
    await (description ? this.pc.setLocalDescription(description) : this.pc.setLocalDescription());
    return this.reply();
  }

  /** @param {RTCSessionDescriptionInit} description */
  async setRemoteDescription(description) {
    await this.pc.setRemoteDescription(description);
    return this.reply();
  }

  /** @param {RTCIceCandidateInit | null} candidate */
  async addIceCandidate(candidate) {
    await (candidate ? this.pc.addIceCandidate(candidate) : this.pc.addIceCandidate());
    return this.reply();
  }

  /** @param {RTCIceTransportPolicy} iceTransportPolicy for what is gathered next */
  gatherBy(iceTransportPolicy) {
    this.pc.setConfiguration({ ...this.pc.getConfiguration(), iceTransportPolicy });
    return this.reply();
  }

  restartIce() {
    this.pc.restartIce();
    return this.reply();
  }

  async getStats() {
    return this.reply([...(await this.pc.getStats()).values()]);
  }

  // -- channels ------------------------------------------------------------------------------------------------

  /** @param {RTCDataChannel} channel */
  describeChannel(channel) {
    const { label, id, ordered, maxPacketLifeTime, maxRetransmits, protocol, negotiated, readyState } = channel;
    const options = { id, ordered, maxPacketLifeTime, maxRetransmits, protocol, negotiated };
    return { label, readyState, bufferedAmount: channel.bufferedAmount, options };
  }

  /** @param {string} id @param {RTCDataChannel} channel */
  adopt(id, channel) {
    this.channels.set(id, channel);
    channel.binaryType = "arraybuffer";
    const tell = (/** @type {string} */ event, /** @type {object} */ more = {}, /** @type {ArrayBuffer[]} */ buffers = []) =>
      this.emit("channel", { channel: id, event, ...this.describeChannel(channel), ...more }, buffers);
    channel.onopen = () => tell("open");
    channel.onclose = () => tell("close");
    channel.onerror = (event) => tell("error", { reason: /** @type {RTCErrorEvent} */ (event).error?.message });
    channel.onbufferedamountlow = () => tell("bufferedamountlow");
    channel.onmessage = ({ data }) =>
      typeof data === "string" ? tell("message", { data }) : tell("message", {}, [data]);
    if (channel.readyState === "open") tell("open");
  }

  /** @param {string} id @param {string} label @param {RTCDataChannelInit} options */
  createDataChannel(id, label, options) {
    this.adopt(id, this.pc.createDataChannel(label, options));
    return this.reply();
  }

  /** @param {string} id @param {string | null} text @param {DataView<ArrayBuffer>[]} [buffers] */
  send(id, text, buffers) {
    const channel = this.channels.get(id);
    if (!channel) return fail("NotFoundError", "No such channel.");
    channel.send(/** @type {any} */ (text ?? buffers?.[0]));
    return { bufferedAmount: channel.bufferedAmount, ...this.snapshot() };
  }

  /** @param {string} id */
  closeChannel(id) {
    this.channels.get(id)?.close();
    return this.reply();
  }

  // -- the end ---------------------------------------------------------------------------------------------------

  close() {
    this.dispose();
    return this.reply();
  }

  dispose() {
    [...this.followed.keys()].forEach((sender) => this.unfollow(sender));
    this.statistics.stop();
    this.pc.close();
    for (const id of this.remoteTracks.splice(0)) {
      registry().tracks.get(id)?.stop();
      registry().tracks.delete(id);
      changed(id);
    }
  }
}

/** @param {any} context @param {any} config */
export default function make(context, config) {
  return new BrowserPeer(context, config);
}
