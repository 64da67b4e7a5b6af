/** When a track first has energy, told inside the page. Chromium only: tracks are read with `MediaStreamTrackProcessor`. */

declare global {
  interface Window {
    /** Resolves to `performance.now()` at the first energy in the track. Throws when the track ends in silence. */
    __energyIn(track: MediaStreamTrack): Promise<number>
    /** MediaStreamTrack Insertable Media Processing §4: of sound, in windows, in Chromium alone, hence not in lib.dom. */
    MediaStreamTrackProcessor: new (init: {
      readonly track: MediaStreamTrack
    }) => { readonly readable: ReadableStream<AudioData> }
  }
}

/** Runs in the page; may use nothing from outside itself. */
export function installEnergy(): void {
  /** Root mean square of a block of 10 ms, full scale = 1: 20 dB under quiet speech, 20 dB over Opus's comfort noise. */
  const ENERGY = 0.002

  /**
   * Of a copy of what is sent or played: a remote track runs only while something plays it, so this is no sooner than the
   * person hears, and needs no audio graph, which would wake the sound card early.
   */
  window.__energyIn = async (track) => {
    const reader = new window.MediaStreamTrackProcessor({ track }).readable.getReader()
    for (;;) {
      const { value, done } = await reader.read()
      if (done) throw new Error('the track ended in silence')
      const samples = new Float32Array(value.numberOfFrames)
      value.copyTo(samples, { planeIndex: 0, format: 'f32-planar' })
      value.close()
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length
      if (Math.sqrt(power) < ENERGY) continue
      const when = performance.now()
      void reader.cancel()
      return when
    }
  }
}
