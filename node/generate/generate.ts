import type { Policy } from '../../protocol/community/policy.ts'
import { checkpointBytes, type LogHead, signCheckpoint } from '../../protocol/log/checkpoint.ts'
import { cosign } from '../../protocol/log/cosignature.ts'
import { stateHash, stateRoot } from '../../protocol/state/state.ts'
import { nodeSha256 } from '../audit/sha256.ts'
import { type Founded, found } from './founding.ts'
import { live } from './life.ts'
import { TreeWriter } from './tree-writer.ts'

export interface GeneratorOrder {
  /** How many people come in, founders included. */
  readonly members: number
  /** It ends with so many entries, whoever is in by then. */
  readonly entries?: number
  readonly seed: string
  readonly mode: Policy['mode']
  readonly folder: string
  readonly signal: AbortSignal
  progress?(members: number, entries: number): void
}

export interface Generated {
  readonly founded: Founded
  readonly writer: TreeWriter
}

/** Entries between two writes of files. */
const FLUSH_EVERY = 4096

/** Makes a community up: the same bytes for the same order. */
export async function generate(order: GeneratorOrder): Promise<Generated> {
  const writer = new TreeWriter(order.folder)
  const founded = await found(order.seed, order.mode, (entry) => writer.add(entry))
  const { world } = founded
  const most = order.entries ?? Number.POSITIVE_INFINITY
  let flushed = 0
  while (world.people.length < order.members && writer.size < most) {
    await live(world)
    if (writer.size < flushed + FLUSH_EVERY) continue
    order.signal.throwIfAborted()
    flushed = writer.size
    await writer.flush()
    order.progress?.(world.people.length, writer.size)
  }
  return { founded, writer }
}

/** Signs the tree and the state as they are now, as the log, and cosigns as its witnesses. */
export async function publish(
  { founded: { world, log, witnesses }, writer }: Generated,
  change: (head: LogHead) => LogHead = (head) => head,
  cosigners = witnesses.length,
): Promise<Uint8Array> {
  const tree = await writer.publish()
  const { state } = world.chronicle
  const head = { ...tree, state: stateHash(state, stateRoot(state, nodeSha256), nodeSha256) }
  const { note, ...signed } = await signCheckpoint(log, world.community, change(head))
  const signatures = [...note.signatures]
  for (const witness of witnesses.slice(0, cosigners)) {
    signatures.push(await cosign(witness, note.text, world.now))
  }
  return checkpointBytes({ ...signed, note: { ...note, signatures } })
}
