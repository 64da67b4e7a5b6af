import type { Membership } from '../../protocol/community/membership.ts'
import type { CommunityId } from '../../protocol/ids.ts'
import { persistentMap } from '../../protocol/state/persistent-map.ts'
import type { Storage } from '../ports/storage.ts'
import { type Copy, copyOf, type Reign } from './copy.ts'
import { type HashLevels, HashTree } from './hash-tree.ts'
import { snapshotAt } from './places.ts'

/** Entries of one map in one value: a large one would have to be read and written as a whole, at the cost of twice its memory. */
const PIECE = 4096

/** The maps of a state; everything else of it is small. */
const MAPS = [
  'members',
  'roots',
  'devices',
  'invitations',
  'invitationKeys',
  'slots',
  'rooms',
  'attests',
  'attested',
  'bans',
  'statements',
] as const satisfies readonly (keyof Membership)[]

/** What is stored beside the pieces. Which of those belong to it is in `pieces`: older ones may lie about. */
interface SnapshotHead {
  readonly state: Omit<Membership, (typeof MAPS)[number] | 'touched'>
  readonly pieces: Readonly<Record<(typeof MAPS)[number], number>>
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
  const { touched: _, ...rest } = membership
  const values: (readonly [string, unknown])[] = []
  const pieces: Partial<Record<(typeof MAPS)[number], number>> = {}
  for (const name of MAPS) {
    const entries = [...membership[name]]
    delete (rest as Partial<Membership>)[name]
    pieces[name] = Math.ceil(entries.length / PIECE)
    for (let i = 0; i * PIECE < entries.length; i++)
      values.push([snapshotAt(community, `${name}/${i}`), entries.slice(i * PIECE, (i + 1) * PIECE)])
  }
  const head = { state: rest, pieces, reigns, levels: tree.levels(size) }
  await storage.putAll([...values, [snapshotAt(community, 'head'), head]])
}

/** What was stored last, if anything was. */
export async function readSnapshot(
  storage: Storage,
  community: CommunityId,
): Promise<{ readonly copy: Copy; readonly tree: HashTree } | undefined> {
  const head = (await storage.get(snapshotAt(community, 'head'))) as SnapshotHead | undefined
  if (head === undefined) return undefined
  const maps: Partial<Record<(typeof MAPS)[number], unknown>> = {}
  for (const name of MAPS) {
    const map = persistentMap<string, unknown>().draft()
    for (let i = 0; i < head.pieces[name]; i++) {
      const piece = await storage.get(snapshotAt(community, `${name}/${i}`))
      for (const [key, value] of piece as [string, unknown][]) map.set(key, value)
    }
    maps[name] = map.done()
  }
  const membership = { ...head.state, ...maps, touched: [] } as unknown as Membership
  return { copy: copyOf(membership, head.reigns), tree: new HashTree(undefined, head.levels) }
}
