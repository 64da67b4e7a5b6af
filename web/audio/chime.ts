/** Two notes, the second higher: something was asked. In hertz, and seconds from the start. */
const NOTES = [
  { pitch: 659.25, at: 0 },
  { pitch: 880, at: 0.12 },
] as const
/** Softer than a voice, which it must not cover: full scale is 1. */
const LOUDNESS = 0.12
/** Seconds in which a note fades. */
const FADE = 0.35

/** Sounds once, softly. Where the system has no sound device nothing sounds. */
export function chime(): void {
  const context = new AudioContext()
  const last = NOTES.map(({ pitch, at }) => {
    const start = context.currentTime + at
    const volume = new GainNode(context, { gain: 0 })
    volume.gain.setValueAtTime(LOUDNESS, start)
    volume.gain.exponentialRampToValueAtTime(0.001, start + FADE)
    const note = new OscillatorNode(context, { type: 'sine', frequency: pitch })
    note.connect(volume).connect(context.destination)
    note.start(start)
    note.stop(start + FADE)
    return note
  }).at(-1)
  last?.addEventListener('ended', () => void context.close())
}
