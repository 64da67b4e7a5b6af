import { Emitter } from '../../node/network/emitter.ts'
import { MAX_QUEUED_MESSAGES } from '../../node/network/limits.ts'
import { MessageQueue } from '../../node/network/message-queue.ts'
import type {
  Channel,
  HandleOptions,
  Link,
  NetworkEvents,
  PeerIdString,
  PeerNetwork,
  RelayState,
  RequestOptions,
  Respond,
  Unsubscribe,
  Validate,
} from '../../node/network/network.ts'
import { NetworkError } from '../../node/network/network-error.ts'
import { peerIdOf } from '../../node/network/peer-id.ts'
import { type KeyText, keyBytes } from '../../protocol/ids.ts'

/**
 * Many peers in one process, without sockets or time: who is linked is said by the test, and what is sent arrives in the same order a few
 * microtasks later. Gossip reaches every linked peer that subscribes, after its validator.
 */
export class MemoryHub {
  readonly peers = new Map<PeerIdString, MemoryNetwork>()
  readonly #links = new Set<string>()

  /** A peer of this hub that is linked to nobody. */
  add(key: KeyText): MemoryNetwork {
    const network = new MemoryNetwork(this, key)
    this.peers.set(network.peer, network)
    return network
  }

  isLinked(a: PeerIdString, b: PeerIdString): boolean {
    return this.#links.has(pairOf(a, b))
  }

  link(a: PeerIdString, b: PeerIdString): void {
    if (this.isLinked(a, b)) return
    this.#links.add(pairOf(a, b))
    this.peers.get(a)?.linked(b)
    this.peers.get(b)?.linked(a)
  }

  /** The link and every stream on it are gone. */
  cut(a: PeerIdString, b: PeerIdString): void {
    if (!this.#links.delete(pairOf(a, b))) return
    this.peers.get(a)?.unlinked(b)
    this.peers.get(b)?.unlinked(a)
  }
}

function pairOf(a: PeerIdString, b: PeerIdString): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
}

interface ChannelHandler {
  readonly options: HandleOptions
  readonly accept: (from: PeerIdString, channel: Channel) => void
}

interface Responder {
  readonly options: HandleOptions
  readonly respond: Respond
}

interface Subscription {
  readonly validate: Validate
  readonly onMessage: (data: Uint8Array) => void
}

/** `PeerNetwork` in a hub. It has no relay: `connect` links whoever is in the same hub. */
export class MemoryNetwork implements PeerNetwork {
  readonly peer: PeerIdString
  readonly publicKey: Uint8Array
  readonly relayState: RelayState = 'connected'
  hidesAddress = false
  readonly #hub: MemoryHub
  readonly #events = new Emitter<NetworkEvents>((where, error) => {
    throw new Error(where, { cause: error })
  })
  readonly #channelHandlers = new Map<string, ChannelHandler>()
  readonly #responders = new Map<string, Responder>()
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #ends = new Set<MemoryChannel>()
  #stopped = false

  constructor(hub: MemoryHub, key: KeyText) {
    this.#hub = hub
    this.peer = peerIdOf(key)
    this.publicKey = keyBytes(key)
  }

  /** Ends of channels that are open here. */
  get openChannels(): number {
    return this.#ends.size
  }

  connections(): Link[] {
    return this.#linkedPeers().map(({ peer }) => ({ peer, direct: true }))
  }

  joinMore(): void {}

  roundTrip(): undefined {}

  async disconnect(peer: PeerIdString): Promise<void> {
    this.#hub.cut(this.peer, peer)
  }

  async request(
    peer: PeerIdString,
    protocol: string,
    body: Uint8Array,
    { signal, maxBytes }: RequestOptions,
  ): Promise<Uint8Array> {
    const far = this.#far(peer)
    const responder = far.#responders.get(protocol)
    if (responder === undefined) throw new NetworkError('refused', `${protocol} is not spoken`)
    if (body.length > Math.min(maxBytes, responder.options.maxBytes))
      throw new NetworkError('too-large', 'the request')
    let answer: Uint8Array
    try {
      answer = await responder.respond(this.peer, body.slice(), signal)
    } catch (cause) {
      throw new NetworkError('refused', 'the responder threw', { cause })
    }
    if (signal.aborted) throw new NetworkError('aborted', 'the request was given up')
    if (answer.length > maxBytes) throw new NetworkError('too-large', 'the response')
    return answer.slice()
  }

  async handle(protocol: string, options: HandleOptions, respond: Respond): Promise<void> {
    if (this.#responders.has(protocol)) throw new Error(`${protocol} is handled already`)
    this.#responders.set(protocol, { options, respond })
  }

  async openChannel(
    peer: PeerIdString,
    protocol: string,
    { signal, maxBytes }: RequestOptions,
  ): Promise<Channel> {
    const far = this.#far(peer)
    if (signal.aborted) throw new NetworkError('aborted', 'the channel was given up')
    const handler = far.#channelHandlers.get(protocol)
    if (handler === undefined) throw new NetworkError('refused', `${protocol} is not spoken`)
    const open = [...far.#ends].filter((end) => end.peer === this.peer && end.protocol === protocol)
    if (open.length >= handler.options.maxConcurrentPerPeer)
      throw new NetworkError('refused', 'too many streams')
    const [near, there] = pairOfChannels(
      { peer, protocol, maxBytes },
      { peer: this.peer, protocol, maxBytes: handler.options.maxBytes },
    )
    this.#keep(near)
    far.#keep(there)
    handler.accept(this.peer, there)
    return near
  }

  async handleChannel(
    protocol: string,
    options: HandleOptions,
    accept: (from: PeerIdString, channel: Channel) => void,
  ): Promise<void> {
    if (this.#channelHandlers.has(protocol)) throw new Error(`${protocol} is handled already`)
    this.#channelHandlers.set(protocol, { options, accept })
  }

  async unhandle(protocol: string): Promise<void> {
    this.#channelHandlers.delete(protocol)
    this.#responders.delete(protocol)
  }

  subscribe(topic: string, validate: Validate, onMessage: (data: Uint8Array) => void): Unsubscribe {
    if (this.#subscriptions.has(topic)) throw new Error(`${topic} is subscribed already`)
    const subscription = { validate, onMessage }
    this.#subscriptions.set(topic, subscription)
    return () => {
      if (this.#subscriptions.get(topic) === subscription) this.#subscriptions.delete(topic)
    }
  }

  async publish(topic: string, data: Uint8Array): Promise<void> {
    if (this.#stopped) throw new NetworkError('closed', 'the network has stopped')
    await Promise.all(this.#linkedPeers().map((far) => far.#deliver(this.peer, topic, data.slice())))
  }

  subscribers(topic: string): PeerIdString[] {
    return this.#linkedPeers()
      .filter((far) => far.#subscriptions.has(topic))
      .map(({ peer }) => peer)
  }

  on<E extends keyof NetworkEvents>(event: E, listener: (detail: NetworkEvents[E]) => void): Unsubscribe {
    return this.#events.on(event, listener)
  }

  addresses(): string[] {
    return [`/memory/p2p/${this.peer}`]
  }

  relays(): PeerIdString[] {
    return []
  }

  join(): void {}

  async connect(peer: PeerIdString): Promise<void> {
    if (this.#stopped || !this.#hub.peers.has(peer))
      throw new NetworkError('unreachable', `${peer} is not here`)
    this.#hub.link(this.peer, peer)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const { peer } of this.#linkedPeers()) this.#hub.cut(this.peer, peer)
    this.#hub.peers.delete(this.peer)
  }

  /** For the hub. */
  linked(peer: PeerIdString): void {
    this.#events.emit('connect', peer)
  }

  /** For the hub. */
  unlinked(peer: PeerIdString): void {
    for (const end of this.#ends)
      if (end.peer === peer) end.abort(new NetworkError('closed', 'the link is gone'))
    this.#events.emit('disconnect', peer)
  }

  async #deliver(from: PeerIdString, topic: string, data: Uint8Array): Promise<void> {
    const subscription = this.#subscriptions.get(topic)
    if ((await subscription?.validate(from, data)) === 'accept') subscription?.onMessage(data)
  }

  #keep(end: MemoryChannel): void {
    this.#ends.add(end)
    void end.closed.then(() => this.#ends.delete(end))
  }

  #linkedPeers(): MemoryNetwork[] {
    return [...this.#hub.peers.values()].filter(({ peer }) => this.#hub.isLinked(this.peer, peer))
  }

  #far(peer: PeerIdString): MemoryNetwork {
    if (this.#stopped) throw new NetworkError('closed', 'the network has stopped')
    const far = this.#hub.peers.get(peer)
    if (far === undefined || !this.#hub.isLinked(this.peer, peer))
      throw new NetworkError('unreachable', `there is no link to ${peer}`)
    return far
  }
}

interface ChannelOptions {
  /** Who is at the other end. */
  readonly peer: PeerIdString
  readonly protocol: string
  readonly maxBytes: number
}

function pairOfChannels(a: ChannelOptions, b: ChannelOptions): [MemoryChannel, MemoryChannel] {
  const near = new MemoryChannel(a)
  const far = new MemoryChannel(b)
  near.other = far
  far.other = near
  return [near, far]
}

/** One end of a channel. Each message is handed over in a task of its own, so that nothing happens inside `send`. */
class MemoryChannel implements Channel {
  readonly peer: PeerIdString
  readonly protocol: string
  readonly messages = new MessageQueue<Uint8Array>(MAX_QUEUED_MESSAGES)
  readonly closed: Promise<void>
  other: MemoryChannel | undefined
  readonly #maxBytes: number
  readonly #settle: () => void
  #isClosed = false

  constructor({ peer, protocol, maxBytes }: ChannelOptions) {
    this.peer = peer
    this.protocol = protocol
    this.#maxBytes = maxBytes
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    this.#settle = resolve
  }

  async send(message: Uint8Array): Promise<void> {
    if (message.length > this.#maxBytes) throw new NetworkError('too-large', 'the message')
    if (this.#isClosed) throw new NetworkError('closed', 'the channel is closed')
    this.other?.receive(message.slice())
  }

  async close(): Promise<void> {
    this.end()
    this.other?.end()
  }

  abort(_error: Error): void {
    this.end()
    this.other?.end()
  }

  /** From the other end. */
  receive(message: Uint8Array): void {
    if (message.length > this.#maxBytes) {
      this.messages.end(new NetworkError('too-large', 'the message'))
      this.abort(new Error('too large'))
    } else if (!this.messages.push(message)) {
      this.abort(new Error('messages arrive faster than they are read'))
    }
  }

  /** Nothing more is sent or received; twice is safe. */
  end(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.messages.end()
    this.#settle()
  }
}
