import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { CIRCUIT_PROTOCOL } from '../../protocol/wire/circuit.ts'
import { streamChannel } from './channel.ts'
import { Emitter } from './emitter.ts'
import { answer, ask } from './exchange.ts'
import { Gossip } from './gossip.ts'
import { CLOSE_MS } from './limits.ts'
import type {
  Channel,
  HandleOptions,
  Link,
  Network,
  NetworkEvents,
  PeerIdString,
  RequestOptions,
  Respond,
  Unsubscribe,
  Validate,
} from './network.ts'
import { NetworkError } from './network-error.ts'
import { networkFailure } from './network-failure.ts'
import type { Reputation } from './reputation.ts'

export type NetworkNode = Libp2p<{ pubsub: GossipSub }>

export interface Libp2pNetworkOptions {
  readonly reputation: Reputation
  /** What our own code threw where nobody awaits it: a responder, a validator, a listener. */
  readonly report: (where: string, error: unknown) => void
  /** Whether a direct link to this peer counts as soon as it is open; if not, somebody calls `announce`. */
  readonly countsAtOnce: (peer: PeerIdString) => boolean
  /** Whether this peer may open streams of this protocol. */
  readonly serves: (peer: PeerIdString, protocol: string) => boolean
  /** Whether a relayed connection is a link at once, because one of the two hides their address; not, when left out. */
  readonly countsRelayed?: (connection: Connection) => Promise<boolean>
}

/** `Network` over a started libp2p node: what a peer and a relay have in common. */
export class Libp2pNetwork implements Network {
  readonly peer: PeerIdString
  readonly publicKey: Uint8Array
  readonly gossip: Gossip
  readonly #node: NetworkNode
  readonly #options: Libp2pNetworkOptions
  readonly #events: Emitter<NetworkEvents>
  readonly #linked = new Set<PeerIdString>()
  /** Relayed connections that count as links. */
  readonly #relayed = new WeakSet<Connection>()
  readonly #stopping = new AbortController()
  #stopped: Promise<void> | undefined

  constructor(node: NetworkNode, options: Libp2pNetworkOptions) {
    const key = node.peerId.publicKey
    if (key === undefined) throw new Error('a network needs an ed25519 key')
    this.#node = node
    this.#options = options
    this.#events = new Emitter(options.report)
    this.peer = node.peerId.toString() as PeerIdString
    this.publicKey = key.raw
    this.gossip = new Gossip(node.services.pubsub, options.reputation, options.report)
    node.addEventListener('connection:open', ({ detail }) => {
      if (isDirect(detail)) this.#up(detail)
      else void this.#takesRelayed(detail)
    })
    node.addEventListener('connection:close', ({ detail }) => this.#closed(detail))
  }

  /** Aborts, with a NetworkError `closed`, when `stop` is called. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  connections(): Link[] {
    const direct = new Map<PeerIdString, boolean>()
    for (const connection of this.#node.getConnections()) {
      if (connection.status !== 'open') continue
      const peer = connection.remotePeer.toString() as PeerIdString
      direct.set(peer, direct.get(peer) === true || isDirect(connection))
    }
    return [...direct].map(([peer, isDirectLink]) => ({ peer, direct: isDirectLink }))
  }

  async disconnect(peer: PeerIdString): Promise<void> {
    const connections = this.#node.getConnections(peerIdFromString(peer))
    await Promise.all(connections.map((connection) => closeConnection(connection)))
  }

  async request(
    peer: PeerIdString,
    protocol: string,
    body: Uint8Array,
    options: RequestOptions,
  ): Promise<Uint8Array> {
    return await ask(this.#link(peer), protocol, body, {
      ...options,
      signal: AbortSignal.any([options.signal, this.stopping]),
    })
  }

  async handle(protocol: string, options: HandleOptions, respond: Respond): Promise<void> {
    await this.#handle(protocol, options, (stream, from) => {
      const report = (error: unknown) => this.#options.report(`responder of ${protocol}`, error)
      void answer(stream, from, options.maxBytes, respond, this.stopping, report)
    })
  }

  async openChannel(
    peer: PeerIdString,
    protocol: string,
    { maxBytes, signal: given }: RequestOptions,
  ): Promise<Channel> {
    const signal = AbortSignal.any([given, this.stopping])
    try {
      const options = { signal, runOnLimitedConnection: true }
      const stream = await this.#link(peer).newStream(protocol, options)
      return streamChannel(stream, maxBytes)
    } catch (error) {
      throw networkFailure(`channel ${protocol}`, error, signal, 'refused')
    }
  }

  async handleChannel(
    protocol: string,
    options: HandleOptions,
    accept: (from: PeerIdString, channel: Channel) => void,
  ): Promise<void> {
    await this.#handle(protocol, options, (stream, from) => {
      const channel = streamChannel(stream, options.maxBytes)
      try {
        accept(from, channel)
      } catch (error) {
        this.#options.report(`acceptor of ${protocol}`, error)
        channel.abort(new Error('the channel was not accepted', { cause: error }))
      }
    })
  }

  async unhandle(protocol: string): Promise<void> {
    await this.#node.unhandle(protocol)
  }

  subscribe(topic: string, validate: Validate, onMessage: (data: Uint8Array) => void): Unsubscribe {
    return this.gossip.subscribe(topic, validate, onMessage)
  }

  async publish(topic: string, data: Uint8Array): Promise<void> {
    this.stopping.throwIfAborted()
    await this.gossip.publish(topic, data)
  }

  subscribers(topic: string): PeerIdString[] {
    return this.gossip.subscribers(topic)
  }

  on<E extends keyof NetworkEvents>(event: E, listener: (detail: NetworkEvents[E]) => void): Unsubscribe {
    return this.#events.on(event, listener)
  }

  emit<E extends keyof NetworkEvents>(event: E, detail: NetworkEvents[E]): void {
    this.#events.emit(event, detail)
  }

  /** From now on the peer counts as linked, until its last link ends. */
  announce(peer: PeerIdString): void {
    if (this.#linked.has(peer) || !this.isLinked(peer)) return
    this.#linked.add(peer)
    this.emit('connect', peer)
  }

  /** From now on this relayed connection is a link. */
  countRelayed(connection: Connection): void {
    if (connection.limits === undefined || connection.status !== 'open') return
    if (this.#relayed.has(connection) || this.#isReplaced(connection)) return
    this.#relayed.add(connection)
    this.#up(connection)
  }

  /** The direct link for which it served is there: it was asked for as a link meanwhile. */
  #isReplaced({ remotePeer, timeline }: Connection): boolean {
    return this.#node
      .getConnections(remotePeer)
      .some((other) => isDirect(other) && other.timeline.open >= timeline.open)
  }

  isLinked(peer: PeerIdString): boolean {
    return this.#node.getConnections(peerIdFromString(peer)).some(this.#isLink)
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#stopping.abort(new NetworkError('closed', 'the network has stopped'))
    this.gossip.close()
    // libp2p waits half a second for the end of each connection that it still has, also of one that ends while it stops.
    await Promise.all(this.#node.getConnections().map((connection) => closeConnection(connection)))
    await this.#node.stop()
  }

  /** Direct, or relayed and all that there will be. */
  readonly #isLink = (connection: Connection): boolean =>
    isDirect(connection) || (connection.status === 'open' && this.#relayed.has(connection))

  #link(peer: PeerIdString): Connection {
    const connection = this.#node.getConnections(peerIdFromString(peer)).findLast(this.#isLink)
    if (connection === undefined) throw new NetworkError('unreachable', `there is no link to ${peer}`)
    return connection
  }

  async #handle(
    protocol: string,
    options: HandleOptions,
    serve: (stream: Stream, from: PeerIdString) => void,
  ): Promise<void> {
    await this.#node.handle(
      protocol,
      async (stream, connection) => {
        const from = connection.remotePeer.toString() as PeerIdString
        if (protocol === CIRCUIT_PROTOCOL) this.countRelayed(connection)
        // The other side may know earlier than we that there will be no other connection.
        const isLink = isDirect(connection) || (await this.#takesRelayed(connection))
        if (isLink && this.#options.serves(from, protocol)) serve(stream, from)
        else stream.abort(new Error('this peer is not served'))
      },
      { maxInboundStreams: options.maxConcurrentPerPeer, runOnLimitedConnection: true },
    )
  }

  async #takesRelayed(connection: Connection): Promise<boolean> {
    if (this.#relayed.has(connection)) return true
    if ((await this.#options.countsRelayed?.(connection)) !== true) return false
    if (connection.status !== 'open') return false
    this.countRelayed(connection)
    return true
  }

  /** There is a link. */
  #up(connection: Connection): void {
    // The side that connects again knows that its old connection is dead before we do; what is still bound to that
    // connection, gossip above all, would stay there and not move to the new one.
    for (const older of this.#node.getConnections(connection.remotePeer)) {
      if (older.id === connection.id || !this.#isLink(older)) continue
      // The other side may not have the direct one yet, and would miss us: the circuit goes when it has said over the direct one who it is.
      if (isDirect(connection) && this.#relayed.has(older)) continue
      older.abort(new Error('replaced by a newer connection'))
    }
    const peer = connection.remotePeer.toString() as PeerIdString
    if (this.#options.countsAtOnce(peer)) this.announce(peer)
  }

  #closed(connection: Connection): void {
    const peer = connection.remotePeer.toString() as PeerIdString
    if (this.isLinked(peer) || !this.#linked.delete(peer)) return
    this.emit('disconnect', peer)
  }
}

/** Not relayed: a relayed connection has limits. */
export function isDirect(connection: Connection): boolean {
  return connection.limits === undefined && connection.status === 'open'
}

/** Closes properly if that is quick, and in any case closes. */
export async function closeConnection(connection: Connection): Promise<void> {
  try {
    await connection.close({ signal: AbortSignal.timeout(CLOSE_MS) })
  } catch (error) {
    connection.abort(error instanceof Error ? error : new Error('close failed', { cause: error }))
  }
}
