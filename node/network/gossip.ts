import {
  type GossipSub,
  type GossipSubComponents,
  type GossipsubOpts,
  gossipsub,
  type Message,
  StrictNoSign,
  TopicValidatorResult,
} from '@chainsafe/libp2p-gossipsub'
import type { PeerId } from '@libp2p/interface'
import { sha256 } from '@noble/hashes/sha2.js'
import { GossipGate } from './gossip-gate.ts'
import { MAX_GOSSIP_MESSAGE_BYTES, MAX_GOSSIP_RPC_BYTES } from './limits.ts'
import type { PeerIdString, Unsubscribe, Validate, Verdict } from './network.ts'
import { NetworkError } from './network-error.ts'
import { GRAYLIST_SCORE, type Reputation } from './reputation.ts'

/** gossipsub charges a remembered subscription this much beside the topic's length (its own constant). */
const SUBSCRIPTION_OVERHEAD_BYTES = 1024
/** `palabre/1/` and two base64url hashes. */
const TOPIC_BYTES = 100

const RESULTS: Readonly<Record<Verdict, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

/**
 * gossipsub as every Palabre node runs it. Messages carry their own signatures, so gossipsub adds none and names a
 * message by its bytes.
 * @param now milliseconds of any steady clock
 * @param topicsPerPeer subscriptions that are remembered of one other peer; more are ignored
 */
export function gossipService(
  reputation: Reputation,
  now: () => number,
  topicsPerPeer: number,
): (components: GossipSubComponents) => GossipSub {
  const options: Partial<GossipsubOpts> = {
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: (message) => sha256(message.data),
    D: 6,
    Dlo: 4,
    Dhi: 10,
    Dout: 2,
    heartbeatInterval: 700,
    // While meshes form, a publisher reaches everybody it is linked to.
    floodPublish: true,
    emitSelf: false,
    doPX: false,
    fallbackToFloodsub: false,
    allowPublishToZeroTopicPeers: true,
    // A beacon may be sent twice with the same bytes.
    ignoreDuplicatePublishError: true,
    // Streams that start on a relayed connection stay on it and die with it, although a direct link exists by then.
    runOnLimitedConnection: false,
    maxInboundStreams: 2,
    maxOutboundStreams: 2,
    maxInboundDataLength: MAX_GOSSIP_RPC_BYTES,
    maxTopicBytesPerPeer: topicsPerPeer * (SUBSCRIPTION_OVERHEAD_BYTES + TOPIC_BYTES),
    decodeRpcLimits: {
      maxSubscriptions: topicsPerPeer,
      maxMessages: 1000,
      maxControlMessages: topicsPerPeer,
      maxIhaveMessageIDs: 1000,
      maxIwantMessageIDs: 1000,
      maxIdontwantMessageIDs: 512,
      maxPeerInfos: 0,
    },
    scoreParams: {
      appSpecificScore: (peer) => reputation.score(peer),
      appSpecificWeight: 1,
      // Behind one address are an office, a reverse proxy or a whole test: with the default weight nobody behind it is heard.
      IPColocationFactorWeight: 0,
      // A tab in the background answers late; only a peer that keeps breaking its promises is penalised.
      behaviourPenaltyThreshold: 6,
    },
    scoreThresholds: { graylistThreshold: GRAYLIST_SCORE },
  }
  const make = gossipsub(options)
  const gate = new GossipGate(reputation, now, topicsPerPeer)
  return (components) => gate.guard(make(components))
}

/** Topics of one node: a validator and a receiver for each. */
export class Gossip {
  readonly #pubsub: GossipSub
  readonly #reputation: Reputation
  readonly #report: (where: string, error: unknown) => void
  #closed = false
  readonly #receivers = new Map<string, (data: Uint8Array) => void>()

  constructor(pubsub: GossipSub, reputation: Reputation, report: (where: string, error: unknown) => void) {
    this.#pubsub = pubsub
    this.#reputation = reputation
    this.#report = report
    pubsub.addEventListener('message', ({ detail }) => this.#deliver(detail))
  }

  /** Topics that this node is subscribed to. */
  topics(): string[] {
    return [...this.#receivers.keys()]
  }

  subscribe(topic: string, validate: Validate, onMessage: (data: Uint8Array) => void): Unsubscribe {
    if (this.#receivers.has(topic)) throw new Error(`already subscribed to ${topic}`)
    this.#receivers.set(topic, onMessage)
    this.#pubsub.topicValidators.set(topic, (from, message) => this.#validate(topic, validate, from, message))
    this.#pubsub.subscribe(topic)
    return () => {
      if (this.#receivers.get(topic) !== onMessage) return
      this.#receivers.delete(topic)
      this.#pubsub.topicValidators.delete(topic)
      // gossipsub throws when it is told so after its end.
      if (!this.#closed) this.#pubsub.unsubscribe(topic)
    }
  }

  /** Nothing is delivered any more, and nothing left to unsubscribe from. */
  close(): void {
    this.#closed = true
    this.#receivers.clear()
  }

  async publish(topic: string, data: Uint8Array): Promise<void> {
    if (data.byteLength > MAX_GOSSIP_MESSAGE_BYTES) {
      throw new NetworkError(
        'too-large',
        `a message of ${data.byteLength} bytes; ${MAX_GOSSIP_MESSAGE_BYTES} are allowed`,
      )
    }
    await this.#pubsub.publish(topic, data)
  }

  /** Whether what this peer sends is not read, because of what it sent before. */
  isSilenced(peer: PeerIdString): boolean {
    return this.#reputation.isSilenced(peer)
  }

  subscribers(topic: string): PeerIdString[] {
    return this.#pubsub.getSubscribers(topic).map((peer) => peer.toString() as PeerIdString)
  }

  async #validate(
    topic: string,
    validate: Validate,
    from: PeerId,
    message: Message,
  ): Promise<TopicValidatorResult> {
    const peer = from.toString() as PeerIdString
    const verdict = await this.#ask(topic, validate, peer, message)
    if (verdict === 'reject') this.#reputation.reject(peer)
    return RESULTS[verdict]
  }

  /** A validator that throws is our failure: the message is dropped, and its forwarder is not blamed. */
  async #ask(topic: string, validate: Validate, peer: PeerIdString, message: Message): Promise<Verdict> {
    try {
      return await validate(peer, message.data)
    } catch (error) {
      this.#report(`validator of ${topic}`, error)
      return 'ignore'
    }
  }

  #deliver(message: Message): void {
    try {
      this.#receivers.get(message.topic)?.(message.data)
    } catch (error) {
      this.#report(`receiver of ${message.topic}`, error)
    }
  }
}
