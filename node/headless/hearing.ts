import type { MemberId } from '../../protocol/ids.ts'
import type { RoomSession } from '../view.ts'
import type { VoiceCheck } from '../voice/opener.ts'
import { packetStreamOf, type VoiceWay } from './packet-stream.ts'

/** What was heard of one person so far. */
export interface HeardPerson {
  readonly member: MemberId
  /** From their profile; undefined while it has not come. */
  readonly name: string | undefined
  /** How the last of it came. */
  readonly way: VoiceWay | undefined
  /** Whether it is their own voice, as of now or when they were here last. */
  readonly check: VoiceCheck | undefined
  readonly packets: number
  /** Of sound, in milliseconds. */
  readonly sound: number
  /** Packets that did not come, and in how many holes. */
  readonly lost: number
  readonly gaps: number
  /** RFC 3550 §6.4.1, in milliseconds, as of the last packet. */
  readonly jitter: number
}

/** Listens to a room, and keeps nothing of what is said but how much it was. */
export class Hearing {
  readonly #session: RoomSession
  readonly #people = new Map<MemberId, HeardPerson>()
  readonly #cancels: readonly (() => void)[]
  #streams: readonly (() => void)[] = []

  constructor(session: RoomSession) {
    this.#session = session
    this.#cancels = [
      session.voices.subscribe(() => this.#attend()),
      session.view.subscribe(() => this.#look()),
    ]
    this.#attend()
    this.#look()
  }

  /** Everybody who was heard, or whose voice came and could not be. The same object for as long as nothing of it changes. */
  get people(): readonly HeardPerson[] {
    return [...this.#people.values()]
  }

  stop(): void {
    for (const end of [...this.#cancels, ...this.#streams]) end()
  }

  /** Only what may be played now is listened to. */
  #attend(): void {
    for (const end of this.#streams) end()
    this.#streams = this.#session.voices.value.map(({ member, stream }) => {
      const packets = packetStreamOf(stream)
      return packets.subscribe(({ milliseconds, arrival }) => {
        const before = this.#of(member)
        this.#people.set(member, {
          ...before,
          way: packets.way,
          packets: before.packets + 1,
          sound: before.sound + milliseconds,
          lost: Math.max(0, before.lost + arrival.missing),
          gaps: before.gaps + (arrival.missing > 0 ? 1 : 0),
          jitter: arrival.jitter,
        })
      })
    })
  }

  #look(): void {
    for (const { me, member, name, check } of this.#session.view.value.people) {
      if (me || check === undefined) continue
      const before = this.#of(member)
      if (before.name !== name || before.check !== check)
        this.#people.set(member, { ...before, name: name ?? before.name, check })
    }
  }

  #of(member: MemberId): HeardPerson {
    const known = this.#people.get(member)
    if (known !== undefined) return known
    const { name, check } = this.#session.view.value.people.find((person) => person.member === member) ?? {}
    return { member, name, way: undefined, check, packets: 0, sound: 0, lost: 0, gaps: 0, jitter: 0 }
  }
}
