import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { equalBytes } from '../bytes.ts'
import { MAX_NOTE_BYTES } from '../limits.ts'
import type { CodecReason, LogReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts'
import { parseNote } from './signed-note.ts'

/**
 * A ledger in one file (SPEC §10.8, FILE-1 to 3):
 *
 * ```
 *  "palabre/v1/ledger\n"
 *  u32 length of the checkpoint, big-endian
 *  checkpoint                                      signed, with whatever cosignatures it has
 *  u16 length ‖ entry, …                           as many as its size; entry bundles, one after the other
 * ```
 */
const MAGIC = utf8ToBytes('palabre/v1/ledger\n')
const LENGTH_BYTES = 4

/** No head has more bytes: whoever has read so many can read it. */
export const MAX_FILE_HEAD_BYTES = MAGIC.length + LENGTH_BYTES + MAX_NOTE_BYTES

export interface FileHead {
  /** The exact bytes of the signed checkpoint; nobody has looked at the signatures. */
  readonly note: Uint8Array
  /** What it says. */
  readonly checkpoint: Checkpoint
  /** Where the entries begin. */
  readonly end: number
}

/** What stands before the entries. Throws when the checkpoint is none. */
export function encodeFileHead(note: Uint8Array): Uint8Array {
  const length = new Uint8Array(LENGTH_BYTES)
  new DataView(length.buffer).setUint32(0, note.length)
  const head = concatBytes(MAGIC, length, note)
  const readable = decodeFileHead(head)
  if (!readable.ok) throw new TypeError(`not a checkpoint that others would read: ${readable.reason}`)
  return head
}

/** @param start the first `MAX_FILE_HEAD_BYTES` of the file, or all of it */
export function decodeFileHead(start: Uint8Array): Result<FileHead, CodecReason | LogReason> {
  if (!equalBytes(start.subarray(0, MAGIC.length), MAGIC)) return bad('malformed', 'begins otherwise')
  const at = MAGIC.length + LENGTH_BYTES
  if (start.length < at) return bad('malformed', 'ends early')
  const length = new DataView(start.buffer, start.byteOffset).getUint32(MAGIC.length)
  if (length > MAX_NOTE_BYTES) return bad('too-large')
  if (start.length < at + length) return bad('malformed', 'ends early')
  const bytes = start.slice(at, at + length)
  const note = parseNote(bytes)
  if (!note.ok) return note
  const checkpoint = parseCheckpoint(note.value.text)
  return checkpoint.ok ? good({ note: bytes, checkpoint: checkpoint.value, end: at + length }) : checkpoint
}
