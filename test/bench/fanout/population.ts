import type { PeerIdString } from '../../../node/network/network.ts'
import type { Device, Member, Membership } from '../../../protocol/community/membership.ts'
import { type CommunityId, idOf, type KeyText, type MemberId, type RoomId } from '../../../protocol/ids.ts'
import { bytesOf } from '../../support/community.ts'
import type { Entering } from './pipe.ts'

export const ROOM: RoomId = idOf(bytesOf('the room of a benchmark'))
/** Where everybody is. */
export const BIND = '127.0.0.1'

/** Members without a ledger: as much of a community as judging their tickets needs. */
export class Population {
  readonly #members = new Map<MemberId, Member>()
  readonly #devices = new Map<KeyText, Device>()
  readonly #entered = new Map<PeerIdString, Pick<Entering, 'member' | 'device'>>()
  readonly membership = {
    community: idOf<CommunityId>(bytesOf('the community of a benchmark')),
    members: this.#members,
    devices: this.#devices,
  } as unknown as Membership

  add({ peer, member, device }: Pick<Entering, 'peer' | 'member' | 'device'>): void {
    this.#entered.set(peer, { member, device })
    this.#members.set(member, { id: member, standing: 'active' } as unknown as Member)
    this.#devices.set(device, { key: device, member } as unknown as Device)
  }

  remove(peer: PeerIdString): void {
    const entered = this.#entered.get(peer)
    if (entered === undefined) return
    this.#entered.delete(peer)
    this.#members.delete(entered.member)
    this.#devices.delete(entered.device)
  }
}
