import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import type { Value } from '../../protocol/codec.ts'

/** A value of the profile in JSON: bytes and maps are wrapped, so that nothing is mistaken for something else. */
export type Tagged =
  | number
  | boolean
  | string
  | readonly Tagged[]
  | { readonly bytes: string }
  | { readonly map: { readonly [name: string]: Tagged } }

export function toTagged(value: Value): Tagged {
  if (typeof value !== 'object') return value
  if (value instanceof Uint8Array) return { bytes: bytesToHex(value) }
  if (Array.isArray(value)) return value.map(toTagged)
  const entries = Object.entries(value as { [name: string]: Value })
  return { map: Object.fromEntries(entries.map(([name, item]) => [name, toTagged(item)])) }
}

export function fromTagged(tagged: Tagged): Value {
  if (typeof tagged !== 'object') return tagged
  if (Array.isArray(tagged)) return tagged.map(fromTagged)
  if ('bytes' in tagged) return hexToBytes(tagged.bytes)
  const entries = Object.entries((tagged as { map: { [name: string]: Tagged } }).map)
  return Object.fromEntries(entries.map(([name, item]) => [name, fromTagged(item)]))
}

export const hex = bytesToHex
export const unhex = hexToBytes

/** A case that holds, or that is refused for one reason. `rule` is of SPEC. */
export interface Case {
  readonly name: string
  readonly rule: string
  readonly reason?: string
}

/** CBOR bytes. */
export interface CodecCase extends Case {
  readonly bytes: string
  /** Repeats `bytes` so often; for inputs that are long and dull. */
  readonly times?: number
  readonly max: number
  readonly value?: Tagged
}

/** A signed envelope of the file's type, judged with what the file and the case say of its surroundings. */
export interface EnvelopeCase extends Case {
  readonly envelope: string
  /** Of a case that holds: the statement's id, what the payload says, and the 32-byte seeds that sign it. */
  readonly id?: string
  readonly payload?: Tagged
  readonly seeds?: readonly string[]
  readonly context?: Context
}

/** What the judge knows beside the envelope. Public keys and ids in hex, times in seconds. */
export interface Context {
  readonly root?: string
  readonly device?: string
  readonly invitationKey?: string
  readonly log?: string
  readonly now?: number
  readonly peer?: string
  readonly relay?: string
  readonly commitment?: string
  readonly sdp?: string
  readonly room?: string
  readonly epoch?: number
  readonly member?: string
  readonly from?: string
  readonly to?: string
  readonly last?: number
  readonly offer?: string
  /** The ticket before, an envelope in hex. */
  readonly held?: string
}

export interface EnvelopeFile {
  readonly type: string
  readonly spec: string
  /** Hex of the community's id; zeros for a genesis. */
  readonly community: string
  /** The ledger that the judge has read, entry by entry; for types that a member's device signs. */
  readonly ledger?: readonly string[]
  readonly cases: readonly EnvelopeCase[]
}

/** A ledger, and what everybody must make of it. */
export interface LedgerCase extends Case {
  readonly entries: readonly string[]
  readonly state?: LedgerState
}

export interface LedgerState {
  readonly community: string
  readonly size: number
  readonly time: number
  readonly members: readonly {
    readonly id: string
    readonly root: string
    readonly sponsor?: string
    readonly since: number
  }[]
  readonly devices: readonly { readonly key: string; readonly member: string }[]
  readonly invitations: readonly {
    readonly id: string
    readonly sponsor: string
    readonly slot: number
    readonly guest?: string
  }[]
  /** STATE-4: what nothing above says is in it too. */
  readonly hash: string
  readonly voids: readonly { readonly index: number; readonly reason: string }[]
}

/** An unsigned message on a stream. */
export interface FrameCase extends Case {
  readonly protocol: string
  readonly direction: 'request' | 'answer' | 'message'
  readonly bytes: string
  readonly value?: Tagged
}
