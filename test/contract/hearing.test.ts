/** What "this voice is heard" means, and that the check can say no. The margins asserted are those of test/support/README.md. */

import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { HEARD, heard, SHORTEST, scores } from '../support/hearing.ts'
import { looped, type Pcm, pcmFromBytes, pcmToBytes, readWav } from '../support/hearing-pcm.ts'
import { ALICE, BOB, CAROL, RECORDINGS, type Recording } from '../support/recordings/recordings.ts'

const RATE = 16_000
/** Seconds of sound in each judgement below. */
const LONG = 6

/** The loop of a recording, met at `phase` (0..1 of its length). */
function voice(recording: Recording, phase: number): Pcm {
  return looped(readWav(recording.path), phase * recording.seconds, LONG)
}

function mixed(...parts: readonly Pcm[]): Pcm {
  const samples = new Float32Array(LONG * RATE)
  for (const part of parts)
    for (let i = 0; i < samples.length; i++) samples[i] = (samples[i] ?? 0) + (part.samples[i] ?? 0)
  return { rate: RATE, samples }
}

function louder(sound: Pcm, times: number): Pcm {
  return { rate: sound.rate, samples: sound.samples.map((sample) => sample * times) }
}

/** White noise of a fixed seed (a linear congruential generator), `level` at its loudest. */
function noise(level: number): Pcm {
  let state = 1
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state / 2 ** 31 - 1) * level
  }
  return { rate: RATE, samples: Float32Array.from({ length: LONG * RATE }, next) }
}

/** Through Opus at the bit rate of a small room, and out at WebRTC's 48 kHz. */
function throughOpus(sound: Pcm): Pcm {
  const form = ['--raw', '--raw-rate', String(sound.rate), '--raw-chan', '1']
  const coded = execFileSync('opusenc', ['--quiet', '--bitrate', '24', ...form, '-', '-'], {
    input: pcmToBytes(sound),
  })
  const out = execFileSync('opusdec', ['--quiet', '--rate', '48000', '-', '-'], {
    input: coded,
    maxBuffer: 2 ** 24,
  })
  return pcmFromBytes(out, 48_000)
}

/** Every `period` seconds, `missing` seconds are left out: a jitter buffer that catches up. */
function hurried(sound: Pcm, period: number, missing: number): Pcm {
  const kept = sound.samples.filter((_, i) => (i / sound.rate) % period < period - missing)
  return { rate: sound.rate, samples: kept }
}

describe('a recording', () => {
  for (const recording of RECORDINGS) {
    it(`by ${recording.name} is heard alone, wherever its loop is met, after Opus`, () => {
      for (const phase of [0, 0.37, 0.81]) {
        const all = scores(throughOpus(voice(recording, phase)), RECORDINGS)
        expect(all.get(recording.name)).toBeGreaterThan(0.8)
        const others = [...all].filter(([name]) => name !== recording.name).map(([, score]) => score)
        expect(Math.max(...others)).toBeLessThan(0.26)
      }
    })
  }

  it('is heard when it is quiet, and when it is loud', () => {
    expect(heard(louder(voice(ALICE, 0.2), 0.02), RECORDINGS)).toEqual(['alice'])
    expect(heard(louder(voice(ALICE, 0.2), 1.9), RECORDINGS)).toEqual(['alice'])
  })

  it('is heard in a noisy room', () => {
    expect(heard(mixed(louder(voice(BOB, 0.5), 0.3), noise(0.02)), RECORDINGS)).toEqual(['bob'])
  })

  it('is heard when the jitter buffer drops 20 ms a second', () => {
    expect(heard(hurried(voice(CAROL, 0.1), 1, 0.02), RECORDINGS)).toEqual(['carol'])
  })

  it('is heard when only the last four seconds hold it', () => {
    const late = voice(ALICE, 0.6)
    late.samples.fill(0, 0, 1.5 * RATE)
    expect(heard(late, RECORDINGS)).toEqual(['alice'])
  })
})

describe('two voices at once', () => {
  for (const [i, first] of RECORDINGS.entries()) {
    const second = RECORDINGS[(i + 1) % RECORDINGS.length] as Recording
    it(`of ${first.name} and ${second.name} are both heard, and nobody else`, () => {
      const together = throughOpus(mixed(louder(voice(first, 0.3), 0.5), louder(voice(second, 0.7), 0.5)))
      expect(new Set(heard(together, RECORDINGS))).toEqual(new Set([first.name, second.name]))
    })
  }
})

describe('nobody', () => {
  it('is heard in silence', () => {
    const silence: Pcm = { rate: RATE, samples: new Float32Array(LONG * RATE) }
    expect([...scores(silence, RECORDINGS).values()]).toEqual([0, 0, 0, 0, 0])
  })

  it('is heard in noise', () => {
    for (const level of [0.001, 0.3]) {
      expect(Math.max(...scores(noise(level), RECORDINGS).values())).toBeLessThan(HEARD / 2)
    }
  })

  it('is heard in a steady tone', () => {
    const tone = Float32Array.from(
      { length: LONG * RATE },
      (_, i) => 0.5 * Math.sin((2 * Math.PI * 440 * i) / RATE),
    )
    expect(heard({ rate: RATE, samples: tone }, RECORDINGS)).toEqual([])
  })

  it('is heard in a voice played backwards', () => {
    const sound = voice(ALICE, 0)
    expect(heard({ rate: RATE, samples: sound.samples.toReversed() }, RECORDINGS)).toEqual([])
  })
})

it('refuses to judge what is too short to judge', () => {
  const short: Pcm = { rate: RATE, samples: new Float32Array(Math.floor((SHORTEST - 0.1) * RATE)) }
  expect(() => scores(short, RECORDINGS)).toThrow(RangeError)
})
