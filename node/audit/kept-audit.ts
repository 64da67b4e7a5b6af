import { createHash } from 'node:crypto'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { equalBytes } from '../../protocol/bytes.ts'
import { ROW_FORMS } from '../../protocol/community/rows.ts'
import { checkpointBytes, openCheckpoint } from '../../protocol/log/checkpoint.ts'
import { type RowForm, RowMap } from '../../protocol/state/row-map.ts'
import { stateHash, stateRoot } from '../../protocol/state/state.ts'
import {
  type Filling,
  type MapName,
  readState,
  type StoredState,
  storedPieces,
  storedState,
} from '../ledger/stored-state.ts'
import { decodeStored, encodeStored } from '../storage/stored-value.ts'
import type { Audit, KeptAudit } from './audit.ts'
import type { Finding, FindingCode } from './finding.ts'
import { GrownTree, type StoredTree } from './grown-tree.ts'
import type { ReaderMeans, ReadSoFar } from './reader.ts'

/**
 * What an audit came to, in one file, for a later one to go on from:
 *
 * ```
 *  "palabre/v1/audit\n"
 *  u32 length ‖ value, …        the head, then the pieces of the state's maps; lengths are big-endian
 *  SHA-256 of all before it
 * ```
 *
 * Values are written as on the disk of a peer. The file is its auditor's own: the hash finds damage, and nothing defends it against whoever may
 * write on that disk, who could as well change this program. The number is to be raised with whatever of a state is stored otherwise.
 */
const MAGIC = Buffer.from('palabre/v1/audit\n')
const ANY_MAGIC = /^palabre\/v\d{1,6}\/audit\n/
const LENGTH_BYTES = 4
const HASH_BYTES = 32
/** Read at a time for its hash. */
const CHUNK_BYTES = 1024 * 1024

/** Many times what a ledger of a million entries comes to. Whatever is larger was not written by this program. */
export const MAX_KEPT_BYTES = 4 * 1024 ** 3

/** What a later audit would not come to by itself: it is about what the log showed beside its entries. */
const SHOWN: readonly FindingCode[] = [
  'tile-missing',
  'tile-wrong',
  'state-wrong',
  'witnesses-missing',
  'cosignature-wrong',
]

/** What stands before the pieces. */
interface Head extends StoredState {
  readonly note: Uint8Array
  /** The state hash as it was computed. */
  readonly hash: Uint8Array
  readonly tree: StoredTree
  readonly rotated: number | undefined
  readonly findings: readonly Finding[]
}

/** Why a file is no audit to go on from. */
export type KeptReason = 'audit-malformed' | 'audit-version-unknown' | 'audit-too-large' | 'audit-not-a-file'

export class KeptAuditError extends Error {
  override readonly name = 'KeptAuditError'
  readonly code: KeptReason

  constructor(code: KeptReason, sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.code = code
  }
}

/** Whether a file that begins so is a kept audit, of whichever version. */
export function beginsKeptAudit(start: Uint8Array): boolean {
  return ANY_MAGIC.test(Buffer.from(start.subarray(0, MAGIC.length + 6)).toString('latin1'))
}

/**
 * The pieces of the file. Undefined where there is nothing to go on from: the log did not sign the tree that its entries make, or some of them
 * could not be believed.
 * @param earlier what was found by the audits before
 */
export function keepAudit(audit: Audit, earlier: readonly Finding[]): Iterable<Uint8Array> | undefined {
  const { checkpoint, head, reader } = audit
  const { soFar } = reader
  if (checkpoint === undefined || head.state === undefined || soFar === undefined) return undefined
  if (head.size !== checkpoint.size || !equalBytes(head.root, checkpoint.root)) return undefined
  const { tree, state, rotated } = soFar
  const shown = audit.findings.filter(({ code }) => SHOWN.includes(code))
  const first: Head = {
    ...storedState(state),
    note: checkpointBytes(checkpoint),
    hash: head.state,
    tree,
    rotated,
    findings: [...earlier, ...shown],
  }
  return pieces(first, soFar)
}

function* pieces(head: Head, { state }: ReadSoFar): Generator<Uint8Array> {
  const digest = createHash('sha256')
  const hashed = (bytes: Uint8Array): Uint8Array => {
    digest.update(bytes)
    return bytes
  }
  function* record(value: unknown): Generator<Uint8Array> {
    const bytes = encodeStored(value)
    const length = Buffer.alloc(LENGTH_BYTES)
    length.writeUInt32BE(bytes.length)
    yield hashed(length)
    yield hashed(bytes)
  }
  yield hashed(MAGIC)
  yield* record(head)
  for (const [, entries] of storedPieces(state)) yield* record(entries)
  yield digest.digest()
}

/** Reads what `keepAudit` wrote. Throws KeptAuditError, or what the platform throws. */
export async function readKeptAudit(path: string, means: ReaderMeans): Promise<KeptAudit> {
  // Opening a pipe that nobody writes into would never end.
  if (!(await stat(path)).isFile())
    throw new KeptAuditError('audit-not-a-file', `${path} is no regular file, and is read twice.`)
  const file = await open(path)
  try {
    const { size } = await file.stat()
    if (size > MAX_KEPT_BYTES) {
      const sentence = `${path} has ${size} bytes, and no kept audit has more than ${MAX_KEPT_BYTES}.`
      throw new KeptAuditError('audit-too-large', sentence)
    }
    const magic = await bytesAt(file, 0, MAGIC.length)
    if (!equalBytes(magic, MAGIC)) {
      const sentence = `${path} was kept by another version of this program: verify the ledger once more.`
      throw new KeptAuditError('audit-version-unknown', sentence)
    }
    const end = size - HASH_BYTES
    if (!(await isWhole(file, end))) throw malformed(path, 'it was cut short or changed')
    return await readValues(path, records(path, file, end), means)
  } finally {
    await file.close()
  }
}

async function readValues(
  path: string,
  values: AsyncGenerator<unknown>,
  means: ReaderMeans,
): Promise<KeptAudit> {
  const next = async (): Promise<unknown> => {
    const { done, value } = await values.next()
    if (done) throw malformed(path, 'it ends early')
    return value
  }
  const head = (await next()) as Head
  const state = await readState(head, next, beginMap)
  if (!(await values.next()).done) throw malformed(path, 'it goes on after its end')
  const { note, hash, tree, rotated, findings } = head
  const soFar: ReadSoFar = { tree, state, rotated }
  const log = { community: state.community, keys: state.logs }
  const opened = await openCheckpoint(means.verifier, log, note)
  const { size, root } = new GrownTree(means.sha256, tree).head()
  const fits =
    opened.ok &&
    opened.value.size === size &&
    state.size === size &&
    equalBytes(opened.value.root, root) &&
    equalBytes(hash, stateHash(state, stateRoot(state, means.sha256), means.sha256))
  if (!fits) throw malformed(path, 'what is in it does not go together')
  return { checkpoint: opened.value, soFar, findings }
}

function beginMap(name: MapName): Filling {
  const map =
    name === 'bans'
      ? new Map<string, unknown>()
      : new RowMap(ROW_FORMS[name] as unknown as RowForm<string, unknown>)
  return { set: (key, value) => map.set(key, value), done: () => map }
}

/** Whether the hash at the end is that of all before it. */
async function isWhole(file: FileHandle, end: number): Promise<boolean> {
  if (end < MAGIC.length) return false
  const digest = createHash('sha256')
  for (let at = 0; at < end; at += CHUNK_BYTES)
    digest.update(await bytesAt(file, at, Math.min(CHUNK_BYTES, end - at)))
  return equalBytes(digest.digest(), await bytesAt(file, end, HASH_BYTES))
}

async function* records(path: string, file: FileHandle, end: number): AsyncGenerator<unknown> {
  for (let at = MAGIC.length; at < end; ) {
    const length = at + LENGTH_BYTES > end ? 0 : (await bytesAt(file, at, LENGTH_BYTES)).readUInt32BE()
    at += LENGTH_BYTES
    if (length === 0 || at + length > end) throw malformed(path, 'a part of it ends early')
    yield decode(path, await bytesAt(file, at, length))
    at += length
  }
}

function decode(path: string, bytes: Uint8Array): unknown {
  try {
    return decodeStored(bytes)
  } catch (cause) {
    // Nothing in it was changed, so it was written in a way that came after us.
    const sentence = `${path} was kept by a later version of Node: verify the ledger once more.`
    throw new KeptAuditError('audit-version-unknown', sentence, { cause })
  }
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  let read = 0
  while (read < length) {
    const { bytesRead } = await file.read(bytes, read, length - read, position + read)
    if (bytesRead === 0) break
    read += bytesRead
  }
  return bytes.subarray(0, read)
}

function malformed(path: string, why: string): KeptAuditError {
  return new KeptAuditError('audit-malformed', `${path} is no kept audit that could be read: ${why}.`)
}
