import { PeerError } from '../../node/errors.ts'

/** What opening a microphone needs of a `Navigator`; without a secure context a browser has no `mediaDevices`. */
export interface MicrophoneHost {
  readonly mediaDevices?: Pick<MediaDevices, 'getUserMedia'>
}

/**
 * Asks the person for their microphone. Called only from a press of theirs on "go on stage" or "open my microphone": a listener is
 * never asked, and a Bluetooth headset that only listens keeps its good sound.
 * Throws `microphone-denied`, `microphone-missing` or `microphone-insecure`.
 */
export async function openMicrophone(host: MicrophoneHost): Promise<MediaStream> {
  if (host.mediaDevices === undefined) throw new PeerError('microphone-insecure')
  try {
    return await host.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      video: false,
    })
  } catch (cause) {
    throw new PeerError(isRefusal(cause) ? 'microphone-denied' : 'microphone-missing', { cause })
  }
}

/** Gives the microphone back to the system, which puts out its recording light. */
export function closeMicrophone(microphone: MediaStream): void {
  for (const track of microphone.getTracks()) track.stop()
}

/** Media Capture and Streams §10.2: `NotAllowedError` is the person's no, `SecurityError` the browser's; the rest is about devices. */
function isRefusal(cause: unknown): boolean {
  return cause instanceof DOMException && (cause.name === 'NotAllowedError' || cause.name === 'SecurityError')
}
