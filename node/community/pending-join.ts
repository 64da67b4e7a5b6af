import type { CommunityId, KeyText } from '../../protocol/ids.ts'
import type { Storage } from '../ports/storage.ts'

/**
 * A join of this device of which it is not known yet what became of it. It is sent again as it is: another one by the same person, or with the
 * same link, would speak against them when both of them turned up.
 */
export interface PendingJoin {
  /** The signed statement. */
  readonly statement: Uint8Array
  /** The code of the invitation: the relay wants to see it before it takes the join. */
  readonly code: string
  /** The root of the newcomer, by which an attempt with another recovery phrase is told from this one. */
  readonly root: KeyText
}

const keyOf = (community: CommunityId) => `joining/${community}`

export async function readPendingJoin(
  storage: Storage,
  community: CommunityId,
): Promise<PendingJoin | undefined> {
  return (await storage.get(keyOf(community))) as PendingJoin | undefined
}

export async function writePendingJoin(
  storage: Storage,
  community: CommunityId,
  pending: PendingJoin,
): Promise<void> {
  await storage.put(keyOf(community), pending)
}

export async function dropPendingJoin(storage: Storage, community: CommunityId): Promise<void> {
  await storage.delete(keyOf(community))
}
