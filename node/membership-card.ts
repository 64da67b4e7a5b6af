import type { CommunityId, MemberId } from '../protocol/ids.ts'
import type { DeviceKey } from './crypto/device-key.ts'
import type { Storage } from './ports/storage.ts'

/** What makes this device somebody in a community: kept in the storage, and nowhere else. The recovery phrase is not in it. */
export interface MembershipCard {
  readonly community: CommunityId
  readonly member: MemberId
  readonly device: DeviceKey
  /** The member's own profile: without its salt the commitment in the ledger would stay closed for ever. Undefined where it was erased before this device came. */
  readonly profile: Uint8Array | undefined
}

const keyOf = (community: CommunityId) => `card/${community}`

export async function readCard(
  storage: Storage,
  community: CommunityId,
): Promise<MembershipCard | undefined> {
  return (await storage.get(keyOf(community))) as MembershipCard | undefined
}

export async function writeCard(storage: Storage, card: MembershipCard): Promise<void> {
  await storage.put(keyOf(card.community), card)
}

export async function dropCard(storage: Storage, community: CommunityId): Promise<void> {
  await storage.delete(keyOf(community))
}
