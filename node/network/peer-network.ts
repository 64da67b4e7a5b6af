import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { type Connection, FaultTolerance, type IdentifyResult, type PeerId } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { peerIdFromString } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { webRTC } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { Circuit, WebRTC } from '@multiformats/multiaddr-matcher'
import { createLibp2p } from 'libp2p'
import { CIRCUIT_PROTOCOL } from '../../protocol/wire/circuit.ts'
import { ask } from './exchange.ts'
import { gossipService } from './gossip.ts'
import { closeConnection, isDirect, Libp2pNetwork, type NetworkNode } from './libp2p-network.ts'
import {
  DIRECT_AGAIN_MS,
  DIRECT_MS,
  IDENTIFY_MS,
  LINK_ATTEMPTS,
  LINK_RETRY_MS,
  MAX_INBOUND_STREAMS,
  MAX_MORE_RELAYS,
  MAX_PEER_CONNECTIONS,
  MAX_STREAM_BUFFER_BYTES,
  MAX_TOPICS_KNOWN_OF_A_RELAY,
  PING_INTERVAL_MS,
  PING_TIMEOUT_MS,
} from './limits.ts'
import type { Enter, PeerIdString, PeerNetwork, RelayState } from './network.ts'
import { NetworkError } from './network-error.ts'
import { networkFailure } from './network-failure.ts'
import { RecentPeers } from './recent-peers.ts'
import { groupByRelay, type RelayAddresses, relayOf } from './relay-address.ts'
import { RelayKeeper } from './relay-keeper.ts'
import { Reputation } from './reputation.ts'
import { systemTimer, type Timer } from './timer.ts'
import { until } from './until.ts'

/** What a peer speaks that sets up direct links (`SIGNALING_PROTOCOL` of @libp2p/webrtc). */
const DIRECT_PROTOCOL = '/webrtc-signaling/0.0.1'
const NOTHING = new Uint8Array()
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
  /** See `PeerNetwork`; false when left out. */
  readonly hidesAddress?: boolean
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
  const hides = options.hidesAddress === true
  const node: NetworkNode = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', options.sessionSeed),
    // What a browser would say of itself otherwise includes its user agent.
    nodeInfo: { name: 'palabre', version: '1', userAgent: 'palabre' },
    // '/p2p-circuit' searches among the connected relays. '<relay>/p2p-circuit' never reserves again after a restart.
    addresses: { listen: hides ? ['/p2p-circuit'] : ['/p2p-circuit', '/webrtc'] },
    transports: [
      webSockets(),
      circuitRelayTransport({ discoveryFilter: relays }),
      // Who hides their address has nothing that could tell it: what they do not speak, nobody can have them speak.
      ...(hides ? [] : [webRTC({ rtcConfiguration: { iceServers: [...options.iceServers] } })]),
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
      pubsub: gossipService(reputation, timer.now, MAX_TOPICS_KNOWN_OF_A_RELAY),
    },
  })
  const network = new Libp2pPeerNetwork(node, { hides, reputation, relays, dialling, timer, report })
  await network.handle(CIRCUIT_PROTOCOL, { maxBytes: 0, maxConcurrentPerPeer: 1 }, async () => NOTHING)
  return network
}

interface Parts {
  readonly hides: boolean
  readonly reputation: Reputation
  readonly relays: RelaySet
  readonly dialling: Dialling
  readonly timer: Timer
  readonly report: (where: string, error: unknown) => void
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

/** What the peer at the other end of a connection says that it speaks (libp2p's `identify`). */
class Speaks {
  readonly #node: NetworkNode
  readonly #answers = new WeakMap<Connection, Promise<boolean | undefined>>()

  constructor(node: NetworkNode) {
    this.#node = node
  }

  /** Whether direct links can be set up with it; undefined when the connection ends, or seconds pass, before it says so. */
  direct(connection: Connection): Promise<boolean | undefined> {
    const known = this.#answers.get(connection)
    if (known !== undefined) return known
    const answer = this.#hear(connection)
    this.#answers.set(connection, answer)
    return answer
  }

  #hear(connection: Connection): Promise<boolean | undefined> {
    return new Promise((resolve) => {
      const settle = (speaks: boolean | undefined) => {
        this.#node.removeEventListener('peer:identify', identified)
        this.#node.removeEventListener('connection:close', closed)
        clearTimeout(overdue)
        resolve(speaks)
      }
      const identified = ({ detail }: CustomEvent<IdentifyResult>) => {
        if (detail.connection.id === connection.id) settle(detail.protocols.includes(DIRECT_PROTOCOL))
      }
      const closed = ({ detail }: CustomEvent<Connection>) => {
        if (detail.id === connection.id) settle(undefined)
      }
      const overdue = setTimeout(() => settle(undefined), IDENTIFY_MS)
      this.#node.addEventListener('peer:identify', identified)
      this.#node.addEventListener('connection:close', closed)
      if (connection.status !== 'open') settle(undefined)
    })
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
  readonly hidesAddress: boolean
  readonly #node: NetworkNode
  readonly #speaks: Speaks
  readonly #relays: RelaySet
  readonly #dialling: Dialling
  readonly #timer: Timer
  readonly #report: (where: string, error: unknown) => void
  readonly #roads = new Map<PeerIdString, RelayAddresses>()
  /** Peers to which no direct link came to be, where we are now: they are linked over a circuit at once. */
  readonly #apart = new RecentPeers(MAX_PEER_CONNECTIONS)
  /** Peers whose last link broke, and was not ended by us. */
  readonly #broken = new RecentPeers(MAX_PEER_CONNECTIONS)
  #keeper: RelayKeeper | undefined
  readonly #keeping: Promise<void>[] = []
  /** Relays that were joined later. */
  #more = 0
  #state: RelayState = 'reconnecting'

  constructor(node: NetworkNode, { hides, reputation, relays, dialling, timer, report }: Parts) {
    const speaks = new Speaks(node)
    super(node, {
      reputation,
      report,
      countsAtOnce: (peer) => !relays.includes(peerIdFromString(peer)),
      serves: () => true,
      countsRelayed: async (connection) => hides || (await speaks.direct(connection)) === false,
    })
    this.hidesAddress = hides
    this.#speaks = speaks
    this.#node = node
    this.#relays = relays
    this.#dialling = dialling
    this.#timer = timer
    this.#report = report
    this.on('disconnect', (peer) => {
      // Whoever has the lower PeerId dials.
      if (this.peer < peer) this.#broken.add(peer)
    })
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
      .filter((address) => (this.hidesAddress ? Circuit : WebRTC).matches(address))
      .map((address) => address.toString())
      .filter((address) => this.#roadOf(address) !== undefined)
  }

  relays(): PeerIdString[] {
    return this.#keeper?.entered() ?? []
  }

  join(relays: readonly string[], enter: Enter): void {
    if (this.#keeper !== undefined) throw new Error('the relays were joined already')
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
    const roads = groupByRelay(relays)
    this.#keeper = keeper
    for (const road of roads) this.#keep(keeper, road)
  }

  joinMore(relays: readonly string[]): void {
    const keeper = this.#keeper
    if (keeper === undefined) throw new Error('no relay was joined yet')
    for (const road of groupByRelay(relays)) {
      if (this.#roads.has(road.relay) || this.#more >= MAX_MORE_RELAYS) continue
      this.#more += 1
      this.#keep(keeper, road)
    }
  }

  roundTrip(peer: PeerIdString): number | undefined {
    const direct = this.#node.getConnections(peerIdFromString(peer)).filter(isDirect)
    return direct.find(({ rtt }) => rtt !== undefined)?.rtt
  }

  #keep(keeper: RelayKeeper, road: RelayAddresses): void {
    this.#roads.set(road.relay, road)
    this.#relays.join(road.relay)
    this.#keeping.push(keeper.keep(road, this.stopping))
  }

  async connect(
    peer: PeerIdString,
    addresses: readonly string[],
    signal: AbortSignal,
    alone = false,
  ): Promise<void> {
    if (this.isLinked(peer)) return
    const either = AbortSignal.any([signal, this.stopping])
    try {
      const linked = until(() => this.isLinked(peer), this.#watchConnections, either)
      // A direct link is still tried for when another one is there already.
      if (alone || this.peer < peer) await Promise.race([linked, this.#dial(peer, addresses, either)])
      await linked
    } catch (error) {
      if (this.isLinked(peer)) return
      await this.#closeRelayed(peerIdFromString(peer))
      throw networkFailure(`link to ${peer}`, error, either, 'unreachable')
    }
  }

  override async disconnect(peer: PeerIdString): Promise<void> {
    await super.disconnect(peer)
    this.#broken.delete(peer)
  }

  override async stop(): Promise<void> {
    await super.stop()
    await Promise.all(this.#keeping)
  }

  /** The address says which relay to ask for the peer; the road to that relay is the one that we took ourselves. */
  async #dial(peer: PeerIdString, addresses: readonly string[], signal: AbortSignal): Promise<void> {
    const roads = [...new Set(addresses.map((address) => this.#roadOf(address)?.addresses[0]))].filter(
      (road) => road !== undefined,
    )
    const circuits = roads.map((road) => road.encapsulate(multiaddr(`/p2p-circuit/p2p/${peer}`)))
    if (circuits.length === 0) throw new NetworkError('unreachable', `${peer} is at no relay that we know`)
    if (this.hidesAddress) return this.#attempt(peer, circuits, signal)
    if (this.#apart.delete(peer)) {
      await this.#takeCircuit(peer, circuits, signal)
      this.#apart.add(peer)
      return
    }
    const direct = roads.map((road) => road.encapsulate(multiaddr(`/p2p-circuit/webrtc/p2p/${peer}`)))
    const ended = new AbortController()
    const patience = this.#broken.delete(peer) ? DIRECT_AGAIN_MS : DIRECT_MS
    const isLate = this.#timer.delay(patience, AbortSignal.any([signal, ended.signal]))
    const late = isLate.then(
      () => this.#takeCircuit(peer, circuits, signal),
      () => {},
    )
    late.catch(() => {}) // then the direct one is waited for alone
    try {
      await this.#attempt(peer, direct, signal)
    } catch (error) {
      ended.abort()
      await late.catch(() => {})
      if (!this.isLinked(peer)) {
        if (signal.aborted) throw error
        await this.#takeCircuit(peer, circuits, signal)
      }
      this.#apart.add(peer)
    } finally {
      ended.abort()
    }
  }

  async #attempt(peer: PeerIdString, targets: Multiaddr[], signal: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#dialling.during(peer, () => this.#node.dial(targets, { signal }))
        return
      } catch (error) {
        if (await this.#isHidden(peer)) return
        if (signal.aborted || attempt === LINK_ATTEMPTS) throw error
      }
      await this.#timer.delay(LINK_RETRY_MS * attempt, signal)
    }
  }

  /** The circuit is the link, from now on and for both. */
  async #takeCircuit(peer: PeerIdString, circuits: Multiaddr[], signal: AbortSignal): Promise<void> {
    const [known] = this.#relayedTo(peerIdFromString(peer))
    const connection =
      known ?? (await this.#dialling.during(peer, () => this.#node.dial(circuits, { signal })))
    if (connection.limits === undefined) return
    await ask(connection, CIRCUIT_PROTOCOL, NOTHING, { signal, maxBytes: 0 })
    this.countRelayed(connection)
  }

  /** The relayed connection over which a direct one was asked for is all that there will be. */
  async #isHidden(peer: PeerIdString): Promise<boolean> {
    const relayed = this.#relayedTo(peerIdFromString(peer))
    const spoken = await Promise.all(relayed.map((connection) => this.#speaks.direct(connection)))
    return spoken.includes(false) && this.isLinked(peer)
  }

  #roadOf(address: string): RelayAddresses | undefined {
    const relay = relayOf(address)
    return relay === undefined ? undefined : this.#roads.get(relay)
  }

  /** A relayed connection serves to set up the direct link, and is closed when that is up or has failed. */
  async #closeRelayed(peer: PeerId): Promise<void> {
    await Promise.all(this.#relayedTo(peer).map((connection) => closeConnection(connection)))
  }

  #relayedTo(peer: PeerId): Connection[] {
    return this.#node.getConnections(peer).filter(({ limits }) => limits !== undefined)
  }

  #relaysChanged(): void {
    const keeper = this.#keeper
    const state: RelayState = keeper?.isReachable === true ? 'connected' : 'reconnecting'
    if (state === this.#state) return
    this.#state = state
    // Whoever moved to another network may reach others there.
    if (state === 'reconnecting') this.#apart.clear()
    this.emit('relay', state)
  }

  readonly #watchConnections = (changed: () => void): (() => void) => {
    const off = this.on('connect', changed)
    this.#node.addEventListener('connection:open', changed)
    return () => {
      off()
      this.#node.removeEventListener('connection:open', changed)
    }
  }
}
