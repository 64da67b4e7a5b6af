import { fingerprintOf } from '../../protocol/audio/description.ts'
import type { Traffic } from '../ports/traffic.ts'

/** What browsers do each in their own way, for connections of every kind. */

/** The transport of a connection whose sections are all bundled. */
export function dtlsOf(pc: RTCPeerConnection): RTCDtlsTransport | undefined {
  for (const { sender, receiver } of pc.getTransceivers()) {
    const transport = sender.transport ?? receiver.transport
    if (transport !== null) return transport
  }
  return undefined
}

/** SHA-256 of the certificate with which the other side proved itself; undefined before that, and where the browser does not show it. */
export async function shownFingerprint(pc: RTCPeerConnection): Promise<Uint8Array | undefined> {
  // Chromium and Firefox show the certificate itself; what does not may say it in its statistics. Where neither is
  // shown the comparison is the browser's alone, with the fingerprint in the session description that was signed.
  const [certificate] = dtlsOf(pc)?.getRemoteCertificates?.() ?? []
  if (certificate !== undefined) return new Uint8Array(await crypto.subtle.digest('SHA-256', certificate))
  const report = await pc.getStats()
  for (const entry of report.values()) {
    if (entry.type !== 'transport' || entry.remoteCertificateId === undefined) continue
    const { fingerprint, fingerprintAlgorithm } = report.get(entry.remoteCertificateId) ?? {}
    if (fingerprint !== undefined)
      return fingerprintOf(`a=fingerprint:${fingerprintAlgorithm} ${fingerprint}`)
  }
  return undefined
}

/** A source that was not heard for so long is silent, in milliseconds: five packets, which is where concealment gives up too. */
const SILENT_AFTER_MS = 200

/** Loudness of what came just now, linear from 0 to 1. @param unknown where packets came that say nothing of it (RFC 6464) */
export function levelOf(receiver: RTCRtpReceiver, unknown: number): number {
  const [source] = receiver.getSynchronizationSources()
  if (source === undefined) return 0
  const age = performance.timeOrigin + performance.now() - source.timestamp
  return age > SILENT_AFTER_MS ? 0 : (source.audioLevel ?? unknown)
}

/** What the browser has counted. */
export async function trafficOf(pc: RTCPeerConnection): Promise<Traffic> {
  let received = 0
  let lost = 0
  let jitter: number | undefined
  let measured: number | undefined
  let reported: number | undefined
  for (const entry of (await pc.getStats()).values()) {
    if (entry.type === 'inbound-rtp') {
      received += entry.packetsReceived ?? 0
      lost += entry.packetsLost ?? 0
      if (entry.packetsReceived > 0) jitter = Math.max(jitter ?? 0, (entry.jitter ?? 0) * 1000)
    } else if (entry.type === 'candidate-pair' && entry.nominated) measured = entry.currentRoundTripTime
    else if (entry.type === 'remote-inbound-rtp') reported ??= entry.roundTripTime
  }
  // Firefox measures no road; what the other side reports of our voice (RFC 3550 §6.4.1) tells it while we speak.
  const seconds = measured ?? reported
  return { roundTrip: seconds === undefined ? undefined : seconds * 1000, jitter, received, lost }
}

/** Every WebRTC endpoint has Opus (RFC 7874 §3). With it alone a description is about 1 KiB. */
export function preferOpus(transceiver: RTCRtpTransceiver): void {
  const codecs = RTCRtpReceiver.getCapabilities('audio')?.codecs ?? []
  const opus = codecs.filter(({ mimeType }) => mimeType.toLowerCase() === 'audio/opus')
  // Firefox before 128 has no such method; both sides then agree on Opus because both list it first.
  if (opus.length > 0) transceiver.setCodecPreferences?.(opus)
}
