import { type FileHandle, open } from 'node:fs/promises'
import { MAX_BUNDLE_BYTES } from '../../protocol/limits.ts'
import { decodeFileHead, type FileHead, MAX_FILE_HEAD_BYTES } from '../../protocol/log/ledger-file.ts'
import { TILE_WIDTH, tileWidth } from '../../protocol/log/tile.ts'
import type { CodecReason, LogReason } from '../../protocol/reasons.ts'
import { type LedgerSource, SourceError } from './source.ts'

/** Read at a time: several bundles. */
const CHUNK_BYTES = 4 * MAX_BUNDLE_BYTES

/**
 * A ledger in one file (SPEC §10.8). It has no hash tiles: what it says is what its entries make.
 * Throws SourceError when there is no such file, or it does not begin as one.
 */
export async function fileSource(path: string): Promise<LedgerSource> {
  const handle = await openFile(path)
  let head: FileHead
  try {
    head = await readHead(handle, path)
  } catch (error) {
    await handle.close()
    throw error
  }
  return {
    name: path,
    checkpoint: async () => head.note,
    async *bundles(from, size, signal) {
      if (size !== head.checkpoint.size) throw new RangeError('a ledger file has one size')
      const first = Math.floor(from / TILE_WIDTH)
      let index = 0
      for await (const bundle of readBundles(handle, head, path)) {
        signal.throwIfAborted()
        if (index++ >= first) yield bundle
      }
    },
    close: () => handle.close(),
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new SourceError('source-missing', `There is no file ${path}.`, { cause })
    throw new SourceError('source-unreadable', `${path} cannot be read (${code}).`, { cause })
  }
}

async function readHead(handle: FileHandle, path: string): Promise<FileHead> {
  const start = new Uint8Array(MAX_FILE_HEAD_BYTES)
  const length = await fill(handle, start, 0)
  const head = decodeFileHead(start.subarray(0, length))
  if (head.ok) return head.value
  throw malformed(path, head.reason, 'does not begin as one')
}

/** Cuts the entries into bundles, and refuses a file that has fewer or more of them than its checkpoint says. */
async function* readBundles(
  handle: FileHandle,
  { checkpoint: { size }, end }: FileHead,
  path: string,
): AsyncGenerator<Uint8Array> {
  let held = new Uint8Array(0)
  let position = end
  let ended = false
  for (let index = 0; index * TILE_WIDTH < size; index++) {
    const width = tileWidth('entries', index, size)
    let length = lengthOf(held, width)
    while (length === undefined && !ended) {
      const more = new Uint8Array(CHUNK_BYTES)
      const read = await fill(handle, more, position)
      position += read
      ended = read < more.length
      const joined = new Uint8Array(held.length + read)
      joined.set(held)
      joined.set(more.subarray(0, read), held.length)
      held = joined
      length = lengthOf(held, width)
    }
    if (length === undefined) throw malformed(path, 'malformed', 'ends before its last entry')
    yield held.slice(0, length)
    held = held.subarray(length)
  }
  if (held.length > 0 || (await fill(handle, new Uint8Array(1), position)) > 0)
    throw malformed(path, 'trailing-bytes', 'goes on after its last entry')
}

function malformed(path: string, reason: CodecReason | LogReason, why: string): SourceError {
  return new SourceError('file-malformed', `${path} is no ledger file: it ${why} (${reason}).`)
}

/** How many bytes so many entries have; `undefined` when they are not all there. */
function lengthOf(bytes: Uint8Array, entries: number): number | undefined {
  let at = 0
  for (let i = 0; i < entries; i++) {
    if (at + 2 > bytes.length) return undefined
    at += 2 + (((bytes[at] as number) << 8) | (bytes[at + 1] as number))
  }
  return at <= bytes.length ? at : undefined
}

/** How many bytes were read: fewer than asked for only at the end of the file. */
async function fill(handle: FileHandle, into: Uint8Array, position: number): Promise<number> {
  let length = 0
  while (length < into.length) {
    const { bytesRead } = await handle
      .read(into, length, into.length - length, position + length)
      // A pipe cannot be read twice, and a disk can fail.
      .catch((cause: NodeJS.ErrnoException) => {
        throw new SourceError('source-unreadable', `The file cannot be read (${cause.code}).`, { cause })
      })
    if (bytesRead === 0) break
    length += bytesRead
  }
  return length
}
