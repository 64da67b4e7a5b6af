import type { PayloadType } from '../envelope.ts'
import type { KeyText, MemberId, StatementId } from '../ids.ts'
import { id, key, map, type Read, uint } from '../schema.ts'
import { ledgerTime } from '../time.ts'

/**
 * `device-add` (SPEC §5.3), signed by the member's root **and** by the new device: the root lets it in, and the device shows that it holds its
 * key. `n` and `prev` go on the root's chain. A stolen device has no root, so it cannot add another.
 */
export const DEVICE_ADD = {
  type: 'device-add',
  fields: map({
    m: id<MemberId>(),
    device: key,
    n: uint(undefined, 1),
    prev: id<StatementId>(),
    at: ledgerTime,
  }),
} satisfies PayloadType<unknown>

export type DeviceAdd = Read<typeof DEVICE_ADD.fields>

/** Who must have signed. `root` is the root key of the member `m`. */
export function deviceAddSigners(added: DeviceAdd, root: KeyText): readonly KeyText[] {
  return [root, added.device]
}
