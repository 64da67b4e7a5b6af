import type { Policy } from '../../protocol/community/policy.ts'
import { doEntryFaults, doFolderFaults, type FaultKind, signingOf, splitFrom } from './faults.ts'
import { found } from './founding.ts'
import { live } from './life.ts'
import { TreeWriter } from './tree-writer.ts'
import { publish, type Village } from './village.ts'

export interface GeneratorOrder {
  /** How many people come in, founders included. */
  readonly members: number
  /** It ends with so many entries, whoever is in by then. */
  readonly entries?: number
  readonly seed: string
  readonly mode: Policy['mode']
  /** How many witnesses it names; three when left out. */
  readonly witnesses?: number
  readonly faults?: readonly FaultKind[]
  readonly folder: string
  readonly signal: AbortSignal
  progress?(members: number, entries: number): void
}

/** Entries between two writes of files. */
const FLUSH_EVERY = 4096

/** The file with an older checkpoint, beside the newest one. */
export const OLDER_CHECKPOINT = 'checkpoint.older'

/**
 * Makes a community up and writes its log into a folder, as static files: the same bytes for the same order. Beside the newest checkpoint
 * stands an older one, of about half the ledger.
 */
export async function generate(order: GeneratorOrder): Promise<Village> {
  const faults = new Set(order.faults)
  const writer = new TreeWriter(order.folder)
  const founded = await found(order.seed, order.mode, (entry) => writer.add(entry), order.witnesses)
  const village: Village = { founded, writer }
  await grow(village, { ...order, members: Math.ceil(order.members / 2) }, half(order.entries))
  await writer.file(OLDER_CHECKPOINT, await publish(village))
  await grow(village, order, order.entries)
  if (faults.has('fork')) {
    const other = await splitFrom(village, `${order.folder}-fork`)
    await other.writer.file('checkpoint', await publish(other))
  }
  await doEntryFaults(village, faults)
  await writer.file('checkpoint', await publish(village, signingOf(village, faults)))
  await doFolderFaults(village, faults, order.folder)
  return village
}

async function grow(
  { founded: { world }, writer }: Village,
  order: GeneratorOrder,
  most = Infinity,
): Promise<void> {
  let flushed = writer.size
  while (world.people.length < order.members && writer.size < most) {
    await live(world)
    if (writer.size < flushed + FLUSH_EVERY) continue
    order.signal.throwIfAborted()
    flushed = writer.size
    await writer.flush()
    order.progress?.(world.people.length, writer.size)
  }
}

function half(entries: number | undefined): number | undefined {
  return entries === undefined ? undefined : Math.ceil(entries / 2)
}
