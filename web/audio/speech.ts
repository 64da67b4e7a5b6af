/** How often the microphone is looked at: a ring that follows speech by a tenth of a second looks immediate. */
const LOOK_MS = 100
/** Root mean square of the samples, full scale = 1. Browsers' automatic gain brings close speech above 0.03, and rooms stay under 0.008. */
const OPENS_AT = 0.02
const STAYS_ABOVE = 0.01
/** Pauses between words and breaths are shorter: the ring does not flicker over them. */
const HOLDS_MS = 600
/** Samples looked at: 43 ms at 48 kHz, two periods of the lowest voice and more. */
const SAMPLES = 2048

/** Tells speech from quiet, one look at a time: opens at once, closes after a pause. */
export class SpeechGate {
  #heardAt = Number.NEGATIVE_INFINITY
  #open = false

  /** `level` is the root mean square of the last samples; `now` any clock in milliseconds. */
  look(level: number, now: number): boolean {
    if (level >= (this.#open ? STAYS_ABOVE : OPENS_AT)) {
      this.#heardAt = now
      this.#open = true
    } else if (now - this.#heardAt >= HOLDS_MS) {
      this.#open = false
    }
    return this.#open
  }
}

/** Root mean square of samples in -1…1. */
export function levelOf(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)
}

/** The softest and the loudest that a meter shows, in dB of full scale: a silent room, and a voice as near as it should be. */
const METER_FROM = -60
const METER_TO = -10

/** Where a level stands on a meter from 0 to 1, as the ear would say: in decibels. */
export function onMeter(level: number): number {
  const decibels = 20 * Math.log10(Math.max(level, Number.MIN_VALUE))
  return Math.min(1, Math.max(0, (decibels - METER_FROM) / (METER_TO - METER_FROM)))
}

/**
 * Tells the level of a microphone ten times a second (`levelOf`), and whether it is speech; returns the way to stop. Nothing is kept of the sound.
 * An audio context that the system never starts (no sound device) reads silence, which is what it should say then.
 */
export function watchLevel(
  microphone: MediaStream,
  told: (level: number, speaking: boolean) => void,
): () => void {
  const context = new AudioContext()
  const analyser = new AnalyserNode(context, { fftSize: SAMPLES })
  context.createMediaStreamSource(microphone).connect(analyser)
  const samples = new Float32Array(SAMPLES)
  const gate = new SpeechGate()
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples)
    const level = levelOf(samples)
    told(level, gate.look(level, performance.now()))
  }, LOOK_MS)
  return () => {
    clearInterval(timer)
    void context.close()
  }
}

/** Tells whenever speech into a microphone begins or pauses; returns the way to stop. */
export function watchSpeech(microphone: MediaStream, told: (speaking: boolean) => void): () => void {
  let before = false
  return watchLevel(microphone, (_level, speaking) => {
    if (speaking !== before) told(speaking)
    before = speaking
  })
}
