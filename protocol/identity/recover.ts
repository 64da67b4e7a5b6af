import type { PayloadType } from '../envelope.ts'
import type { MemberId } from '../ids.ts'
import { id, key, map, type Read } from '../schema.ts'
import { ledgerTime } from '../time.ts'

/** `recover` (SPEC §5.7), signed by the new root and by devices of enough guardians: has effect after seven days, unless the old root says no. */
export const RECOVER = {
  type: 'recover',
  fields: map({ m: id<MemberId>(), root: key, at: ledgerTime }),
} satisfies PayloadType<unknown>

export type Recover = Read<typeof RECOVER.fields>
