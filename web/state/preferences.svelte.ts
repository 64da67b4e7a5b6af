import type { Memory } from './memory.ts'

const CHIME = 'palabre.chime'
const TALK_KEY = 'palabre.talk-key'

/** What a person has chosen about rooms, on this device alone. */
export class Preferences {
  readonly #memory: Memory
  #chime: boolean
  #talkKey: boolean

  constructor(memory: Memory) {
    this.#memory = memory
    this.#chime = $state(memory.getItem(CHIME) !== 'off')
    this.#talkKey = $state(memory.getItem(TALK_KEY) === 'on')
  }

  /** A sound when a hand goes up, for who can answer it. On, until it is turned off. */
  get chime(): boolean {
    return this.#chime
  }

  set chime(on: boolean) {
    this.#chime = on
    this.#memory.setItem(CHIME, on ? 'on' : 'off')
  }

  /** Whether holding the space bar opens the microphone. Off, until it is turned on: nobody should be heard by leaning on a key. */
  get talkKey(): boolean {
    return this.#talkKey
  }

  set talkKey(on: boolean) {
    this.#talkKey = on
    this.#memory.setItem(TALK_KEY, on ? 'on' : 'off')
  }
}
