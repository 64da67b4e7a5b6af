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

/** Which of them are void, and why; there only where they were all verified here. */
export function voidsAt(community: CommunityId): string {
  return `void/${community}/`
}

export function voidAt(community: CommunityId, index: number): string {
  return `${voidsAt(community)}${String(index).padStart(10, '0')}`
}

/** That the voids of this copy are remembered, from its first entry on. */
export function judgedAt(community: CommunityId): string {
  return `judged/${community}`
}

/** The state after some of them, in pieces. */
export function snapshotAt(community: CommunityId, piece: string): string {
  return `snapshot/${community}/${piece}`
}

/** Checkpoints: the newest that fits our copy, the newest of those that is final, and the largest that anybody has shown. */
export function checkpointAt(community: CommunityId, which: 'newest' | 'final' | 'largest'): string {
  return `checkpoint/${community}/${which}`
}

/** Checkpoints by which something was believed before the copy had come so far. */
export function reliedAt(community: CommunityId): string {
  return `relied/${community}/`
}

/** That the copy of this community is being read, and is not whole. */
export function readingAt(community: CommunityId): string {
  return `reading/${community}`
}

/** Promises that are not kept yet. */
export function promisesAt(community: CommunityId): string {
  return `promise/${community}/`
}

/** What the log did wrong. */
export function alarmsAt(community: CommunityId): string {
  return `alarm/${community}/`
}
