import { chime } from './chime.ts'
import {
  type MicrophoneChoice,
  type MicrophoneHost,
  microphonesOf,
  openMicrophone,
  watchMicrophones,
} from './microphone.ts'
import { watchLevel, watchSpeech } from './speech.ts'

/** What a room does with the sound of this device; it comes with the room's part of the app. */
export interface RoomAudio {
  /** Asks the person for a microphone; throws `PeerError`. */
  readonly openMicrophone: (device?: string) => Promise<MediaStream>
  readonly microphones: () => Promise<readonly MicrophoneChoice[]>
  readonly watchMicrophones: (told: () => void) => () => void
  readonly watchLevel: typeof watchLevel
  readonly watchSpeech: typeof watchSpeech
  /** Sounds when somebody asks for something. */
  readonly chime: () => void
}

export function roomAudio(host: MicrophoneHost): RoomAudio {
  return {
    openMicrophone: (device) => openMicrophone(host, device),
    microphones: () => microphonesOf(host),
    watchMicrophones: (told) => watchMicrophones(host, told),
    watchLevel,
    watchSpeech,
    chime,
  }
}
