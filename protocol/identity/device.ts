import type { PayloadType } from '../envelope.ts'
import type { KeyText, MemberId, StatementId } from '../ids.ts'
import { id, key, map, type Read, uint } from '../schema.ts'
import { ledgerTime } from '../time.ts'

const FIELDS = map({ m: id<MemberId>(), device: key, n: uint(), prev: id<StatementId>(), at: ledgerTime })

/**
 * `device-add` (SPEC §5.3), signed by the member's root **and** by the new device: the root lets it in, and the device shows that it holds its
 * key. `n` and `prev` go on the root's chain. A stolen device has no root, so it cannot add another.
 */
export const DEVICE_ADD = { type: 'device-add', fields: FIELDS } satisfies PayloadType<unknown>

/** `device-remove` (SPEC §5.3), signed by the member's root: nothing that the device signs takes effect from then on. */
export const DEVICE_REMOVE = { type: 'device-remove', fields: FIELDS } satisfies PayloadType<unknown>

export type DeviceAdd = Read<typeof DEVICE_ADD.fields>
export type DeviceRemove = Read<typeof DEVICE_REMOVE.fields>

/** Who must have signed. `root` is the root key of the member `m`. */
export function deviceAddSigners(added: DeviceAdd, root: KeyText): readonly KeyText[] {
  return [root, added.device]
}
