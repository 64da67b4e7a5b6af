import type { PayloadType } from '../envelope.ts'
import type { MemberId, StatementId } from '../ids.ts'
import { id, key, map, type Read, uint } from '../schema.ts'
import { ledgerTime } from '../time.ts'

/** `root-rotate` (SPEC §5.7), signed by the member's root and by the new one: the last statement of the old root's chain. */
export const ROOT_ROTATE = {
  type: 'root-rotate',
  fields: map({ m: id<MemberId>(), root: key, n: uint(), prev: id<StatementId>(), at: ledgerTime }),
} satisfies PayloadType<unknown>

export type RootRotate = Read<typeof ROOT_ROTATE.fields>
