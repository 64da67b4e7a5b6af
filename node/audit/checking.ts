import { openEntry, type SignedVerdict } from '../../protocol/community/replay.ts'
import type { CommunityId } from '../../protocol/ids.ts'
import { HASH_BYTES, leafHash, type Sha256 } from '../../protocol/log/merkle.ts'
import { decodeBundle } from '../../protocol/log/tile.ts'
import { SIGNATURE_REASONS } from '../../protocol/reasons.ts'
import { bad, good } from '../../protocol/result.ts'
import type { BatchVerifier, Signed } from '../../protocol/signature.ts'

/**
 * The part of an audit that needs no order and most of the time: hashes of leaves, and signatures. Many workers do it, each with some
 * bundles at a time. What they are told and answer are few large arrays, which cost nothing to hand over.
 */
export interface Batch {
  readonly community: CommunityId
  /** Entry bundles that can be read, in order. */
  readonly bundles: readonly Bundle[]
}

export interface Bundle {
  readonly bytes: Uint8Array
  /** How many entries it has. */
  readonly width: number
  /** How many of them, from the first, are no business of this batch. */
  readonly skip: number
}

export interface Checked {
  /** 32 bytes for each entry. */
  readonly leaves: Uint8Array
  /** A code for each signed part of each statement that opens, in order. */
  readonly verdicts: Uint8Array
}

/** Whoever does it: as many workers as the machine has processors, or nobody beside us. */
export interface Crew {
  /** So many batches keep it busy. */
  readonly width: number
  /** Rejects when the crew is gone. */
  check(batch: Batch): Promise<Checked>
  close(): Promise<void>
}

/** What one worker does. Throws when a bundle cannot be read. */
export function checkBatch(verifier: BatchVerifier, sha256: Sha256, { community, bundles }: Batch): Checked {
  const entries = bundles.flatMap(({ bytes, width, skip }) => {
    const bundle = decodeBundle(bytes, width)
    if (!bundle.ok) throw new TypeError(`a bundle that nobody has read: ${bundle.reason}`)
    return bundle.value.slice(skip)
  })
  const leaves = new Uint8Array(entries.length * HASH_BYTES)
  const signatures: Signed[] = []
  /** How many signatures each part has. */
  const parts: number[] = []
  for (const [i, bytes] of entries.entries()) {
    leaves.set(leafHash(bytes, sha256), i * HASH_BYTES)
    const entry = openEntry(community, bytes)
    if (!entry.ok || !entry.value.statement.ok) continue
    for (const { message, signatures: ofPart } of entry.value.statement.value.signed) {
      parts.push(ofPart.length)
      for (const { key, signature } of ofPart) signatures.push({ signature, message, publicKey: key })
    }
  }
  return { leaves, verdicts: codesOf(parts, verifier.verifyAll(signatures)) }
}

/** 0 for a part whose signatures are all good, else the place of its first bad one's reason, from 1. */
function codesOf(parts: readonly number[], verdicts: ReturnType<BatchVerifier['verifyAll']>): Uint8Array {
  const codes = new Uint8Array(parts.length)
  let at = 0
  for (const [i, signatures] of parts.entries()) {
    const refused = verdicts.slice(at, at + signatures).find((verdict) => !verdict.ok)
    if (refused?.ok === false) codes[i] = 1 + SIGNATURE_REASONS.indexOf(refused.reason)
    at += signatures
  }
  return codes
}

/** The verdict that a code stands for. */
export function verdictOf(code: number): SignedVerdict {
  const reason = SIGNATURE_REASONS[code - 1]
  return reason === undefined ? GOOD : bad(reason)
}

const GOOD: SignedVerdict = good(true)
