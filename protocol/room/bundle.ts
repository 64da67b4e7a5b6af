import { encodeValue } from '../codec.ts'
import { DOMAIN } from '../domains.ts'
import { hash } from '../hash.ts'
import { idBytes, idOf, type OperationId } from '../ids.ts'
import {
  type Act,
  FURTHER_ACT,
  type FurtherAct,
  isTogether,
  MAX_ACTS,
  type Operation,
  type SignedOperation,
} from './operation.ts'

/** Of the acts of one bundle: what is left of a payload beside its other fields, with 16 heads. */
const MAX_ACTS_BYTES = 3072

/** How many acts a signed operation stands for. */
export function countOfActs({ also }: Pick<Operation, 'also'>): number {
  return 1 + (also?.length ?? 0)
}

/**
 * The acts that a signed operation stands for (OP-8), in their order: each is an operation, has the one before it alone as its head, and is judged by itself. The last
 * has the id of the whole, so that whoever names that as a head has seen all of them.
 */
export function actsOf(signed: SignedOperation): readonly SignedOperation[] {
  const { also, ...first } = signed.operation
  if (also === undefined) return [signed]
  const { r, m, n, at } = first
  const acts: SignedOperation[] = []
  let { heads } = first
  for (let i = 0; i <= also.length; i++) {
    const further = also[i - 1]
    const operation = further === undefined ? first : { ...further, r, m, n: n + i, heads, at }
    const id = i === also.length ? signed.id : idOfAct(signed.id, i)
    acts.push({ ...signed, id, operation })
    heads = [id]
  }
  return acts
}

/** OP-8: the id of an act that others follow in its bundle. @param i its place, from 0 */
function idOfAct(whole: OperationId, i: number): OperationId {
  return idOf(hash(DOMAIN.act, idBytes(whole), Uint8Array.of(i)))
}

/** Acts that one signature carries. */
export type Together = readonly [first: Act, ...also: FurtherAct[]]

/** Parts acts into what may be signed at once (OP-8), as much as possible each time, in their order. */
export function bundled(acts: readonly Act[]): readonly Together[] {
  const bundles: [Act, ...FurtherAct[]][] = []
  let left = 0
  for (const act of acts) {
    const last = bundles.at(-1)
    const bytes = isTogether(act.k) ? encodeValue(FURTHER_ACT.encode(act as FurtherAct)).length : Infinity
    if (last !== undefined && last.length < MAX_ACTS && bytes <= left) {
      last.push(act as FurtherAct)
      left -= bytes
    } else {
      bundles.push([act])
      left = bytes === Infinity ? 0 : MAX_ACTS_BYTES - bytes
    }
  }
  return bundles
}
