import type { PayloadType } from '../envelope.ts'
import type { MemberId, RoomId, StatementId } from '../ids.ts'
import { id, map, oneOf, type Read, sortedSet, uint } from '../schema.ts'
import { ledgerTime } from '../time.ts'

/** A day: whoever speaks longer is attested for a day. */
export const MAX_ATTESTED_MINUTES = 1440
/** Attests that one claim turns in. */
export const MAX_CLAIMED_REFS = 32

/** `attest` (SPEC §6.9), signed by a device of `m`: `for` was on the stage of that room for so many minutes, as `m` saw it. */
export const ATTEST = {
  type: 'attest',
  fields: map({
    m: id<MemberId>(),
    for: id<MemberId>(),
    room: id<RoomId>(),
    minutes: uint(MAX_ATTESTED_MINUTES, 1),
    as: oneOf('spoke', 'hosted'),
    n: uint(),
    prev: id<StatementId>(),
    at: ledgerTime,
  }),
} satisfies PayloadType<unknown>

/** `claim` (SPEC §6.9), signed by a device of `m`: turns attests for them into further slots. */
export const CLAIM = {
  type: 'claim',
  fields: map({
    m: id<MemberId>(),
    refs: sortedSet(id<StatementId>(), MAX_CLAIMED_REFS, 1),
    n: uint(),
    prev: id<StatementId>(),
    at: ledgerTime,
  }),
} satisfies PayloadType<unknown>

export type Attest = Read<typeof ATTEST.fields>
export type Claim = Read<typeof CLAIM.fields>
