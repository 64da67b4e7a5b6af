import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { type Connection, FaultTolerance, type PeerId } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { peerIdFromString } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { webRTC } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { WebRTC } from '@multiformats/multiaddr-matcher'
import { createLibp2p } from 'libp2p'
import { gossipService } from './gossip.ts'
import { closeConnection, isDirect, Libp2pNetwork, type NetworkNode } from './libp2p-network.ts'
import {
  LINK_ATTEMPTS,
  LINK_RETRY_MS,
  MAX_INBOUND_STREAMS,
  MAX_PEER_CONNECTIONS,
  MAX_STREAM_BUFFER_BYTES,
  MAX_TOPICS_KNOWN_OF_A_RELAY,
  PING_INTERVAL_MS,
  PING_TIMEOUT_MS,
} from './limits.ts'
import type { Enter, PeerIdString, PeerNetwork, RelayState } from './network.ts'
import { NetworkError } from './network-error.ts'
import { networkFailure } from './network-failure.ts'
import { groupByRelay, type RelayAddresses, relayOf } from './relay-address.ts'
import { RelayKeeper } from './relay-keeper.ts'
import { Reputation } from './reputation.ts'
import { systemTimer, type Timer } from './timer.ts'
import { until } from './until.ts'

/** What a circuit relay speaks (circuit-relay-v2, `RELAY_V2_HOP_CODEC`). */
const HOP_PROTOCOL = '/libp2p/circuit/relay/0.2.0/hop'

export interface PeerNetworkOptions {
  /** 32 bytes of which the ed25519 session key is made. One seed is one running tab or process, never two at a time. */
  readonly sessionSeed: Uint8Array
  /**
   * STUN and TURN servers. Always passed on, also when empty: libp2p's default would tell four companies of every
   * join.
   */
  readonly iceServers: readonly RTCIceServer[]
  /** Hears what nobody awaits: our own listeners that throw, and why a relay could not be reached. */
  readonly report?: (where: string, error: unknown) => void
  readonly timer?: Timer
}

/** A started libp2p node that has dialled nobody: handle the protocols, then `join` the relays. */
export async function startPeerNetwork(options: PeerNetworkOptions): Promise<PeerNetwork> {
  const timer = options.timer ?? systemTimer
  const report = options.report ?? (() => {})
  const reputation = new Reputation(timer.now)
  const dialling = new Dialling()
  const relays = new RelaySet()
  const node: NetworkNode = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', options.sessionSeed),
    // What a browser would say of itself otherwise includes its user agent.
    nodeInfo: { name: 'palabre', version: '1', userAgent: 'palabre' },
    // '/p2p-circuit' searches among the connected relays. '<relay>/p2p-circuit' never reserves again after a restart.
    addresses: { listen: ['/p2p-circuit', '/webrtc'] },
    transports: [
      webSockets(),
      circuitRelayTransport({ discoveryFilter: relays }),
      webRTC({ rtcConfiguration: { iceServers: [...options.iceServers] } }),
    ],
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        maxInboundStreams: MAX_INBOUND_STREAMS,
        streamOptions: {
          maxStreamWindowSize: MAX_STREAM_BUFFER_BYTES,
          maxReadBufferLength: MAX_STREAM_BUFFER_BYTES,
        },
      }),
    ],
    connectionGater: {
      // Nothing is dialled but what we ask for: no redial of libp2p's own, no address that another peer suggests.
      denyDialPeer: (peer) => !dialling.includes(peer),
      // A browser's default refuses insecure and private addresses. Ours are the relays that our user chose.
      denyDialMultiaddr: () => false,
      denyInboundRelayedConnection: (relay) => !relays.includes(relay),
    },
    connectionManager: { maxConnections: MAX_PEER_CONNECTIONS, reconnectRetries: 0 },
    connectionMonitor: { pingInterval: PING_INTERVAL_MS, pingTimeout: { minTimeout: PING_TIMEOUT_MS } },
    transportManager: { faultTolerance: FaultTolerance.NO_FATAL },
    services: {
      identify: identify(),
      ping: ping(),
      pubsub: gossipService(reputation, MAX_TOPICS_KNOWN_OF_A_RELAY),
    },
  })
  const network = new Libp2pPeerNetwork(node, reputation, relays, dialling, timer, report)
  return network
}

/** PeerIds that we are dialling just now on purpose; several attempts on one peer may overlap. */
class Dialling {
  readonly #attempts = new Map<string, number>()

  includes(peer: PeerId): boolean {
    return this.#attempts.has(peer.toString())
  }

  async during<T>(peer: PeerIdString, dial: () => Promise<T>): Promise<T> {
    this.#attempts.set(peer, (this.#attempts.get(peer) ?? 0) + 1)
    try {
      return await dial()
    } finally {
      const left = (this.#attempts.get(peer) ?? 1) - 1
      if (left > 0) this.#attempts.set(peer, left)
      else this.#attempts.delete(peer)
    }
  }
}

/**
 * The relays that we joined. It is also the filter of libp2p's relay discovery, in which `has` means *leave it alone*: a
 * peer that poses as a relay must not take the one reservation that is looked for.
 */
class RelaySet {
  readonly #relays = new Set<string>()
  readonly #discovered = new Set<string>()

  join(relay: PeerIdString): void {
    this.#relays.add(relay)
  }

  includes(peer: PeerId): boolean {
    return this.#relays.has(peer.toString())
  }

  has(peer: PeerId): boolean {
    return !this.includes(peer) || this.#discovered.has(peer.toString())
  }

  add(peer: PeerId): void {
    this.#discovered.add(peer.toString())
  }

  remove(peer: PeerId): void {
    this.#discovered.delete(peer.toString())
  }
}

class Libp2pPeerNetwork extends Libp2pNetwork implements PeerNetwork {
  readonly #node: NetworkNode
  readonly #relays: RelaySet
  readonly #dialling: Dialling
  readonly #timer: Timer
  readonly #report: (where: string, error: unknown) => void
  readonly #roads = new Map<PeerIdString, RelayAddresses>()
  #keeper: RelayKeeper | undefined
  #keeping: Promise<unknown> = Promise.resolve()
  #state: RelayState = 'reconnecting'

  constructor(
    node: NetworkNode,
    reputation: Reputation,
    relays: RelaySet,
    dialling: Dialling,
    timer: Timer,
    report: (where: string, error: unknown) => void,
  ) {
    super(node, {
      reputation,
      report,
      countsAtOnce: (peer) => !relays.includes(peerIdFromString(peer)),
      serves: () => true,
    })
    this.#node = node
    this.#relays = relays
    this.#dialling = dialling
    this.#timer = timer
    this.#report = report
    node.addEventListener('peer:identify', ({ detail }) => {
      if (detail.protocols.includes(HOP_PROTOCOL) && !relays.includes(detail.peerId)) {
        // libp2p remembers who speaks the protocol and would reserve there when it next looks for a relay.
        void this.disconnect(detail.peerId.toString() as PeerIdString)
        node.peerStore.delete(detail.peerId).catch((error: unknown) => report('peer store', error))
      } else if (isDirect(detail.connection)) {
        void this.#closeRelayed(detail.peerId)
      }
    })
  }

  get relayState(): RelayState {
    return this.#state
  }

  addresses(): string[] {
    return this.#node
      .getMultiaddrs()
      .filter((address) => WebRTC.matches(address))
      .map((address) => address.toString())
      .filter((address) => this.#roadOf(address) !== undefined)
  }

  relays(): PeerIdString[] {
    return this.#keeper?.entered() ?? []
  }

  join(relays: readonly string[], enter: Enter): void {
    if (this.#keeper !== undefined) throw new Error('the relays were joined already')
    const roads = groupByRelay(relays)
    for (const road of roads) {
      this.#roads.set(road.relay, road)
      this.#relays.join(road.relay)
    }
    const keeper = new RelayKeeper(this.#node, {
      timer: this.#timer,
      enter,
      dial: async (road, signal) => {
        await this.#dialling.during(road.relay, () => this.#node.dial([...road.addresses], { signal }))
      },
      disconnect: (relay) => this.disconnect(relay),
      onEntered: (relay) => this.announce(relay),
      onChange: () => this.#relaysChanged(),
      report: this.#report,
    })
    this.#keeper = keeper
    this.#keeping = Promise.all(roads.map((road) => keeper.keep(road, this.stopping)))
  }

  async connect(peer: PeerIdString, addresses: readonly string[], signal: AbortSignal): Promise<void> {
    if (this.isLinked(peer)) return
    const either = AbortSignal.any([signal, this.stopping])
    try {
      if (this.peer < peer) await this.#dial(peer, addresses, either)
      else await until(() => this.isLinked(peer), this.#watchConnections, either)
    } catch (error) {
      await this.#closeRelayed(peerIdFromString(peer))
      throw networkFailure(`link to ${peer}`, error, either, 'unreachable')
    }
  }

  override async stop(): Promise<void> {
    await super.stop()
    await this.#keeping
  }

  /** The address says which relay to ask for the peer; the road to that relay is the one that we took ourselves. */
  async #dial(peer: PeerIdString, addresses: readonly string[], signal: AbortSignal): Promise<void> {
    const roads = new Set(addresses.map((address) => this.#roadOf(address)?.addresses[0]))
    const targets = [...roads]
      .filter((road) => road !== undefined)
      .map((road) => road.encapsulate(multiaddr(`/p2p-circuit/webrtc/p2p/${peer}`)))
    if (targets.length === 0) throw new NetworkError('unreachable', `${peer} is at no relay that we know`)
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#dialling.during(peer, () => this.#node.dial(targets, { signal }))
        return
      } catch (error) {
        if (signal.aborted || attempt === LINK_ATTEMPTS) throw error
      }
      await this.#timer.delay(LINK_RETRY_MS * attempt, signal)
    }
  }

  #roadOf(address: string): RelayAddresses | undefined {
    const relay = relayOf(address)
    return relay === undefined ? undefined : this.#roads.get(relay)
  }

  /** A relayed connection serves to set up the direct link, and is closed when that is up or has failed. */
  async #closeRelayed(peer: PeerId): Promise<void> {
    const relayed = this.#node.getConnections(peer).filter((connection) => connection.limits !== undefined)
    await Promise.all(relayed.map((connection: Connection) => closeConnection(connection)))
  }

  #relaysChanged(): void {
    const keeper = this.#keeper
    const reserved = keeper?.entered().some((relay) => keeper.isReserved(relay)) === true
    const state: RelayState = reserved ? 'connected' : 'reconnecting'
    if (state === this.#state) return
    this.#state = state
    this.emit('relay', state)
  }

  readonly #watchConnections = (changed: () => void): (() => void) => {
    this.#node.addEventListener('connection:open', changed)
    return () => this.#node.removeEventListener('connection:open', changed)
  }
}
