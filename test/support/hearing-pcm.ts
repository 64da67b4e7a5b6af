/** Sound as numbers: what a recording holds, what an ear receives. */

import { readFileSync } from 'node:fs'

/** One channel of sound. `samples` are in [-1, 1]; `rate` is samples per second. */
export interface Pcm {
  readonly rate: number
  readonly samples: Float32Array
}

/** Full scale of a signed 16-bit sample. */
const FULL_SCALE = 32768

/** Signed 16-bit little-endian bytes (a trailing odd byte is left out) as sound. */
export function pcmFromBytes(bytes: Uint8Array, rate: number): Pcm {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const samples = new Float32Array(bytes.byteLength >> 1)
  for (let i = 0; i < samples.length; i++) samples[i] = view.getInt16(i * 2, true) / FULL_SCALE
  return { rate, samples }
}

/** Sound as signed 16-bit little-endian bytes; what exceeds full scale is clipped. */
export function pcmToBytes(sound: Pcm): Buffer {
  const bytes = Buffer.alloc(sound.samples.length * 2)
  for (let i = 0; i < sound.samples.length; i++) {
    const scaled = Math.round((sound.samples[i] ?? 0) * FULL_SCALE)
    bytes.writeInt16LE(Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, scaled)), i * 2)
  }
  return bytes
}

/**
 * Reads a WAV file of one channel of 16-bit samples: the only kind in `recordings/`.
 * Chunks: "RIFF" size "WAVE", then (id, size, body)*, bodies padded to an even length.
 * Throws on any other kind of file.
 */
export function readWav(path: string): Pcm {
  const file = readFileSync(path)
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') {
    throw new Error(`${path} is not a WAV file`)
  }
  let rate = 0
  for (let at = 12; at + 8 <= file.length; ) {
    const id = file.toString('latin1', at, at + 4)
    const size = file.readUInt32LE(at + 4)
    const body = file.subarray(at + 8, at + 8 + size)
    if (id === 'fmt ') {
      if (body.readUInt16LE(0) !== 1 || body.readUInt16LE(2) !== 1 || body.readUInt16LE(14) !== 16) {
        throw new Error(`${path} is not one channel of 16-bit samples`)
      }
      rate = body.readUInt32LE(4)
    }
    if (id === 'data') return pcmFromBytes(body, rate)
    at += 8 + size + (size & 1)
  }
  throw new Error(`${path} holds no samples`)
}

/** `sound` repeated from `offset` seconds on, cut to `seconds`: what a looping microphone gives. */
export function looped(sound: Pcm, offset: number, seconds: number): Pcm {
  const start = Math.round(offset * sound.rate)
  const samples = new Float32Array(Math.round(seconds * sound.rate))
  for (let i = 0; i < samples.length; i++) samples[i] = sound.samples[(start + i) % sound.samples.length] ?? 0
  return { rate: sound.rate, samples }
}
