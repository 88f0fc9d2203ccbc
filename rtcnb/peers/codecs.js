// Which codecs this browser has.

export default function make() {
  return {
    /** @param {string} kind */
    capabilities: (kind) => RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [],
  };
}
