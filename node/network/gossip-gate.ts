import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import type { Connection, PeerId, Stream } from '@libp2p/interface'
import { Bucket } from '../bucket.ts'
import {
  GOSSIP_BURST,
  GOSSIP_BURST_KIB,
  GOSSIP_KIB_REFILL_MS,
  GOSSIP_REFILL_MS,
  MAX_GOSSIP_MESSAGE_BYTES,
  SUBSCRIPTION_REFILL_MS,
} from './limits.ts'
import type { Reputation } from './reputation.ts'
import { Turns } from './turns.ts'

const KIB = 1024
/** Peers of which it is remembered what they sent; beyond, whoever sent something longest ago begins anew. */
const MAX_REMEMBERED = 2048

/** What one peer may still send. */
interface Allowance {
  readonly kibibytes: Bucket
  readonly messages: Bucket
  readonly subscriptions: Bucket
}

/** A remote procedure call of gossipsub, as far as it is looked at here. */
interface Rpc {
  readonly subscriptions: readonly unknown[]
  readonly messages: readonly Incoming[]
}

interface Incoming {
  readonly topic: string
  readonly data?: Uint8Array
  readonly from?: Uint8Array
  readonly seqno?: Uint8Array
  readonly signature?: Uint8Array
  readonly key?: Uint8Array
}

/**
 * Stands before gossip: what a peer sends too much of, or could not have sent honestly, is dropped before it is decoded, hashed or remembered, and
 * long before a signature is verified.
 */
export class GossipGate {
  readonly #reputation: Reputation
  readonly #clock: { now(): number }
  readonly #topicsPerPeer: number
  readonly #allowances = new Map<string, Allowance>()
  readonly #turns = new Turns()

  constructor(reputation: Reputation, now: () => number, topicsPerPeer: number) {
    this.#reputation = reputation
    this.#clock = { now }
    this.#topicsPerPeer = topicsPerPeer
  }

  /** Puts this gate into its place. gossipsub has no options for it, so its steps are wrapped. @throws Error when it has other steps than this knows */
  guard(pubsub: GossipSub): GossipSub {
    const steps = stepsOf(pubsub)
    const { onIncomingStream, pipePeerReadStream, handleReceivedRpc, handleReceivedMessage } = steps
    const carries = (topic: string) => pubsub.topicValidators.has(topic)
    steps.onIncomingStream = (stream, connection) => {
      if (this.#reputation.isSilenced(connection.remotePeer.toString())) stream.abort(new Silenced())
      else onIncomingStream.call(pubsub, stream, connection)
    }
    steps.pipePeerReadStream = (peer, frames) => {
      const stream = steps.streamsInbound.get(peer.toString())?.rawStream
      return pipePeerReadStream.call(pubsub, peer, this.#metered(peer.toString(), frames, stream))
    }
    steps.handleReceivedRpc = (peer, rpc) =>
      handleReceivedRpc.call(pubsub, peer, this.#admitted(peer.toString(), rpc, carries))
    steps.handleReceivedMessage = (peer, message) =>
      this.#inTurn(peer.toString(), () => handleReceivedMessage.call(pubsub, peer, message))
    return pubsub
  }

  /** Messages that wait to be judged. */
  get waiting(): number {
    return this.#turns.waiting
  }

  /**
   * Before gossipsub remembers the message as seen: what is dropped because of who brought it must be heard from the next who brings the same, or
   * whoever floods could silence others by bringing their words first.
   */
  async #inTurn(peer: string, judge: () => Promise<void>): Promise<void> {
    if (!(await this.#turns.take(peer))) return
    try {
      // Others of the same peer were judged while this one waited.
      if (!this.#reputation.isSilenced(peer)) await judge()
    } finally {
      this.#turns.give(peer)
    }
  }

  /** Frames as they come. A peer that floods, or was silenced, loses its gossip, until it connects again: gossipsub then forgets it. */
  async *#metered(
    peer: string,
    frames: AsyncIterable<Frame>,
    stream: Stream | undefined,
  ): AsyncGenerator<Frame> {
    for await (const frame of frames) {
      // However small, a frame has to be decoded.
      if (!this.#of(peer).kibibytes.take(Math.ceil((frame.byteLength + 1) / KIB)))
        this.#reputation.reject(peer, Infinity)
      if (this.#reputation.isSilenced(peer)) {
        const error = new Silenced()
        stream?.abort(error)
        throw error
      }
      yield frame
    }
  }

  #admitted(peer: string, rpc: Rpc, carries: (topic: string) => boolean): Rpc {
    const { subscriptions, messages } = this.#of(peer)
    const subscribed = rpc.subscriptions.filter(() => subscriptions.take())
    if (subscribed.length < rpc.subscriptions.length) this.#reputation.reject(peer)
    const said = rpc.messages.filter((message) => {
      // Of a topic that we left a moment ago, or never had: it would be carried on without a validator.
      if (!carries(message.topic)) return false
      if (isHonest(message)) return messages.take()
      this.#reputation.reject(peer)
      return false
    })
    return { ...rpc, subscriptions: subscribed, messages: said }
  }

  #of(peer: string): Allowance {
    const allowance = this.#allowances.get(peer) ?? {
      kibibytes: new Bucket(this.#clock, GOSSIP_BURST_KIB, GOSSIP_KIB_REFILL_MS),
      messages: new Bucket(this.#clock, GOSSIP_BURST, GOSSIP_REFILL_MS),
      // In, and out again.
      subscriptions: new Bucket(this.#clock, 2 * this.#topicsPerPeer, SUBSCRIPTION_REFILL_MS),
    }
    // The map's order is that of the last use. Who connects anew goes on with what is left.
    this.#allowances.delete(peer)
    this.#allowances.set(peer, allowance)
    if (this.#allowances.size > MAX_REMEMBERED) {
      const [oldest] = this.#allowances.keys()
      this.#allowances.delete(oldest as string)
    }
    return allowance
  }
}

/** Messages carry their own signatures, in an envelope; gossipsub's are no part of the protocol (TOPIC-1). */
function isHonest({ data, from, seqno, signature, key }: Incoming): boolean {
  const length = data?.byteLength ?? 0
  return length > 0 && length <= MAX_GOSSIP_MESSAGE_BYTES && !from && !seqno && !signature && !key
}

interface Frame {
  readonly byteLength: number
}

class Silenced extends Error {
  override name = 'Silenced'
  constructor() {
    super('this peer is not listened to')
  }
}

/** Inner steps of gossipsub 17, each of which the one before calls through `this`. */
interface Steps {
  onIncomingStream(stream: Stream, connection: Connection): void
  pipePeerReadStream(peer: PeerId, frames: AsyncIterable<Frame>): Promise<void>
  handleReceivedRpc(peer: PeerId, rpc: Rpc): Promise<void>
  handleReceivedMessage(peer: PeerId, message: Incoming): Promise<void>
  readonly streamsInbound: ReadonlyMap<string, { readonly rawStream: Stream }>
}

function stepsOf(pubsub: GossipSub): Steps {
  const steps = pubsub as unknown as Steps
  for (const step of [
    'onIncomingStream',
    'pipePeerReadStream',
    'handleReceivedRpc',
    'handleReceivedMessage',
  ] as const)
    if (typeof steps[step] !== 'function') throw new Error(`gossipsub has no ${step} any more`)
  return steps
}
