import type { CommunityId, StatementId } from '../../protocol/ids.ts'
import type { Storage } from '../ports/storage.ts'

/** Which messages to the council somebody has read: their own affair, kept on their device alone. */

const markAt = (community: CommunityId) => `council/read/${community}`

export async function readMarks(storage: Storage, community: CommunityId): Promise<ReadonlySet<StatementId>> {
  return new Set((await storage.get(markAt(community))) as readonly StatementId[] | undefined)
}

export async function writeMarks(
  storage: Storage,
  community: CommunityId,
  marks: Iterable<StatementId>,
): Promise<void> {
  await storage.put(markAt(community), [...new Set(marks)])
}
