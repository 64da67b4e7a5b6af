import type { GossipSubComponents } from '@chainsafe/libp2p-gossipsub'
import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Connection } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { gossipService } from '../../node/network/gossip.ts'
import { Libp2pNetwork } from '../../node/network/libp2p-network.ts'
import { MAX_INBOUND_STREAMS, MAX_STREAM_BUFFER_BYTES } from '../../node/network/limits.ts'
import type { Network, PeerIdString, Validate } from '../../node/network/network.ts'
import { Reputation } from '../../node/network/reputation.ts'
import { systemTimer, type Timer } from '../../node/network/timer.ts'
import { Admissions } from './admissions.ts'
import { admittedRegistrar } from './admitted-registrar.ts'
import { Front, type FrontOptions } from './front.ts'
import { frontTransport } from './front-transport.ts'
import {
  ADMISSION_MS,
  HOP_MS,
  MAX_CONNECTIONS,
  MAX_CONNECTIONS_PER_SECOND,
  MAX_HOP_STREAMS,
  MAX_PENDING_CONNECTIONS,
  MAX_RESERVATIONS,
  MAX_STOP_STREAMS,
  MAX_TOPICS,
  MAX_TOPICS_PER_PEER,
  MAX_UNADMITTED,
  PING_INTERVAL_MS,
  PING_TIMEOUT_MS,
  RELAYED_BYTES,
  RELAYED_MS,
  RESERVATION_TTL_MS,
  RESERVATION_WAIT_MS,
} from './limits.ts'
import { RoomTopics } from './room-topics.ts'

export interface RelayNetworkOptions extends FrontOptions {
  /** 32 bytes of the relay's own key. Its PeerId is part of every address that leads here: keep it. */
  readonly privateSeed: Uint8Array
  /** Multiaddrs under which others know this relay, for example behind a TLS proxy `/dns4/…/tcp/443/tls/ws`. */
  readonly announce: readonly string[]
  /** Protocols that a peer may speak before it is admitted; all others are for admitted peers. */
  readonly openProtocols: readonly string[]
  /** The validator of a room's or community's topic; nothing if the relay is not to carry it. */
  readonly validatorFor: (topic: string) => Validate | undefined
  /** Another relay of the community: it is admitted at once, and may be dialled. None where it is not said. */
  readonly isFellow?: (peer: PeerIdString) => boolean
  readonly report?: (where: string, error: unknown) => void
  readonly timer?: Timer
  /** Smaller bounds, for small machines and for tests. */
  readonly maxima?: Partial<RelayMaxima>
}

export interface RelayMaxima {
  readonly reservations: number
  readonly unadmitted: number
  readonly admissionMs: number
  readonly topics: number
  readonly topicsPerPeer: number
}

export interface RelayNetwork {
  /** A peer counts as linked (`connect`) when it is admitted. */
  readonly network: Network
  /** Whoever checks the proof of membership calls `admissions.admit(peer)`. */
  readonly admissions: Admissions
  /** Which of the admitted peers are members: gossip is for them, and so are the roads to others. A newcomer is none yet. */
  readonly members: Admissions
  /** Lets peers in. Until then, while protocols are being handled, their sockets get status 503. Twice is safe. */
  open(): void
  /** The port that HTTP and WebSockets are on. */
  readonly port: number
  /** Connects to another relay of the community. @throws libp2p's error */
  dial(addresses: readonly string[], signal: AbortSignal): Promise<void>
  /** Multiaddrs with `/p2p/<id>`: those announced, else the one listened on. */
  addresses(): string[]
  /** Topics carried and reservations held, for health and metrics. */
  figures(): { readonly topics: number; readonly reservations: number; readonly admitted: number }
  /**
   * Closes every connection and the port. Twice is safe. Native threads may outlive it: a relay's main ends the process
   * itself.
   */
  stop(): Promise<void>
}

/**
 * A circuit relay for admitted peers, the gossip of their rooms, and HTTP, on one port.
 * @throws the system's error when the port cannot be listened on; Error on a malformed announced address or key
 */
export async function startRelayNetwork(options: RelayNetworkOptions): Promise<RelayNetwork> {
  // libp2p looks at these only when somebody asks for its addresses.
  for (const address of options.announce) multiaddr(address)
  const front = new Front(options)
  await front.listen()
  try {
    return await startOn(front, options)
  } catch (error) {
    await front.close()
    throw error
  }
}

async function startOn(front: Front, options: RelayNetworkOptions): Promise<RelayNetwork> {
  const maxima: RelayMaxima = {
    reservations: MAX_RESERVATIONS,
    unadmitted: MAX_UNADMITTED,
    admissionMs: ADMISSION_MS,
    topics: MAX_TOPICS,
    topicsPerPeer: MAX_TOPICS_PER_PEER,
    ...options.maxima,
  }
  const timer = options.timer ?? systemTimer
  const { now } = timer
  const isFellow = options.isFellow ?? (() => false)
  const reputation = new Reputation(now)
  const admissions = new Admissions(
    (peer) => network.announce(peer),
    (peer) => void network.disconnect(peer),
  )
  const members = new Admissions(
    () => {},
    (peer) => admissions.revoke(peer),
  )
  const unadmitted = new Map<Connection, AbortController>()
  const node = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', options.privateSeed),
    nodeInfo: { name: 'palabre-relay', version: '1', userAgent: 'palabre-relay' },
    addresses: {
      listen: [`/ip4/127.0.0.1/tcp/${front.port}/${front.secure ? 'tls/ws' : 'ws'}`],
      announce: [...options.announce],
    },
    transports: [frontTransport(front)],
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
      denyDialPeer: (peer) => !isFellow(peer.toString() as PeerIdString),
      denyInboundConnection: () => unadmitted.size >= maxima.unadmitted,
      denyInboundRelayReservation: async (peer) =>
        !(await admissions.decision(
          peer.toString() as PeerIdString,
          AbortSignal.timeout(RESERVATION_WAIT_MS),
        )),
      denyOutboundRelayedConnection: (from, to) =>
        !members.has(from.toString() as PeerIdString) || !members.has(to.toString() as PeerIdString),
    },
    connectionManager: {
      maxConnections: MAX_CONNECTIONS,
      inboundConnectionThreshold: MAX_CONNECTIONS_PER_SECOND,
      maxIncomingPendingConnections: MAX_PENDING_CONNECTIONS,
      reconnectRetries: 0,
    },
    connectionMonitor: { pingInterval: PING_INTERVAL_MS, pingTimeout: { minTimeout: PING_TIMEOUT_MS } },
    services: {
      identify: identify(),
      ping: ping(),
      circuit: circuitRelayServer({
        hopTimeout: HOP_MS,
        maxInboundHopStreams: MAX_HOP_STREAMS,
        maxOutboundHopStreams: MAX_HOP_STREAMS,
        maxOutboundStopStreams: MAX_STOP_STREAMS,
        reservations: {
          maxReservations: maxima.reservations,
          reservationTtl: RESERVATION_TTL_MS,
          defaultDurationLimit: RELAYED_MS,
          defaultDataLimit: RELAYED_BYTES,
        },
      }),
      pubsub: (components: GossipSubComponents) =>
        gossipService(
          reputation,
          now,
          maxima.topicsPerPeer,
        )({
          privateKey: components.privateKey,
          peerId: components.peerId,
          peerStore: components.peerStore,
          connectionManager: components.connectionManager,
          logger: components.logger,
          registrar: admittedRegistrar(components.registrar, members),
        }),
    },
  })
  const network = new Libp2pNetwork(node, {
    reputation,
    report: options.report ?? (() => {}),
    countsAtOnce: (peer) => admissions.has(peer),
    serves: (peer, protocol) => admissions.has(peer) || options.openProtocols.includes(protocol),
  })
  const topics = new RoomTopics(node.services.pubsub, network.gossip, options.validatorFor, maxima.topics)

  const settle = (connection: Connection) => {
    unadmitted.get(connection)?.abort()
    unadmitted.delete(connection)
  }
  node.addEventListener('connection:open', ({ detail: connection }) => {
    const peer = connection.remotePeer.toString() as PeerIdString
    if (isFellow(peer)) admissions.admit(peer)
    const settled = new AbortController()
    unadmitted.set(connection, settled)
    timer.delay(maxima.admissionMs, settled.signal).then(
      () => connection.abort(new Error('not admitted in time')),
      () => {},
    )
    void admissions.decision(peer).then(() => settle(connection))
  })
  node.addEventListener('connection:close', ({ detail: connection }) => settle(connection))
  node.addEventListener('peer:disconnect', ({ detail: peer }) => {
    admissions.forget(peer.toString() as PeerIdString)
    members.forget(peer.toString() as PeerIdString)
    // libp2p keeps the slot for the whole TTL. The timer goes first: it would delete the reservation of a peer that came back.
    node.services.circuit.reservations.get(peer)?.signal.clear()
    node.services.circuit.reservations.delete(peer)
  })

  let stopped: Promise<void> | undefined
  return {
    network,
    admissions,
    members,
    port: front.port,
    open: () => front.open(),
    async dial(addresses, signal) {
      await node.dial(
        addresses.map((address) => multiaddr(address)),
        { signal },
      )
    },
    addresses: () => node.getMultiaddrs().map((address) => address.toString()),
    figures: () => ({
      topics: topics.carried().length,
      reservations: node.services.circuit.reservations.size,
      admitted: admissions.size,
    }),
    stop: () => {
      stopped ??= network.stop().then(() => front.close())
      return stopped
    },
  }
}
