import type { Envelope, PayloadType } from '../envelope.ts'
import type { KeyText, MemberId, OperationId, RoomId } from '../ids.ts'
import { MAX_HEADS } from '../limits.ts'
import type { SchemaReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { id, map, oneOf, type Read, type Schema, sortedSet, uint } from '../schema.ts'
import { seconds } from '../time.ts'
import { GRANTABLE, type Level } from './level.ts'

/** `n` of one device in one room; an operation's place in the chain of its device. */
const MAX_OPERATIONS_OF_A_DEVICE = 1_000_000

const level: Schema<Level> = {
  decode: (value, at) =>
    (GRANTABLE as readonly unknown[]).includes(value) ? good(value as Level) : bad('field-invalid', at),
  encode: (value) => value,
}

const FIELDS = map(
  {
    r: id<RoomId>(),
    m: id<MemberId>(),
    n: uint(MAX_OPERATIONS_OF_A_DEVICE),
    heads: sortedSet(id<OperationId>(), MAX_HEADS),
    k: oneOf('grant', 'accept', 'lower', 'mute', 'unmute', 'end'),
    at: seconds,
  },
  { to: id<MemberId>(), level, ref: id<OperationId>() },
)

type OperationFields = Read<typeof FIELDS>

/** Which of the optional fields each kind has. All of them, and no other. */
const FIELDS_OF: Readonly<Record<OperationFields['k'], readonly ('to' | 'level' | 'ref')[]>> = {
  grant: ['level', 'to'],
  accept: ['ref'],
  lower: ['to'],
  mute: ['to'],
  unmute: ['to'],
  end: [],
}

/**
 * `op` (SPEC §7.3), signed by a device of the actor `m`: one act in one room. `heads` are the operations without successors
 * that the actor's device knew, in ascending order; `n` counts that device's operations in this room from 0.
 *
 * - `grant` offers `to` a level; `accept` takes the grant `ref`, which was made to the actor;
 * - `lower` takes `to` back to the audience, or withdraws an offer; anybody may lower themselves;
 * - `mute` closes the microphone of `to` until `unmute`; `end` closes the room.
 */
export const OPERATION = {
  type: 'op',
  fields: {
    decode(value, at): Result<OperationFields, SchemaReason> {
      const read = FIELDS.decode(value, at)
      if (!read.ok) return read
      const wanted = FIELDS_OF[read.value.k]
      for (const name of ['to', 'level', 'ref'] as const) {
        const there = read.value[name] !== undefined
        if (there && !wanted.includes(name)) return bad('field-unknown', name)
        if (!there && wanted.includes(name)) return bad('field-missing', name)
      }
      return read
    },
    encode: (value: OperationFields) => FIELDS.encode(value),
  },
} satisfies PayloadType<OperationFields>

export type Operation = OperationFields

/** What an operation does, before it is placed in the room's history. */
export type Act =
  | { readonly k: 'grant'; readonly to: MemberId; readonly level: Level }
  | { readonly k: 'accept'; readonly ref: OperationId }
  | { readonly k: 'lower' | 'mute' | 'unmute'; readonly to: MemberId }
  | { readonly k: 'end' }

/** An operation that was opened and whose signature was verified against the ledger. */
export interface SignedOperation {
  readonly id: OperationId
  readonly device: KeyText
  readonly operation: Operation
  readonly envelope: Envelope<Operation>
}
