import { utf8ToBytes } from '@noble/hashes/utils.js'
import { compareBytes } from '../bytes.ts'
import type { Signed } from '../envelope.ts'
import type { CommunityId, KeyText } from '../ids.ts'
import { logKey, readCheckpoint, sameHead } from './checkpoint.ts'
import { decodeEvidence } from './evidence.ts'
import { keyId } from './signed-note.ts'

/** Evidence that a log signed two checkpoints of one size which say different things (EVID-3), all but its signatures being right. */
export interface OpenedFork {
  readonly log: KeyText
  readonly size: number
  /** The two checkpoints, each with the signature of the accused key. */
  readonly signed: readonly Signed[]
}

/** Reads such evidence for the ledger; undefined when it is something else, or does not prove it whatever the signatures are. */
export function openFork(community: CommunityId, bytes: Uint8Array): OpenedFork | undefined {
  const decoded = decodeEvidence(bytes)
  if (!decoded.ok || decoded.value.kind !== 'fork' || decoded.value.c !== community) return undefined
  const { log, a, b, root, proof } = decoded.value
  if (root !== undefined || proof !== undefined || compareBytes(a, b) >= 0) return undefined
  const one = openBare(community, log, a)
  const other = openBare(community, log, b)
  if (one === undefined || other === undefined) return undefined
  if (one.size !== other.size || sameHead(one, other)) return undefined
  return { log, size: one.size, signed: [one.signed, other.signed] }
}

/** A checkpoint with a signature in the name of the accused key and no other. */
function openBare(community: CommunityId, log: KeyText, bytes: Uint8Array) {
  const read = readCheckpoint(community, bytes)
  if (!read.ok) return undefined
  const { note, ...head } = read.value
  const key = logKey(community, log)
  const [signature, ...others] = note.signatures
  if (signature === undefined || others.length > 0) return undefined
  if (signature.name !== key.name || signature.id !== keyId(key)) return undefined
  const signatures = [{ key: log, signature: signature.signature }]
  return { ...head, signed: { message: utf8ToBytes(note.text), signatures } satisfies Signed }
}
