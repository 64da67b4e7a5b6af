import type { VoidEntry } from '../../protocol/community/membership.ts'
import {
  beginLedger,
  openEntry,
  replay,
  replayVerified,
  type VerifiedEntry,
} from '../../protocol/community/replay.ts'
import type { CommunityId } from '../../protocol/ids.ts'
import { leafHash } from '../../protocol/log/merkle.ts'
import { bad, good } from '../../protocol/result.ts'
import type { Verifier } from '../../protocol/signature.ts'
import type { Storage } from '../ports/storage.ts'
import { type Copy, copyOf, extendCopy, type ReadOn, type Records } from './copy.ts'
import { HashTree } from './hash-tree.ts'
import { entryAt, judgedAt, voidAt, voidsAt } from './places.ts'
import { readSnapshot } from './snapshot.ts'

/** Entries that are read at a time: between two of them the page lives. */
const BATCH = 256

/** A copy that was stored, with its tree. */
export interface Resumed {
  readonly copy: Copy
  readonly tree: HashTree
  /** How many entries the last snapshot has; 0 when there is none. */
  readonly snapshot: number
}

/**
 * Opens the copy that this device stored: from its last snapshot, and by the verdicts that were come to when the entries came. Nothing is
 * verified a second time: whoever can change our storage has the key of the device too.
 * @param records whether the state is hashed, however large it is
 * @param until no more than so many entries of it
 * @throws when what is stored is no ledger, which is an error of the platform
 */
export async function resumeCopy(
  community: CommunityId,
  storage: Storage,
  verifier: Verifier,
  records: Records = 'few',
  until = Number.POSITIVE_INFINITY,
): Promise<Resumed | undefined> {
  const first = (await storage.get(entryAt(community, 0))) as Uint8Array | undefined
  if (first === undefined) return undefined
  const judged = (await storage.get(judgedAt(community))) === true
  const stored = judged ? await readSnapshot(storage, community) : undefined
  const snapshot = stored !== undefined && stored.copy.membership.size <= until ? stored : undefined
  const { copy: begun, tree } = snapshot ?? (await begin(verifier, first))
  const start = records === 'hashed' ? copyOf(begun.membership, begun.reigns, records) : begun
  const readOn: ReadOn = judged
    ? byMemory(await readVoids(community, storage))
    : (state, entries) => replay(verifier, state, entries)
  let copy = start
  for (;;) {
    const { size } = copy.membership
    const entries = await readEntries(storage, community, size, Math.min(BATCH, until - size))
    if (entries.length === 0) break
    const next = await extendCopy(copy, entries, readOn)
    if (!next.ok) throw new Error(`the stored ledger cannot be replayed: ${next.reason}`)
    for (const entry of entries) tree.append(leafHash(entry))
    copy = next.value
  }
  if (!judged && until === Number.POSITIVE_INFINITY) await remember(storage, copy)
  return { copy, tree, snapshot: snapshot?.copy.membership.size ?? 0 }
}

/** Up to so many of the stored entries, from an index on. */
export async function readEntries(
  storage: Storage,
  community: CommunityId,
  from: number,
  most: number,
): Promise<readonly Uint8Array[]> {
  const keys = Array.from({ length: most }, (_, i) => entryAt(community, from + i))
  const entries = (await Promise.all(keys.map((key) => storage.get(key)))) as (Uint8Array | undefined)[]
  const end = entries.indexOf(undefined)
  return (end < 0 ? entries : entries.slice(0, end)) as Uint8Array[]
}

/** What has to be stored with entries that were just verified, so that they need not be again. */
export function rememberedVoids(
  community: CommunityId,
  voids: readonly VoidEntry[],
): readonly (readonly [string, VoidEntry])[] {
  return voids.map((one) => [voidAt(community, one.index), one] as const)
}

async function begin(verifier: Verifier, first: Uint8Array): Promise<{ copy: Copy; tree: HashTree }> {
  const begun = await beginLedger(verifier, first)
  if (!begun.ok) throw new Error(`the stored ledger does not begin with a genesis: ${begun.reason}`)
  const tree = new HashTree()
  tree.append(leafHash(first))
  return { copy: copyOf(begun.value), tree }
}

/** What was void is so again, for the same reason; the signatures of everything else were good. */
function byMemory(voids: ReadonlyMap<number, VoidEntry>): ReadOn {
  return async (state, bytes) => {
    const entries: VerifiedEntry[] = []
    for (const [i, one] of bytes.entries()) {
      const entry = openEntry(state.community, one)
      if (!entry.ok) return entry
      const { at, statement } = entry.value
      const known = voids.get(state.size + i)
      if (known !== undefined) entries.push({ at, statement: bad(known.reason), verdicts: [] })
      else
        entries.push({
          at,
          statement,
          verdicts: statement.ok ? statement.value.signed.map(() => good(true)) : [],
        })
    }
    return replayVerified(state, entries)
  }
}

async function readVoids(community: CommunityId, storage: Storage): Promise<ReadonlyMap<number, VoidEntry>> {
  const stored = (await storage.list(voidsAt(community))).map(([, value]) => value as VoidEntry)
  return new Map(stored.map((one) => [one.index, one]))
}

/** A copy of which the verdicts were not remembered was verified just now. */
async function remember(storage: Storage, { membership }: Copy): Promise<void> {
  const { community, voids } = membership
  await storage.putAll([...rememberedVoids(community, voids), [judgedAt(community), true]])
}
