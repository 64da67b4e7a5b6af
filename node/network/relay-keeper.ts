import type { Libp2p } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { isDirect } from './libp2p-network.ts'
import { RELAY_STEP_MS } from './limits.ts'
import type { Enter, PeerIdString } from './network.ts'
import { NetworkError } from './network-error.ts'
import { type RelayAddresses, relayOf } from './relay-address.ts'
import { backoff, type Timer } from './timer.ts'
import { until } from './until.ts'

export interface RelayKeeperOptions {
  readonly timer: Timer
  readonly enter: Enter
  /** Makes a connection; the only way by which a relay is dialled. */
  readonly dial: (road: RelayAddresses, signal: AbortSignal) => Promise<void>
  readonly disconnect: (relay: PeerIdString) => Promise<void>
  readonly onEntered: (relay: PeerIdString) => void
  /** What it is a change of is read from `isEntered` and `isReachable`. */
  readonly onChange: () => void
  readonly report: (where: string, error: unknown) => void
}

/**
 * Keeps a connection and an admission with each relay, and a reservation with one of them. Nothing built into libp2p suffices: it dials a
 * lost relay a few times and gives up, and it knows no admission.
 *
 * libp2p asks for the reservation by itself as soon as it has identified a relay, perhaps before `enter` is done; the
 * relay makes it wait for the admission. It asks for one and no more, and for one at another relay when that is lost. What matters here is that all three are there in the end, or the connection is
 * dropped and everything begins again.
 */
export class RelayKeeper {
  readonly #node: Libp2p
  readonly #options: RelayKeeperOptions
  readonly #entered = new Set<PeerIdString>()

  constructor(node: Libp2p, options: RelayKeeperOptions) {
    this.#node = node
    this.#options = options
    // A reservation is made at another relay while all connections stay.
    this.#watch(() => options.onChange())
  }

  isEntered(relay: PeerIdString): boolean {
    return this.#entered.has(relay)
  }

  entered(): PeerIdString[] {
    return [...this.#entered]
  }

  /** Others can reach us through one of the relays that we have entered. */
  get isReachable(): boolean {
    return [...this.#entered].some((relay) => this.#isReserved(relay))
  }

  #isReserved(relay: PeerIdString): boolean {
    return this.#node.getMultiaddrs().some((address) => relayOf(address.toString()) === relay)
  }

  /** Runs until `signal` aborts; never rejects. */
  async keep(road: RelayAddresses, signal: AbortSignal): Promise<void> {
    const { relay } = road
    const { timer } = this.#options
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#attach(road, signal)
        failures = 0
        const isHome = this.#isReserved(relay)
        const isLost = () => !this.#isConnected(relay) || (isHome && !this.#isReserved(relay))
        await until(isLost, this.#watch, signal)
      } catch (error) {
        failures += 1
        if (!signal.aborted) this.#options.report(`relay ${relay}`, error)
      }
      this.#entered.delete(relay)
      this.#options.onChange()
      await this.#options.disconnect(relay)
      await timer.delay(backoff(failures, timer.random), signal).catch(() => {})
    }
  }

  async #attach(road: RelayAddresses, signal: AbortSignal): Promise<void> {
    const { relay } = road
    await this.#step('connection', signal, (step) => this.#options.dial(road, step))
    await this.#step('admission', signal, (step) => this.#options.enter(relay, step))
    this.#entered.add(relay)
    this.#options.onEntered(relay)
    await this.#step('reservation', signal, (step) => until(() => this.isReachable, this.#watch, step))
    this.#options.onChange()
  }

  async #step(
    name: string,
    signal: AbortSignal,
    take: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    try {
      await take(AbortSignal.any([signal, AbortSignal.timeout(RELAY_STEP_MS)]))
    } catch (error) {
      throw new NetworkError('unreachable', `no ${name}`, { cause: error })
    }
  }

  #isConnected(relay: PeerIdString): boolean {
    return this.#node.getConnections(peerIdFromString(relay)).some(isDirect)
  }

  /** `self:peer:update` tells of a new address a second late; the transport's own event is immediate. */
  readonly #watch = (changed: () => void): (() => void) => {
    const events = ['connection:close', 'transport:listening', 'self:peer:update'] as const
    for (const event of events) this.#node.addEventListener(event, changed)
    return () => {
      for (const event of events) this.#node.removeEventListener(event, changed)
    }
  }
}
