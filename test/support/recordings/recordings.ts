/** The five voices of the lab. How they were made: README.md. */

import { fileURLToPath } from 'node:url'

export type RecordingName = 'alice' | 'bob' | 'carol' | 'david' | 'erin'

export interface Recording {
  readonly name: RecordingName
  /** Absolute path of a WAV file: 16 kHz, one channel, 16 bits. */
  readonly path: string
  /** Its length; as a microphone it starts again after that. */
  readonly seconds: number
}

function recording(name: RecordingName, seconds: number): Recording {
  return { name, path: fileURLToPath(new URL(`${name}.wav`, import.meta.url)), seconds }
}

export const ALICE = recording('alice', 7.131)
export const BOB = recording('bob', 7.743938)
export const CAROL = recording('carol', 6.529313)
export const DAVID = recording('david', 6.492563)
export const ERIN = recording('erin', 7.500938)

export const RECORDINGS: readonly Recording[] = [ALICE, BOB, CAROL, DAVID, ERIN]
