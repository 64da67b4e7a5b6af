import { PeerError } from '../../node/errors.ts'

/** What opening a microphone needs of a `Navigator`; without a secure context a browser has no `mediaDevices`. */
export interface MicrophoneHost {
  readonly mediaDevices?: Pick<
    MediaDevices,
    'getUserMedia' | 'enumerateDevices' | 'addEventListener' | 'removeEventListener'
  >
}

/** A microphone that may be chosen. Browsers name them only to a page that was given one. */
export interface MicrophoneChoice {
  readonly id: string
  /** Empty where the browser does not tell. */
  readonly label: string
}

/**
 * Asks the person for their microphone. Called only from a press of theirs on "try my microphone" or "open my microphone": a listener is
 * never asked, and a Bluetooth headset that only listens keeps its good sound.
 * Throws `microphone-denied`, `microphone-missing` or `microphone-insecure`.
 *
 * @param device the id of the one that they chose; the one of their system otherwise
 */
export async function openMicrophone(host: MicrophoneHost, device?: string): Promise<MediaStream> {
  if (host.mediaDevices === undefined) throw new PeerError('microphone-insecure')
  try {
    return await host.mediaDevices.getUserMedia({
      audio: {
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
        ...(device === undefined ? {} : { deviceId: { exact: device } }),
      },
      video: false,
    })
  } catch (cause) {
    throw new PeerError(isRefusal(cause) ? 'microphone-denied' : 'microphone-missing', { cause })
  }
}

/** The microphones of this device, in the browser's order. */
export async function microphonesOf(host: MicrophoneHost): Promise<readonly MicrophoneChoice[]> {
  const devices = (await host.mediaDevices?.enumerateDevices()) ?? []
  return devices
    .filter(({ kind, deviceId }) => kind === 'audioinput' && deviceId !== '')
    .map(({ deviceId, label }) => ({ id: deviceId, label }))
}

/** Tells whenever one is plugged in or out; returns the way to stop. */
export function watchMicrophones(host: MicrophoneHost, told: () => void): () => void {
  host.mediaDevices?.addEventListener('devicechange', told)
  return () => host.mediaDevices?.removeEventListener('devicechange', told)
}

/** Gives the microphone back to the system, which puts out its recording light. */
export function closeMicrophone(microphone: MediaStream): void {
  for (const track of microphone.getTracks()) track.stop()
}

/** Media Capture and Streams §10.2: `NotAllowedError` is the person's no, `SecurityError` the browser's; the rest is about devices. */
function isRefusal(cause: unknown): boolean {
  return cause instanceof DOMException && (cause.name === 'NotAllowedError' || cause.name === 'SecurityError')
}
