import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeEntry, encodeEntry } from '../../protocol/community/entry.ts'
import { REPORT } from '../../protocol/community/report.ts'
import { MINUTE } from '../../protocol/limits.ts'
import { TILE_WIDTH, tilePath, tileWidth } from '../../protocol/log/tile.ts'
import { writtenLedger } from './chronicle.ts'
import type { Signing, Village } from './village.ts'
import type { Person } from './world.ts'
import { byDevice } from './write.ts'
import { isWrongKind, WRONGS, type Wrong } from './wrongs.ts'

/** What a log can do wrong beside taking wrong statements. */
const LOG_FAULTS = [
  /** Two entries stand the other way round than when the state was made. */
  'reordered',
  /** The last entry is older than the one before it. */
  'time-backwards',
  /** The last entry is none. */
  'broken-entry',
  'wrong-root',
  'wrong-state',
  /** The checkpoint is signed by another key than the log's. */
  'wrong-signer',
  'no-witness',
  'forged-cosignature',
  'truncated-tile',
  'missing-tile',
  /** A hash tile says something else than the entries make. */
  'wrong-tile',
  /** What is served is the tree of the older checkpoint; the larger one that was signed is `checkpoint.larger`. */
  'shorter',
  /** A second folder, with `-fork` at the end of its name, holds another history of the same size, signed too. */
  'fork',
] as const

type LogFault = (typeof LOG_FAULTS)[number]
export type FaultKind = LogFault | keyof typeof WRONGS
export const FAULT_KINDS: readonly FaultKind[] = [
  ...(Object.keys(WRONGS) as (keyof typeof WRONGS)[]),
  ...LOG_FAULTS,
]

/** The larger checkpoint that a log pretends never to have signed. */
export const LARGER_CHECKPOINT = 'checkpoint.larger'

export function isFaultKind(name: string): name is FaultKind {
  return (FAULT_KINDS as readonly string[]).includes(name)
}

/** What goes into the entries. Throws RangeError where the community has no occasion for it: it is too small. */
export async function doEntryFaults(village: Village, faults: ReadonlySet<FaultKind>): Promise<void> {
  const { world } = village.founded
  const { chronicle } = world
  for (const kind of faults) {
    if (!isWrongKind(kind)) continue
    const wrong: Wrong | undefined = await WRONGS[kind](world)
    if (wrong === undefined) throw new RangeError(`the community is too small for ${kind}`)
    chronicle.force(wrong.envelope, world.now, wrong.forged)
    const found = chronicle.state.voids.at(-1)?.reason
    if (found !== wrong.reason) throw new Error(`${kind} was void for ${found} and not for ${wrong.reason}`)
  }
  if (faults.has('reordered')) await reorder(village)
  if (faults.has('time-backwards')) await goBack(village)
  if (faults.has('broken-entry')) village.writer.add(Uint8Array.of(0xff))
}

/** How the checkpoint is signed. */
export function signingOf({ founded }: Village, faults: ReadonlySet<FaultKind>): Signing {
  const flipped = (bytes: Uint8Array) => bytes.with(0, (bytes[0] as number) ^ 1)
  const wrongRoot = faults.has('wrong-root')
  const wrongState = faults.has('wrong-state')
  return {
    head: ({ size, root, state }) => ({
      size,
      root: wrongRoot ? flipped(root) : root,
      state: wrongState ? flipped(state) : state,
    }),
    ...(faults.has('wrong-signer') && { signer: founded.world.keys.signer('another log') }),
    ...(faults.has('no-witness') && { cosigners: 0 }),
    forged: faults.has('forged-cosignature'),
  }
}

/** What goes into the files. */
export async function doFolderFaults(
  village: Village,
  faults: ReadonlySet<FaultKind>,
  folder: string,
): Promise<void> {
  const { size } = village.writer
  const bundle = join(folder, lastBundle(size))
  const hashes = join(folder, tilePath({ level: 0, index: 0, width: tileWidth(0, 0, size) }))
  if (faults.has('truncated-tile')) await truncate(bundle, (await readFile(bundle)).length - 1)
  if (faults.has('missing-tile')) await rm(bundle)
  if (faults.has('wrong-tile')) {
    const bytes = await readFile(hashes)
    await writeFile(hashes, bytes.with(0, (bytes[0] as number) ^ 1))
  }
  if (faults.has('shorter')) {
    await writeFile(join(folder, LARGER_CHECKPOINT), await readFile(join(folder, 'checkpoint')))
    await writeFile(join(folder, 'checkpoint'), await readFile(join(folder, 'checkpoint.older')))
  }
}

function lastBundle(size: number): string {
  const index = Math.floor((size - 1) / TILE_WIDTH)
  return tilePath({ level: 'entries', index, width: tileWidth('entries', index, size) })
}

/** Another history from here on, of the same size, with the files of its own log. */
export async function splitFrom(village: Village, folder: string): Promise<Village> {
  const { founded } = village
  const writer = await village.writer.copyTo(folder)
  const chronicle = writtenLedger(founded.world.chronicle.state, (entry) => writer.add(entry))
  const other: Village = { founded: { ...founded, world: { ...founded.world, chronicle } }, writer }
  await reportSomething(village, 'what some are told')
  await reportSomething(other, 'what others are told')
  return other
}

/** Two statements of one chain, the later one first. */
async function reorder(village: Village): Promise<void> {
  village.writer.hold()
  await reportSomething(village, 'first')
  await reportSomething(village, 'second')
  village.writer.release((held) => held.toReversed())
}

async function goBack(village: Village): Promise<void> {
  await reportSomething(village, 'now')
  village.writer.hold()
  await reportSomething(village, 'earlier')
  village.writer.release((held) =>
    held.map((bytes) => {
      const entry = decodeEntry(bytes)
      if (!entry.ok) throw new TypeError('that is no entry')
      return encodeEntry({ ...entry.value, at: entry.value.at - MINUTE })
    }),
  )
}

/** By a founder's first device. */
async function reportSomething({ founded: { world } }: Village, what: string): Promise<void> {
  const [founder] = world.people as [Person]
  const written = await byDevice(world, { ...founder, devices: founder.devices.slice(0, 1) }, REPORT, {
    sealed: world.keys.seed(what),
  })
  if (written?.taken !== true) throw new RangeError('a founder may report')
}
