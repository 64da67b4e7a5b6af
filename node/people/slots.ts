import type { Invitation, LedgerState } from '../../protocol/community/membership.ts'
import { type Slot, slotHolder, slotsOf } from '../../protocol/community/slots.ts'
import type { KeyText, MemberId } from '../../protocol/ids.ts'
import { HOUR } from '../../protocol/limits.ts'
import type { SlotView } from './view.ts'

/**
 * All slots of a member as a person sees them. One that is spent shows on what, also where it would be withheld by now.
 * @param links the links of the invitations that this device made, by the public half of their key
 * @param now seconds
 */
export function slotViews(
  state: LedgerState,
  member: MemberId,
  links: ReadonlyMap<KeyText, string>,
  now: number,
): readonly SlotView[] {
  return slotsOf(state, member, now).map((slot) => {
    const holder = slotHolder(state, member, slot.slot, now)
    return holder ? spent(state, slot.slot, holder, links, now) : unspent(slot)
  })
}

function unspent({ slot, ...kept }: Slot): SlotView {
  switch (kept.state) {
    case 'withheld':
    case 'paused':
      return { slot, state: kept.state, from: kept.from * 1000 }
    case 'immature':
      return { slot, state: 'immature', from: kept.from === undefined ? undefined : kept.from * 1000 }
    default:
      return { slot, state: 'free' }
  }
}

function spent(
  state: LedgerState,
  slot: number,
  { id, guest, key, exp, leaked }: Invitation,
  links: ReadonlyMap<KeyText, string>,
  now: number,
): SlotView {
  if (guest !== undefined) {
    const undo = undoUntil(state, guest)
    return {
      slot,
      state: 'used',
      invitation: id,
      guest,
      undo: undo !== undefined && now <= undo ? undo * 1000 : undefined,
      leaked,
    }
  }
  return {
    slot,
    state: 'pending',
    invitation: id,
    link: links.get(key),
    expires: exp === undefined ? undefined : exp * 1000,
  }
}

/** Until which log time a guest's coming in can be undone (VOID-2); undefined when they are gone already. Seconds. */
export function undoUntil(state: LedgerState, guest: MemberId): number | undefined {
  const member = state.members.get(guest)
  if (member === undefined || (member.standing !== 'active' && member.standing !== 'cut')) return undefined
  return member.since + state.genesis.payload.policy['undo-hours'] * HOUR
}
