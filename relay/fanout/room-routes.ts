import type { RoomId } from '../../protocol/ids.ts'
import type { MediaProcess } from './media-process.ts'
import type { VoiceId } from './selection.ts'

/**
 * Which processes the voices of one room are copied to: each voice from its own to all others that hold a link of the room. A link more or less in a
 * process that has some costs nothing; the first and the last of a process cost a message for each voice.
 */
export class RoomRoutes {
  readonly #room: RoomId
  /** Processes with links of the room, and how many. */
  readonly #holders = new Map<MediaProcess, number>()
  readonly #voices = new Map<VoiceId, MediaProcess>()

  constructor(room: RoomId) {
    this.#room = room
  }

  get isEmpty(): boolean {
    return this.#holders.size === 0
  }

  /** A process has one more link of the room. */
  take(process: MediaProcess): void {
    const links = this.#holders.get(process) ?? 0
    this.#holders.set(process, links + 1)
    if (links > 0) return
    for (const [voice, own] of this.#voices) {
      process.tell({ kind: 'expect', voice, room: this.#room })
      this.#route(voice, own)
    }
  }

  /** A process has one link less. */
  give(process: MediaProcess): void {
    const links = (this.#holders.get(process) ?? 1) - 1
    if (links > 0) {
      this.#holders.set(process, links)
      return
    }
    this.#holders.delete(process)
    for (const [voice, own] of this.#voices) {
      process.tell({ kind: 'expect', voice, room: undefined })
      this.#route(voice, own)
    }
  }

  /** A voice is received by this process, which holds a link of the room. */
  enter(voice: VoiceId, own: MediaProcess): void {
    this.#voices.set(voice, own)
    for (const other of this.#others(own)) other.tell({ kind: 'expect', voice, room: this.#room })
    this.#route(voice, own)
  }

  leave(voice: VoiceId): void {
    const own = this.#voices.get(voice)
    if (own === undefined) return
    this.#voices.delete(voice)
    for (const other of this.#others(own)) other.tell({ kind: 'expect', voice, room: undefined })
  }

  #route(voice: VoiceId, own: MediaProcess): void {
    const ports = this.#others(own).flatMap(({ port }) => port ?? [])
    own.tell({ kind: 'route', voice, ports })
  }

  #others(own: MediaProcess): readonly MediaProcess[] {
    return [...this.#holders.keys()].filter((holder) => holder !== own)
  }
}
