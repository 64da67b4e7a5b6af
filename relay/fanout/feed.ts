import type { Channel, PeerIdString } from '../../node/network/network.ts'
import { NetworkError } from '../../node/network/network-error.ts'
import type { Clock } from '../../node/ports/clock.ts'
import type { KeyText, MemberId, RoomId } from '../../protocol/ids.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import { CASCADE, type CascadeMessage, type Ears, type WantedVoice } from '../../protocol/wire/cascade.ts'
import { decodeFrame, encodeFrame } from '../../protocol/wire/frame.ts'
import type { Crew } from './crew.ts'
import { FIRST_MESSAGE_MS } from './limits.ts'
import type { LinkId, PlacedVoice } from './messages.ts'
import { readOffer } from './offer.ts'
import type { VoiceId } from './selection.ts'

/** A voice that is here. */
export interface HeldVoice {
  readonly m: MemberId
  /** Relays that it came through before this one. */
  readonly hop: number
  readonly voice: VoiceId
}

/** What a feed gives from: one room, as this relay has it. */
export interface FeedSource {
  readonly voices: ReadonlyMap<KeyText, HeldVoice>
  /** Whether one more relay may be given voices. */
  readonly hasPlace: boolean
  onEars(by: PeerIdString, ears: readonly Ears[]): void
}

export interface FeedParts {
  /** The relay at the other end. */
  readonly peer: PeerIdString
  readonly channel: Channel
  readonly crew: Crew
  readonly clock: Clock
  readonly others: () => readonly string[]
  /** The room that it asked about; once. It is told what is there. */
  readonly enter: (room: RoomId, feed: Feed) => FeedSource
  readonly onEnd: (feed: Feed) => void
}

/** Another relay that asks this one about a room, and the voices that it is given. */
export class Feed {
  readonly peer: PeerIdString
  readonly #parts: FeedParts
  #room: RoomId | undefined
  #source: FeedSource | undefined
  #wants: readonly WantedVoice[] = []
  #given: readonly PlacedVoice[] = []
  #told = ''
  #link: LinkId | 'none' | 'begun' = 'none'
  #isEnded = false

  constructor(parts: FeedParts) {
    this.peer = parts.peer
    this.#parts = parts
    const late = parts.clock.after(FIRST_MESSAGE_MS, () => {
      if (this.#room === undefined) this.refuse('expired')
    })
    void this.#read().finally(() => {
      late()
      this.#end()
    })
  }

  get room(): RoomId | undefined {
    return this.#room
  }

  /** It takes one of the places. */
  get isBranch(): boolean {
    return this.#link !== 'none'
  }

  /** Says what is here, if that is another than before, and gives what was asked for of it. */
  tell(): void {
    if (this.#source === undefined || this.#isEnded) return
    const voices = [...this.#source.voices].map(([from, { m, hop }]) => ({ from, m, hop }))
    const load = Math.round(Math.min(1, this.#parts.crew.load) * 100)
    // A tenth more or less is nothing that anybody would act on.
    const told = JSON.stringify([voices, Math.round(load / 10)])
    if (told !== this.#told) this.#send({ voices, load })
    this.#told = told
    this.#give()
  }

  tellEars(ears: readonly Ears[]): void {
    if (this.#room !== undefined) this.#send({ ears })
  }

  /** Says goodbye, and ends it. */
  leave(): void {
    if (this.#isEnded) return
    this.#send({ bye: true })
    this.#end()
    void this.#parts.channel.close()
  }

  /** Says why, and ends it. */
  refuse(reason: Reason): void {
    if (this.#isEnded) return
    this.#send({ error: reason, others: reason === 'relay-full' ? this.#parts.others() : [] })
    this.#end()
    void this.#parts.channel.close()
  }

  async #read(): Promise<void> {
    try {
      for await (const bytes of this.#parts.channel.messages) {
        const message = decodeFrame(CASCADE, bytes)
        const taken = message.ok ? this.#take(message.value) : message
        if (this.#isEnded) return
        if (!taken.ok) return this.refuse(taken.reason)
      }
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error
      if (error.code === 'too-large') this.refuse('too-large')
    }
  }

  #take({ r, offer, want, ears, bye }: CascadeMessage): Result<true, Reason> {
    if (bye === true) {
      this.#end()
      void this.#parts.channel.close()
      return good(true)
    }
    if (r !== undefined && this.#room === undefined) {
      this.#room = r
      this.#source = this.#parts.enter(r, this)
      this.tell()
      return good(true)
    }
    if (this.#room === undefined || this.#source === undefined) return bad('field-missing')
    if (offer !== undefined) return this.#begin(this.#room, this.#source, offer)
    if (want !== undefined) {
      this.#wants = want
      this.#give()
      return good(true)
    }
    if (ears !== undefined) {
      this.#source.onEars(this.peer, ears)
      return good(true)
    }
    return bad('field-unknown')
  }

  #begin(room: RoomId, source: FeedSource, sdp: string): Result<true, Reason> {
    if (this.#link !== 'none') return bad('stale')
    const offer = readOffer(sdp)
    if (!offer.ok) return offer
    const [section, ...more] = offer.value.sections
    if (section?.kind !== 'slot' || more.length > 0) return bad('wrong-description', 'sections')
    if (!source.hasPlace) return bad('relay-full')
    this.#link = 'begun'
    const { crew } = this.#parts
    const opened = crew.open({
      room,
      offer: offer.value,
      as: 'relay',
      wish: { packetTime: 20, dtx: false },
      events: {
        answered: (answer) => {
          this.#send({ answer })
          // What it asked for meanwhile went to a link that was not there.
          this.#given = []
          this.#give()
        },
        connected() {},
        ended: (reason) => {
          if (reason === 'no-road' || reason === 'process-lost') this.leave()
          else this.refuse(reason)
        },
      },
    })
    void opened.then((link) => {
      if (link === undefined) this.refuse('relay-full')
      else if (this.#isEnded) crew.close(link)
      else this.#link = link
    })
    return good(true)
  }

  /** Only what has come through fewer relays than the other one says that it will have there: so nothing ever goes round (CASCADE-3). */
  #give(): void {
    const { crew } = this.#parts
    if (typeof this.#link !== 'number' || this.#source === undefined) return
    const { voices } = this.#source
    const given = this.#wants.flatMap(({ from, slot, hop }) => {
      const held = voices.get(from)
      return held !== undefined && held.hop < hop ? [{ voice: held.voice, slot }] : []
    })
    if (JSON.stringify(given) === JSON.stringify(this.#given)) return
    this.#given = given
    crew.setGiven(this.#link, given)
  }

  #send(message: CascadeMessage): void {
    this.#parts.channel.send(encodeFrame(CASCADE, message)).catch((error: unknown) => {
      // A stream that takes nothing any more has ended, and the feed with it.
      if (!(error instanceof NetworkError)) throw error
    })
  }

  #end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    if (typeof this.#link === 'number') this.#parts.crew.close(this.#link)
    this.#parts.onEnd(this)
  }
}
