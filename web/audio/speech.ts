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

/**
 * Tells whenever speech into a microphone begins or pauses; returns the way to stop. Nothing is kept of the sound. An audio context that
 * the system never starts (no sound device) reads silence, which is what it should say then.
 */
export function watchSpeech(microphone: MediaStream, told: (speaking: boolean) => void): () => void {
  const context = new AudioContext()
  const analyser = new AnalyserNode(context, { fftSize: SAMPLES })
  context.createMediaStreamSource(microphone).connect(analyser)
  const samples = new Float32Array(SAMPLES)
  const gate = new SpeechGate()
  let before = false
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples)
    const speaking = gate.look(levelOf(samples), performance.now())
    if (speaking !== before) told(speaking)
    before = speaking
  }, LOOK_MS)
  return () => {
    clearInterval(timer)
    void context.close()
  }
}
