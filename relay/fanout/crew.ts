import type { Clock } from '../../node/ports/clock.ts'
import type { RoomId } from '../../protocol/ids.ts'
import {
  DEFAULT_PORTS,
  LINKS_PER_PORT,
  MAX_BUSY,
  MAX_FAN_OUT_MS,
  MAX_HALF_OPEN,
  MAX_JOINS_PER_SECOND,
  MAX_LINKS,
  START_MS,
} from './limits.ts'
import { MediaProcess } from './media-process.ts'
import type { FromMedia, LinkId, MediaReason, MediaSetup, PlacedVoice } from './messages.ts'
import type { Offer, Transport, VoiceWish } from './offer.ts'
import { RoomRoutes } from './room-routes.ts'
import type { VoiceId } from './selection.ts'

export interface CrewOptions {
  readonly processes: number
  /** UDP ports for all of them together; none: any that are free. */
  readonly ports: readonly number[]
  readonly bind: string | undefined
  readonly announce: readonly string[]
  /** 16 bytes. */
  readonly secret: Uint8Array
  readonly clock: Clock
  readonly report: (where: string, error: unknown) => void
}

/** What becomes of a link. Nothing is called after `ended`, or after the link was closed from here. */
export interface LinkEvents {
  answered(sdp: string): void
  /** It stands, and has a room. */
  connected(): void
  /** `process-lost`: the process that held it is gone. The session may come again at once. */
  ended(reason: MediaReason | 'process-lost'): void
}

export interface LinkRequest {
  /** Undefined: the link is held, and hears nothing, until it is bound to one. */
  readonly room: RoomId | undefined
  readonly offer: Offer
  /** Who it is with. A relay hears nothing but what it is given. */
  readonly as: 'listener' | 'speaker' | 'relay'
  readonly wish: VoiceWish
  readonly events: LinkEvents
}

/** Of a link on which voices are taken from another relay. */
export interface PullEvents extends Omit<LinkEvents, 'answered'> {
  /** What the other relay is to answer. */
  offered(sdp: string): void
  /** Every half second once it is connected: the voices of which something came meanwhile. */
  arrived(voices: readonly VoiceId[]): void
}

interface Link {
  readonly process: MediaProcess
  room: RoomId | undefined
  /** Those that come over it. */
  voices: readonly VoiceId[]
  readonly events: Partial<LinkEvents & PullEvents> & Pick<LinkEvents, 'connected' | 'ended'>
}

interface Worker {
  readonly media: MediaProcess
  /** When links were begun within the last second, in milliseconds. */
  readonly joins: number[]
}

/**
 * The media processes of a relay, and which of them holds which link. They start with the first link: most relays never carry a voice. It takes nobody
 * whom the voices of the others would wait for.
 */
export class Crew {
  readonly #options: CrewOptions
  readonly #links = new Map<LinkId, Link>()
  readonly #routes = new Map<RoomId, RoomRoutes>()
  #workers: readonly Worker[] | undefined
  #last = 0
  #stopped = false

  constructor(options: CrewOptions) {
    this.#options = options
  }

  /** The busiest moment that somebody new can still have: 0 (idle) to 1 (nobody more is taken). */
  get load(): number {
    if (this.#options.processes === 0) return 1
    if (this.#workers === undefined) return 0
    return Math.min(...this.#workers.map((worker) => this.#loadOf(worker)))
  }

  /** Share of the places on its ports that links have: 0 to 1. */
  get filled(): number {
    const { ports, processes } = this.#options
    return this.#links.size / ((ports.length || DEFAULT_PORTS * processes) * LINKS_PER_PORT)
  }

  /** Share of the links that may begin within a second which did in the last, where fewest did: 0 to 1. `load` knows only whether all of them did. */
  get joining(): number {
    if (this.#workers === undefined) return 0
    return Math.min(...this.#workers.map((worker) => this.#joinsOf(worker))) / MAX_JOINS_PER_SECOND
  }

  /** Processes that run, for whoever measures them. */
  get pids(): readonly number[] {
    return (this.#workers ?? []).flatMap(({ media }) => media.pid ?? [])
  }

  /** Packets that were sent since the processes began. */
  get sent(): number {
    return (this.#workers ?? []).reduce((sum, { media }) => sum + media.load.sent, 0)
  }

  /** Begins a link; undefined when there is no room for it. */
  async open({ room, offer, as, wish, events }: LinkRequest): Promise<LinkId | undefined> {
    return await this.#begin(room, events, (link, { media }) => {
      // Voices are numbered as their links are.
      const voice = as === 'speaker' ? this.voiceOf(link) : undefined
      media.tell({ kind: 'open', link, room, offer, isRelay: as === 'relay', voice, wish })
      return voice === undefined ? [] : [voice]
    })
  }

  /** A link that is held, and was answered, is of this room from now on. */
  bind(id: LinkId, room: RoomId): void {
    const link = this.#links.get(id)
    if (link === undefined) return
    if (link.room !== undefined) throw new Error('a link is bound to a room once')
    link.process.tell({ kind: 'bind', link: id, room })
    link.room = room
    this.#enter(room, link)
  }

  /** Begins a link on which voices are taken from another relay; undefined when there is no room for it. */
  async pull(room: RoomId, events: PullEvents): Promise<LinkId | undefined> {
    return await this.#begin(room, events, (link, { media }) => {
      media.tell({ kind: 'pull', link, room })
      return []
    })
  }

  /** The other relay answered the offer of a pull. */
  accept(id: LinkId, transport: Transport): void {
    this.#links.get(id)?.process.tell({ kind: 'accept', link: id, transport })
  }

  /** A number for a voice that is taken from another relay. */
  newVoice(): VoiceId {
    this.#last += 1
    return this.#last as VoiceId
  }

  /** Of a speaker's link. */
  voiceOf(link: LinkId): VoiceId {
    return link as number as VoiceId
  }

  /** From now on these voices, and no others, are taken on this link, or given. */
  setTaken(id: LinkId, voices: readonly PlacedVoice[]): void {
    const link = this.#links.get(id)
    if (link === undefined) return
    const routes = link.room && this.#routes.get(link.room)
    const now = voices.map(({ voice }) => voice)
    for (const voice of link.voices) if (!now.includes(voice)) routes?.leave(voice)
    link.process.tell({ kind: 'voices', link: id, voices })
    for (const voice of now) if (!link.voices.includes(voice)) routes?.enter(voice, link.process)
    link.voices = now
  }

  setGiven(id: LinkId, voices: readonly PlacedVoice[]): void {
    this.#links.get(id)?.process.tell({ kind: 'voices', link: id, voices })
  }

  /** Ends a link at once. Twice is safe. */
  close(id: LinkId): void {
    const link = this.#links.get(id)
    if (link === undefined) return
    link.process.tell({ kind: 'close', link: id })
    this.#forget(id, link)
  }

  async #begin(
    room: RoomId | undefined,
    events: Link['events'],
    begin: (link: LinkId, worker: Worker) => readonly VoiceId[],
  ): Promise<LinkId | undefined> {
    if (this.#options.processes === 0) return undefined
    const team = this.#team()
    await this.#anyRuns(team)
    if (this.#stopped) return undefined
    const able = team.filter((worker) => worker.media.port !== undefined && this.#loadOf(worker) < 1)
    const [worker] = able.toSorted((a, b) => this.#count(a) - this.#count(b))
    if (worker === undefined) return undefined
    worker.joins.push(this.#options.clock.now())
    this.#last += 1
    const id = this.#last as LinkId
    const link: Link = { process: worker.media, room, voices: [], events }
    this.#links.set(id, link)
    link.voices = begin(id, worker)
    if (room !== undefined) this.#enter(room, link)
    return id
  }

  #enter(room: RoomId, { process, voices }: Link): void {
    const routes = this.#routes.get(room) ?? new RoomRoutes(room)
    this.#routes.set(room, routes)
    routes.take(process)
    for (const voice of voices) routes.enter(voice, process)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#links.clear()
    await Promise.all((this.#workers ?? []).map(({ media }) => media.stop()))
  }

  /** One that was lost is back in a moment; whoever comes again meanwhile waits for it. */
  async #anyRuns(team: readonly Worker[]): Promise<void> {
    const patience = Promise.withResolvers<void>()
    const cancel = this.#options.clock.after(START_MS, patience.resolve)
    await Promise.race([patience.promise, ...team.map(({ media }) => media.running)])
    cancel()
  }

  #team(): readonly Worker[] {
    this.#workers ??= Array.from({ length: this.#options.processes }, (_, i) => this.#hire(i))
    return this.#workers
  }

  #hire(index: number): Worker {
    const { processes, ports, bind, announce, secret, clock, report } = this.#options
    const setup: MediaSetup = {
      bind,
      announce,
      secret,
      ports: ports.filter((_, i) => i % processes === index),
    }
    const media: MediaProcess = new MediaProcess({
      setup,
      clock,
      report,
      onMessage: (message) => this.#take(message),
      onLost: () => this.#lost(media),
    })
    return { media, joins: [] }
  }

  #loadOf(worker: Worker): number {
    const { busy, fanOut, halfOpen, links } = worker.media.load
    return Math.max(
      busy / MAX_BUSY,
      fanOut / MAX_FAN_OUT_MS,
      halfOpen / MAX_HALF_OPEN,
      links / MAX_LINKS,
      this.#joinsOf(worker) >= MAX_JOINS_PER_SECOND ? 1 : 0,
    )
  }

  /** Links that it began within the last second. */
  #joinsOf({ joins }: Worker): number {
    const now = this.#options.clock.now()
    while (joins.length > 0 && now - (joins[0] as number) >= 1000) joins.shift()
    return joins.length
  }

  #count(worker: Worker): number {
    return worker.media.load.links + worker.joins.length
  }

  #take(message: Exclude<FromMedia, { kind: 'ready' | 'load' }>): void {
    const link = this.#links.get(message.link)
    if (link === undefined) return
    switch (message.kind) {
      case 'answered':
        link.events.answered?.(message.sdp)
        break
      case 'offered':
        link.events.offered?.(message.sdp)
        break
      case 'connected':
        link.events.connected()
        break
      case 'arrived':
        link.events.arrived?.(message.voices)
        break
      case 'ended':
        this.#forget(message.link, link)
        link.events.ended(message.reason)
    }
  }

  #lost(process: MediaProcess): void {
    for (const [id, link] of [...this.#links]) {
      if (link.process !== process) continue
      this.#forget(id, link)
      link.events.ended('process-lost')
    }
  }

  #forget(id: LinkId, { process, room, voices }: Link): void {
    this.#links.delete(id)
    const routes = room && this.#routes.get(room)
    if (room === undefined || routes === undefined) return
    for (const voice of voices) routes.leave(voice)
    routes.give(process)
    if (routes.isEmpty) this.#routes.delete(room)
  }
}
