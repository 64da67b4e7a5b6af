import type { Network, PeerIdString } from '../../node/network/network.ts'
import type { Clock } from '../../node/ports/clock.ts'
import type { Site } from '../../node/site.ts'
import { askSite } from '../../node/site-address.ts'
import type { CommunityId } from '../../protocol/ids.ts'
import { MAX_OTHER_RELAYS } from '../../protocol/limits.ts'
import { multiaddr } from '../../protocol/session.ts'
import type { FellowRelays } from './cascade.ts'

/** How often another relay of the community is asked where it is, once it has said so and before, and how long it may take. Milliseconds. */
const ASK_EVERY = 60_000
const LOOK_EVERY = 5_000
const PATIENCE = 5_000

export interface OtherRelaysParts {
  /** Where they serve the app, as this relay was told. Nobody else is one of them. */
  readonly origins: readonly string[]
  readonly community: () => CommunityId | undefined
  readonly network: Pick<Network, 'peer' | 'connections' | 'on'>
  /** @throws what the network throws */
  readonly dial: (addresses: readonly string[], signal: AbortSignal) => Promise<void>
  /** One of them has a connection with us, and may stay. */
  readonly admit: (peer: PeerIdString) => void
  readonly clock: Clock
}

/** Another relay, as it answered last. */
interface Known {
  readonly site: Site
  readonly at: number
  /** It did when it was asked last. Who it is stays as it was: its connection shows whether it is there. */
  readonly answers: boolean
}

/**
 * The other relays of the community: who they are, as they say themselves over HTTPS (SPEC §9.8), and a connection with each. Of two, the one with the
 * lower PeerId dials.
 */
export class OtherRelays implements FellowRelays {
  readonly #parts: OtherRelaysParts
  readonly #known = new Map<string, Known>()
  readonly #asking = new Set<string>()
  readonly #stopping = new AbortController()
  readonly #cancel: () => void

  constructor(parts: OtherRelaysParts) {
    this.#parts = parts
    const { origins, clock, network } = parts
    const look = () => {
      for (const origin of origins) void this.#look(origin)
    }
    look()
    const cancels = [
      origins.length > 0 ? clock.every(LOOK_EVERY, look) : () => {},
      network.on('disconnect', (peer) => {
        if (this.has(peer)) look()
      }),
    ]
    this.#cancel = () => {
      for (const cancel of cancels) cancel()
    }
  }

  /** Multiaddrs, each ending in `/p2p/<id>`, of those that answered last: where members may turn to for whom this relay has no room. */
  get addresses(): readonly string[] {
    return this.#fellows()
      .flatMap(({ site, answers }) => (answers ? site.addresses : []))
      .filter((address) => multiaddr.decode(address, '').ok)
      .slice(0, MAX_OTHER_RELAYS)
  }

  has(peer: PeerIdString): boolean {
    return this.#fellows().some(({ site }) => site.relay === peer)
  }

  linked(): readonly PeerIdString[] {
    const linked = new Set(
      this.#parts.network.connections().flatMap(({ peer, direct }) => (direct ? peer : [])),
    )
    return [...new Set(this.#fellows().map(({ site }) => site.relay))].filter((relay) => linked.has(relay))
  }

  onChange(listener: () => void): () => void {
    const { network } = this.#parts
    const tell = (peer: PeerIdString) => {
      if (this.has(peer)) listener()
    }
    const ends = [network.on('connect', tell), network.on('disconnect', tell)]
    return () => {
      for (const end of ends) end()
    }
  }

  stop(): void {
    this.#cancel()
    this.#stopping.abort()
  }

  #fellows(): readonly Known[] {
    const community = this.#parts.community()
    return [...this.#known.values()].filter(
      ({ site }) =>
        site.community !== undefined &&
        site.community === community &&
        site.relay !== this.#parts.network.peer,
    )
  }

  /** Asks when it is time to, and sees that there is a connection. */
  async #look(origin: string): Promise<void> {
    if (this.#asking.has(origin)) return
    this.#asking.add(origin)
    try {
      const known = this.#known.get(origin)
      if (known === undefined || this.#parts.clock.now() - known.at >= ASK_EVERY) await this.#ask(origin)
      await this.#connect(origin)
    } catch {
      // It is not there, or has no road to us: it is tried again soon.
    } finally {
      this.#asking.delete(origin)
    }
  }

  async #ask(origin: string): Promise<void> {
    try {
      const site = await askSite(new URL(origin), this.#soon())
      this.#known.set(origin, { site, at: this.#parts.clock.now(), answers: true })
    } catch (error) {
      // Nobody is sent to a relay that does not answer. Voices that come from it go on.
      const known = this.#known.get(origin)
      if (known !== undefined) this.#known.set(origin, { ...known, answers: false })
      throw error
    }
  }

  async #connect(origin: string): Promise<void> {
    const { network, admit, dial } = this.#parts
    const site = this.#known.get(origin)?.site
    if (site === undefined || !this.has(site.relay)) return
    if (this.linked().includes(site.relay)) admit(site.relay)
    else if (network.peer < site.relay) await dial(site.addresses, this.#soon())
  }

  #soon(): AbortSignal {
    return AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(PATIENCE)])
  }
}
