import type { CommunityId } from '../../protocol/ids.ts'

/** Where everything about a community's ledger is in the storage. */

/** All entries. */
export function entriesAt(community: CommunityId): string {
  return `ledger/${community}/`
}

/** Ten digits keep the keys in the order of the entries. */
export function entryAt(community: CommunityId, index: number): string {
  return `${entriesAt(community)}${String(index).padStart(10, '0')}`
}

/** Checkpoints: the newest that fits our copy, the newest of those that is final, and the largest that anybody has shown. */
export function checkpointAt(community: CommunityId, which: 'newest' | 'final' | 'largest'): string {
  return `checkpoint/${community}/${which}`
}

/** Promises that are not kept yet. */
export function promisesAt(community: CommunityId): string {
  return `promise/${community}/`
}

/** What the log did wrong. */
export function alarmsAt(community: CommunityId): string {
  return `alarm/${community}/`
}
