import { utf8ToBytes } from '@noble/hashes/utils.js'
import type { OpenedEntry, SignedVerdict } from '../../protocol/community/replay.ts'
import type { KeyText } from '../../protocol/ids.ts'
import { HASH_BYTES, leafHash, type Sha256 } from '../../protocol/log/merkle.ts'
import { SIGNATURE_REASONS } from '../../protocol/reasons.ts'
import { bad, good } from '../../protocol/result.ts'
import { type BatchVerifier, SIGNATURE_BYTES, type Signed } from '../../protocol/signature.ts'
import type { Hashers } from './state-root.ts'
import { buffersOf, joined, parted, type Strings } from './strings.ts'

/**
 * The part of an audit that needs no order and most of the time: hashes of leaves, and signatures. Many workers do it, each with a batch at a
 * time. What they are told and answer are few large arrays, which cost nothing to hand over.
 */
export interface Batch {
  readonly entries: Strings
  /** What is signed, a part of a statement at a time. */
  readonly messages: Strings
  /** How many signatures each part has. */
  readonly counts: Uint8Array
  /** 64 bytes each. */
  readonly signatures: Uint8Array
  /** Whose they are, one after the other: texts of 43 characters in ASCII. */
  readonly keys: Uint8Array
}

export interface Checked {
  /** 32 bytes for each entry. */
  readonly leaves: Uint8Array
  /** A code for each signed part. */
  readonly verdicts: Uint8Array
}

/** Whoever does it: as many workers as the machine has processors, or nobody beside us. */
export interface Crew {
  /** So many batches keep it busy. */
  readonly width: number
  /** Takes what the batch holds: it is of no use to anybody after that. Rejects when the crew is gone. */
  check(batch: Batch): Promise<Checked>
  /** Those who hash the records of a state beside us. Left out where there is nobody. */
  readonly hashers?: Hashers
  close(): Promise<void>
}

const KEY_CHARS = 43

/** @param opened what was read of the entries, in order; there may be more entries than that */
export function batchOf(entries: readonly Uint8Array[], opened: readonly OpenedEntry[]): Batch {
  const parts = opened.flatMap(({ statement }) => (statement.ok ? statement.value.signed : []))
  const signed = parts.flatMap(({ signatures }) => signatures)
  const signatures = new Uint8Array(signed.length * SIGNATURE_BYTES)
  for (const [i, { signature }] of signed.entries()) signatures.set(signature, i * SIGNATURE_BYTES)
  return {
    entries: joined(entries),
    messages: joined(parts.map(({ message }) => message)),
    counts: Uint8Array.from(parts, ({ signatures: ofPart }) => ofPart.length),
    signatures,
    keys: utf8ToBytes(signed.map(({ key }) => key).join('')),
  }
}

/** The memory of a batch that may be handed over with it. */
export function memoryOf({ entries, messages, counts, signatures, keys }: Batch): ArrayBuffer[] {
  return buffersOf(entries.bytes, entries.ends, messages.bytes, messages.ends, counts, signatures, keys)
}

/** What one worker does. */
export function checkBatch(verifier: BatchVerifier, sha256: Sha256, batch: Batch): Checked {
  const leaves = new Uint8Array(batch.entries.ends.length * HASH_BYTES)
  let at = 0
  for (const entry of parted(batch.entries)) {
    leaves.set(leafHash(entry, sha256), at)
    at += HASH_BYTES
  }
  const all: Signed[] = []
  let part = 0
  for (const message of parted(batch.messages)) {
    const end = all.length + (batch.counts[part++] as number)
    for (let at = all.length; at < end; at++) {
      const signature = batch.signatures.subarray(at * SIGNATURE_BYTES, (at + 1) * SIGNATURE_BYTES)
      // Not a slice of a text, which would keep the keys of the whole batch for as long as one of them is remembered.
      const publicKey = String.fromCharCode(
        ...batch.keys.subarray(at * KEY_CHARS, (at + 1) * KEY_CHARS),
      ) as KeyText
      all.push({ signature, message, publicKey })
    }
  }
  return { leaves, verdicts: codesOf(batch.counts, verifier.verifyAll(all)) }
}

/** 0 for a part whose signatures are all good, else the place of its first bad one's reason, from 1. */
function codesOf(counts: Uint8Array, verdicts: ReturnType<BatchVerifier['verifyAll']>): Uint8Array {
  let at = 0
  return counts.map((count) => {
    const refused = verdicts.slice(at, at + count).find((verdict) => !verdict.ok)
    at += count
    return refused?.ok === false ? 1 + SIGNATURE_REASONS.indexOf(refused.reason) : 0
  })
}

/** The verdict that a code stands for. */
export function verdictOf(code: number): SignedVerdict {
  const reason = SIGNATURE_REASONS[code - 1]
  return reason === undefined ? GOOD : bad(reason)
}

const GOOD: SignedVerdict = good(true)
