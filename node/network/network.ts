/**
 * What a running peer asks of the network. Nothing here knows what Palabre says to whom: protocols and topics are
 * plain strings, messages are bytes. A browser, a Node peer and a relay all offer this surface.
 */

/** A libp2p PeerId in its text form (`12D3Koo…`): the ed25519 session key of one tab or process. */
export type PeerIdString = string & { readonly __brand: 'PeerIdString' }

/** Ends one subscription; calling it twice is harmless. */
export type Unsubscribe = () => void

/** `connected` while at least one relay has admitted us *and* holds a reservation for us. */
export type RelayState = 'connected' | 'reconnecting'

export interface NetworkEvents {
  /** A peer that had no link has one. A relay is reported once it has admitted us. */
  readonly connect: PeerIdString
  /** The last link to this peer is gone. */
  readonly disconnect: PeerIdString
  readonly relay: RelayState
}

export interface Link {
  readonly peer: PeerIdString
  /** False: only a relayed connection of limited bytes and time. It is good for signalling and nothing else, unless one of the two hides their address or no direct link came to be. */
  readonly direct: boolean
}

export interface RequestOptions {
  readonly signal: AbortSignal
  /** Bytes, the same bound for the request that is sent and the response that is accepted. */
  readonly maxBytes: number
}

export interface HandleOptions {
  /** Bytes, the same bound for the request that is accepted and the response that is sent. */
  readonly maxBytes: number
  /** Streams of this protocol that one connection may have open at a time; the next one is reset. */
  readonly maxConcurrentPerPeer: number
}

/** `signal` aborts when the asker goes away or the time for an answer is over. */
export type Respond = (from: PeerIdString, body: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>

/** A long-lived stream of whole messages in both directions, in order. */
export interface Channel {
  /**
   * Writes are serialised. Resolves when the stream took the message, not when it arrived.
   * @throws NetworkError `too-large`, `closed`
   */
  send(message: Uint8Array): Promise<void>
  /** To be read once. Ends when the other side closes or goes away; throws NetworkError `too-large` on a frame too large. */
  readonly messages: AsyncIterable<Uint8Array>
  /** Sends what is queued, then closes both directions. Twice is safe. */
  close(): Promise<void>
  abort(error: Error): void
  /** Settles, never rejects, when nothing more can be sent or received. */
  readonly closed: Promise<void>
}

/** What a topic's validator says of a message. `reject` costs the peer that forwarded it its score; `ignore` does not. */
export type Verdict = 'accept' | 'ignore' | 'reject'

/** Called once per distinct message, before it is forwarded or delivered. `from` forwarded it, perhaps for another. */
export type Validate = (from: PeerIdString, data: Uint8Array) => Verdict | Promise<Verdict>

/** What a peer and a relay have in common; code that needs no more than this runs on both. */
export interface Network {
  readonly peer: PeerIdString
  /** The 32 raw bytes of the ed25519 session key. */
  readonly publicKey: Uint8Array
  connections(): Link[]
  /** Closes every connection to the peer. It is not an error if there is none. */
  disconnect(peer: PeerIdString): Promise<void>

  /**
   * One request and one response on a fresh stream of an existing link (nothing is dialled).
   * @throws NetworkError with any of its codes
   */
  request(
    peer: PeerIdString,
    protocol: string,
    body: Uint8Array,
    options: RequestOptions,
  ): Promise<Uint8Array>
  /** A `respond` that throws resets the stream: the asker sees `refused`. */
  handle(protocol: string, options: HandleOptions, respond: Respond): Promise<void>

  /** `signal` bounds the opening only, `maxBytes` each message. @throws NetworkError with any of its codes */
  openChannel(peer: PeerIdString, protocol: string, options: RequestOptions): Promise<Channel>
  handleChannel(
    protocol: string,
    options: HandleOptions,
    accept: (from: PeerIdString, channel: Channel) => void,
  ): Promise<void>
  unhandle(protocol: string): Promise<void>

  /** One subscription per topic. @throws Error when the topic is subscribed already */
  subscribe(topic: string, validate: Validate, onMessage: (data: Uint8Array) => void): Unsubscribe
  /** To nobody is fine: anti-entropy delivers. @throws NetworkError `too-large`, `closed` */
  publish(topic: string, data: Uint8Array): Promise<void>
  /** Connected peers that said they are subscribed. */
  subscribers(topic: string): PeerIdString[]

  on<E extends keyof NetworkEvents>(event: E, listener: (detail: NetworkEvents[E]) => void): Unsubscribe
  /** Twice is safe. Every pending request, channel and subscription ends. */
  stop(): Promise<void>
}

/**
 * Proves to a relay that we may use it, by a request on the connection that was just made to it. A rejection makes
 * the connection end and be tried again later.
 */
export type Enter = (relay: PeerIdString, signal: AbortSignal) => Promise<void>

/** A peer is found through relays and then linked directly, or over a relay where one of the two hides their address or does not reach the other (WIRE-4). */
export interface PeerNetwork extends Network {
  /** Nobody but the relays that we join learns our address: nobody is connected to directly, nor connects to us. */
  readonly hidesAddress: boolean
  readonly relayState: RelayState
  /** Multiaddrs by which others can reach us now; empty while no relay holds a reservation. */
  addresses(): string[]
  /** Relays that have admitted us and hold a reservation for us. */
  relays(): PeerIdString[]
  /**
   * Connects to these relays (multiaddrs that end in `/p2p/<id>`; several for one id are roads to one relay), and
   * again whenever a connection is lost, until `stop`. Call it once, after the protocols are handled.
   * @throws Error on a malformed address, or when called twice
   */
  join(relays: readonly string[], enter: Enter): void
  /**
   * The same for more relays, which one that we joined names: at most eight besides those of `join`, the rest are left out, as those that we know
   * already. @throws Error on a malformed address, or before `join`
   */
  joinMore(relays: readonly string[]): void
  /** To a peer and back, in milliseconds, as last measured on a direct link; undefined before. */
  roundTrip(peer: PeerIdString): number | undefined
  /**
   * Resolves when there is a link. Of two peers that call this, the one with the lower PeerId dials and the other
   * waits until `signal` aborts. Of `addresses` only the relays that we joined are used. Returns at once when linked.
   * @param alone the other one does not look for us: it is we who dial
   * @throws NetworkError `unreachable`, `timeout`, `aborted`, `closed`
   */
  connect(
    peer: PeerIdString,
    addresses: readonly string[],
    signal: AbortSignal,
    alone?: boolean,
  ): Promise<void>
}
