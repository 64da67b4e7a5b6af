import type { Membership } from '../../protocol/community/membership.ts'
import type { CommunityId } from '../../protocol/ids.ts'
import { persistentMap } from '../../protocol/state/persistent-map.ts'
import type { Storage } from '../ports/storage.ts'
import { type Copy, copyOf, type Reign } from './copy.ts'
import { type HashLevels, HashTree } from './hash-tree.ts'
import { snapshotAt } from './places.ts'
import { readState, type StoredState, storedPieces, storedState } from './stored-state.ts'

/** What is stored beside the pieces. Which of those belong to it is in `pieces`: older ones may lie about. */
interface SnapshotHead extends StoredState {
  readonly reigns: readonly Reign[]
  readonly levels: HashLevels
}

/** Stores what the entries of a copy come to, so that they need not be read again. */
export async function storeSnapshot(
  storage: Storage,
  { membership, reigns }: Copy,
  tree: HashTree,
): Promise<void> {
  const { community, size } = membership
  const values: (readonly [string, unknown])[] = []
  for (const [name, entries] of storedPieces(membership)) values.push([snapshotAt(community, name), entries])
  const head: SnapshotHead = { ...storedState(membership), reigns, levels: tree.levels(size) }
  await storage.putAll([...values, [snapshotAt(community, 'head'), head]])
}

/** What was stored last, if anything was. */
export async function readSnapshot(
  storage: Storage,
  community: CommunityId,
): Promise<{ readonly copy: Copy; readonly tree: HashTree } | undefined> {
  const head = (await storage.get(snapshotAt(community, 'head'))) as SnapshotHead | undefined
  if (head === undefined) return undefined
  const state = await readState(
    head,
    (name) => storage.get(snapshotAt(community, name)),
    () => persistentMap<string, unknown>().draft(),
  )
  return { copy: copyOf(state as Membership, head.reigns), tree: new HashTree(undefined, head.levels) }
}
