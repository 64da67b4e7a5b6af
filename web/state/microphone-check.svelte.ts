import { closeMicrophone, type MicrophoneChoice } from '../audio/microphone.ts'
import type { RoomAudio } from '../audio/room-audio.ts'
import { onMeter } from '../audio/speech.ts'
import { Attempt } from './attempt.svelte.ts'

/** A microphone that a person tries before they give it: which one it is, and how loud it hears them. Nobody else hears it. */
export class MicrophoneCheck {
  readonly #audio: RoomAudio
  #microphone = $state.raw<MediaStream>()
  #choices = $state.raw<readonly MicrophoneChoice[]>([])
  #meter = $state.raw(0)
  #heard = $state.raw(false)
  #stop: () => void = () => {}
  #over = false

  readonly attempt = new Attempt()

  constructor(audio: RoomAudio) {
    this.#audio = audio
  }

  /** It was given, and is tried now; also while another one is on its way. */
  get open(): boolean {
    return this.#microphone !== undefined || (this.attempt.busy && this.#choices.length > 0)
  }

  /** Loudness from 0 to 1. */
  get meter(): number {
    return this.#meter
  }

  /** It has heard the person speak. */
  get heard(): boolean {
    return this.#heard
  }

  get choices(): readonly MicrophoneChoice[] {
    return this.#choices
  }

  /** The id of the one that is tried; empty where the browser does not tell. */
  get device(): string {
    return this.#microphone?.getAudioTracks()[0]?.getSettings().deviceId ?? ''
  }

  /** Asks for a microphone, or for another one. */
  async try(device?: string): Promise<boolean> {
    return this.attempt.run(async () => {
      // Some systems give one microphone at a time.
      this.#release()
      const microphone = await this.#audio.openMicrophone(device)
      if (this.#over) return closeMicrophone(microphone)
      this.#microphone = microphone
      const stopLevel = this.#audio.watchLevel(microphone, (level, speaking) => {
        this.#meter = onMeter(level)
        this.#heard ||= speaking
      })
      const list = async () => {
        this.#choices = await this.#audio.microphones()
      }
      const stopChoices = this.#audio.watchMicrophones(() => void list())
      this.#stop = () => {
        stopLevel()
        stopChoices()
      }
      for (const track of microphone.getAudioTracks())
        track.addEventListener('ended', () => this.#microphone === microphone && this.#release(), {
          once: true,
        })
      await list()
    })
  }

  /** Hands the microphone on, once. */
  take(): MediaStream | undefined {
    const microphone = this.#microphone
    this.#forget()
    return microphone
  }

  /** Gives it back, also one that the browser has still to give. */
  close(): void {
    this.#over = true
    this.#release()
  }

  #release(): void {
    if (this.#microphone !== undefined) closeMicrophone(this.#microphone)
    this.#forget()
  }

  #forget(): void {
    this.#stop()
    this.#stop = () => {}
    this.#microphone = undefined
    this.#meter = 0
    this.#heard = false
  }
}
