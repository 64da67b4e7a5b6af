import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import type { Gossip } from '../../node/network/gossip.ts'
import type { Unsubscribe, Validate } from '../../node/network/network.ts'

/** A community's topic, `palabre/1/<community>`, or one of its rooms', `palabre/1/<community>/<room>`; ids are base64url hashes. */
const TOPIC = /^palabre\/1\/[\w-]{43}(?:\/[\w-]{43})?$/

/**
 * The topics that the relay carries for its peers: browsers that are not linked to each other yet hear each other through
 * it. A topic is carried from the first subscriber's arrival to the last one's departure.
 */
export class RoomTopics {
  readonly #gossip: Gossip
  readonly #validatorFor: (topic: string) => Validate | undefined
  readonly #limit: number
  readonly #carried = new Map<string, Unsubscribe>()

  /** `validatorFor` gives nothing for a topic that is not to be carried. Only admitted peers reach `pubsub`. */
  constructor(
    pubsub: GossipSub,
    gossip: Gossip,
    validatorFor: (topic: string) => Validate | undefined,
    limit: number,
  ) {
    this.#gossip = gossip
    this.#validatorFor = validatorFor
    this.#limit = limit
    pubsub.addEventListener('subscription-change', ({ detail }) => {
      for (const { topic, subscribe } of detail.subscriptions) if (subscribe) this.#carry(topic)
    })
    // A peer that leaves changes no subscription that gossipsub would tell of.
    pubsub.addEventListener('gossipsub:heartbeat', () => this.#release())
  }

  carried(): string[] {
    return [...this.#carried.keys()]
  }

  #carry(topic: string): void {
    if (this.#carried.size >= this.#limit || !TOPIC.test(topic)) return
    if (this.#gossip.topics().includes(topic)) return
    const validate = this.#validatorFor(topic)
    if (validate === undefined) return
    this.#carried.set(
      topic,
      this.#gossip.subscribe(topic, validate, () => {}),
    )
  }

  #release(): void {
    for (const [topic, unsubscribe] of this.#carried) {
      if (this.#gossip.subscribers(topic).length > 0) continue
      this.#carried.delete(topic)
      unsubscribe()
    }
  }
}
