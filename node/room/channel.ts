import type { MemberId } from '../../protocol/ids.ts'
import type { PeerNetwork, Validate } from '../network/network.ts'
import { NetworkError } from '../network/network-error.ts'

/** How what is said in a room reaches the others at once. What does not arrive, anti-entropy brings, and the next beat says again. */
export interface RoomChannel {
  /** @param about of whom it speaks: they hear it also where it puts them out */
  tell(bytes: Uint8Array, about?: readonly MemberId[]): Promise<void>
  stop(): void
}

/** A topic, for rooms that everybody in the community may know of. */
export function topicChannel(
  network: Pick<PeerNetwork, 'publish' | 'subscribe'>,
  topic: string,
  validate: Validate,
): RoomChannel {
  const stop = network.subscribe(topic, validate, () => {})
  return { tell: (bytes) => publish(network, topic, bytes), stop }
}

/** Publishes, to whoever is there. Gossip is only an accelerator. */
export async function publish(
  network: Pick<PeerNetwork, 'publish'>,
  topic: string,
  bytes: Uint8Array,
): Promise<void> {
  try {
    await network.publish(topic, bytes)
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error
  }
}
