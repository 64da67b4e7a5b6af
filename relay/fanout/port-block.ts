import { createSocket } from 'node:dgram'
import { LINKS_PER_PORT } from './limits.ts'

/** A UDP port that links share, for as long as one of them lives. */
export interface SharedPort {
  readonly port: number
  links: number
}

/**
 * The UDP ports of one media process. The library ends the process when it is told to use a port that is taken, so each is tried before its first link;
 * while it has links it is ours.
 */
export class PortBlock {
  readonly #named: readonly number[]
  readonly #most: number
  readonly #bind: string | undefined
  readonly #open = new Map<number, SharedPort>()

  /** @param named none: any that are free, so many at most */
  constructor(named: readonly number[], most: number, bind: string | undefined) {
    this.#named = named
    this.#most = named.length > 0 ? named.length : most
    this.#bind = bind
  }

  /**
   * The port for one more link, which counts as one of its links at once; undefined when every port is full or taken by others. One at a time: two that ask
   * together could be given one new port twice.
   */
  async take(): Promise<SharedPort | undefined> {
    const spare = [...this.#open.values()].filter(({ links }) => links < LINKS_PER_PORT)
    const [first] = spare.toSorted((a, b) => a.links - b.links)
    if (first !== undefined && (first.links < LINKS_PER_PORT / 2 || this.#open.size >= this.#most)) {
      first.links += 1
      return first
    }
    const fresh = this.#open.size < this.#most ? await this.#another() : undefined
    if (fresh === undefined) {
      if (first !== undefined) first.links += 1
      return first
    }
    const shared = { port: fresh, links: 1 }
    this.#open.set(fresh, shared)
    return shared
  }

  /** A link has gone. */
  give(shared: SharedPort): void {
    shared.links -= 1
    if (shared.links === 0) this.#open.delete(shared.port)
  }

  async #another(): Promise<number | undefined> {
    if (this.#named.length === 0) return await isFree(0, this.#bind)
    for (const port of this.#named) {
      if (this.#open.has(port)) continue
      const free = await isFree(port, this.#bind)
      if (free !== undefined) return free
    }
    return undefined
  }
}

/** The port, if it can be bound; 0 asks for any. */
function isFree(port: number, bind: string | undefined): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(bind?.includes(':') ? 'udp6' : 'udp4')
    socket.once('error', () => {
      socket.close()
      resolve(undefined)
    })
    socket.bind({ port, exclusive: true, ...(bind === undefined ? {} : { address: bind }) }, () => {
      const { port: bound } = socket.address()
      socket.close(() => resolve(bound))
    })
  })
}
