"""The numbers that rtcstats v3 writes for names: of methods, of types and members of statistics.

They are a part of the format, so none is ever given to another name. What a number does not stand for stands for
itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

MEDIA = "navigator.mediaDevices."

METHODS: dict[Any, str] = {
    "g": "getStats",
    1: "getStats",
    2: "createOffer",
    3: "createOfferOnSuccess",
    4: "createAnswer",
    5: "createAnswerOnSuccess",
    6: "setLocalDescription",
    7: "setLocalDescriptionOnSuccess",
    8: "setRemoteDescription",
    9: "setRemoteDescriptionOnSuccess",
    10: "addIceCandidate",
    11: "addIceCandidateOnSuccess",
    12: "createOfferOnFailure",
    13: "createAnswerOnFailure",
    14: "setLocalDescriptionOnFailure",
    15: "setRemoteDescriptionOnFailure",
    16: "addIceCandidateOnFailure",
    20: "onicecandidate",
    21: "onicecandidateerror",
    22: "ontrack",
    23: "onsignalingstatechange",
    24: "oniceconnectionstatechange",
    25: "onconnectionstatechange",
    26: "onicegatheringstatechange",
    27: "onnegotiationneeded",
    28: "ondatachannel",
    30: "addTrack",
    31: "addTrackOnSuccess",
    32: "addTransceiver",
    33: "addTransceiverOnSuccess",
    34: "removeTrack",
    35: "createDataChannel",
    36: "close",
    37: "restartIce",
    38: "setConfiguration",
    39: "create",
    40: "constraints",
    41: "setCodecPreferences",
    42: "setHeaderExtensionsToNegotiate",
    50: "setParameters",
    51: "replaceTrack",
    60: f"{MEDIA}getUserMedia",
    61: f"{MEDIA}getUserMediaOnSuccess",
    62: f"{MEDIA}getUserMediaOnFailure",
    63: f"{MEDIA}getDisplayMedia",
    64: f"{MEDIA}getDisplayMediaOnSuccess",
    65: f"{MEDIA}getUserMediaOnFailure",
    66: f"{MEDIA}enumerateDevices",
    67: f"{MEDIA}ondevicechange",
    68: f"{MEDIA}getDisplayMediaOnFailure",
    70: "MediaStreamTrack.stop",
    71: "MediaStreamTrack.applyConstraints",
    72: "MediaStreamTrack.onended",
    73: "MediaStreamTrack.onmute",
    74: "MediaStreamTrack.onunmute",
    80: "HTMLMediaElement.resize",
}

TYPES = {
    1: "inbound-rtp",
    2: "outbound-rtp",
    3: "remote-inbound-rtp",
    4: "remote-outbound-rtp",
    5: "transport",
    6: "candidate-pair",
    7: "local-candidate",
    8: "remote-candidate",
    9: "data-channel",
    10: "peer-connection",
    11: "certificate",
    12: "media-source",
    13: "media-playout",
    14: "codec",
}


def _numbered(first: int, names: str) -> Iterable[tuple[str, str]]:
    return ((str(number), name) for number, name in enumerate(names.split(), first))


MEMBERS: dict[str, str] = {
    "t": "timestamp",
    **dict(
        _numbered(
            4,
            "payloadType transportId mimeType clockRate channels sdpFmtpLine ssrc kind codecId mediaType "
            "packetsReceived packetsLost jitter trackIdentifier mid remoteId framesDecoded keyFramesDecoded "
            "framesDropped frameWidth frameHeight framesPerSecond qpSum totalDecodeTime totalInterFrameDelay "
            "totalSquaredInterFrameDelay pauseCount totalPausesDuration freezeCount totalFreezesDuration "
            "lastPacketReceivedTimestamp headerBytesReceived packetsDiscarded fecPacketsReceived "
            "fecPacketsDiscarded fecBytesReceived fecSsrc bytesReceived nackCount firCount pliCount "
            "totalProcessingDelay estimatedPlayoutTimestamp jitterBufferDelay jitterBufferTargetDelay "
            "jitterBufferEmittedCount jitterBufferMinimumDelay totalSamplesReceived concealedSamples "
            "silentConcealedSamples concealmentEvents insertedSamplesForDeceleration "
            "removedSamplesForAcceleration audioLevel totalAudioEnergy totalSamplesDuration framesReceived "
            "decoderImplementation playoutId powerEfficientDecoder framesAssembledFromMultiplePackets "
            "totalAssemblyTime contentType googTimingFrameInfo retransmittedPacketsReceived "
            "retransmittedBytesReceived rtxSsrc totalCorruptionProbability totalSquaredCorruptionProbability "
            "corruptionMeasurements localId roundTripTime totalRoundTripTime fractionLost "
            "roundTripTimeMeasurements packetsSent bytesSent mediaSourceId rid encodingIndex headerBytesSent "
            "retransmittedPacketsSent retransmittedBytesSent targetBitrate totalEncodedBytesTarget framesSent "
            "hugeFramesSent framesEncoded keyFramesEncoded totalEncodeTime totalPacketSendDelay "
            "qualityLimitationReason qualityLimitationDurations qualityLimitationResolutionChanges "
            "encoderImplementation powerEfficientEncoder active scalabilityMode remoteTimestamp reportsSent "
            "echoReturnLoss echoReturnLossEnhancement width height frames synthesizedSamplesDuration "
            "synthesizedSamplesEvents totalPlayoutDelay totalSamplesCount dataChannelsOpened "
            "dataChannelsClosed label protocol dataChannelIdentifier state messagesSent messagesReceived "
            "iceRole iceLocalUsernameFragment dtlsState iceState selectedCandidatePairId localCertificateId "
            "remoteCertificateId tlsVersion dtlsCipher dtlsRole srtpCipher selectedCandidatePairChanges "
            "rtcpTransportStatsId address port candidateType priority url relayProtocol foundation "
            "relatedAddress relatedPort usernameFragment tcpType networkType isRemote ip localCandidateId "
            "remoteCandidateId nominated lastPacketSentTimestamp currentRoundTripTime "
            "availableOutgoingBitrate availableIncomingBitrate requestsReceived requestsSent "
            "responsesReceived responsesSent consentRequestsSent packetsDiscardedOnSend bytesDiscardedOnSend "
            "writable fingerprint fingerprintAlgorithm base64Certificate issuerCertificateId psnrMeasurements "
            "psnrSum packetsReceivedWithEct1 packetsReceivedWithCe packetsReportedAsLost "
            "packetsReportedAsLostButRecovered packetsWithBleachedEct1Marking packetsSentWithEct1 "
            "ccfbMessagesSent ccfbMessagesReceived",
        )
    ),
}
