/**
 * Says whether a recorded voice is in a received sound.
 *
 * The received sound has gone through a microphone's processing, Opus, a jitter buffer that stretches it, and maybe
 * other voices on top; it starts anywhere in the loop. So both sides are reduced to a spectrogram of logarithmic
 * band energies, and compared in windows by normalised correlation at every phase of the loop.
 * Method, threshold and margins: README.md, "Hearing".
 */

import { looped, type Pcm, readWav } from './hearing-pcm.ts'
import type { Recording, RecordingName } from './recordings/recordings.ts'

/** A recording is heard from this score on: chosen between the worst true match and the best false one (README.md). */
export const HEARD = 0.33

/** Frames are this far apart (20 ms, an Opus packet) and this long (32 ms), in seconds. */
const HOP = 0.02
const FRAME = 0.032
/** Band edges: speech's own range, which every processing on the way keeps. In Hz. */
const LOWEST = 120
const HIGHEST = 6000
const BANDS = 32
/** Band energies this far below the loudest count as silence: what a codec invents there is not compared. */
const FLOOR = 1e-3
/** A sound whose loudest frame is quieter than this (-66 dBFS) is silence: no browser plays speech so low. */
const SILENCE_RMS = 0.0005
/** Compared windows: 2 s long, 1 s apart. */
const WINDOW = 100
const STEP = 50
/** A score is the mean of the best run of this many windows: 4 s of speech in all. */
const RUN = 3
/** Within a run a window may be this many frames (80 ms) off the run's common phase: the jitter buffer stretches. */
const SLACK = 4

/** The shortest sound that can be judged, in seconds. */
export const SHORTEST = (WINDOW + STEP * (RUN - 1)) * HOP + FRAME

/** Logarithmic band energies, `BANDS` numbers per frame, frame after frame. */
interface Spectrogram {
  readonly frames: number
  readonly cells: Float32Array
}

/**
 * How surely each recording is in `sound`: 0 (not at all) to 1 (nothing else is). Compare with {@link HEARD}.
 * `sound` lasts at least {@link SHORTEST} seconds, or this throws.
 */
export function scores(sound: Pcm, recordings: readonly Recording[]): ReadonlyMap<RecordingName, number> {
  if (sound.samples.length < SHORTEST * sound.rate)
    throw new RangeError(`needs ${SHORTEST} s of sound to judge`)
  if (loudest(sound) < SILENCE_RMS) return new Map(recordings.map(({ name }) => [name, 0]))
  const received = windows(spectrogram(sound), STEP)
  return new Map(recordings.map((recording) => [recording.name, score(received, loopOf(recording))]))
}

/** The recordings that are heard in `sound`, in the order given. Throws as {@link scores} does. */
export function heard(sound: Pcm, recordings: readonly Recording[]): readonly RecordingName[] {
  return [...scores(sound, recordings)].filter(([, score]) => score >= HEARD).map(([name]) => name)
}

/** A recording made ready for comparing: its loop cut into windows, one for each phase. */
interface Loop {
  /** Length of the loop in frames; not a whole number. */
  readonly period: number
  readonly windows: readonly Float32Array[]
}

/** Loops by path: the same five are asked for again and again. */
const loops = new Map<string, Loop>()

function loopOf({ path }: Recording): Loop {
  const known = loops.get(path)
  if (known !== undefined) return known
  const voice = readWav(path)
  const period = voice.samples.length / voice.rate / HOP
  const phases = Math.floor(period)
  const twice = looped(voice, 0, (phases + WINDOW) * HOP + FRAME)
  const loop = { period, windows: windows(spectrogram(twice), 1).slice(0, phases) }
  loops.set(path, loop)
  return loop
}

function score(received: readonly Float32Array[], loop: Loop): number {
  const { period } = loop
  const table = received.map((window) => loop.windows.map((phase) => dot(window, phase)))
  let best = 0
  for (let first = 0; first + RUN <= table.length; first++) {
    for (let phase = 0; phase < loop.windows.length; phase++) {
      let sum = 0
      for (let k = 0; k < RUN; k++) sum += near(table[first + k] ?? [], (phase + k * STEP) % period)
      best = Math.max(best, sum / RUN)
    }
  }
  return Math.min(1, best)
}

/** The best correlation within {@link SLACK} of `phase`, on the loop. */
function near(row: readonly number[], phase: number): number {
  let best = -1
  for (let d = -SLACK; d <= SLACK; d++) {
    best = Math.max(best, row[(Math.round(phase) + d + row.length) % row.length] ?? -1)
  }
  return best
}

/**
 * Windows of a spectrogram, each band without its mean over the window (so that neither loudness nor an equaliser
 * counts) and each frame without its mean over the bands (so that merely pausing at the same moments does not count),
 * scaled to length 1 (so that a product of two is a correlation). A window in which nothing changes is all zeros.
 */
function windows(of: Spectrogram, step: number): Float32Array[] {
  const list: Float32Array[] = []
  for (let first = 0; first + WINDOW <= of.frames; first += step) {
    const window = of.cells.slice(first * BANDS, (first + WINDOW) * BANDS)
    for (let band = 0; band < BANDS; band++) centre(window, band, BANDS, WINDOW)
    for (let frame = 0; frame < WINDOW; frame++) centre(window, frame * BANDS, 1, BANDS)
    const length = Math.sqrt(dot(window, window))
    list.push(length > 1e-6 ? window.map((cell) => cell / length) : window.fill(0))
  }
  return list
}

/** Takes the mean away from `count` numbers that begin at `start` and are `stride` apart. */
function centre(list: Float32Array, start: number, stride: number, count: number): void {
  let mean = 0
  for (let k = 0; k < count; k++) mean += (list[start + k * stride] ?? 0) / count
  for (let k = 0; k < count; k++) list[start + k * stride] = (list[start + k * stride] ?? 0) - mean
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}

/** Root mean square of the loudest frame. */
function loudest(sound: Pcm): number {
  const size = Math.round(FRAME * sound.rate)
  let most = 0
  for (let at = 0; at < sound.samples.length; at += size) {
    const frame = sound.samples.subarray(at, at + size)
    most = Math.max(most, dot(frame, frame) / frame.length)
  }
  return Math.sqrt(most)
}

function spectrogram(sound: Pcm): Spectrogram {
  const hop = sound.rate * HOP
  const length = Math.round(FRAME * sound.rate)
  const size = 2 ** Math.ceil(Math.log2(length))
  const frames = Math.floor((sound.samples.length - length) / hop) + 1
  const bands = bandOfBin(size, sound.rate)
  const cells = new Float32Array(frames * BANDS)
  let top = 0
  for (let frame = 0; frame < frames; frame++) {
    const re = new Float32Array(size)
    const im = new Float32Array(size)
    const start = Math.round(frame * hop)
    for (let i = 0; i < length; i++) {
      const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (length - 1))
      re[i] = (sound.samples[start + i] ?? 0) * hann
    }
    fft(re, im)
    for (let bin = 0; bin < size / 2; bin++) {
      const band = bands[bin] ?? -1
      if (band < 0) continue
      const energy = (re[bin] ?? 0) ** 2 + (im[bin] ?? 0) ** 2
      cells[frame * BANDS + band] = (cells[frame * BANDS + band] ?? 0) + energy
    }
    for (let band = 0; band < BANDS; band++) top = Math.max(top, cells[frame * BANDS + band] ?? 0)
  }
  return { frames, cells: cells.map((energy) => Math.log(Math.max(energy, top * FLOOR))) }
}

/** For each bin of a transform of `size` points: its band on the mel scale, or -1 outside all bands. */
function bandOfBin(size: number, rate: number): Int8Array {
  const low = mel(LOWEST)
  const width = (mel(HIGHEST) - low) / BANDS
  return Int8Array.from({ length: size / 2 }, (_, bin) => {
    const band = Math.floor((mel((bin * rate) / size) - low) / width)
    return band >= 0 && band < BANDS ? band : -1
  })
}

/** Hz to mel (O'Shaughnessy). */
function mel(hz: number): number {
  return 2595 * Math.log10(1 + hz / 700)
}

/** In-place radix-2 Fourier transform; the length is a power of two. */
function fft(re: Float32Array, im: Float32Array): void {
  const n = re.length
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1
    for (; j & bit; bit >>= 1) j ^= bit
    j ^= bit
    if (i < j) {
      swap(re, i, j)
      swap(im, i, j)
    }
  }
  for (let size = 2; size <= n; size *= 2) {
    const angle = (-2 * Math.PI) / size
    for (let k = 0; k < size / 2; k++) {
      const cos = Math.cos(angle * k)
      const sin = Math.sin(angle * k)
      for (let a = k; a < n; a += size) {
        const b = a + size / 2
        const x = (re[b] as number) * cos - (im[b] as number) * sin
        const y = (re[b] as number) * sin + (im[b] as number) * cos
        re[b] = (re[a] as number) - x
        im[b] = (im[a] as number) - y
        re[a] = (re[a] as number) + x
        im[a] = (im[a] as number) + y
      }
    }
  }
}

function swap(list: Float32Array, i: number, j: number): void {
  const kept = list[i] as number
  list[i] = list[j] as number
  list[j] = kept
}
