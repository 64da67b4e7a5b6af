import type { KeyText, MemberId, OperationId } from '../../../protocol/ids.ts'
import type { Operation, SignedOperation } from '../../../protocol/room/operation.ts'

/** As many bits as two words have. */
export const MAX_TALE = 64

/**
 * The operations of a small room for the oracles, which share no code with `protocol/room/`: ancestry is a row of bits for each operation, made by
 * following its heads.
 */
export interface Tale {
  readonly host: MemberId
  readonly operations: readonly Operation[]
  readonly ids: readonly OperationId[]
  readonly index: ReadonlyMap<OperationId, number>
  readonly devices: readonly KeyText[]
  readonly pasts: readonly (readonly [number, number])[]
  /** The lowest number that a device used twice, where it did. */
  readonly twins: ReadonlyMap<KeyText, number>
}

/** @param signed ancestors first */
export function taleOf(host: MemberId, signed: readonly SignedOperation[]): Tale {
  if (signed.length > MAX_TALE) throw new RangeError('too long a tale')
  const index = new Map<OperationId, number>()
  const pasts: [number, number][] = []
  const twins = new Map<KeyText, number>()
  const used = new Map<KeyText, Set<number>>()
  for (const [i, { id, operation, device }] of signed.entries()) {
    let [low, high] = [0, 0]
    for (const head of operation.heads) {
      const parent = index.get(head)
      if (parent === undefined) throw new RangeError('a descendant before its ancestor')
      const past = pasts[parent] as [number, number]
      low |= past[0] | (parent < 32 ? 1 << parent : 0)
      high |= past[1] | (parent < 32 ? 0 : 1 << (parent - 32))
    }
    pasts.push([low, high])
    index.set(id, i)
    const numbers = used.get(device) ?? new Set()
    if (numbers.has(operation.n)) twins.set(device, Math.min(operation.n, twins.get(device) ?? operation.n))
    used.set(device, numbers.add(operation.n))
  }
  return {
    host,
    operations: signed.map(({ operation }) => operation),
    ids: signed.map(({ id }) => id),
    index,
    devices: signed.map(({ device }) => device),
    pasts,
    twins,
  }
}

/** Is `a` a strict ancestor of `b`? */
export function before({ pasts }: Tale, a: number, b: number): boolean {
  return (((pasts[b] as readonly [number, number])[(a >> 5) as 0 | 1] >>> (a & 31)) & 1) === 1
}

/** At or after: `b` is `a`, or has it in its past. */
export function reaches(tale: Tale, a: number, b: number): boolean {
  return a === b || before(tale, a, b)
}

/** All operations of these kinds, that are about this person when one is given. */
export function* acts(
  { operations }: Tale,
  kinds: readonly Operation['k'][],
  to?: MemberId,
): Generator<number, undefined> {
  for (let i = 0; i < operations.length; i++) {
    const operation = operations[i] as Operation
    if (kinds.includes(operation.k) && (to === undefined || operation.to === to)) yield i
  }
}
