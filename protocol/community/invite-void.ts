import type { PayloadType } from '../envelope.ts'
import type { MemberId, StatementId } from '../ids.ts'
import { id, map, oneGroup, type Read, uint } from '../schema.ts'
import { ledgerTime } from '../time.ts'

const shape = map(
  { invite: id<StatementId>(), at: ledgerTime },
  { m: id<MemberId>(), n: uint(), prev: id<StatementId>(), v: uint() },
)

/** `invite-void` (SPEC §6.8), signed by a device of the sponsor, or by the council of version `v`: nobody may come in with the invitation. */
export const INVITE_VOID = {
  type: 'invite-void',
  fields: oneGroup(shape, ['m', 'invite', 'n', 'prev', 'at'], ['v', 'invite', 'at']),
} satisfies PayloadType<unknown>

export type InviteVoid = Read<typeof INVITE_VOID.fields>
