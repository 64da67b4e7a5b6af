import { compareBytes } from '../bytes.ts'
import { idBytes, type KeyText, type OperationId } from '../ids.ts'
import type { RoomReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import type { SignedOperation } from './operation.ts'

/**
 * The operations of one room as a hash DAG (SPEC §7.3): a set that only grows, in an order in which ancestors come first. An immutable value.
 */
export interface History {
  /** Ancestors before descendants. The order is this peer's own; nothing that peers must agree on depends on it. */
  readonly operations: readonly SignedOperation[]
  readonly index: ReadonlyMap<OperationId, number>
  /** For each operation, by index, a bit set of the indices of its strict ancestors. */
  readonly pasts: readonly Uint32Array[]
  /** Operations that nobody has built on, in ascending order. */
  readonly heads: readonly OperationId[]
}

export const EMPTY_HISTORY: History = { operations: [], index: new Map(), pasts: [], heads: [] }

/**
 * Adds an operation whose signature was verified. `ancestors-unknown` says to wait for them (rule ROOM-1); an operation that is there
 * already changes nothing.
 */
export function addOperation(history: History, signed: SignedOperation): Result<History, RoomReason> {
  if (history.index.has(signed.id)) return good(history)
  const parents: number[] = []
  for (const head of signed.operation.heads) {
    const parent = history.index.get(head)
    if (parent === undefined) return bad('ancestors-unknown')
    parents.push(parent)
  }
  const past = union(history, parents)
  // Heads are a frontier: one that another has in its past would be a second spelling of the same place.
  if (
    parents.some((parent) =>
      parents.some((other) => other !== parent && contains(history.pasts[other], parent)),
    )
  )
    return bad('ancestors-wrong', 'heads')
  if (signed.operation.n !== lastOfDevice(history, past, signed.device) + 1)
    return bad('ancestors-wrong', 'n')

  const index = new Map(history.index).set(signed.id, history.operations.length)
  const gone = new Set(signed.operation.heads)
  const heads = [...history.heads.filter((head) => !gone.has(head)), signed.id]
  return good({
    operations: [...history.operations, signed],
    index,
    pasts: [...history.pasts, past],
    heads: heads.sort((a, b) => compareBytes(idBytes(a), idBytes(b))),
  })
}

/** How many operations this device has made in the room, as far as this history knows: the `n` of its next one. */
export function nextOfDevice(history: History, device: KeyText): number {
  let next = 0
  for (const { device: by, operation } of history.operations)
    if (by === device) next = Math.max(next, operation.n + 1)
  return next
}

/** True when `ancestor` is a strict ancestor of `of`. Both must be in the history. */
export function inPast(history: History, ancestor: number, of: number): boolean {
  return contains(history.pasts[of], ancestor)
}

/**
 * What somebody with these heads lacks, ancestors first (SPEC §7.7). Heads that we do not know are theirs to give to us; what is behind them we
 * cannot tell, so they may be sent something twice, never too little.
 */
export function missing(history: History, theirs: readonly OperationId[]): readonly SignedOperation[] {
  const known = theirs.flatMap((head) => history.index.get(head) ?? [])
  const have = union(history, known)
  return history.operations.filter((_, i) => !contains(have, i))
}

/** The given operations and all their ancestors, as a bit set. */
function union(history: History, members: readonly number[]): Uint32Array {
  const set = new Uint32Array((history.operations.length >> 5) + 1)
  for (const member of members) {
    const past = history.pasts[member]
    past?.forEach((word, i) => {
      set[i] = (set[i] as number) | word
    })
    const word = member >> 5
    set[word] = (set[word] as number) | (1 << (member & 31))
  }
  return set
}

function contains(set: Uint32Array | undefined, member: number): boolean {
  return (((set?.[member >> 5] ?? 0) >> (member & 31)) & 1) === 1
}

/** The highest `n` of a device among the operations of a set; -1 when there is none. */
function lastOfDevice(history: History, set: Uint32Array, device: KeyText): number {
  let last = -1
  history.operations.forEach((signed, i) => {
    if (signed.device === device && contains(set, i)) last = Math.max(last, signed.operation.n)
  })
  return last
}
